import type {
  IncidentEvent,
  IncidentEventOf,
  AnyDeadline,
  DeadlineMove,
  TaskAssignment,
} from '../incident.events.js';
import {
  higherLevel,
  type IncidentState,
  type Supervision,
  type Task,
  type Whistle,
} from '../incident.state.js';

export type ChangeOf<Item> = (item: Item) => Partial<Item>;
export type DataOf<Type extends IncidentEvent['type']> = IncidentEventOf<Type>['data'];

export function newTask(
  assignment: TaskAssignment,
  whistleId: string,
  cycle: number,
  notifiedAt: string,
): Task {
  return {
    ...assignment,
    ...{ whistleId, cycle, notifiedAt, state: 'NOTIFIED', breached: [], stagesDone: [] },
    ...{
      checkedIn: false,
      contacted: false,
      accepted: false,
      reworking: false,
      final: false,
      evaluated: false,
    },
    ...{ doneAt: null, restedFor: [] },
    ...{ leadsSince: assignment.role === 'LEAD' ? notifiedAt : null, lastWord: null },
    ...{ booked: [], lastBooking: null },
  };
}

export function changedTasks(
  state: IncidentState,
  taskIds: readonly string[],
  change: ChangeOf<Task>,
): readonly Task[] {
  return state.tasks.map((task) => (taskIds.includes(task.taskId) ? { ...task, ...change(task) } : task));
}

export function updateTask(state: IncidentState, taskId: string, change: ChangeOf<Task>): IncidentState {
  return { ...state, tasks: changedTasks(state, [taskId], change) };
}

export function updateWhistle(
  state: IncidentState,
  whistleId: string,
  change: ChangeOf<Whistle>,
): IncidentState {
  return {
    ...state,
    whistles: state.whistles.map((whistle) =>
      whistle.whistleId === whistleId ? { ...whistle, ...change(whistle) } : whistle,
    ),
  };
}

export function updateOrder(state: IncidentState, id: string, change: ChangeOf<Supervision>): IncidentState {
  return {
    ...state,
    supervisions: state.supervisions.map((order) =>
      order.supervisionId === id ? { ...order, ...change(order) } : order,
    ),
  };
}

export function summoned(
  state: IncidentState,
  task: TaskAssignment,
  whistleId: string,
  at: string,
): IncidentState {
  return {
    ...state,
    level: higherLevel(state.level, task.level),
    ...handledBy(state, [task.departmentId]),
    tasks: [...state.tasks, newTask(task, whistleId, state.cycle, at)],
  };
}

export function handledBy(
  state: IncidentState,
  unitIds: readonly string[],
): Pick<IncidentState, 'handlingUnits' | 'everHandled'> {
  return {
    handlingUnits: [...state.handlingUnits, ...unitIds],
    everHandled: [...state.everHandled, ...unitIds],
  };
}

export function moved(
  deadlines: readonly AnyDeadline[],
  moves: readonly DeadlineMove[],
): readonly AnyDeadline[] {
  return deadlines.map((deadline) => {
    const move = moves.find(({ deadlineId }) => deadlineId === deadline.deadlineId);
    return move === undefined ? deadline : { ...deadline, ...move };
  });
}

/** @param at when they were moved: what is to be warned of after that is warned of anew */
export function afterMoves(state: IncidentState, moves: readonly DeadlineMove[], at: string): IncidentState {
  if (moves.length === 0) return state;
  const anew = moves.filter(({ warnAt }) => Date.parse(warnAt) > Date.parse(at));
  const inside = <Owner extends { readonly deadlines: readonly AnyDeadline[] }>(owner: Owner): Owner => ({
    ...owner,
    deadlines: moved(owner.deadlines, moves),
  });
  return {
    ...state,
    deadlines: moved(state.deadlines, moves),
    warned: state.warned.filter((id) => !anew.some(({ deadlineId }) => deadlineId === id)),
    tasks: state.tasks.map(inside),
    whistles: state.whistles.map(inside),
    supervisions: state.supervisions.map(inside),
  };
}

/** Adds deadlines in place of earlier ones of the same timers. */
export const restarted = (
  deadlines: readonly AnyDeadline[],
  started: readonly AnyDeadline[],
): readonly AnyDeadline[] => [
  ...deadlines.filter(({ timer }) => !started.some((deadline) => deadline.timer === timer)),
  ...started,
];

export function released(state: IncidentState, taskIds: readonly string[]): readonly Task[] {
  return changedTasks(state, taskIds, () => ({ state: 'RELEASED' }));
}

/** What of a state says that its clocks stand still, once they do no more. */
export function unpaused(
  { pausedAt, pauses }: IncidentState,
  at: string,
): Pick<IncidentState, 'before' | 'pausedAt' | 'pauses'> {
  const paused = pausedAt === null ? [] : [{ from: pausedAt, to: at }];
  return { before: null, pausedAt: null, pauses: [...pauses, ...paused] };
}
