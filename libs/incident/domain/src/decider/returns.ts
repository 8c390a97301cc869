import type {
  Arbitrate,
  CommandOrigin,
  DecideReturn,
  HandlingRules,
  OpenArbitration,
  RequestReturn,
} from '../incident.commands.js';
import type {
  ArbitrationOpened,
  Deadline,
  IncidentEvent,
  LostTime,
  TaskAssignment,
} from '../incident.events.js';
import type { Refusal } from '../incident.refusals.js';
import { evolve } from '../incident.evolve.js';
import {
  deadlineOf,
  openArbitrationOf,
  openReturnOf,
  taskOf,
  whistleOf,
  type IncidentState,
  type ReturnRequest,
  type Task,
} from '../incident.state.js';
import { aboutDeadlineOf, breachesBefore, lifted, ofTask, onTask } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { settled } from './ending.js';
import {
  dispatchedTask,
  isLate,
  notIn,
  ownTask,
  returnedBefore,
  startedOf,
  taskNotIn,
  taskWithin,
} from './guards.js';
import { leadPassedTo } from './leading.js';
import { lostBy } from './lost-time.js';

// 推诿扯皮: how a task leaves a department that says it is not its own, and who answers for the time it took.

/** What a department owes by the clock of the whistle, whoever is asked whether it is its task. */
const OWED = ['ACKNOWLEDGE', 'CONTACT', 'CHECK_IN', 'HANDLING'] as const;

export function requestReturn(state: IncidentState, command: RequestReturn): Decision {
  const { origin, taskId, rules } = command;
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = notReturnable(task, origin.now);
  if (refusal) return refuse(refusal);
  const ordinal = returnsOf(state, 'ACCEPTED').length + 1;
  const disputed = ordinal >= rules.returnsBeforeArbitration;
  const events: IncidentEvent[] = [
    ...breachesBefore(state, origin.now, ofTask(taskId, ...OWED)),
    requested(task, command, ordinal, disputed),
    ...lifted(state, onTask(taskId, 'ACKNOWLEDGE'), 'ACKNOWLEDGED', origin.now),
  ];
  if (!disputed) return accept(...events);
  return accept(...events, opened(events.reduce(evolve, state), task, 'RETURNS', command));
}

/** Never after check-in (domain.md §6, 5), never after its window, never against a final decision. */
function notReturnable(task: Task, now: string): Refusal | null {
  if (task.checkedIn) return { code: 'RETURN_AFTER_CHECK_IN' };
  const elsewhere = taskNotIn(task, 'NOTIFIED', 'ACKNOWLEDGED');
  if (elsewhere) return elsewhere;
  if (task.final) return { code: 'RETURN_OF_FINAL_DECISION' };
  const window = deadlineOf(task.deadlines, 'RETURN_WINDOW');
  return isLate(now, window) ? { code: 'RETURN_WINDOW_OVER' } : null;
}

const returnsOf = (state: IncidentState, outcome: ReturnRequest['outcome']): ReturnRequest[] =>
  state.returns.filter((request) => request.cycle === state.cycle && request.outcome === outcome);

function requested(task: Task, command: RequestReturn, ordinal: number, disputed: boolean): IncidentEvent {
  const { origin, returnId, taskId, reasonCode, basis, suggestedUnitId, deadlines } = command;
  const unanswered = task.state === 'NOTIFIED' ? deadlineOf(task.deadlines, 'ACKNOWLEDGE') : undefined;
  return {
    type: 'ReturnRequested',
    occurredAt: origin.now,
    data: {
      ...{ returnId, taskId, departmentId: task.departmentId, reasonCode, basis, suggestedUnitId, ordinal },
      ...{ dueAt: unanswered?.dueAt ?? null, late: isLate(origin.now, unanswered) },
      deadlines: disputed ? [] : startedOf(deadlines, 'RETURN_DECISION'),
    },
  };
}

