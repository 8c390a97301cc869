import type { IncidentEventType } from '@shaoying/incident-domain';
import type { Projection, ProjectionTransaction } from '@shaoying/projections';
import {
  Drafts,
  incidentEntries,
  merging,
  RowStatement,
  wholeRow,
  type IncidentEntry,
  type RowShape,
} from '../incident-rows.js';

/** A task as its whistle begins it; what its incident is about comes from `cases`. */
interface TaskRow {
  readonly task_id: string;
  readonly incident_id: string;
  readonly whistle_id: string;
  readonly department_id: string;
  readonly role: string;
  readonly kind: string;
  readonly notified_at: string;
  readonly notified_known_at: string;
  readonly notified_event_id: string;
  readonly acknowledge_due: string | null;
  readonly acknowledged_at: string | null;
  readonly acknowledged_known_at: string | null;
  readonly acknowledged_event_id: string | null;
  readonly check_in_due: string | null;
  readonly checked_in_at: string | null;
  readonly checked_in_known_at: string | null;
  readonly checked_in_event_id: string | null;
  readonly handling_due: string | null;
  readonly completed_at: string | null;
  readonly completed_known_at: string | null;
  readonly completed_event_id: string | null;
  /** JSON of {@link RejectedCompletion}s. */
  readonly rejected: string;
  readonly deadlines: string;
}

/** What a batch does to a task that was there before. Null leaves an instant as it is, but for a completion. */
interface TaskChange {
  readonly task_id: string;
  readonly acknowledged_at: string | null;
  readonly acknowledged_known_at: string | null;
  readonly acknowledged_event_id: string | null;
  readonly checked_in_at: string | null;
  readonly checked_in_known_at: string | null;
  readonly checked_in_event_id: string | null;
  readonly completion_changed: boolean;
  readonly completed_at: string | null;
  readonly completed_known_at: string | null;
  readonly completed_event_id: string | null;
  /** To be added. */
  readonly rejected: string;
}

interface Completion {
  readonly at: string;
  readonly knownAt: string;
  readonly eventId: string;
}

/** A completion that a check or the resident sent back. It stood until then, and a question about that time says so. */
interface RejectedCompletion extends Completion {
  readonly backAt: string;
  readonly backKnownAt: string;
}

interface CaseRow {
  readonly incident_id: string;
  readonly category: string;
  readonly severity: string;
  readonly estate_id: string | null;
  readonly community_id: string | null;
  readonly street_id: string | null;
  readonly imported: boolean;
}

const caseShape: RowShape<CaseRow> = {
  ...{ incident_id: 'text', category: 'text', severity: 'text', estate_id: 'text', community_id: 'text' },
  ...{ street_id: 'text', imported: 'boolean' },
};
const taskShape: RowShape<TaskRow> = {
  ...{
    task_id: 'text',
    incident_id: 'text',
    whistle_id: 'text',
    department_id: 'text',
    role: 'text',
    kind: 'text',
  },
  ...{ notified_at: 'timestamptz', notified_known_at: 'timestamptz', notified_event_id: 'text' },
  ...{ acknowledge_due: 'timestamptz', acknowledged_at: 'timestamptz', acknowledged_known_at: 'timestamptz' },
  ...{ acknowledged_event_id: 'text', check_in_due: 'timestamptz', checked_in_at: 'timestamptz' },
  ...{ checked_in_known_at: 'timestamptz', checked_in_event_id: 'text', handling_due: 'timestamptz' },
  ...{ completed_at: 'timestamptz', completed_known_at: 'timestamptz', completed_event_id: 'text' },
  ...{ rejected: 'jsonb', deadlines: 'json' },
};
const changeShape: RowShape<TaskChange> = {
  ...{ task_id: 'text', acknowledged_at: 'timestamptz', acknowledged_known_at: 'timestamptz' },
  ...{ acknowledged_event_id: 'text', checked_in_at: 'timestamptz', checked_in_known_at: 'timestamptz' },
  ...{ checked_in_event_id: 'text', completion_changed: 'boolean', completed_at: 'timestamptz' },
  ...{ completed_known_at: 'timestamptz', completed_event_id: 'text', rejected: 'jsonb' },
};

