import type { MarkOverdue } from '../incident.commands.js';
import type { Deadline, IncidentEvent, IncidentTimer, SupervisionLifted } from '../incident.events.js';
import type { IncidentState, Task } from '../incident.state.js';
import { deadlineOf, isPending, pendingDeadlines } from '../incident.state.js';
import { type Decision, accept } from './decision.js';
import { isLate } from './guards.js';

/** The step at +0 %, the only one that is taken so far; a ladder always begins with it. */
const FIRST_STEP = 1;

/** Counted from 0 here: so it was before orders carried their step, and the orders of open incidents keep their names. */
const supervisionIdOf = ({ deadlineId }: Deadline, step: number): string => `${deadlineId}-${step - 1}`;

function overdue(task: Task, deadline: Deadline): IncidentEvent {
  const { taskId, departmentId } = task;
  const { deadlineId, timer, dueAt } = deadline;
  return { type: 'TaskOverdue', occurredAt: dueAt, data: { taskId, departmentId, deadlineId, timer, dueAt } };
}

/**
 * Breaches that a late act proves before any alarm has written them. Whether a deadline was met must not depend on
 * whether the department or the alarm clock came first (domain.md §3.4 d). The order of supervision that the alarm
 * would have brought is left out: it would be issued and lifted in one breath.
 */
export function breachesBefore(
  state: IncidentState,
  task: Task,
  timers: IncidentTimer[],
  at: string,
): IncidentEvent[] {
  if (state.imported) return [];
  return pendingDeadlines(task)
    .filter(({ timer, deadlineId }) => timers.includes(timer) && !task.breached.includes(deadlineId))
    .filter((deadline) => isLate(at, deadline))
    .map((deadline) => overdue(task, deadline));
}

export function totalBreachBefore(state: IncidentState, at: string): IncidentEvent[] {
  const total = deadlineOf(state.deadlines, 'INCIDENT_TOTAL');
  if (total === undefined || state.breached.includes(total.deadlineId) || !isLate(at, total)) return [];
  return [incidentOverdue(state, total)];
}

function incidentOverdue(state: IncidentState, { deadlineId, timer, dueAt }: Deadline): IncidentEvent {
  return {
    type: 'IncidentOverdue',
    occurredAt: dueAt,
    data: { deadlineId, timer, dueAt, cycle: state.cycle },
  };
}

/** Whom an order addresses that concerns the incident as a whole. */
export const asAWhole = { taskId: null, departmentId: null };

export function lifted(
  state: IncidentState,
  { taskId, departmentId }: Pick<SupervisionLifted['data'], 'taskId' | 'departmentId'>,
  reason: SupervisionLifted['data']['reason'],
  timers: IncidentTimer[],
  occurredAt: string,
): IncidentEvent[] {
  return state.supervisions
    .filter((order) => order.taskId === taskId && !order.lifted && timers.includes(order.timer))
    .map(({ supervisionId }) => ({
      type: 'SupervisionLifted',
      occurredAt,
      data: { supervisionId, taskId, departmentId, reason },
    }));
}

export function markOverdue(state: IncidentState, { origin, deadlineId }: MarkOverdue): Decision {
  // Timers of imported cases belong to a past in which this system was not there.
  if (state.imported) return accept();
  const task = state.tasks.find((candidate) => candidate.deadlines.some((d) => d.deadlineId === deadlineId));
  return task
    ? markTaskOverdue(state, task, deadlineId, origin.now)
    : markTotalOverdue(state, deadlineId, origin.now);
}

function markTaskOverdue(state: IncidentState, task: Task, deadlineId: string, now: string): Decision {
  const deadline = task.deadlines.find((candidate) => candidate.deadlineId === deadlineId);
  const open =
    deadline !== undefined &&
    state.lifecycle === 'HANDLING' &&
    isPending(task, deadline.timer) &&
    !task.breached.includes(deadlineId) &&
    isLate(now, deadline);
  if (!open) return accept();
  return accept(overdue(task, deadline), ...supervision(deadline, task.taskId, task.departmentId, now));
}

function markTotalOverdue(state: IncidentState, deadlineId: string, now: string): Decision {
  const total = state.deadlines.find((candidate) => candidate.deadlineId === deadlineId);
  const open =
    total !== undefined &&
    (state.lifecycle === 'FILED' || state.lifecycle === 'HANDLING') &&
    !state.breached.includes(deadlineId) &&
    isLate(now, total);
  if (!open) return accept();
  return accept(incidentOverdue(state, total), ...supervision(total, null, null, now));
}

function supervision(
  deadline: Deadline,
  taskId: string | null,
  departmentId: string | null,
  occurredAt: string,
): IncidentEvent[] {
  if (deadline.firstStep === null) return [];
  const { level, notify } = deadline.firstStep;
  const { deadlineId, dueAt } = deadline;
  const step = FIRST_STEP;
  const supervisionId = supervisionIdOf(deadline, step);
  return [
    {
      type: 'SupervisionIssued',
      occurredAt,
      data: { supervisionId, taskId, departmentId, deadlineId, dueAt, step, level, notify },
    },
  ];
}