/** Everybody whose responsibility is in question, and whoever dispatched it. */
function partiesOf(state: IncidentState, task: Task): string[] {
  const requests = state.returns.filter((request) => request.cycle === state.cycle);
  const units = [
    task.departmentId,
    whistleOf(state, task.whistleId)?.whistlingUnitId ?? null,
    ...requests.flatMap(({ departmentId, suggestedUnitId }) => [departmentId, suggestedUnitId]),
  ];
  return [...new Set(units.filter((unit) => unit !== null))];
}

function opened(
  state: IncidentState,
  task: Task,
  cause: ArbitrationOpened['data']['cause'],
  command: {
    readonly origin: CommandOrigin;
    readonly arbitrationId: string;
    readonly deadlines: readonly Deadline[];
  },
): IncidentEvent {
  const { origin, arbitrationId, deadlines } = command;
  return {
    type: 'ArbitrationOpened',
    occurredAt: origin.now,
    data: {
      ...{ arbitrationId, taskId: task.taskId, cause, parties: partiesOf(state, task) },
      deadlines: startedOf(deadlines, 'ARBITRATION'),
    },
  };
}

export function decideReturn(state: IncidentState, command: DecideReturn): Decision {
  const { origin, taskId, accept: accepted, reason } = command;
  const known = dispatchedTask(state, taskId, origin);
  if (known.refusal) return refuse(known.refusal);
  const { task } = known;
  const elsewhere = taskNotIn(task, 'RETURN_REQUESTED');
  const request = openReturnOf(state, taskId);
  if (elsewhere || request === undefined)
    return refuse(elsewhere ?? { code: 'TASK_STATE', state: task.state, allowed: ['RETURN_REQUESTED'] });
  if (task.departmentId === origin.actor.orgUnitId) return refuse({ code: 'RETURN_DECIDED_BY_PARTY' });
  if (!accepted && reason === null) return refuse({ code: 'RETURN_NEEDS_REASON' });
  return accepted ? acceptReturn(state, task, request, command) : rejectReturn(state, task, request, command);
}

function acceptReturn(
  state: IncidentState,
  task: Task,
  request: ReturnRequest,
  command: DecideReturn,
): Decision {
  const { origin, reason, rules, newTask, deadlines } = command;
  const { taskId, departmentId, role } = task;
  const { now, actor } = origin;
  if (newTask === null && role === 'LEAD') return refuse({ code: 'RETURN_NEEDS_UNIT' });
  const within = newTask && taskWithin(state, task.whistleId, newTask.departmentId);
  if (newTask !== null) {
    // Another assisting department cannot stand in for one: it has a part of its own.
    if (newTask.departmentId === departmentId || (within && role === 'ASSIST'))
      return refuse({ code: 'DEPARTMENT_TWICE', departmentId: newTask.departmentId });
    const before = returnedBefore(state, newTask.departmentId);
    if (before) return refuse(before);
  }
  const events: IncidentEvent[] = [
    ...breachesBefore(state, now, ofTask(taskId, 'RETURN_DECISION')),
    {
      type: 'ReturnAccepted',
      occurredAt: now,
      data: {
        ...{ returnId: request.returnId, taskId, departmentId, decidingUnitId: actor.orgUnitId },
        ...{ note: reason, newTask: within ? null : inPlaceOf(task, newTask) },
        lostTime: lostUntil(state, task, request, rules, now),
      },
    },
    ...lifted(state, onTask(taskId), 'ENDED', now),
    ...lifted(state, aboutDeadlineOf(task, 'RETURN_DECISION'), 'MET', now),
    ...(within ? [leadPassedTo(task, within, 'The department that led gave its task back', now)] : []),
  ];
  return accept(
    ...events,
    ...settled(state, events, { occurredAt: now, note: reason, evidence: [], deadlines }),
  );
}

/** Whoever comes in place of another has the role of that one: so a whistle keeps its one lead. */
const inPlaceOf = ({ role }: Task, newTask: TaskAssignment | null): TaskAssignment | null =>
  newTask === null ? null : { ...newTask, role };

