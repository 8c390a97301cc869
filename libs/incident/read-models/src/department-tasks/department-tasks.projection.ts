import type { IncidentEventType } from '@shaoying/incident-domain';
import type { Projection } from '@shaoying/projections';
import { incidentEntries, RowBatch, type IncidentEntry } from '../incident-rows.js';

interface TaskRow {
  task_id: string;
  incident_id: string;
  whistle_id: string;
  department_id: string;
  role: string;
  kind: string;
  category: string;
  severity: string;
  estate_id: string | null;
  community_id: string | null;
  street_id: string | null;
  imported: boolean;
  notified_at: string;
  notified_known_at: string;
  notified_event_id: string;
  acknowledge_due: string | null;
  acknowledged_at: string | null;
  acknowledged_known_at: string | null;
  acknowledged_event_id: string | null;
  check_in_due: string | null;
  checked_in_at: string | null;
  checked_in_known_at: string | null;
  checked_in_event_id: string | null;
  handling_due: string | null;
  completed_at: string | null;
  completed_known_at: string | null;
  completed_event_id: string | null;
  rejected: readonly RejectedCompletion[];
  deadlines: unknown;
}

/** A completion that a check or the resident sent back. It stood until then, and a question about that time says so. */
interface RejectedCompletion {
  readonly at: string;
  readonly knownAt: string;
  readonly eventId: string;
  readonly backAt: string;
  readonly backKnownAt: string;
}

interface CaseRow {
  incident_id: string;
  category: string;
  severity: string;
  estate_id: string | null;
  community_id: string | null;
  street_id: string | null;
  imported: boolean;
}

const taskColumns = [
  ...([
    'task_id',
    'incident_id',
    'whistle_id',
    'department_id',
    'role',
    'kind',
    'category',
    'severity',
  ] as const),
  ...(['estate_id', 'community_id', 'street_id', 'imported'] as const),
  ...(['notified_at', 'notified_known_at', 'notified_event_id'] as const),
  ...(['acknowledge_due', 'acknowledged_at', 'acknowledged_known_at', 'acknowledged_event_id'] as const),
  ...(['check_in_due', 'checked_in_at', 'checked_in_known_at', 'checked_in_event_id'] as const),
  ...(['handling_due', 'completed_at', 'completed_known_at', 'completed_event_id', 'rejected'] as const),
  'deadlines' as const,
];
const caseColumns = [
  ...(['incident_id', 'category', 'severity', 'estate_id', 'community_id', 'street_id', 'imported'] as const),
];

const eventTypes: IncidentEventType[] = [
  ...([
    'IncidentReported',
    'WhistleBlown',
    'TaskAcknowledged',
    'DepartmentCheckedIn',
    'TaskCompleted',
  ] as const),
  ...(['CheckFailed', 'FeedbackRecorded'] as const),
];

/**
 * Each department's tasks with the instants of their life, each instant beside the one at which the log learnt of it:
 * queue, workload and on-time rates at any moment are one query over it.
 */
export const departmentTasks: Projection = {
  name: 'department-tasks',
  version: 2,
  schema: `
    create table cases (
      incident_id  text primary key,
      category     text not null,
      severity     text not null,
      estate_id    text,
      community_id text,
      street_id    text,
      imported     boolean not null
    );
    create table tasks (
      task_id               text primary key,
      incident_id           text not null,
      whistle_id            text not null,
      department_id         text not null,
      role                  text not null,
      kind                  text not null,
      category              text not null,
      severity              text not null,
      estate_id             text,
      community_id          text,
      street_id             text,
      imported              boolean not null,
      notified_at           timestamptz not null,
      notified_known_at     timestamptz not null,
      notified_event_id     text not null,
      acknowledge_due       timestamptz,
      acknowledged_at       timestamptz,
      acknowledged_known_at timestamptz,
      acknowledged_event_id text,
      check_in_due          timestamptz,
      checked_in_at         timestamptz,
      checked_in_known_at   timestamptz,
      checked_in_event_id   text,
      handling_due          timestamptz,
      completed_at          timestamptz,
      completed_known_at    timestamptz,
      completed_event_id    text,
      rejected              jsonb not null,  -- completions that were sent back, each with both ends
      deadlines             jsonb not null
    );
    create index on tasks (incident_id);
    create index on tasks (department_id, notified_at, task_id);
    -- What is done is never looked at for a queue: 20 open tasks among 100,000 done ones are read as 20. See openAfter.
    create index on tasks (department_id, coalesce(greatest(completed_at, completed_known_at), 'infinity'));
    create index on tasks (handling_due) where handling_due is not null;
    create index on tasks (check_in_due) where check_in_due is not null;
    create index on tasks (acknowledge_due) where acknowledge_due is not null;
  `,
  eventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const cases = await RowBatch.load<CaseRow>(tx, 'cases', 'incident_id', entries);
    const tasks = await RowBatch.load<TaskRow>(tx, 'tasks', 'task_id', entries);
    for (const entry of entries) fold(cases, tasks, entry);
    await cases.save(caseColumns);
    await tasks.save(taskColumns);
  },
};

