import type { Deadline, IncidentEventType } from '@shaoying/incident-domain';
import type { Projection } from '@shaoying/projections';
import {
  incidentEntries,
  merging,
  RowStatement,
  wholeRow,
  type IncidentEntry,
  type RowShape,
} from '../incident-rows.js';

type Status = 'OPEN' | 'MET' | 'BREACHED';

interface DeadlineRow {
  readonly deadline_id: string;
  readonly incident_id: string;
  readonly task_id: string | null;
  readonly timer: string;
  readonly due_at: string;
  readonly status: Status;
}
type Mark = Pick<DeadlineRow, 'incident_id' | 'task_id' | 'timer' | 'status'>;
type Drop = Pick<DeadlineRow, 'incident_id' | 'task_id' | 'timer'>;
type Breach = Pick<DeadlineRow, 'deadline_id'>;

const dropShape: RowShape<Drop> = { incident_id: 'text', task_id: 'text', timer: 'text' };
const markShape: RowShape<Mark> = { ...dropShape, status: 'text' };
const deadlineShape: RowShape<DeadlineRow> = { deadline_id: 'text', ...markShape, due_at: 'timestamptz' };

const insertImported = merging<{ readonly incident_id: string }>('imported', {
  ...{ shape: { incident_id: 'text' }, key: ['incident_id'] },
});
const insertDeadlines = merging('deadlines', {
  ...{ shape: deadlineShape, key: ['deadline_id'], overwritten: wholeRow(deadlineShape) },
  source: (rows) =>
    `(select * from ${rows} where not exists (select from imported i where i.incident_id = u.incident_id))`,
});
const markDeadlines = new RowStatement<Mark>(
  markShape,
  (rows) =>
    `update deadlines d set status = u.status from ${rows}
     where d.incident_id = u.incident_id and d.task_id is not distinct from u.task_id and d.timer = u.timer
       and d.status <> 'BREACHED' and d.status <> u.status`,
);
const dropDeadlines = new RowStatement<Drop>(
  dropShape,
  (rows) =>
    `delete from deadlines d using ${rows}
     where d.incident_id = u.incident_id and d.task_id = u.task_id and d.timer = u.timer and d.status <> 'BREACHED'`,
);
const breachDeadlines = new RowStatement<Breach>(
  { deadline_id: 'text' },
  (rows) =>
    `update deadlines d set status = 'BREACHED' from ${rows}
     where d.deadline_id = u.deadline_id and d.status <> 'BREACHED'`,
);

const eventTypes: IncidentEventType[] = [
  ...([
    'IncidentReported',
    'IncidentFiled',
    'WhistleBlown',
    'TaskAcknowledged',
    'DepartmentCheckedIn',
  ] as const),
  ...(['TaskCompleted', 'HandlingCompleted', 'TaskOverdue', 'IncidentOverdue', 'CheckFailed'] as const),
  'FeedbackRecorded',
];

/**
 * The truth about what is still due; the alarm clock only wakes for it. Deadlines of imported cases are not in it: no
 * timer fires for a past in which this system was not there.
 */
export const openDeadlines: Projection = {
  name: 'open-deadlines',
  version: 2,
  schema: `
    create table imported (incident_id text primary key);
    create table deadlines (
      deadline_id text primary key,
      incident_id text not null,
      task_id     text,
      timer       text not null,
      due_at      timestamptz not null,
      status      text not null
    );
    create index on deadlines (due_at, deadline_id) where status = 'OPEN';
    create index on deadlines (incident_id);
  `,
  eventTypes,
  async apply(events, tx) {
    const batch = new DeadlineBatch();
    for (const entry of incidentEntries(events)) batch.fold(entry);
    // These come first: they are meant for what was there before the batch. A breach stands, so it is the first of them.
    await breachDeadlines.run(tx, batch.breaches);
    await markDeadlines.run(tx, [...batch.marks.values()]);
    await dropDeadlines.run(tx, [...batch.drops.values()]);
    await insertImported.run(tx, batch.imported);
    await insertDeadlines.run(tx, [...batch.begun.values()]);
  },
};

const ownerKey = (incidentId: string, taskId: string | null, timer: string): string =>
  `${incidentId}/${taskId ?? ''}/${timer}`;

