import {
  dispatchSchemaId,
  dispatchType,
  type DispatchData,
  type DispatchName,
} from '@shaoying/incident-contracts';
import { traceparentOf } from '@shaoying/event-store';
import { toCloudEvent } from '@shaoying/subscriptions';
import type { IncidentEventType, Location, TaskAssignment } from '@shaoying/incident-domain';
import type { Projection, ProjectionTransaction } from '@shaoying/projections';
import {
  incidentEntries,
  merging,
  RowStatement,
  wholeRow,
  type IncidentEntry,
  type RowShape,
} from '../incident-rows.js';

interface Case {
  readonly summary: {
    readonly category: string;
    readonly severity: string;
    readonly location: Location | null;
    readonly gridId: string | null;
    readonly estateId: string | null;
    readonly communityId: string | null;
    readonly streetId: string | null;
  };
  /** Tasks that a department has or has done; given up ones are gone. */
  readonly tasks: Readonly<Record<string, KnownTask>>;
  readonly whistles: Readonly<Record<string, KnownWhistle>>;
  /** The command that brought it in from another system; null where it was reported here. */
  readonly importedBy: string | null;
}

interface KnownTask {
  readonly departmentId: string;
  readonly whistleId: string;
  readonly role: string;
}

interface KnownWhistle {
  readonly kind: string;
  readonly reason: string;
  readonly whistlingUnitId: string | null;
}

interface CaseRow {
  readonly incident_id: string;
  readonly summary: string;
  readonly tasks: string;
  readonly whistles: string;
  readonly imported_by: string | null;
}

/** What a department hears, as its schema has it. */
type Dispatch = {
  [What in DispatchName]: {
    readonly departmentId: string;
    readonly what: What;
    readonly data: DispatchData<What>;
  };
}[DispatchName];

interface ItemRow {
  readonly department_id: string;
  readonly position: string;
  readonly cloud_event: string;
}

const caseShape: RowShape<CaseRow> = {
  ...{ incident_id: 'text', summary: 'json', tasks: 'json', whistles: 'json' },
  imported_by: 'text',
};
const itemShape: RowShape<ItemRow> = { department_id: 'text', position: 'bigint', cloud_event: 'text' };

const insertCases = merging('cases', {
  ...{ shape: caseShape, key: ['incident_id'], overwritten: wholeRow(caseShape) },
});
const changeCases = new RowStatement<CaseRow>(
  caseShape,
  (rows) =>
    `update cases c set summary = u.summary::json, tasks = u.tasks::json, whistles = u.whistles::json
     from ${rows} where c.incident_id = u.incident_id`,
);
const insertItems = merging('items', { shape: itemShape, key: ['department_id', 'position'] });

const eventTypes: IncidentEventType[] = [
  ...(['IncidentReported', 'IncidentLocated', 'WhistleBlown', 'SupervisionIssued'] as const),
  ...(['DeadlineWarned', 'DeadlinesRescheduled', 'TaskOverdue'] as const),
  ...(['SupervisionLifted', 'CheckFailed', 'FeedbackRecorded', 'IncidentClosed', 'TaskUrged'] as const),
  ...(['ReturnAccepted', 'ReturnRejected', 'ArbitrationOpened', 'ResponsibilityDecided'] as const),
  ...(['DepartmentAdded', 'LeadChanged', 'TaskReleased', 'WhistleCancelled', 'TaskTransferred'] as const),
  ...(['ExtensionGranted', 'ExtensionRefused', 'TaskEvaluated', 'IncidentReopened'] as const),
  ...(['IncidentSuspended', 'IncidentResumed', 'IncidentMerged', 'IncidentUnmerged'] as const),
  ...(['IncidentWithdrawn', 'IncidentVoided'] as const),
];

