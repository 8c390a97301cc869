import type { IncidentEvent, IncidentTimer, SupervisionLifted } from '../incident.events.js';
import { ownedDeadlines, type OwnedDeadline } from '../incident.clocks.js';
import {
  cameWithImport,
  taskOf,
  type IncidentState,
  type Supervision,
  type Task,
} from '../incident.state.js';
import { isLate } from './guards.js';

/** What the dispatch and the arbitrator owe stands with a task; its department misses nothing by it. */
const OWED_BY_OTHERS: readonly IncidentTimer[] = ['RETURN_DECISION', 'ARBITRATION', 'EXTENSION_DECISION'];

/** The task whose department owes it; null where it is nobody's of a task. */
export function owingTask({ owner, deadline }: OwnedDeadline): Task | null {
  return owner.kind === 'TASK' && !OWED_BY_OTHERS.includes(deadline.timer) ? owner.task : null;
}

/** What is recorded when it is time to warn of a deadline that is still to be met, effective at that instant. */
export function warningOf(state: IncidentState, owned: OwnedDeadline): IncidentEvent {
  const { deadlineId, timer, dueAt, warnAt } = owned.deadline;
  const { owner } = owned;
  // An order is answered by the department it is about, though its silence is nothing that a task has missed.
  const ordered =
    owner.kind === 'ORDER' && owner.order.taskId !== null ? taskOf(state, owner.order.taskId) : null;
  const task = owingTask(owned) ?? ordered;
  const owing = { taskId: task?.taskId ?? null, departmentId: task?.departmentId ?? null };
  const data = { deadlineId, timer, dueAt, ...owing, cycle: state.cycle };
  return { type: 'DeadlineWarned', occurredAt: warnAt, data };
}

/** What is recorded when a deadline passed unmet, effective at its due instant. */
export function breachOf(state: IncidentState, owned: OwnedDeadline): IncidentEvent[] {
  const { deadlineId, timer, dueAt } = owned.deadline;
  const task = owingTask(owned);
  if (task !== null && timer !== 'EXTENSION_DECISION') {
    const { taskId, departmentId } = task;
    const data = { taskId, departmentId, deadlineId, timer, dueAt };
    return [{ type: 'TaskOverdue', occurredAt: dueAt, data }];
  }
  const missed: IncidentEvent = {
    type: 'IncidentOverdue',
    occurredAt: dueAt,
    data: { deadlineId, timer, dueAt, cycle: state.cycle },
  };
  if (owned.owner.kind !== 'WHISTLE') return [missed];
  const { whistleId } = owned.owner.whistle;
  return [missed, { type: 'WhistleFlagged', occurredAt: dueAt, data: { whistleId, reason: 'NOT_RATIFIED' } }];
}

/** Windows are rules at work: when they close, something happens, and nobody has missed anything. */
const WINDOWS: readonly IncidentTimer[] = ['RETURN_WINDOW', 'FEEDBACK_WINDOW'];

/**
 * Breaches that a late act proves before any alarm has written them. Whether a deadline was met must not depend on
 * whether the department or the alarm clock came first (domain.md §3.4 d). The order of supervision that the alarm
 * would have brought is left out: it would be issued and lifted in one breath.
 */
export function breachesBefore(
  state: IncidentState,
  at: string,
  concerns: (owned: OwnedDeadline) => boolean,
): IncidentEvent[] {
  return ownedDeadlines(state)
    .filter(({ pending, breached, deadline }) => pending && !breached && !WINDOWS.includes(deadline.timer))
    .filter(({ deadline }) => !cameWithImport(deadline))
    .filter((owned) => concerns(owned) && isLate(at, owned.deadline))
    .flatMap((owned) => breachOf(state, owned));
}

/** Deadlines of one task; without timers all of them. */
export const ofTask =
  (taskId: string, ...timers: IncidentTimer[]) =>
  ({ owner, deadline }: OwnedDeadline): boolean =>
    owner.kind === 'TASK' &&
    owner.task.taskId === taskId &&
    (timers.length === 0 || timers.includes(deadline.timer));

/** Deadlines of one whistle itself: its ratification. */
export const ofWhistle =
  (whistleId: string) =>
  ({ owner }: OwnedDeadline): boolean =>
    owner.kind === 'WHISTLE' && owner.whistle.whistleId === whistleId;

/** Deadlines of the incident itself, of these timers. */
export const ofIncident =
  (...timers: IncidentTimer[]) =>
  ({ owner, deadline }: OwnedDeadline): boolean =>
    owner.kind === 'INCIDENT' && timers.includes(deadline.timer);

/** Orders in force that an act ends, each lifted once. */
export function lifted(
  state: IncidentState,
  ends: (order: Supervision) => boolean,
  reason: SupervisionLifted['data']['reason'],
  occurredAt: string,
  note: string | null = null,
): IncidentEvent[] {
  return state.supervisions
    .filter((order) => !order.lifted && ends(order))
    .map(({ supervisionId, taskId }) => ({
      type: 'SupervisionLifted',
      occurredAt,
      data: {
        ...{ supervisionId, taskId, reason, note },
        departmentId: taskId === null ? null : (taskOf(state, taskId)?.departmentId ?? null),
      },
    }));
}

/** Orders about these timers of a task; without timers every order about the task. */
export const onTask =
  (taskId: string, ...timers: IncidentTimer[]) =>
  (order: Supervision): boolean =>
    order.taskId === taskId &&
    (timers.length === 0 || (order.timer !== null && timers.includes(order.timer)));

/** Every order that a task has to do with, those to the dispatch or the arbitrator about it included. */
export const concerning =
  ({ taskId, deadlines }: Task) =>
  (order: Supervision): boolean =>
    order.taskId === taskId || deadlines.some(({ deadlineId }) => deadlineId === order.deadlineId);

/** Orders to whoever else owes something about a task. */
export const aboutDeadlineOf =
  ({ deadlines }: Task, timer: IncidentTimer) =>
  (order: Supervision): boolean =>
    deadlines.some((deadline) => deadline.timer === timer && deadline.deadlineId === order.deadlineId);

/** Orders about these timers of the incident as a whole. */
export const onIncident =
  (...timers: IncidentTimer[]) =>
  (order: Supervision): boolean =>
    order.taskId === null && order.timer !== null && timers.includes(order.timer);

/**
 * Answers that were missed before what happens ends the order: lifted or not, it was not answered in time, whether or not
 * its alarm came first.
 */
export function unansweredBefore(state: IncidentState, events: readonly IncidentEvent[]): IncidentEvent[] {
  const told = events.flatMap((event) => (event.type === 'IncidentOverdue' ? [event.data.deadlineId] : []));
  return events.flatMap((event) =>
    event.type === 'SupervisionLifted'
      ? breachesBefore(
          state,
          event.occurredAt,
          ({ owner, deadline }) =>
            owner.kind === 'ORDER' &&
            owner.order.supervisionId === event.data.supervisionId &&
            !told.includes(deadline.deadlineId),
        )
      : [],
  );
}
