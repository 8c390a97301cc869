import { toCloudEvent } from '@shaoying/subscriptions';
import type { IncidentEventType, Location } from '@shaoying/incident-domain';
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
  /** Task → department. */
  readonly tasks: Readonly<Record<string, string>>;
}

interface CaseRow {
  readonly incident_id: string;
  readonly summary: string;
  readonly tasks: string;
}

interface Dispatch {
  readonly departmentId: string;
  /** Last part of the CloudEvents type. */
  readonly what:
    'dispatched' | 'overdue' | 'supervised' | 'supervision-lifted' | 'returned-for-rework' | 'closed';
  readonly data: Record<string, unknown>;
}

interface ItemRow {
  readonly department_id: string;
  readonly position: string;
  readonly cloud_event: string;
}

const caseShape: RowShape<CaseRow> = { incident_id: 'text', summary: 'json', tasks: 'json' };
const itemShape: RowShape<ItemRow> = { department_id: 'text', position: 'bigint', cloud_event: 'text' };

const insertCases = merging('cases', {
  ...{ shape: caseShape, key: ['incident_id'], overwritten: wholeRow(caseShape) },
});
const changeCases = new RowStatement<Pick<CaseRow, 'incident_id' | 'tasks'>>(
  { incident_id: 'text', tasks: 'json' },
  (rows) => `update cases c set tasks = u.tasks::json from ${rows} where c.incident_id = u.incident_id`,
);
const insertItems = merging('items', { shape: itemShape, key: ['department_id', 'position'] });

const eventTypes: IncidentEventType[] = [
  ...(['IncidentReported', 'WhistleBlown', 'TaskOverdue', 'SupervisionIssued', 'SupervisionLifted'] as const),
  ...(['CheckFailed', 'FeedbackRecorded', 'IncidentClosed'] as const),
];

/** What concerns each department, in log order, as CloudEvents ready to send. Carries no reporter, only references. */
export const dispatchFeed: Projection = {
  name: 'dispatch-feed',
  version: 3,
  schema: `
    create table cases (
      incident_id text primary key,
      summary     json not null,
      tasks       json not null
    ) with (fillfactor = 50); -- the whistle finds room on its incident's page
    create table items (
      department_id text not null,
      position      bigint not null,
      cloud_event   text not null,
      primary key (department_id, position)
    );
  `,
  eventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const cases = await knownCases(tx, entries);
    const reported = new Set<string>();
    const whistled = new Set<string>();
    const items = new Map<string, ItemRow>();
    for (const entry of entries) {
      if (entry.type === 'IncidentReported') reported.add(entry.incidentId);
      if (entry.type === 'WhistleBlown' && !reported.has(entry.incidentId)) whistled.add(entry.incidentId);
      remember(cases, entry);
      const known = cases.get(entry.incidentId);
      if (known === undefined) continue;
      for (const dispatch of dispatchesOf(known, entry)) {
        const key = `${dispatch.departmentId}/${entry.position}`;
        if (!items.has(key)) items.set(key, itemOf(entry, dispatch));
      }
    }
    await insertCases.run(tx, rowsOf(cases, reported));
    await changeCases.run(tx, rowsOf(cases, whistled));
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
    'select incident_id, summary, tasks from cases where incident_id = any($1::text[])',
    [[...wanted]],
  );
  return new Map(rows.map(({ incident_id, summary, tasks }) => [incident_id, { summary, tasks }]));
}

function rowsOf(cases: ReadonlyMap<string, Case>, incidentIds: ReadonlySet<string>): CaseRow[] {
  return [...incidentIds].flatMap((incident_id) => {
    const known = cases.get(incident_id);
    if (known === undefined) return [];
    return [{ incident_id, summary: JSON.stringify(known.summary), tasks: JSON.stringify(known.tasks) }];
  });
}