/** What concerns each department, in log order, as CloudEvents ready to send. Carries no reporter, only references. */
export const dispatchFeed: Projection = {
  name: 'dispatch-feed',
  version: 7,
  // Departments wait for it, and what follows it adds its own pauses: within a quarter of a second all in all.
  longestIntervalMs: 80,
  schema: `
    create table cases (
      incident_id text primary key,
      summary     json not null,
      tasks       json not null,
      whistles    json not null,
      imported_by text
    ) with (fillfactor = 50); -- the whistle finds room on its incident's page
    create table items (
      department_id text not null,
      position      bigint not null,
      cloud_event   text not null,
      primary key (department_id, position)
    );
  `,
  // What is new, of all departments, for whoever streams. Of an expression, so that the reading of one department's feed
  // cannot take it: the planner would walk everybody's items to find the few of one.
  indexes: 'create index if not exists items_in_order on items ((position + 0))',
  eventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const cases = await knownCases(tx, entries);
    const reported = new Set<string>();
    const changed = new Set<string>();
    const items = new Map<string, ItemRow>();
    for (const entry of entries) {
      if (entry.type === 'IncidentReported') reported.add(entry.incidentId);
      const before = cases.get(entry.incidentId);
      remember(cases, entry);
      const known = cases.get(entry.incidentId);
      if (known === undefined) continue;
      if (known !== before && !reported.has(entry.incidentId)) changed.add(entry.incidentId);
      // The past of another system is no news: its departments dealt with it there.
      if (known.importedBy === entry.commandId) continue;
      for (const dispatch of dispatchesOf(before ?? known, known, entry)) {
        const key = `${dispatch.departmentId}/${entry.position}`;
        if (!items.has(key)) items.set(key, itemOf(entry, dispatch));
      }
    }
    await insertCases.run(tx, rowsOf(cases, reported));
    await changeCases.run(tx, rowsOf(cases, changed));
    await insertItems.run(tx, [...items.values()]);
  },
};

/** The cases of the incidents that are not reported in this batch. */
async function knownCases(
  tx: ProjectionTransaction,
  entries: readonly IncidentEntry[],
): Promise<Map<string, Case>> {
  const reported = new Set<string>();
  const wanted = new Set<string>();
  for (const { type, incidentId } of entries) {
    if (type === 'IncidentReported') reported.add(incidentId);
    else if (!reported.has(incidentId)) wanted.add(incidentId);
  }
  if (wanted.size === 0) return new Map();
  const rows = await tx.query<Case & { incident_id: string }>(
    'select incident_id, summary, tasks, whistles, imported_by as "importedBy" from cases where incident_id = any($1::text[])',
    [[...wanted]],
  );
  return new Map(rows.map(({ incident_id, ...known }) => [incident_id, known]));
}

function rowsOf(cases: ReadonlyMap<string, Case>, incidentIds: ReadonlySet<string>): CaseRow[] {
  return [...incidentIds].flatMap((incident_id) => {
    const known = cases.get(incident_id);
    if (known === undefined) return [];
    const [summary, tasks, whistles] = [known.summary, known.tasks, known.whistles].map((part) =>
      JSON.stringify(part),
    ) as [string, string, string];
    return [{ incident_id, summary, tasks, whistles, imported_by: known.importedBy }];
  });
}

function remember(cases: Map<string, Case>, entry: IncidentEntry): void {
  if (entry.type === 'IncidentReported') {
    const { category, severity, location, place, imported } = entry.data;
    const importedBy = imported ? entry.commandId : null;
    const { gridId, estateId, communityId, streetId } = place;
    const summary = { category, severity, location, gridId, estateId, communityId, streetId };
    cases.set(entry.incidentId, { summary, tasks: {}, whistles: {}, importedBy });
  }
  const known = cases.get(entry.incidentId);
  if (known !== undefined) cases.set(entry.incidentId, afterEvent(known, entry));
}

