import type {
  AddDepartment,
  ChangeLead,
  ReleaseTask,
  RequestRelease,
  TransferTask,
  UrgeTask,
} from '../incident.commands.js';
import type { IncidentEvent, LostTime } from '../incident.events.js';
import { isOpenTask, taskOf, type IncidentState, type Task } from '../incident.state.js';
import { breachesBefore, concerning, lifted, ofTask, onTask } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { settled } from './ending.js';
import {
  dispatchedTask,
  knownWhistle,
  leadOf,
  notIn,
  notTheirs,
  returnedBefore,
  taskNotIn,
  taskWithin,
  unlessSaid,
} from './guards.js';
import { leadPassedTo } from './leading.js';
import { lostBy } from './lost-time.js';

// Who takes part in a whistle: always exactly one lead.

export function addDepartment(state: IncidentState, command: AddDepartment): Decision {
  const { origin, whistleId, reason, task } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'HANDLING');
  if (refusal) return refuse(refusal);
  const known = knownWhistle(state, whistleId, 'BLOWN');
  if (known.refusal) return refuse(known.refusal);
  const { departmentId } = task;
  if (taskWithin(state, whistleId, departmentId)) return refuse({ code: 'DEPARTMENT_TWICE', departmentId });
  const before = returnedBefore(state, departmentId);
  if (before) return refuse(before);
  return accept({
    type: 'DepartmentAdded',
    occurredAt: origin.now,
    data: { whistleId, task: { ...task, role: 'ASSIST' }, reason },
  });
}

export function changeLead(state: IncidentState, command: ChangeLead): Decision {
  const { origin, whistleId, departmentId, reason, formerLead, newTask } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'HANDLING');
  if (refusal) return refuse(refusal);
  const known = knownWhistle(state, whistleId, 'BLOWN');
  if (known.refusal) return refuse(known.refusal);
  const lead = leadOf(state, whistleId);
  if (lead === undefined) return refuse({ code: 'TASK_NOT_FOUND' });
  if (lead.departmentId === departmentId) return refuse({ code: 'IS_THE_LEAD' });
  if (lead.final) return refuse({ code: 'RETURN_OF_FINAL_DECISION' });
  const undecided = taskNotIn(lead, 'NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING');
  if (undecided) return refuse(undecided);
  const within = taskWithin(state, whistleId, departmentId);
  const unready = within && taskNotIn(within, 'NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING');
  const before = unready ?? (within ? null : returnedBefore(state, departmentId));
  if (before) return refuse(before);
  if (within === undefined && newTask?.departmentId !== departmentId)
    return refuse({ code: 'RETURN_NEEDS_UNIT' });
  const { now } = origin;
  const ends = formerLead === 'RELEASED';
  return accept(
    ...(ends ? breachesBefore(state, now, ofTask(lead.taskId)) : []),
    {
      type: 'LeadChanged',
      occurredAt: now,
      data: {
        ...{ whistleId, fromTaskId: lead.taskId, fromDepartmentId: lead.departmentId, reason, formerLead },
        ...{ toTaskId: within?.taskId ?? newTask!.taskId, toDepartmentId: departmentId },
        newTask: within || newTask === null ? null : { ...newTask, role: 'LEAD' },
        lostTime: timeAsLead(state, lead, now),
      },
    },
    ...(ends ? lifted(state, onTask(lead.taskId), 'ENDED', now) : []),
  );
}

/** The time in which the former lead led is its own (domain.md §6, 7), less what is booked already. */
function timeAsLead(state: IncidentState, task: Task, to: string): LostTime[] {
  const { taskId, departmentId, notifiedAt, leadsSince } = task;
  const from = state.lostTime
    .filter((lost) => lost.taskId === taskId)
    .reduce((latest, lost) => (lost.to > latest ? lost.to : latest), leadsSince ?? notifiedAt);
  // Done, and then given to another to lead: what came after it was done is nobody's.
  const until = task.doneAt === null || task.doneAt > to ? to : task.doneAt;
  return lostBy(state, task, { account: 'DEPARTMENT', unitId: departmentId, taskId, from, to: until });
}