function remember(cases: Map<string, Case>, entry: IncidentEntry): void {
  // The past of another system is no news: its departments dealt with it there.
  if (entry.type === 'IncidentReported' && !entry.data.imported) {
    const { category, severity, location, place } = entry.data;
    const { gridId, estateId, communityId, streetId } = place;
    const summary = { category, severity, location, gridId, estateId, communityId, streetId };
    cases.set(entry.incidentId, { summary, tasks: {} });
  }
  const known = cases.get(entry.incidentId);
  if (entry.type === 'WhistleBlown' && known !== undefined) {
    const added = Object.fromEntries(entry.data.tasks.map((task) => [task.taskId, task.departmentId]));
    cases.set(entry.incidentId, { ...known, tasks: { ...known.tasks, ...added } });
  }
}

function dispatchesOf(known: Case, entry: IncidentEntry): Dispatch[] {
  switch (entry.type) {
    case 'WhistleBlown': {
      const { whistleId, kind, reason, whistlingUnitId, tasks } = entry.data;
      const summary = inFixedOrder(known.summary);
      return tasks.map(({ taskId, departmentId, role, deadlines }) => ({
        departmentId,
        what: 'dispatched',
        data: {
          ...{ taskId, whistleId, departmentId, role, kind, reason, whistlingUnitId, ...summary },
          deadlines: deadlines.map(({ deadlineId, timer, dueAt, provisional }) => ({
            ...{ deadlineId, timer, dueAt, provisional },
          })),
        },
      }));
    }
    // Field by field: what departments are sent has versions of its own (dataschema), whatever an event comes to carry.
    case 'TaskOverdue': {
      const { departmentId, taskId, deadlineId, timer, dueAt } = entry.data;
      return [{ departmentId, what: 'overdue', data: { taskId, deadlineId, timer, dueAt } }];
    }
    case 'SupervisionIssued': {
      const { departmentId, supervisionId, taskId, deadlineId, level, notify } = entry.data;
      const data = { supervisionId, taskId, deadlineId, level, notify };
      return departmentId === null ? [] : [{ departmentId, what: 'supervised', data }];
    }
    case 'SupervisionLifted': {
      const { departmentId, supervisionId, taskId, reason } = entry.data;
      const data = { supervisionId, taskId, reason };
      return departmentId === null ? [] : [{ departmentId, what: 'supervision-lifted', data }];
    }
    case 'CheckFailed':
    case 'FeedbackRecorded': {
      const reason = entry.type === 'CheckFailed' ? 'CHECK_FAILED' : 'NOT_SOLVED';
      return byDepartment(known, entry.data.taskIds).map(({ departmentId, taskIds }) => ({
        departmentId,
        what: 'returned-for-rework',
        data: { taskIds, reason, rework: entry.data.rework },
      }));
    }
    case 'IncidentClosed': {
      const { resolutionLevel } = entry.data;
      return byDepartment(known, Object.keys(known.tasks).sort()).map(({ departmentId, taskIds }) => ({
        departmentId,
        what: 'closed',
        data: { taskIds, resolutionLevel },
      }));
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

/** One item per department and event: the position is the item's id, and a department may hold several tasks. */
function byDepartment(
  known: Case,
  taskIds: readonly string[],
): { departmentId: string; taskIds: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const taskId of taskIds) {
    const departmentId = known.tasks[taskId];
    if (departmentId !== undefined) groups.set(departmentId, [...(groups.get(departmentId) ?? []), taskId]);
  }
  return [...groups].map(([departmentId, ids]) => ({ departmentId, taskIds: ids }));
}

function itemOf(entry: IncidentEntry, { departmentId, what, data }: Dispatch): ItemRow {
  const cloudEvent = toCloudEvent({
    // Several departments may hear of one event; each hears of it under an id of its own that stays the same.
    id: `${entry.eventId}-${departmentId}`,
    source: '/shaoying',
    type: `cn.shaoying.dispatch.${what}`,
    subject: `incidents/${entry.incidentId}`,
    time: entry.occurredAt,
    dataSchema: `urn:shaoying:dispatch:${what}:v1`,
    sequence: entry.position,
    data: { incidentId: entry.incidentId, ...data },
  });
  return { department_id: departmentId, position: entry.position, cloud_event: JSON.stringify(cloudEvent) };
}