function afterEvent(known: Case, entry: IncidentEntry): Case {
  switch (entry.type) {
    case 'IncidentLocated': {
      const { location, place } = entry.data;
      const { gridId, estateId, communityId, streetId } = place;
      const where = { location, gridId, estateId, communityId, streetId };
      return { ...known, summary: { ...known.summary, ...where } };
    }
    case 'WhistleBlown': {
      const { whistleId, kind, reason, whistlingUnitId, tasks } = entry.data;
      const whistles = { ...known.whistles, [whistleId]: { kind, reason, whistlingUnitId } };
      return tasks.reduce((next, task) => summoned(next, task, whistleId), { ...known, whistles });
    }
    case 'DepartmentAdded':
      return summoned(known, entry.data.task, entry.data.whistleId);
    case 'ReturnAccepted':
      return given(known, entry.data.taskId, entry.data.newTask);
    case 'ResponsibilityDecided':
      return staysWithDepartment(known, entry) ? known : given(known, entry.data.taskId, entry.data.newTask);
    case 'LeadChanged': {
      const { whistleId, fromTaskId, toTaskId, formerLead, newTask } = entry.data;
      const stepped =
        formerLead === 'RELEASED' ? without(known, [fromTaskId]) : inRole(known, fromTaskId, 'ASSIST');
      return newTask === null ? inRole(stepped, toTaskId, 'LEAD') : summoned(stepped, newTask, whistleId);
    }
    case 'TaskReleased':
      return without(known, [entry.data.taskId]);
    case 'WhistleCancelled':
    case 'IncidentWithdrawn':
      return without(known, entry.data.taskIds);
    case 'IncidentVoided':
    case 'IncidentReopened':
      // What comes of a new cycle is no concern of those who had the one before.
      return without(known, Object.keys(known.tasks));
    case 'TaskTransferred': {
      const { taskId, toDepartmentId: departmentId } = entry.data;
      const task = known.tasks[taskId];
      if (task === undefined) return known;
      return { ...known, tasks: { ...known.tasks, [taskId]: { ...task, departmentId } } };
    }
    default:
      return known;
  }
}

function summoned(known: Case, task: TaskAssignment, whistleId: string): Case {
  const { taskId, departmentId, role } = task;
  return { ...known, tasks: { ...known.tasks, [taskId]: { departmentId, whistleId, role } } };
}

function without(known: Case, taskIds: readonly string[]): Case {
  if (taskIds.length === 0) return known;
  const left = Object.entries(known.tasks).filter(([taskId]) => !taskIds.includes(taskId));
  return { ...known, tasks: Object.fromEntries(left) };
}

function inRole(known: Case, taskId: string, role: string): Case {
  const task = known.tasks[taskId];
  return task === undefined ? known : { ...known, tasks: { ...known.tasks, [taskId]: { ...task, role } } };
}

function given(known: Case, taskId: string, newTask: TaskAssignment | null): Case {
  const whistleId = known.tasks[taskId]?.whistleId ?? '';
  const left = without(known, [taskId]);
  return newTask === null ? left : summoned(left, newTask, whistleId);
}

const staysWithDepartment = (
  known: Case,
  { data }: Extract<IncidentEntry, { type: 'ResponsibilityDecided' }>,
): boolean => known.tasks[data.taskId]?.departmentId === data.responsibleUnitId;

/** What a department must know to go there. */
function dispatched(known: Case, task: TaskAssignment): Dispatch {
  const { taskId, departmentId, role, deadlines } = task;
  const whistleId = known.tasks[taskId]?.whistleId ?? '';
  const { kind, reason, whistlingUnitId } = known.whistles[whistleId] ?? {
    ...{ kind: 'PUBLIC_DEMAND', reason: '', whistlingUnitId: null },
  };
  return {
    departmentId,
    what: 'dispatched',
    data: {
      ...{ taskId, whistleId, departmentId, role, kind, reason, whistlingUnitId },
      ...inFixedOrder(known.summary),
      deadlines: deadlines.map(({ deadlineId, timer, dueAt, provisional }) => ({
        ...{ deadlineId, timer, dueAt, provisional },
      })),
    },
  };
}

const dispatchedIf = (known: Case, task: TaskAssignment | null): Dispatch[] =>
  task === null ? [] : [dispatched(known, task)];

type Without<Key extends string, What extends DispatchName> = Omit<DispatchData<What>, Key>;
type DispatchOf<What extends DispatchName> = Extract<Dispatch, { what: What }>;

/** To the department of one task. */
function toOwner<What extends DispatchName>(
  known: Case,
  taskId: string,
  what: What,
  data: Without<'taskId', What>,
): Dispatch[] {
  const departmentId = known.tasks[taskId]?.departmentId;
  if (departmentId === undefined) return [];
  return [{ departmentId, what, data: { taskId, ...data } } as unknown as DispatchOf<What>];
}