/** Where the time of the task that is not booked yet begins. */
function unbookedFrom(state: IncidentState, task: Task): string {
  return state.lostTime
    .filter(({ taskId }) => taskId === task.taskId)
    .reduce((from, { to }) => (to > from ? to : from), task.notifiedAt);
}

/**
 * Time lost when a task leaves a department that need not have had it (domain.md §3.4 a). With APPORTION the department
 * answers for how long it took to say so, the dispatch for the rest; else the dispatch for all of it.
 */
function lostUntil(
  state: IncidentState,
  task: Task,
  request: ReturnRequest | undefined,
  { clockOnReturn }: HandlingRules,
  now: string,
): LostTime[] {
  const { taskId, departmentId } = task;
  const from = unbookedFrom(state, task);
  if (clockOnReturn !== 'APPORTION' || request === undefined || request.requestedAt <= from)
    return lostBy(state, task, { account: 'DISPATCH', unitId: null, taskId, from, to: now });
  const { requestedAt } = request;
  return lostBy(
    state,
    task,
    { account: 'DEPARTMENT', unitId: departmentId, taskId, from, to: requestedAt },
    { account: 'DISPATCH', unitId: null, taskId, from: requestedAt, to: now },
  );
}

/** All of it to whoever refused what was its own. */
function lostByRefusing(state: IncidentState, task: Task, now: string): LostTime[] {
  const { taskId, departmentId } = task;
  const from = unbookedFrom(state, task);
  return lostBy(state, task, { account: 'DEPARTMENT', unitId: departmentId, taskId, from, to: now });
}

/** A department whose task was disputed by the dispatch and stays its own has refused nothing. */
function lostInDispute(state: IncidentState, task: Task, arbitrationId: string, now: string): LostTime[] {
  const cause = state.arbitrations.find((known) => known.arbitrationId === arbitrationId)?.cause;
  const asked = state.returns.some(({ taskId }) => taskId === task.taskId);
  return cause === 'REQUESTED' && !asked ? [] : lostByRefusing(state, task, now);
}

/** The task is the department's again, and what it owed meanwhile it owes. */
function owedAgain(state: IncidentState, events: readonly IncidentEvent[], taskId: string, now: string) {
  return breachesBefore(events.reduce(evolve, state), now, ofTask(taskId, ...OWED));
}

function rejectReturn(
  state: IncidentState,
  task: Task,
  request: ReturnRequest,
  command: DecideReturn,
): Decision {
  const { origin, reason, rules } = command;
  const { taskId, departmentId } = task;
  const { now, actor } = origin;
  const events: IncidentEvent[] = [
    ...breachesBefore(state, now, ofTask(taskId, 'RETURN_DECISION')),
    {
      type: 'ReturnRejected',
      occurredAt: now,
      data: {
        ...{ returnId: request.returnId, taskId, departmentId, decidingUnitId: actor.orgUnitId },
        ...{ reason: reason ?? '', lostTime: lostByRefusing(state, task, now) },
      },
    },
    ...lifted(state, aboutDeadlineOf(task, 'RETURN_DECISION'), 'MET', now),
  ];
  const refusals = returnsOf(state, 'REJECTED').filter((known) => known.taskId === taskId).length + 1;
  const owed = owedAgain(state, events, taskId, now);
  if (refusals < rules.refusalsBeforeArbitration) return accept(...events, ...owed);
  const next = [...events, ...owed].reduce(evolve, state);
  return accept(...events, ...owed, opened(next, task, 'REFUSALS', command));
}

function notDisputable(task: Task): Refusal | null {
  const elsewhere = taskNotIn(
    task,
    ...(['NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING', 'RETURN_REQUESTED'] as const),
  );
  return elsewhere ?? (task.final ? { code: 'RETURN_OF_FINAL_DECISION' } : null);
}

