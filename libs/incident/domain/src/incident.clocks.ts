import type { AnyDeadline, DeadlineMove, IncidentTimer } from './incident.events.js';
import {
  cameWithImport,
  isOpenTask,
  isWhistled,
  openExtensionOf,
  type IncidentState,
  type Lifecycle,
  type Supervision,
  type Task,
  type Whistle,
  type WhistleState,
} from './incident.state.js';

// Which clocks run, by the state of whoever they belong to. A deadline that nothing waits for cannot be missed.

/** States in which the incident's own timers run. A deadline of another timer is not the incident's. */
const RUNS_IN: Readonly<Partial<Record<IncidentTimer, readonly Lifecycle[]>>> = {
  VERIFY: ['REPORTED'],
  DISPATCH: ['FILED'],
  INCIDENT_TOTAL: ['FILED', 'HANDLING'],
  CONTACT: ['FILED', 'HANDLING'],
  CHECK: ['CHECKING'],
  CALLBACK: ['FEEDBACK'],
  FEEDBACK_WINDOW: ['FEEDBACK'],
  SUSPENSION_REVIEW: ['SUSPENDED'],
};

/** Whether the incident still owes what the timer measures. */
export function isPendingForIncident(state: IncidentState, timer: IncidentTimer): boolean {
  if (!RUNS_IN[timer]?.includes(state.lifecycle as Lifecycle)) return false;
  if (timer === 'DISPATCH') return !state.dispatched;
  if (timer === 'CONTACT') return !state.contacted && !isWhistled(state);
  // The window closes an incident that is rated and that nobody closes, too.
  if (timer === 'CALLBACK') return !state.feedbackRecorded;
  return true;
}

/** Whether a clock of the task runs on, the incident's own state aside: whatever it measures may still come. */
export function isRunningForTask(
  state: IncidentState,
  task: Task,
  { timer, stage }: Pick<AnyDeadline, 'timer' | 'stage'>,
): boolean {
  switch (timer) {
    case 'ACKNOWLEDGE':
      return task.state === 'NOTIFIED';
    case 'CONTACT':
      return !task.contacted && isOpenTask(task);
    case 'CHECK_IN':
      return !task.checkedIn && isOpenTask(task);
    case 'HANDLING':
      // By the first accepted completion; what comes after it is rework, and has a clock of its own (domain.md §6, 29).
      return isOpenTask(task) && !task.accepted && (stage === null || !task.stagesDone.includes(stage));
    case 'REWORK':
      return task.reworking && isOpenTask(task);
    case 'RETURN_WINDOW':
      return !task.checkedIn && isOpenTask(task);
    case 'RETURN_DECISION':
      return task.state === 'RETURN_REQUESTED';
    case 'ARBITRATION':
      return task.state === 'IN_ARBITRATION';
    case 'EXTENSION_DECISION':
      return isOpenTask(task) && openExtensionOf(state, task.taskId) !== undefined;
    default:
      return false;
  }
}

/**
 * Whether the task still owes what the deadline measures, the incident's own state aside. While a return or an
 * extension that was asked for in time waits for its decision, the clock it is about runs on but is not read: the
 * decision says whose time it was.
 */
export function isPendingForTask(
  state: IncidentState,
  task: Task,
  deadline: Pick<AnyDeadline, 'timer' | 'stage'>,
): boolean {
  if (!isRunningForTask(state, task, deadline)) return false;
  const undecided = task.state === 'RETURN_REQUESTED' || task.state === 'IN_ARBITRATION';
  switch (deadline.timer) {
    case 'CONTACT':
    case 'CHECK_IN':
      return !undecided;
    case 'HANDLING':
      return !undecided && openExtensionOf(state, task.taskId) === undefined;
    // At its end whoever has said nothing has the task; whoever has said something is not asked again.
    case 'RETURN_WINDOW':
      return task.state === 'NOTIFIED';
    default:
      return true;
  }
}

/** What was blown and not called off: evaluated by its street or not, it is to be ratified. */
const ACTED: readonly WhistleState[] = ['BLOWN', 'COMPLETED', 'EVALUATED'];

export const isPendingForWhistle = ({ state, toBeRatified }: Whistle): boolean =>
  toBeRatified && ACTED.includes(state);

export const isPendingForOrder = ({ lifted, responded }: Supervision): boolean => !lifted && !responded;

/** Whose a deadline is. */
export type DeadlineOwner =
  | { readonly kind: 'INCIDENT' }
  | { readonly kind: 'TASK'; readonly task: Task }
  | { readonly kind: 'WHISTLE'; readonly whistle: Whistle }
  | { readonly kind: 'ORDER'; readonly order: Supervision };