/** To every department that has or had one of the tasks, all of them by default. */
function toOwners<What extends DispatchName>(
  known: Case,
  what: What,
  data: Without<'taskIds', What>,
  taskIds: readonly string[] = Object.keys(known.tasks).sort(),
): Dispatch[] {
  return byDepartment(known, taskIds).map(
    ({ departmentId, taskIds: own }) =>
      ({ departmentId, what, data: { taskIds: own, ...data } }) as unknown as DispatchOf<What>,
  );
}

/** @param before as the case was before the event, with what it ends; `known` as it is after it, with what it begins */
function dispatchesOf(before: Case, known: Case, entry: IncidentEntry): Dispatch[] {
  // Field by field: what departments are sent has versions of its own (dataschema), whatever an event comes to carry.
  switch (entry.type) {
    case 'WhistleBlown':
      return entry.data.tasks.map((task) => dispatched(known, task));
    case 'DeadlineWarned': {
      const { departmentId, taskId, deadlineId, timer, dueAt } = entry.data;
      const data = { taskId, deadlineId, timer, dueAt };
      return departmentId === null ? [] : [{ departmentId, what: 'due-soon', data }];
    }
    case 'DeadlinesRescheduled':
      return rescheduled(known, entry);
    case 'TaskOverdue': {
      const { departmentId, taskId, deadlineId, timer, dueAt } = entry.data;
      return [{ departmentId, what: 'overdue', data: { taskId, deadlineId, timer, dueAt } }];
    }
    case 'SupervisionIssued':
      return supervised(entry);
    case 'SupervisionLifted': {
      const { departmentId, supervisionId, taskId, reason } = entry.data;
      const data = { supervisionId, taskId, reason };
      return departmentId === null ? [] : [{ departmentId, what: 'supervision-lifted', data }];
    }
    case 'CheckFailed':
    case 'FeedbackRecorded': {
      const reason = entry.type === 'CheckFailed' ? 'CHECK_FAILED' : 'NOT_SOLVED';
      return toOwners(
        known,
        'returned-for-rework',
        { reason, rework: entry.data.rework },
        entry.data.taskIds,
      );
    }
    case 'IncidentClosed':
      return toOwners(known, 'closed', { resolutionLevel: entry.data.resolutionLevel });
    case 'TaskUrged': {
      const { taskId, urgingUnitId, note } = entry.data;
      return toOwner(known, taskId, 'reminded', { urgingUnitId, note });
    }
    case 'TaskEvaluated': {
      const { departmentId, taskId, whistleId, evaluationId, score, comment } = entry.data;
      const data = { taskId, whistleId, evaluationId, score, comment };
      return [{ departmentId, what: 'evaluated', data }];
    }
    case 'ExtensionGranted': {
      const { taskId, extensionId, moves } = entry.data;
      const deadlines = moves.map(({ deadlineId, dueAt, provisional }) => ({
        deadlineId,
        dueAt,
        provisional,
      }));
      return toOwner(known, taskId, 'extension-granted', { extensionId, deadlines });
    }
    case 'ExtensionRefused': {
      const { taskId, extensionId, reason } = entry.data;
      return toOwner(known, taskId, 'extension-refused', { extensionId, reason });
    }
    default:
      return [...aboutResponsibility(before, known, entry), ...aboutIncident(before, known, entry)];
  }
}

/** To each department what is due at another time now; that it goes on under another version is no news to it. */
function rescheduled(
  known: Case,
  { data: { cause, reason, moves } }: Extract<IncidentEntry, { type: 'DeadlinesRescheduled' }>,
): Dispatch[] {
  const changed = moves.filter(({ taskId, dueAt, formerDueAt }) => taskId !== null && dueAt !== formerDueAt);
  const taskIds = [...new Set(changed.flatMap(({ taskId }) => taskId ?? []))].sort();
  return byDepartment(known, taskIds).map((own) => {
    const deadlines = changed
      .filter(({ taskId }) => taskId !== null && own.taskIds.includes(taskId))
      .map(({ taskId, deadlineId, formerDueAt, dueAt, provisional }) => ({
        ...{ taskId, deadlineId, formerDueAt, dueAt, provisional },
      }));
    return {
      departmentId: own.departmentId,
      what: 'rescheduled',
      data: { taskIds: own.taskIds, cause, reason, deadlines },
    };
  });
}