/** The ladder takes the matter out of the hands of those who did not decide; nothing where nothing can be decided. */
export function disputed(
  state: IncidentState,
  taskId: string,
  command: Parameters<typeof opened>[3],
): IncidentEvent[] {
  const task = taskOf(state, taskId);
  if (task === undefined || notIn(state, 'HANDLING') || notDisputable(task)) return [];
  return [
    ...breachesBefore(state, command.origin.now, ofTask(taskId)),
    opened(state, task, 'REQUESTED', command),
  ];
}

/** After check-in too, where a return is not possible any more (domain.md §6, 5). */
export function openArbitration(state: IncidentState, command: OpenArbitration): Decision {
  const { origin, taskId } = command;
  const known = dispatchedTask(state, taskId, origin);
  if (known.refusal) return refuse(known.refusal);
  const { task } = known;
  const refusal = notDisputable(task);
  if (refusal) return refuse(refusal);
  return accept(
    ...breachesBefore(state, origin.now, ofTask(taskId)),
    opened(state, task, 'REQUESTED', command),
    ...lifted(state, aboutDeadlineOf(task, 'RETURN_DECISION'), 'MET', origin.now),
  );
}

export function arbitrate(state: IncidentState, command: Arbitrate): Decision {
  const { origin, taskId, responsibleUnitId, newTask } = command;
  const task = state.tasks.find((candidate) => candidate.taskId === taskId);
  if (task === undefined) return refuse({ code: 'TASK_NOT_FOUND' });
  const elsewhere = notIn(state, 'HANDLING') ?? taskNotIn(task, 'IN_ARBITRATION');
  const arbitration = openArbitrationOf(state, taskId);
  if (elsewhere || arbitration === undefined)
    return refuse(elsewhere ?? { code: 'TASK_STATE', state: task.state, allowed: ['IN_ARBITRATION'] });
  const { orgUnitId } = origin.actor;
  if (orgUnitId !== null && [...arbitration.parties, responsibleUnitId].includes(orgUnitId))
    return refuse({ code: 'ARBITRATOR_IS_PARTY' });
  const stays = responsibleUnitId === task.departmentId;
  const within = stays ? undefined : taskWithin(state, task.whistleId, responsibleUnitId);
  if (!stays && within === undefined && newTask?.departmentId !== responsibleUnitId)
    return refuse({ code: 'RETURN_NEEDS_UNIT' });
  const decided = decidedBy(state, task, arbitration.arbitrationId, command, {
    stays,
    newTask: stays || within ? null : inPlaceOf(task, newTask),
  });
  const { now } = origin;
  const events: IncidentEvent[] = [
    ...breachesBefore(state, now, ofTask(taskId, 'ARBITRATION')),
    decided,
    ...lifted(state, aboutDeadlineOf(task, 'ARBITRATION'), 'MET', now),
    ...(stays ? [] : lifted(state, onTask(taskId), 'ENDED', now)),
    ...(within && task.role === 'LEAD' ? [leadPassedTo(task, within, command.reason, now)] : []),
  ];
  return accept(...events, ...(stays ? owedAgain(state, events, taskId, now) : []));
}

function decidedBy(
  state: IncidentState,
  task: Task,
  arbitrationId: string,
  command: Arbitrate,
  outcome: { readonly stays: boolean; readonly newTask: Arbitrate['newTask'] },
): IncidentEvent {
  const { origin, taskId, responsibleUnitId, rule, reason, rules } = command;
  const { category, place } = state;
  const request = state.returns.findLast((known) => known.taskId === taskId);
  return {
    type: 'ResponsibilityDecided',
    occurredAt: origin.now,
    data: {
      ...{
        arbitrationId,
        taskId,
        arbitratingUnitId: origin.actor.orgUnitId,
        responsibleUnitId,
        rule,
        reason,
      },
      newTask: outcome.newTask,
      lostTime: outcome.stays
        ? lostInDispute(state, task, arbitrationId, origin.now)
        : lostUntil(state, task, request, rules, origin.now),
      catalogueProposal: {
        ...{ category, areaId: place.streetId ?? place.districtId },
        ...{ departmentId: responsibleUnitId, basis: reason },
      },
    },
  };
}
