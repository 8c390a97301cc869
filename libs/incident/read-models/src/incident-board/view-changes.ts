import {
  higherLevel,
  type AnyDeadline,
  type DeadlineMove,
  type IncidentEventType,
  type LostTime,
  type TaskAssignment,
} from '@shaoying/incident-domain';
import type {
  CycleView,
  DeadlineView,
  IncidentView,
  SupervisionView,
  TaskView,
  WhistleView,
} from './incident-view.js';
import type { ViewEvent, ViewEventOf } from './view-events.js';

// What the rooms of the view have in common: the changes that more than one of them makes.

/** Entries kept of a list that nothing bounds: the latest. A case has tens of events. */
const keptMax = 100;

export const kept = <Item>(list: readonly Item[], item: Item): Item[] => [...list, item].slice(-keptMax);

export function opened(deadline: AnyDeadline): DeadlineView {
  const { steps: _, ...facts } = deadline;
  return { ...facts, status: 'OPEN', metAt: null };
}

/** Deadlines in place of earlier ones of the same timers. */
export const restarted = (
  deadlines: readonly DeadlineView[],
  started: readonly AnyDeadline[],
): DeadlineView[] => [
  ...deadlines.filter(({ timer }) => !started.some((deadline) => deadline.timer === timer)),
  ...started.map(opened),
];

/** Settles the deadlines of the given timers: met or breached by the instant that counts, never by who wrote first. */
export function settle(
  deadlines: readonly DeadlineView[],
  timers: readonly string[],
  at: string,
  ofStage?: string,
): DeadlineView[] {
  return deadlines.map((deadline) => {
    if (!timers.includes(deadline.timer) || deadline.metAt !== null) return deadline;
    if (ofStage !== undefined && deadline.stage !== ofStage) return deadline;
    const late = Date.parse(at) > Date.parse(deadline.dueAt);
    return { ...deadline, status: late ? 'BREACHED' : 'MET', metAt: at };
  });
}

/** The work goes on: what had been handled is not, and its deadline runs as before (domain.md §6, 29). */
export function unsettle(
  deadlines: readonly DeadlineView[],
  timer: string,
  done: readonly (string | null)[] = [],
): DeadlineView[] {
  return deadlines.map((deadline) =>
    deadline.timer === timer && !(deadline.stage !== null && done.includes(deadline.stage))
      ? { ...deadline, status: deadline.status === 'MET' ? 'OPEN' : deadline.status, metAt: null }
      : deadline,
  );
}

export const breach = (deadlines: readonly DeadlineView[], deadlineId: string): DeadlineView[] =>
  deadlines.map((deadline) =>
    deadline.deadlineId === deadlineId && deadline.status !== 'MET'
      ? { ...deadline, status: 'BREACHED' }
      : deadline,
  );

export function changedDeadlines(
  view: IncidentView,
  change: (deadlines: readonly DeadlineView[]) => DeadlineView[],
): IncidentView {
  const inside = <Owner extends { readonly deadlines: readonly DeadlineView[] }>(owner: Owner): Owner => ({
    ...owner,
    deadlines: change(owner.deadlines),
  });
  return {
    ...inside(view),
    tasks: view.tasks.map(inside),
    whistles: view.whistles.map(inside),
    supervisions: view.supervisions.map(inside),
  };
}

export function moved(view: IncidentView, moves: readonly DeadlineMove[]): IncidentView {
  if (moves.length === 0) return view;
  const byId = new Map(moves.map((move) => [move.deadlineId, move]));
  return changedDeadlines(view, (deadlines) =>
    deadlines.map((deadline) => {
      const move = byId.get(deadline.deadlineId);
      if (move === undefined) return deadline;
      const { warnAt, dueAt, provisional } = move;
      const { policyVersion, calendarVersion } = { ...deadline, ...move };
      return { ...deadline, warnAt, dueAt, provisional, policyVersion, calendarVersion };
    }),
  );
}

export function withTask(
  view: IncidentView,
  taskId: string,
  change: (task: TaskView) => Partial<TaskView>,
): IncidentView {
  return {
    ...view,
    tasks: view.tasks.map((task) => (task.taskId === taskId ? { ...task, ...change(task) } : task)),
  };
}

