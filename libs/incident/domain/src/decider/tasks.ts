import type { AcknowledgeTask, BlowWhistle, CheckIn, CompleteTask } from '../incident.commands.js';
import type { IncidentEvent, IncidentTimer } from '../incident.events.js';
import type { IncidentState, Task } from '../incident.state.js';
import { deadlineOf } from '../incident.state.js';
import { type Decision, accept, refuse } from './decision.js';
import { admitClaim, isLate, notIn, notTheirs, ownTask, taskNotIn } from './guards.js';
import { breachesBefore, lifted } from './overdue.js';
import { handlingCompleted } from './self-handling.js';

export function blowWhistle(state: IncidentState, command: BlowWhistle): Decision {
  const { origin, whistleId, whistle, reason, tasks } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'FILED');
  if (refusal) return refuse(refusal);
  if (tasks.filter((task) => task.role === 'LEAD').length !== 1)
    return refuse({ code: 'WHISTLE_NEEDS_ONE_LEAD' });
  const seen = new Set<string>();
  for (const { departmentId } of tasks) {
    if (seen.has(departmentId)) return refuse({ code: 'DEPARTMENT_TWICE', departmentId });
    seen.add(departmentId);
  }
  const whistlingUnitId = origin.actor.orgUnitId;
  return accept({
    type: 'WhistleBlown',
    occurredAt: origin.now,
    data: { whistleId, kind: whistle, reason, whistlingUnitId, tasks },
  });
}

export function acknowledge(state: IncidentState, { origin, taskId }: AcknowledgeTask): Decision {
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const refusal = taskNotIn(own.task, 'NOTIFIED');
  if (refusal) return refuse(refusal);
  return accept(
    ...breachesBefore(state, own.task, ['ACKNOWLEDGE'], origin.now),
    acknowledged(own.task, origin.now, false),
    ...lifted(state, own.task, 'ACKNOWLEDGED', ['ACKNOWLEDGE'], origin.now),
  );
}

function acknowledged(task: Task, occurredAt: string, implied: boolean): IncidentEvent {
  const deadline = deadlineOf(task.deadlines, 'ACKNOWLEDGE');
  const { taskId, departmentId } = task;
  const late = isLate(occurredAt, deadline);
  return {
    type: 'TaskAcknowledged',
    occurredAt,
    data: { taskId, departmentId, implied, dueAt: deadline?.dueAt ?? null, late },
  };
}

export function checkIn(state: IncidentState, command: CheckIn): Decision {
  const { origin, taskId, location, note, evidence, tolerance } = command;
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = taskNotIn(task, 'NOTIFIED', 'ACKNOWLEDGED');
  if (refusal) return refuse(refusal);
  const blownAt =
    state.whistles.find((whistle) => whistle.whistleId === task.whistleId)?.blownAt ?? origin.now;
  const afterTheWhistle =
    command.occurredAt === null || Date.parse(command.occurredAt) >= Date.parse(blownAt);
  const admitted = admitClaim(
    command.occurredAt,
    origin.now,
    tolerance,
    (ageMs) => ageMs <= tolerance.syncMs && evidence.length > 0 && afterTheWhistle,
  );
  if (admitted === null) return refuse({ code: 'OCCURRED_AT_IN_FUTURE' });
  const { occurredAt, claimedAt, disputed } = admitted;
  const deadline = deadlineOf(task.deadlines, 'CHECK_IN');
  const timers: IncidentTimer[] = ['ACKNOWLEDGE', 'CHECK_IN'];
  return accept(
    ...breachesBefore(state, task, timers, occurredAt),
    // Appearing is an answer: no department is late at both ends for one act (domain.md §3.3).
    ...(task.state === 'NOTIFIED' ? [acknowledged(task, occurredAt, true)] : []),
    {
      type: 'DepartmentCheckedIn',
      occurredAt,
      data: {
        ...{ taskId, departmentId: task.departmentId, dueAt: deadline?.dueAt ?? null },
        ...{ late: isLate(occurredAt, deadline), claimedAt, disputed, location, note, evidence },
      },
    },
    ...lifted(state, task, 'CHECKED_IN', timers, origin.now),
  );
}

export function completeTask(
  state: IncidentState,
  { origin, taskId, note, evidence }: CompleteTask,
): Decision {
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = taskNotIn(task, 'CHECKED_IN');
  if (refusal) return refuse(refusal);
  const { now } = origin;
  const deadline = deadlineOf(task.deadlines, 'HANDLING');
  const completed: IncidentEvent = {
    type: 'TaskCompleted',
    occurredAt: now,
    data: {
      ...{ taskId, departmentId: task.departmentId, dueAt: deadline?.dueAt ?? null },
      ...{ late: isLate(now, deadline), note, evidence },
    },
  };
  const others = state.tasks.filter((other) => other.whistleId === task.whistleId && other.taskId !== taskId);
  const allDone = others.every((other) => other.state === 'DONE');
  return accept(
    ...breachesBefore(state, task, ['HANDLING'], now),
    completed,
    ...lifted(state, task, 'COMPLETED', ['HANDLING'], now),
    ...(allDone ? handlingCompleted(state, now, note, evidence) : []),
  );
}