const insertCases = merging('cases', { shape: caseShape, key: ['incident_id'] });
const caseFacts = 'category, severity, estate_id, community_id, street_id, imported';
const insertTasks = merging('tasks', {
  ...{ shape: taskShape, key: ['task_id'], overwritten: wholeRow(taskShape), derived: caseFacts.split(', ') },
  source: (rows) => `(select u.*, ${caseFacts} from ${rows} join cases on cases.incident_id = u.incident_id)`,
});
const later = (act: string): string =>
  ['at', 'known_at', 'event_id']
    .map((part) => `${act}_${part} = coalesce(u.${act}_${part}, t.${act}_${part})`)
    .join(', ');
const changeTasks = new RowStatement<TaskChange>(
  changeShape,
  (rows) =>
    `update tasks t set ${later('acknowledged')}, ${later('checked_in')},
       completed_at = case when u.completion_changed then u.completed_at else t.completed_at end,
       completed_known_at = case when u.completion_changed then u.completed_known_at else t.completed_known_at end,
       completed_event_id = case when u.completion_changed then u.completed_event_id else t.completed_event_id end,
       rejected = case when u.rejected = '[]' then t.rejected else t.rejected || u.rejected::jsonb end
     from ${rows} where t.task_id = u.task_id`,
);

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
  version: 3,
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
      deadlines             json not null
    ) with (fillfactor = 50);
    -- Half of every page is kept for what comes later: a check-in that stays on its page is in no index and logs what it
    -- changed. Measured with check-ins in the order of the whistles, two events each: 100 bytes of log an event instead
    -- of 540 with fillfactor 80, and PostgreSQL 6 µs instead of 14.
    -- What is done is never looked at for a queue: 20 open tasks among 100,000 done ones are read as 20. See openAfter.
    create index on tasks (department_id, coalesce(greatest(completed_at, completed_known_at), 'infinity'));
    create index on tasks (handling_due) where handling_due is not null;
    create index on tasks (check_in_due) where check_in_due is not null;
    create index on tasks (acknowledge_due) where acknowledge_due is not null;
  `,
  eventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const batch = new TaskBatch(await standingCompletions(tx, entries));
    for (const entry of entries) batch.fold(entry);
    await insertCases.run(tx, batch.cases);
    await insertTasks.run(tx, batch.tasks.rows);
    await changeTasks.run(tx, batch.tasks.changes);
  },
};

/** Of the tasks that the batch sends back. */
async function standingCompletions(
  tx: ProjectionTransaction,
  entries: readonly IncidentEntry[],
): Promise<Map<string, Completion>> {
  const taskIds = entries.flatMap((entry) =>
    entry.type === 'CheckFailed' || entry.type === 'FeedbackRecorded' ? entry.data.taskIds : [],
  );
  if (taskIds.length === 0) return new Map();
  const rows = await tx.query<{ id: string; at: Date; known: Date; event: string }>(
    `select task_id as id, completed_at as at, completed_known_at as known, completed_event_id as event
     from tasks where task_id = any($1::text[]) and completed_at is not null`,
    [taskIds],
  );
  return new Map(
    rows.map(({ id, at, known, event }) => [
      id,
      { at: at.toISOString(), knownAt: known.toISOString(), eventId: event },
    ]),
  );
}

const unchanged = (taskId: string): TaskChange => ({
  ...{ task_id: taskId, acknowledged_at: null, acknowledged_known_at: null, acknowledged_event_id: null },
  ...{ checked_in_at: null, checked_in_known_at: null, checked_in_event_id: null },
  ...{ completion_changed: false, completed_at: null, completed_known_at: null, completed_event_id: null },
  rejected: '[]',
});

class TaskBatch {
  readonly cases: CaseRow[] = [];
  readonly tasks = new Drafts<TaskRow, TaskChange>();
  /** Sent back in this batch. */
  private readonly rejected = new Map<string, readonly RejectedCompletion[]>();

  constructor(private readonly completions: Map<string, Completion>) {}

  fold(entry: IncidentEntry): void {
    const { occurredAt, recordedAt, eventId } = entry;
    switch (entry.type) {
      case 'IncidentReported':
        this.cases.push(caseOf(entry));
        break;
      case 'WhistleBlown':
        for (const row of tasksOf(entry)) this.begin(row);
        break;
      case 'TaskAcknowledged':
        this.change(entry.data.taskId, {
          ...{ acknowledged_at: occurredAt, acknowledged_known_at: recordedAt },
          acknowledged_event_id: eventId,
        });
        break;
      case 'DepartmentCheckedIn':
        this.change(entry.data.taskId, {
          ...{ checked_in_at: occurredAt, checked_in_known_at: recordedAt, checked_in_event_id: eventId },
        });
        break;
      case 'TaskCompleted':
        this.complete(entry.data.taskId, { at: occurredAt, knownAt: recordedAt, eventId });
        break;
      case 'CheckFailed':
      case 'FeedbackRecorded':
        // On time is judged by the first accepted completion (domain.md §6, 29): one that was sent back is none.
        for (const taskId of entry.data.taskIds) this.sendBack(taskId, entry);
        break;
      default:
        break;
    }
  }

  private begin(row: TaskRow): void {
    this.tasks.begin(row.task_id, row);
    this.completions.delete(row.task_id);
    this.rejected.delete(row.task_id);
  }

  private change(taskId: string, change: Partial<TaskRow> & Partial<TaskChange>): void {
    this.tasks.change(taskId, change, unchanged(taskId));
  }

  private complete(taskId: string, completion: Completion): void {
    this.completions.set(taskId, completion);
    const { at, knownAt, eventId } = completion;
    this.change(taskId, {
      ...{ completion_changed: true, completed_at: at, completed_known_at: knownAt },
      completed_event_id: eventId,
    });
  }

  private sendBack(taskId: string, { occurredAt, recordedAt }: IncidentEntry): void {
    const completion = this.completions.get(taskId);
    if (completion === undefined) return;
    this.completions.delete(taskId);
    const sentBack = { ...completion, backAt: occurredAt, backKnownAt: recordedAt };
    const rejected = [...(this.rejected.get(taskId) ?? []), sentBack];
    this.rejected.set(taskId, rejected);
    this.change(taskId, {
      ...{ completion_changed: true, completed_at: null, completed_known_at: null, completed_event_id: null },
      rejected: JSON.stringify(rejected),
    });
  }
}

function caseOf(entry: Extract<IncidentEntry, { type: 'IncidentReported' }>): CaseRow {
  const { category, severity, place, imported } = entry.data;
  const { estateId: estate_id, communityId: community_id, streetId: street_id } = place;
  return { incident_id: entry.incidentId, category, severity, estate_id, community_id, street_id, imported };
}

function tasksOf(entry: Extract<IncidentEntry, { type: 'WhistleBlown' }>): TaskRow[] {
  const { incidentId, occurredAt, recordedAt, eventId } = entry;
  const { whistleId, kind, tasks } = entry.data;
  return tasks.map(({ taskId, departmentId, role, deadlines }) => {
    const due = (timer: string): string | null =>
      deadlines.find((deadline) => deadline.timer === timer)?.dueAt ?? null;
    return {
      ...{ task_id: taskId, incident_id: incidentId, whistle_id: whistleId, department_id: departmentId },
      ...{ role, kind, notified_at: occurredAt, notified_known_at: recordedAt, notified_event_id: eventId },
      ...{ acknowledge_due: due('ACKNOWLEDGE'), acknowledged_at: null, acknowledged_known_at: null },
      ...{ acknowledged_event_id: null, check_in_due: due('CHECK_IN'), checked_in_at: null },
      ...{ checked_in_known_at: null, checked_in_event_id: null, handling_due: due('HANDLING') },
      ...{ completed_at: null, completed_known_at: null, completed_event_id: null, rejected: '[]' },
      deadlines: JSON.stringify(
        deadlines.map(({ deadlineId, timer, dueAt, warnAt, provisional }) => ({
          ...{ deadlineId, timer, dueAt, warnAt, provisional },
        })),
      ),
    };
  });
}
