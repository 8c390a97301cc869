import type { Deadline, IncidentEventType } from '@shaoying/incident-domain';
import type { Projection } from '@shaoying/projections';
import { incidentEntries, RowBatch, type IncidentEntry } from '../incident-rows.js';

interface DeadlineRow {
  deadline_id: string;
  incident_id: string;
  task_id: string | null;
  timer: string;
  due_at: string;
  status: 'OPEN' | 'MET' | 'BREACHED';
}

const columns = [...(['deadline_id', 'incident_id', 'task_id', 'timer', 'due_at', 'status'] as const)];

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
  version: 1,
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
    const entries = incidentEntries(events);
    const imported = await RowBatch.load<{ incident_id: string }>(tx, 'imported', 'incident_id', entries);
    const rows = await RowBatch.load<DeadlineRow>(tx, 'deadlines', 'deadline_id', entries);
    for (const entry of entries) {
      if (entry.type === 'IncidentReported' && entry.data.imported)
        imported.set({ incident_id: entry.incidentId });
      if (imported.get(entry.incidentId) === undefined) fold(rows, entry);
    }
    await rows.save(columns);
    await tx.query(`insert into imported select unnest($1::text[]) on conflict do nothing`, [
      entries.filter((e) => e.type === 'IncidentReported' && e.data.imported).map((e) => e.incidentId),
    ]);
  },
};

function fold(rows: RowBatch<DeadlineRow>, entry: IncidentEntry): void {
  switch (entry.type) {
    case 'IncidentFiled':
      open(rows, entry.incidentId, null, entry.data.deadlines);
      break;
    case 'WhistleBlown':
      for (const task of entry.data.tasks) open(rows, entry.incidentId, task.taskId, task.deadlines);
      break;
    case 'TaskAcknowledged':
      mark(rows, entry, entry.data.taskId, ['ACKNOWLEDGE'], 'OPEN', 'MET');
      break;
    case 'DepartmentCheckedIn':
      mark(rows, entry, entry.data.taskId, ['CHECK_IN'], 'OPEN', 'MET');
      break;
    case 'TaskCompleted':
      mark(rows, entry, entry.data.taskId, ['HANDLING'], 'OPEN', 'MET');
      break;
    case 'HandlingCompleted':
      mark(rows, entry, null, ['INCIDENT_TOTAL'], 'OPEN', 'MET');
      break;
    case 'TaskOverdue':
    case 'IncidentOverdue':
      rows.patch(entry.data.deadlineId, { status: 'BREACHED' });
      break;
    case 'CheckFailed':
    case 'FeedbackRecorded':
      // Back to the departments: what had been met by the rejected completion runs on.
      for (const taskId of entry.data.taskIds) mark(rows, entry, taskId, ['HANDLING'], 'MET', 'OPEN');
      if (entry.type === 'CheckFailed' || entry.data.solved === 'UNSOLVED') {
        mark(rows, entry, null, ['INCIDENT_TOTAL'], 'MET', 'OPEN');
      }
      break;
    default:
      break;
  }
}

function open(
  rows: RowBatch<DeadlineRow>,
  incidentId: string,
  taskId: string | null,
  deadlines: readonly Deadline[],
): void {
  for (const { deadlineId, timer, dueAt } of deadlines) {
    rows.set({
      ...{ deadline_id: deadlineId, incident_id: incidentId, task_id: taskId, timer },
      ...{ due_at: dueAt, status: 'OPEN' },
    });
  }
}

function mark(
  rows: RowBatch<DeadlineRow>,
  { incidentId }: IncidentEntry,
  taskId: string | null,
  timers: readonly string[],
  from: DeadlineRow['status'],
  to: DeadlineRow['status'],
): void {
  for (const row of rows.ofIncident(incidentId)) {
    if (row.task_id === taskId && timers.includes(row.timer) && row.status === from)
      rows.set({ ...row, status: to });
  }
}