export interface OwnedDeadline {
  readonly owner: DeadlineOwner;
  readonly deadline: AnyDeadline;
  /** Whether something is still owed by it. */
  readonly pending: boolean;
  /** Whether its clock runs, read or not: a pause moves it. */
  readonly running: boolean;
  /** Whether the warning of its due instant is on record. */
  readonly warned: boolean;
  /** Whether its breach is on record. */
  readonly breached: boolean;
}

const HANDLED_AT: readonly Lifecycle[] = ['HANDLING'];
/** An emergency whistle that acted is to be ratified wherever the matter has got to. */
const RATIFIED_AT: readonly Lifecycle[] = ['FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'CLOSED'];
/** Closing lifts every order but one about a ratification, which is answered wherever the matter has got to, too. */
const ANSWERED_AT: readonly Lifecycle[] = ['REPORTED', 'VERIFYING', ...RATIFIED_AT];

/** Every deadline with its owner and how it stands. Nothing is pending while the incident's clocks stand still. */
export function ownedDeadlines(state: IncidentState): OwnedDeadline[] {
  const lifecycle = state.lifecycle as Lifecycle;
  const handled = HANDLED_AT.includes(lifecycle);
  const ownedBy = (
    owner: DeadlineOwner,
    {
      deadlines,
      breached,
    }: { readonly deadlines: readonly AnyDeadline[]; readonly breached: readonly string[] },
    pending: (deadline: AnyDeadline) => boolean,
    running = pending,
  ): OwnedDeadline[] =>
    deadlines.map((deadline) => ({
      owner,
      deadline,
      pending: pending(deadline),
      running: running(deadline),
      warned: state.warned.includes(deadline.deadlineId),
      // What the dispatch or the arbitrator owes stands with the task and is missed by the incident.
      breached: breached.includes(deadline.deadlineId) || state.breached.includes(deadline.deadlineId),
    }));
  return [
    ...ownedBy({ kind: 'INCIDENT' }, state, ({ timer }) => isPendingForIncident(state, timer)),
    ...state.tasks.flatMap((task) =>
      ownedBy(
        { kind: 'TASK', task },
        task,
        (deadline) => handled && isPendingForTask(state, task, deadline),
        (deadline) => handled && isRunningForTask(state, task, deadline),
      ),
    ),
    ...state.whistles.flatMap((whistle) =>
      ownedBy(
        { kind: 'WHISTLE', whistle },
        whistle,
        () => RATIFIED_AT.includes(lifecycle) && isPendingForWhistle(whistle),
      ),
    ),
    ...state.supervisions.flatMap((order) =>
      ownedBy(
        { kind: 'ORDER', order },
        order,
        () => ANSWERED_AT.includes(lifecycle) && isPendingForOrder(order),
      ),
    ),
  ];
}

/**
 * Deadlines that a pause moves: those whose clocks would run, whether or not they were read. Of one that was missed before
 * the pause only the steps of its ladder are still to come, and those are what moves. For whoever has the calendar to
 * compute {@link DeadlineMove}s with.
 */
export function pausedDeadlines(state: IncidentState): AnyDeadline[] {
  const { pausedAt, before } = state;
  if (pausedAt === null || before === null) return [];
  return ownedDeadlines({ ...state, lifecycle: before })
    .filter(({ running, deadline }) => running && comesAfter(pausedAt, deadline))
    .map(({ deadline }) => deadline);
}

/**
 * Deadlines that can go on under another policy or calendar: what is or may again be owed by them, and was not missed by
 * `now`, nor when the incident's clocks stopped. What was missed was missed under the rules of its day.
 */
export function reschedulableDeadlines(state: IncidentState, now: string): OwnedDeadline[] {
  const lifecycle = state.before ?? state.lifecycle;
  const frontier = reschedulingFrontier(state, now);
  return ownedDeadlines({ ...state, lifecycle }).filter(
    ({ running, breached, deadline }) =>
      running && !breached && !cameWithImport(deadline) && Date.parse(deadline.dueAt) >= Date.parse(frontier),
  );
}

/** Before this instant nothing can be moved to: nobody is late by a rule that came afterwards. */
export const reschedulingFrontier = ({ pausedAt }: IncidentState, now: string): string => pausedAt ?? now;

const comesAfter = (instant: string, { dueAt, steps }: AnyDeadline): boolean =>
  [dueAt, ...steps.map(({ at }) => at)].some((at) => Date.parse(at) >= Date.parse(instant));

/** The moves that concern deadlines a pause moves; others are left where they are. */
export function admittedMoves(state: IncidentState, moves: readonly DeadlineMove[]): DeadlineMove[] {
  const ids = new Set(pausedDeadlines(state).map(({ deadlineId }) => deadlineId));
  return moves.filter(({ deadlineId }) => ids.has(deadlineId));
}
