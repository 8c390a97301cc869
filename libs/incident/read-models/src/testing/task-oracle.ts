import type { RecordedEvent } from '@shaoying/event-store';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import type { Deadline, IncidentTimer } from '@shaoying/incident-domain';
import type { Workload } from '../department-tasks/department-tasks.query.js';
import type { Moment } from '../sql-reader.js';

// Queue and workload a second time, straight from the event list; see metric-oracle.ts.

interface OracleTask {
  readonly taskId: string;
  readonly role: string;
  readonly notifiedAt: string;
  readonly deadlines: readonly Deadline[];
  acknowledgedAt: string | null;
  checkedInAt: string | null;
  completedAt: string | null;
  state: 'NOTIFIED' | 'ACKNOWLEDGED' | 'CHECKED_IN' | 'DONE';
  overdue: boolean;
  /** Soonest deadline that nothing had met. */
  unmetDue: string | null;
}

const ms = (instant: string): number => Date.parse(instant);

/** Every task of a department at a moment, oldest first. */
export function tasksOf(log: readonly RecordedEvent[], departmentId: string, moment: Moment): OracleTask[] {
  const tasks = new Map<string, OracleTask>();
  for (const recorded of log) {
    const event = decodeIncidentEvent(recorded);
    if (ms(event.occurredAt) > ms(moment.asOf) || ms(event.recordedAt) > ms(moment.knownAt)) continue;
    if (event.type === 'WhistleBlown') {
      for (const { taskId, role, deadlines, departmentId: owner } of event.data.tasks) {
        if (owner === departmentId) tasks.set(taskId, newTask(taskId, role, deadlines, event.occurredAt));
      }
    } else if (event.type === 'CheckFailed' || event.type === 'FeedbackRecorded') {
      for (const taskId of event.data.taskIds) {
        const task = tasks.get(taskId);
        if (task) task.completedAt = null;
      }
    } else if ('taskId' in event.data && event.data.taskId !== null) {
      const task = tasks.get(event.data.taskId);
      if (task && event.type === 'TaskAcknowledged') task.acknowledgedAt = event.occurredAt;
      if (task && event.type === 'DepartmentCheckedIn') task.checkedInAt = event.occurredAt;
      if (task && event.type === 'TaskCompleted') task.completedAt = event.occurredAt;
    }
  }
  for (const task of tasks.values()) settle(task, moment);
  return [...tasks.values()].sort(
    (a, b) => ms(a.notifiedAt) - ms(b.notifiedAt) || (a.taskId < b.taskId ? -1 : 1),
  );
}

function newTask(
  taskId: string,
  role: string,
  deadlines: readonly Deadline[],
  notifiedAt: string,
): OracleTask {
  return {
    ...{ taskId, role, notifiedAt, deadlines, acknowledgedAt: null, checkedInAt: null, completedAt: null },
    ...{ state: 'NOTIFIED', overdue: false, unmetDue: null },
  };
}

function settle(task: OracleTask, { asOf }: Moment): void {
  if (task.completedAt !== null) task.state = 'DONE';
  else if (task.checkedInAt !== null) task.state = 'CHECKED_IN';
  else if (task.acknowledgedAt !== null) task.state = 'ACKNOWLEDGED';
  const running: Record<typeof task.state, IncidentTimer[]> = {
    NOTIFIED: ['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING'],
    ACKNOWLEDGED: ['CHECK_IN', 'HANDLING'],
    CHECKED_IN: ['HANDLING'],
    DONE: [],
  };
  const unmet = task.deadlines.filter((deadline) => running[task.state].includes(deadline.timer));
  task.unmetDue = unmet.map((deadline) => deadline.dueAt).sort()[0] ?? null;
  task.overdue = task.unmetDue !== null && ms(task.unmetDue) < ms(asOf);
}

/** What {@link Workload} says of itself. */
export function workloadOf(
  log: readonly RecordedEvent[],
  departmentId: string,
  moment: Moment,
  from: string,
): Workload {
  const tasks = tasksOf(log, departmentId, moment);
  const open = tasks.filter((task) => task.state !== 'DONE');
  const inState = (state: OracleTask['state']): number => tasks.filter((task) => task.state === state).length;
  const dayLater = ms(moment.asOf) + 24 * 3_600_000;
  const incoming = tasks.filter((task) => ms(task.notifiedAt) >= ms(from));
  const checkIns = incoming.flatMap((task) => {
    const due = task.deadlines.find((deadline) => deadline.timer === 'CHECK_IN')?.dueAt;
    const decided = due !== undefined && (task.checkedInAt !== null || ms(due) < ms(moment.asOf));
    return decided ? [task.checkedInAt !== null && ms(task.checkedInAt) <= ms(due)] : [];
  });
  const minutes = incoming
    .flatMap((task) =>
      task.checkedInAt === null ? [] : [(ms(task.checkedInAt) - ms(task.notifiedAt)) / 60_000],
    )
    .sort((a, b) => a - b);
  return {
    ...{ departmentId, ...moment, from, open: open.length },
    byState: {
      NOTIFIED: inState('NOTIFIED'),
      ACKNOWLEDGED: inState('ACKNOWLEDGED'),
      CHECKED_IN: inState('CHECKED_IN'),
    },
    overdue: open.filter((task) => task.overdue).length,
    dueWithin24h: open.filter(
      (task) => !task.overdue && task.unmetDue !== null && ms(task.unmetDue) < dayLater,
    ).length,
    inflow: incoming.length,
    outflow: tasks.filter((task) => task.completedAt !== null && ms(task.completedAt) >= ms(from)).length,
    weighted: open.reduce((sum, task) => sum + (task.role === 'LEAD' ? 1 : 0.5), 0),
    checkInOnTimeRate: checkIns.length === 0 ? null : checkIns.filter(Boolean).length / checkIns.length,
    medianCheckInMinutes: percentile(minutes, 0.5),
    p90CheckInMinutes: percentile(minutes, 0.9),
  };
}

/** Linear between the two nearest values. */
function percentile(sorted: readonly number[], fraction: number): number | null {
  if (sorted.length === 0) return null;
  const place = fraction * (sorted.length - 1);
  const [low = 0, high = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  // As PostgreSQL rounds: the last bit must not decide a test.
  return expect.closeTo(low + (high - low) * (place - Math.floor(place)), 6) as number;
}
