import type { AcknowledgeTask } from '../incident.commands.js';
import type { AnyDeadline, IncidentEvent } from '../incident.events.js';
import { deadlineOf, type IncidentState, type Task } from '../incident.state.js';
import { type Decision, accept, refuse } from './decision.js';
import { isLate, ownTask, taskNotIn } from './guards.js';
import { breachesBefore, lifted, ofTask, onTask } from './breaches.js';

export function acknowledge(state: IncidentState, { origin, taskId }: AcknowledgeTask): Decision {
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const refusal = taskNotIn(own.task, 'NOTIFIED');
  if (refusal) return refuse(refusal);
  return accept(
    ...breachesBefore(state, origin.now, ofTask(taskId, 'ACKNOWLEDGE')),
    acknowledged(own.task, origin.now, false),
    ...lifted(state, onTask(taskId, 'ACKNOWLEDGE'), 'ACKNOWLEDGED', origin.now),
  );
}

export function acknowledged(task: Task, occurredAt: string, implied: boolean): IncidentEvent {
  const deadline = deadlineOf(task.deadlines, 'ACKNOWLEDGE');
  const { taskId, departmentId } = task;
  const late = isLate(occurredAt, deadline);
  return {
    type: 'TaskAcknowledged',
    occurredAt,
    data: { taskId, departmentId, implied, dueAt: deadline?.dueAt ?? null, late },
  };
}

/** Whoever lets the return window run out has the task: silence is no way out of it (domain.md §6, 2). */
export function acknowledgedAtWindowEnd(
  state: IncidentState,
  task: Task,
  { dueAt }: AnyDeadline,
  now: string,
): IncidentEvent[] {
  return [
    ...breachesBefore(state, dueAt, ofTask(task.taskId, 'ACKNOWLEDGE')),
    acknowledged(task, dueAt, true),
    ...lifted(state, onTask(task.taskId, 'ACKNOWLEDGE'), 'ACKNOWLEDGED', now),
  ];
}