function supervised({ data: order }: Extract<IncidentEntry, { type: 'SupervisionIssued' }>): Dispatch[] {
  const { departmentId, supervisionId, taskId, deadlineId, level, notify, issuedBy, reason } = order;
  if (departmentId === null) return [];
  if (issuedBy === 'LADDER') {
    const data = { supervisionId, taskId, deadlineId, level, notify };
    return [{ departmentId, what: 'supervised', data }];
  }
  const respondBy = order.deadlines.find(({ timer }) => timer === 'SUPERVISION_RESPONSE')?.dueAt ?? null;
  const data = { supervisionId, taskId, level, notify, reason, respondBy };
  return [{ departmentId, what: 'supervised-by-person', data }];
}

function aboutResponsibility(before: Case, known: Case, entry: IncidentEntry): Dispatch[] {
  switch (entry.type) {
    case 'ReturnAccepted': {
      const { returnId, taskId, note, newTask } = entry.data;
      const told = toOwner(before, taskId, 'return-accepted', { returnId, note });
      return [...told, ...dispatchedIf(known, newTask)];
    }
    case 'ReturnRejected': {
      const { returnId, taskId, reason } = entry.data;
      return toOwner(known, taskId, 'return-rejected', { returnId, reason });
    }
    case 'ArbitrationOpened': {
      const { arbitrationId, taskId, cause } = entry.data;
      return toOwner(known, taskId, 'arbitration-opened', { arbitrationId, cause });
    }
    case 'ResponsibilityDecided':
      return responsibilityDecided(before, known, entry);
    case 'DepartmentAdded': {
      const { whistleId, task, reason } = entry.data;
      const data = { whistleId, departmentId: task.departmentId, reason };
      const others = Object.keys(before.tasks).filter((id) => before.tasks[id]?.whistleId === whistleId);
      return [dispatched(known, task), ...toOwners(before, 'department-added', data, others.sort())];
    }
    case 'LeadChanged': {
      const { whistleId, fromTaskId, fromDepartmentId, toTaskId, toDepartmentId } = entry.data;
      const { formerLead, reason, newTask } = entry.data;
      const data = {
        ...{ whistleId, fromTaskId, fromDepartmentId, toTaskId, toDepartmentId, formerLead, reason },
      };
      const former: Dispatch = { departmentId: fromDepartmentId, what: 'lead-changed', data };
      if (newTask !== null) return [former, dispatched(known, newTask)];
      return [former, { departmentId: toDepartmentId, what: 'lead-changed', data }];
    }
    case 'TaskTransferred': {
      const { taskId, fromDepartmentId, toDepartmentId, reason } = entry.data;
      const { whistleId = null, role = null } = known.tasks[taskId] ?? {};
      const data = {
        ...{ taskId, whistleId, role, fromDepartmentId, toDepartmentId, reason },
        ...inFixedOrder(known.summary),
      };
      return [fromDepartmentId, toDepartmentId].map((departmentId) => ({
        ...{ departmentId, what: 'transferred', data },
      }));
    }
    case 'TaskReleased': {
      const { taskId, reasonCode, reason, counted } = entry.data;
      return toOwner(before, taskId, 'released', { reasonCode, reason, counted });
    }
    case 'WhistleCancelled': {
      const { whistleId, reason, taskIds } = entry.data;
      return toOwners(before, 'whistle-cancelled', { whistleId, reason }, taskIds);
    }
    default:
      return [];
  }
}