function fold(cases: RowBatch<CaseRow>, tasks: RowBatch<TaskRow>, entry: IncidentEntry): void {
  const { occurredAt, recordedAt, eventId } = entry;
  switch (entry.type) {
    case 'IncidentReported':
      cases.set(caseOf(entry));
      break;
    case 'WhistleBlown':
      for (const row of tasksOf(cases.get(entry.incidentId), entry)) tasks.set(row);
      break;
    case 'TaskAcknowledged':
      tasks.patch(entry.data.taskId, {
        ...{ acknowledged_at: occurredAt, acknowledged_known_at: recordedAt, acknowledged_event_id: eventId },
      });
      break;
    case 'DepartmentCheckedIn':
      tasks.patch(entry.data.taskId, {
        ...{ checked_in_at: occurredAt, checked_in_known_at: recordedAt, checked_in_event_id: eventId },
      });
      break;
    case 'TaskCompleted':
      tasks.patch(entry.data.taskId, {
        ...{ completed_at: occurredAt, completed_known_at: recordedAt, completed_event_id: eventId },
      });
      break;
    case 'CheckFailed':
    case 'FeedbackRecorded':
      // On time is judged by the first accepted completion (domain.md §6, 29): one that was sent back is none.
      for (const taskId of entry.data.taskIds) sendBack(tasks, taskId, entry);
      break;
    default:
      break;
  }
}

function sendBack(tasks: RowBatch<TaskRow>, taskId: string, entry: IncidentEntry): void {
  const { completed_at, completed_known_at, completed_event_id, rejected = [] } = tasks.get(taskId) ?? {};
  if (!completed_at || !completed_known_at || !completed_event_id) return;
  const completion = {
    ...{ at: utc(completed_at), knownAt: utc(completed_known_at), eventId: completed_event_id },
    ...{ backAt: entry.occurredAt, backKnownAt: entry.recordedAt },
  };
  tasks.patch(taskId, {
    ...{ completed_at: null, completed_known_at: null, completed_event_id: null },
    rejected: [...rejected, completion],
  });
}

/** A row loaded from PostgreSQL writes its instants with an offset; inside a document they must all look the same. */
const utc = (instant: string): string => new Date(instant).toISOString();

function caseOf(entry: Extract<IncidentEntry, { type: 'IncidentReported' }>): CaseRow {
  const { category, severity, place, imported } = entry.data;
  const { estateId: estate_id, communityId: community_id, streetId: street_id } = place;
  return { incident_id: entry.incidentId, category, severity, estate_id, community_id, street_id, imported };
}

function tasksOf(
  known: CaseRow | undefined,
  entry: Extract<IncidentEntry, { type: 'WhistleBlown' }>,
): TaskRow[] {
  if (known === undefined) return [];
  const { whistleId, kind, tasks } = entry.data;
  return tasks.map(({ taskId, departmentId, role, deadlines }) => {
    const due = (timer: string): string | null =>
      deadlines.find((deadline) => deadline.timer === timer)?.dueAt ?? null;
    return {
      ...known,
      ...{ task_id: taskId, whistle_id: whistleId, department_id: departmentId, role, kind },
      ...{
        notified_at: entry.occurredAt,
        notified_known_at: entry.recordedAt,
        notified_event_id: entry.eventId,
      },
      ...{ acknowledge_due: due('ACKNOWLEDGE'), acknowledged_at: null, acknowledged_known_at: null },
      ...{ acknowledged_event_id: null, check_in_due: due('CHECK_IN'), checked_in_at: null },
      ...{ checked_in_known_at: null, checked_in_event_id: null, handling_due: due('HANDLING') },
      ...{ completed_at: null, completed_known_at: null, completed_event_id: null, rejected: [] },
      deadlines: deadlines.map(({ deadlineId, timer, dueAt, warnAt, provisional }) => ({
        ...{ deadlineId, timer, dueAt, warnAt, provisional },
      })),
    };
  });
}