export function withWhistle(
  view: IncidentView,
  whistleId: string,
  change: Partial<WhistleView>,
): IncidentView {
  return {
    ...view,
    whistles: view.whistles.map((whistle) =>
      whistle.whistleId === whistleId ? { ...whistle, ...change } : whistle,
    ),
  };
}

export function withOrder(
  view: IncidentView,
  supervisionId: string,
  change: (order: SupervisionView) => Partial<SupervisionView>,
): IncidentView {
  return {
    ...view,
    supervisions: view.supervisions.map((order) =>
      order.supervisionId === supervisionId ? { ...order, ...change(order) } : order,
    ),
  };
}

export function withCycle(view: IncidentView, change: Partial<CycleView>): CycleView[] {
  return view.cycles.map((entry) => (entry.cycle === view.cycle ? { ...entry, ...change } : entry));
}

/** Whether departments were whistled for in this cycle: from then on the reporter is theirs to contact. */
export const isWhistled = ({ whistles, cycle }: IncidentView): boolean =>
  whistles.some((whistle) => whistle.cycle === cycle && whistle.blownAt !== null);

export const isOpen = ({ state }: TaskView): boolean =>
  state !== 'DONE' && state !== 'RETURNED' && state !== 'RELEASED';

export function released(
  view: IncidentView,
  taskIds: readonly string[],
  at: string,
  release: TaskView['release'],
): IncidentView {
  return taskIds.reduce(
    (next, taskId) => withTask(next, taskId, () => ({ state: 'RELEASED', endedAt: at, release })),
    view,
  );
}

export function summoned(
  view: IncidentView,
  task: TaskAssignment,
  whistleId: string,
  at: string,
): IncidentView {
  const { taskId, departmentId, role, level, deadlines } = task;
  const begun: TaskView = {
    ...{ taskId, whistleId, departmentId, role, level, cycle: view.cycle, state: 'NOTIFIED', notifiedAt: at },
    ...{ acknowledgedAt: null, acknowledgedLate: null, contactedAt: null, contactedLate: null },
    ...{ checkedInAt: null, checkedInLate: null, checkInDisputed: null, progress: null, stagesDone: [] },
    workedMinutes: 0,
    ...{
      completedAt: null,
      completedLate: null,
      acceptedAt: null,
      reworking: false,
      final: false,
      endedAt: null,
    },
    ...{ release: null, releaseRequested: null, urged: null, roleChanges: [], transfers: [] },
    ...{ evaluation: null, deadlines: deadlines.map(opened) },
  };
  return { ...view, level: higherLevel(view.level, level), tasks: [...view.tasks, begun] };
}

export function booked(view: IncidentView, lostTime: readonly LostTime[]): IncidentView {
  if (lostTime.length === 0) return view;
  const sums = new Map(view.lostTime.map((sum) => [`${sum.account} ${sum.unitId ?? ''}`, sum]));
  for (const { account, unitId, from, to } of lostTime) {
    const key = `${account} ${unitId ?? ''}`;
    const ms = (sums.get(key)?.ms ?? 0) + Date.parse(to) - Date.parse(from);
    sums.set(key, { account, unitId, ms });
  }
  return { ...view, lostTime: [...sums.values()] };
}

/** Orders of version 1 did not say when the missed deadline was due; it was never moved while they were written. */
export function ordered<Order extends { dueAt: string | null; deadlineId: string | null }>(
  view: IncidentView,
  order: Order,
): Order {
  if (order.dueAt !== null || order.deadlineId === null) return order;
  const deadlines = [...view.deadlines, ...view.tasks.flatMap((task) => task.deadlines)];
  const missed = deadlines.find(({ deadlineId }) => deadlineId === order.deadlineId);
  return { ...order, dueAt: missed?.dueAt ?? null };
}

export type Reported = ViewEventOf<'IncidentReported'>;

export type Later = Exclude<ViewEvent, Reported>;

export type OneOf<Types extends IncidentEventType> = Extract<Later, { readonly type: Types }>;