function responsibilityDecided(
  before: Case,
  known: Case,
  entry: Extract<IncidentEntry, { type: 'ResponsibilityDecided' }>,
): Dispatch[] {
  const { arbitrationId, taskId, responsibleUnitId, rule, reason, newTask } = entry.data;
  const data = { arbitrationId, responsibleUnitId, rule, reason };
  const told = toOwner(before, taskId, 'responsibility-decided', data);
  if (newTask !== null) return [...told, ...dispatchedIf(known, newTask)];
  if (staysWithDepartment(before, entry)) return told;
  // One that is in the whistle already gets no other task: it hears that the matter is finally its own by the one it has.
  const whistleId = before.tasks[taskId]?.whistleId;
  const held = Object.entries(known.tasks).find(
    ([, task]) => task.whistleId === whistleId && task.departmentId === responsibleUnitId,
  );
  return held === undefined ? told : [...told, ...toOwner(known, held[0], 'responsibility-decided', data)];
}

function aboutIncident(before: Case, known: Case, entry: IncidentEntry): Dispatch[] {
  switch (entry.type) {
    case 'IncidentReopened':
      return toOwners(before, 'reopened', { cycle: entry.data.cycle, by: entry.data.by });
    case 'IncidentSuspended': {
      const { reasonCode, reason, reviewAt } = entry.data;
      return toOwners(known, 'suspended', { reasonCode, reason, reviewAt });
    }
    case 'IncidentResumed':
      return toOwners(known, 'resumed', { reason: entry.data.reason });
    case 'IncidentMerged':
      return toOwners(known, 'merged', { into: entry.data.into, reason: entry.data.reason });
    case 'IncidentUnmerged':
      return toOwners(known, 'unmerged', { from: entry.data.from, reason: entry.data.reason });
    case 'IncidentWithdrawn':
      return toOwners(before, 'withdrawn', {}, entry.data.taskIds);
    case 'IncidentVoided':
      return toOwners(before, 'voided', { reason: entry.data.reason });
    case 'IncidentLocated': {
      const [left, found] = [whereOf(before.summary), whereOf(known.summary)];
      // Found where it was thought to be: nobody goes anywhere else.
      if (JSON.stringify(left) === JSON.stringify(found)) return [];
      return toOwners(known, 'located', { ...found, reason: entry.data.reason });
    }
    default:
      return [];
  }
}

/**
 * Keys in one order. A summary folded in memory has them as written, one loaded from jsonb as PostgreSQL sorts them; the
 * text of an item must not depend on where the batch began.
 */
function inFixedOrder(summary: Case['summary']): Case['summary'] {
  const { category, severity, location, gridId, estateId, communityId, streetId } = summary;
  const { lon = null, lat = null, crs = 'WGS84', address = null } = location ?? {};
  const ordered = location && { lon, lat, crs, address };
  return { category, severity, location: ordered, gridId, estateId, communityId, streetId };
}

/** Where to go, in the same order. */
function whereOf(summary: Case['summary']): Omit<Case['summary'], 'category' | 'severity'> {
  const { location, gridId, estateId, communityId, streetId } = inFixedOrder(summary);
  return { location, gridId, estateId, communityId, streetId };
}

/** One item per department and event: the position is the item's id, and a department may hold several tasks. */
function byDepartment(
  known: Case,
  taskIds: readonly string[],
): { departmentId: string; taskIds: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const taskId of taskIds) {
    const departmentId = known.tasks[taskId]?.departmentId;
    if (departmentId !== undefined) groups.set(departmentId, [...(groups.get(departmentId) ?? []), taskId]);
  }
  return [...groups].map(([departmentId, ids]) => ({ departmentId, taskIds: ids }));
}

function itemOf(entry: IncidentEntry, { departmentId, what, data }: Dispatch): ItemRow {
  const cloudEvent = toCloudEvent({
    // Several departments may hear of one event; each hears of it under an id of its own that stays the same.
    id: `${entry.eventId}-${departmentId}`,
    source: '/shaoying',
    type: dispatchType(what),
    subject: `incidents/${entry.incidentId}`,
    time: entry.occurredAt,
    dataSchema: dispatchSchemaId(what),
    sequence: entry.position,
    traceparent: traceparentOf(entry),
    data: { incidentId: entry.incidentId, ...data },
  });
  return { department_id: departmentId, position: entry.position, cloud_event: JSON.stringify(cloudEvent) };
}