/**
 * What one batch does to the deadlines, without knowing how they stand: of the acts that meet a deadline and send it back,
 * the last one counts, and a breach stands whatever comes before and after it.
 */
class DeadlineBatch {
  readonly imported: { incident_id: string }[] = [];
  readonly begun = new Map<string, DeadlineRow>();
  readonly marks = new Map<string, Mark>();
  readonly drops = new Map<string, Drop>();
  readonly breaches: Breach[] = [];
  /** Of the deadlines begun in this batch. */
  private readonly idsByIncident = new Map<string, string[]>();

  fold(entry: IncidentEntry): void {
    const { incidentId } = entry;
    switch (entry.type) {
      case 'IncidentReported':
        if (entry.data.imported) this.imported.push({ incident_id: incidentId });
        break;
      case 'IncidentFiled':
        this.open(incidentId, null, entry.data.deadlines);
        break;
      case 'WhistleBlown':
        for (const task of entry.data.tasks) this.open(incidentId, task.taskId, task.deadlines);
        break;
      case 'TaskAcknowledged':
        this.drop(incidentId, entry.data.taskId, 'ACKNOWLEDGE');
        break;
      case 'DepartmentCheckedIn':
        this.drop(incidentId, entry.data.taskId, 'CHECK_IN');
        break;
      case 'TaskCompleted':
        this.mark(incidentId, entry.data.taskId, 'HANDLING', 'MET');
        break;
      case 'HandlingCompleted':
        this.mark(incidentId, null, 'INCIDENT_TOTAL', 'MET');
        break;
      case 'TaskOverdue':
        // One that is met and gone stays gone.
        if (!this.drops.has(ownerKey(incidentId, entry.data.taskId, entry.data.timer)))
          this.breach(entry.data.deadlineId);
        break;
      case 'IncidentOverdue':
        this.breach(entry.data.deadlineId);
        break;
      case 'CheckFailed':
      case 'FeedbackRecorded':
        // Back to the departments: what had been met by the rejected completion runs on.
        for (const taskId of entry.data.taskIds) this.mark(incidentId, taskId, 'HANDLING', 'OPEN');
        if (entry.type === 'CheckFailed' || entry.data.solved === 'UNSOLVED')
          this.mark(incidentId, null, 'INCIDENT_TOTAL', 'OPEN');
        break;
      default:
        break;
    }
  }

  private open(incidentId: string, taskId: string | null, deadlines: readonly Deadline[]): void {
    const ids = this.idsByIncident.get(incidentId) ?? [];
    for (const { deadlineId, timer, dueAt } of deadlines) {
      this.begun.set(deadlineId, {
        ...{ deadline_id: deadlineId, incident_id: incidentId, task_id: taskId, timer },
        ...{ due_at: dueAt, status: 'OPEN' },
      });
      ids.push(deadlineId);
    }
    this.idsByIncident.set(incidentId, ids);
  }

  private mark(incidentId: string, taskId: string | null, timer: string, status: 'MET' | 'OPEN'): void {
    // Also where deadlines of this owner begin in this batch: others may be there from before.
    this.marks.set(ownerKey(incidentId, taskId, timer), {
      ...{ incident_id: incidentId, task_id: taskId, timer, status },
    });
    for (const id of this.idsByIncident.get(incidentId) ?? []) {
      const row = this.begun.get(id);
      if (row?.task_id === taskId && row.timer === timer && row.status !== 'BREACHED')
        this.begun.set(id, { ...row, status });
    }
  }

  private drop(incidentId: string, taskId: string, timer: string): void {
    this.drops.set(ownerKey(incidentId, taskId, timer), { incident_id: incidentId, task_id: taskId, timer });
    for (const id of this.idsByIncident.get(incidentId) ?? []) {
      const row = this.begun.get(id);
      if (row?.task_id === taskId && row.timer === timer && row.status === 'OPEN') this.begun.delete(id);
    }
  }

  private breach(deadlineId: string): void {
    const row = this.begun.get(deadlineId);
    if (row === undefined) this.breaches.push({ deadline_id: deadlineId });
    else this.begun.set(deadlineId, { ...row, status: 'BREACHED' });
  }
}