/** Asked by the lead of a department that holds the matter up; the street decides. */
export function requestRelease(state: IncidentState, { origin, taskId, reason }: RequestRelease): Decision {
  const task = taskOf(state, taskId);
  if (task === undefined) return refuse({ code: 'TASK_NOT_FOUND' });
  const lead = leadOf(state, task.whistleId);
  if (lead === undefined || lead.departmentId !== origin.actor.orgUnitId)
    return refuse({ code: 'NOT_THE_LEAD' });
  if (lead.taskId === taskId) return refuse({ code: 'IS_THE_LEAD' });
  const refusal =
    notIn(state, 'HANDLING') ?? taskNotIn(task, 'NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING');
  if (refusal) return refuse(refusal);
  const asked: IncidentEvent = {
    type: 'ReleaseRequested',
    occurredAt: origin.now,
    data: { taskId, departmentId: task.departmentId, leadDepartmentId: lead.departmentId, reason },
  };
  return accept(...unlessSaid(task.lastWord, asked));
}

export function releaseTask(state: IncidentState, command: ReleaseTask): Decision {
  const { origin, taskId, reasonCode, reason, deadlines } = command;
  const known = dispatchedTask(state, taskId, origin);
  if (known.refusal) return refuse(known.refusal);
  const { task } = known;
  const refusal = taskNotIn(task, 'NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING');
  if (refusal) return refuse(refusal);
  if (task.role === 'LEAD') return refuse({ code: 'IS_THE_LEAD' });
  const { now } = origin;
  const events: IncidentEvent[] = [
    ...breachesBefore(state, now, ofTask(taskId)),
    {
      type: 'TaskReleased',
      occurredAt: now,
      data: {
        ...{ taskId, departmentId: task.departmentId, reasonCode, reason },
        counted: reasonCode === 'HOLDS_UP',
      },
    },
    ...lifted(state, onTask(taskId), 'ENDED', now),
  ];
  return accept(
    ...events,
    ...settled(state, events, { occurredAt: now, note: reason, evidence: [], deadlines }),
  );
}

/** To the successor of a department that is no more (domain.md §6, 15). The clocks run on. */
export function transferTask(state: IncidentState, command: TransferTask): Decision {
  const { origin, taskId, toDepartmentId, level, reason, deadlines } = command;
  const task = taskOf(state, taskId);
  if (task === undefined) return refuse({ code: 'TASK_NOT_FOUND' });
  if (task.departmentId === toDepartmentId) return accept();
  const elsewhere = notIn(state, 'HANDLING', 'SUSPENDED', 'MERGED');
  if (elsewhere) return refuse(elsewhere);
  if (!isOpenTask(task))
    return refuse({ code: 'TASK_STATE', state: task.state, allowed: ['NOTIFIED', 'WORKING'] });
  const { now } = origin;
  const within = taskWithin(state, task.whistleId, toDepartmentId);
  if (within === undefined) {
    const { departmentId: fromDepartmentId } = task;
    const data = { taskId, fromDepartmentId, toDepartmentId, level, reason };
    return accept({ type: 'TaskTransferred', occurredAt: now, data });
  }
  // The successor is in the whistle already: one department, one task.
  const events: IncidentEvent[] = [
    ...breachesBefore(state, now, ofTask(taskId)),
    task.role === 'LEAD' ? leadPassedTo(task, within, reason, now) : notNeeded(task, reason, now),
    ...lifted(state, concerning(task), 'ENDED', now),
  ];
  return accept(
    ...events,
    ...settled(state, events, { occurredAt: now, note: reason, evidence: [], deadlines }),
  );
}

function notNeeded({ taskId, departmentId }: Task, reason: string, occurredAt: string): IncidentEvent {
  const data = { taskId, departmentId, reasonCode: 'NOT_NEEDED' as const, reason, counted: false };
  return { type: 'TaskReleased', occurredAt, data };
}

export function urge(state: IncidentState, { origin, taskId, note }: UrgeTask): Decision {
  const known = dispatchedTask(state, taskId, origin);
  if (known.refusal) return refuse(known.refusal);
  const { task } = known;
  const refusal = taskNotIn(task, 'NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING');
  if (refusal) return refuse(refusal);
  const urged: IncidentEvent = {
    type: 'TaskUrged',
    occurredAt: origin.now,
    data: { taskId, departmentId: task.departmentId, urgingUnitId: origin.actor.orgUnitId, note },
  };
  return accept(...unlessSaid(task.lastWord, urged));
}
