import {
  higherLevel,
  type Deadline,
  type DeadlineMove,
  type IncidentEventType,
  type LostTime,
  type TaskAssignment,
} from '@shaoying/incident-domain';
import type {
  CycleView,
  DeadlineView,
  ExtensionView,
  IncidentView,
  ReturnView,
  SupervisionView,
  TaskView,
  WhistleView,
} from './incident-view.js';
import { withStatuses } from './view-clocks.js';
import { reasonShown, stateAfter, type ViewEvent, type ViewEventOf } from './view-events.js';

/** Entries kept of a list that nothing bounds: the latest. A case has tens of events. */
const keptMax = 100;
const kept = <Item>(list: readonly Item[], item: Item): Item[] => [...list, item].slice(-keptMax);

function opened(deadline: Deadline): DeadlineView {
  const { steps: _, ...facts } = deadline;
  return { ...facts, status: 'OPEN', metAt: null };
}

/** Deadlines in place of earlier ones of the same timers. */
const restarted = (deadlines: readonly DeadlineView[], started: readonly Deadline[]): DeadlineView[] => [
  ...deadlines.filter(({ timer }) => !started.some((deadline) => deadline.timer === timer)),
  ...started.map(opened),
];

/** Settles the deadlines of the given timers: met or breached by the instant that counts, never by who wrote first. */
function settle(
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
function unsettle(
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

const breach = (deadlines: readonly DeadlineView[], deadlineId: string): DeadlineView[] =>
  deadlines.map((deadline) =>
    deadline.deadlineId === deadlineId && deadline.status !== 'MET'
      ? { ...deadline, status: 'BREACHED' }
      : deadline,
  );

function changedDeadlines(
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

function moved(view: IncidentView, moves: readonly DeadlineMove[]): IncidentView {
  if (moves.length === 0) return view;
  const byId = new Map(moves.map((move) => [move.deadlineId, move]));
  return changedDeadlines(view, (deadlines) =>
    deadlines.map((deadline) => {
      const move = byId.get(deadline.deadlineId);
      if (move === undefined) return deadline;
      const { warnAt, dueAt, provisional } = move;
      return { ...deadline, warnAt, dueAt, provisional };
    }),
  );
}

function withTask(
  view: IncidentView,
  taskId: string,
  change: (task: TaskView) => Partial<TaskView>,
): IncidentView {
  return {
    ...view,
    tasks: view.tasks.map((task) => (task.taskId === taskId ? { ...task, ...change(task) } : task)),
  };
}

function withWhistle(view: IncidentView, whistleId: string, change: Partial<WhistleView>): IncidentView {
  return {
    ...view,
    whistles: view.whistles.map((whistle) =>
      whistle.whistleId === whistleId ? { ...whistle, ...change } : whistle,
    ),
  };
}

function withOrder(
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

function withCycle(view: IncidentView, change: Partial<CycleView>): CycleView[] {
  return view.cycles.map((entry) => (entry.cycle === view.cycle ? { ...entry, ...change } : entry));
}

const isOpen = ({ state }: TaskView): boolean =>
  state !== 'DONE' && state !== 'RETURNED' && state !== 'RELEASED';

function released(
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

function summoned(view: IncidentView, task: TaskAssignment, whistleId: string, at: string): IncidentView {
  const { taskId, departmentId, role, level, deadlines } = task;
  const begun: TaskView = {
    ...{ taskId, whistleId, departmentId, role, level, cycle: view.cycle, state: 'NOTIFIED', notifiedAt: at },
    ...{ acknowledgedAt: null, acknowledgedLate: null, contactedAt: null, contactedLate: null },
    ...{ checkedInAt: null, checkedInLate: null, checkInDisputed: null, progress: null, stagesDone: [] },
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

function booked(view: IncidentView, lostTime: readonly LostTime[]): IncidentView {
  if (lostTime.length === 0) return view;
  const sums = new Map(view.lostTime.map((sum) => [`${sum.account} ${sum.unitId ?? ''}`, sum]));
  for (const { account, unitId, from, to } of lostTime) {
    const key = `${account} ${unitId ?? ''}`;
    const ms = (sums.get(key)?.ms ?? 0) + Date.parse(to) - Date.parse(from);
    sums.set(key, { account, unitId, ms });
  }
  return { ...view, lostTime: [...sums.values()] };
}

interface SentBack {
  readonly rework: number;
  readonly taskIds: readonly string[];
  readonly reworks: readonly { readonly taskId: string; readonly deadline: Deadline }[];
}

/** Its deadlines as it is owed again: not the time for handling, where that was met by what a check has passed. */
const handlingAgain = ({ deadlines, acceptedAt, stagesDone }: TaskView): readonly DeadlineView[] =>
  acceptedAt !== null
    ? deadlines
    : unsettle(
        deadlines,
        'HANDLING',
        stagesDone.map(({ stage }) => stage),
      );

function sentBack(view: IncidentView, { rework, taskIds, reworks }: SentBack): IncidentView {
  const again = new Set(
    view.tasks.filter(({ taskId }) => taskIds.includes(taskId)).map(({ whistleId }) => whistleId),
  );
  return {
    ...view,
    ...{ state: 'HANDLING', rework, deadlines: unsettle(view.deadlines, 'INCIDENT_TOTAL') },
    tasks: view.tasks.map((task) =>
      taskIds.includes(task.taskId)
        ? {
            ...task,
            ...{ state: 'CHECKED_IN', completedAt: null, completedLate: null, reworking: true },
            evaluation: null,
            deadlines: [
              ...handlingAgain(task).filter(({ timer }) => timer !== 'REWORK'),
              ...reworks
                .filter(({ taskId }) => taskId === task.taskId)
                .map(({ deadline }) => opened(deadline)),
            ],
          }
        : task,
    ),
    whistles: view.whistles.map((whistle) =>
      again.has(whistle.whistleId) ? { ...whistle, state: 'BLOWN' } : whistle,
    ),
  };
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

type Reported = ViewEventOf<'IncidentReported'>;

function newView(event: Reported): IncidentView {
  const { data } = event;
  const { category, severity, description, location, channel, anonymous, imported, externalId } = data;
  return {
    ...{ id: data.incidentId, state: 'REPORTED', before: null, revision: event.revision },
    ...{ category, severity, description, location, ...data.place, channel, anonymous, imported, externalId },
    ...{ recurrenceOf: data.recurrenceOf, reportedAt: event.occurredAt, verifiedAt: null, filedAt: null },
    ...{ dispatchedAt: null, ratedAt: null, closedAt: null, feedbackUntil: null, reopenUntil: null },
    ...{ appealUntil: null, mode: null, handlingUnitId: null, parties: [], cycle: 1, rework: 0 },
    ...{ level: null, resolutionLevel: null, pins: null, rejected: null, withdrawn: null, voided: null },
    ...{ suspension: null, mergedInto: null, duplicates: [], deadlines: data.deadlines.map(opened) },
    ...{ whistles: [], tasks: [], returns: [], arbitrations: [], extensions: [], supervisions: [] },
    ...{ cycles: [], checks: [], feedback: [], feedbackCorrections: [], escalations: [], locations: [] },
    ...{ appeals: [], lostTime: [] },
  };
}

/** What everyone may see of an incident after one more event; null before it was reported. */
export function evolveView(view: IncidentView | null, event: ViewEvent): IncidentView | null {
  const next = evolved(view, event);
  return next && withStatuses(next);
}

/** The view after all of the given events. */
export function foldView(events: Iterable<ViewEvent>): IncidentView | null {
  let view: IncidentView | null = null;
  for (const event of events) view = evolved(view, event);
  // Once for all: nothing asks how a deadline stands in between.
  return view && withStatuses(view);
}

function evolved(view: IncidentView | null, event: ViewEvent): IncidentView | null {
  if (event.type === 'IncidentReported') return newView(event);
  if (view === null) return null;
  const standing = { ...view, state: stateAfter(event) ?? view.state, revision: event.revision };
  return afterDecision(standing, event, view.state);
}

type Later = Exclude<ViewEvent, Reported>;
type OneOf<Types extends IncidentEventType> = Extract<Later, { readonly type: Types }>;

function afterDecision(view: IncidentView, event: Later, before: IncidentView['state']): IncidentView {
  const at = event.occurredAt;
  switch (event.type) {
    case 'IncidentLocated':
    case 'IncidentVerified':
    case 'IncidentRejected':
    case 'IncidentFiled':
    case 'SelfHandlingStarted':
    case 'IncidentEscalated':
    case 'IncidentWithdrawn':
    case 'IncidentVoided':
    case 'DuplicateJoined':
    case 'DuplicateLeft':
      return afterIntake(view, event, at);
    case 'IncidentSuspended':
    case 'SuspensionRenewed':
    case 'IncidentResumed':
    case 'IncidentMerged':
    case 'IncidentUnmerged':
      return afterPause(view, event, before);
    case 'WhistleProposed':
    case 'WhistleApproved':
    case 'WhistleRefused':
    case 'WhistleBlown':
    case 'WhistleRatified':
    case 'WhistleFlagged':
    case 'WhistleCancelled':
    case 'TaskEvaluated':
      return afterWhistle(view, event, at);
    case 'ReturnRequested':
    case 'ReturnAccepted':
    case 'ReturnRejected':
    case 'ArbitrationOpened':
    case 'ResponsibilityDecided':
      return afterDispute(view, event, at);
    case 'DepartmentAdded':
    case 'LeadChanged':
    case 'ReleaseRequested':
    case 'TaskReleased':
    case 'TaskTransferred':
    case 'ExtensionRequested':
    case 'ExtensionGranted':
    case 'ExtensionRefused':
      return afterReassignment(view, event, at);
    case 'TaskAcknowledged':
    case 'DepartmentCheckedIn':
    case 'ReporterContacted':
    case 'ProgressReported':
    case 'TaskStageCompleted':
    case 'TaskUrged':
      return withTask(view, event.data.taskId, (task) => afterAct(task, event, at));
    case 'TaskCompleted':
      return withTask(lapsed(view, event.data.taskId), event.data.taskId, (task) =>
        afterAct(task, event, at),
      );
    case 'TaskOverdue':
    case 'IncidentOverdue':
      return changedDeadlines(view, (deadlines) => breach(deadlines, event.data.deadlineId));
    case 'SupervisionIssued':
    case 'SupervisionResponded':
    case 'SupervisionLifted':
      return afterOrder(view, event, at);
    case 'ReporterFlagged':
      return view;
    default:
      return afterHandling(view, event, at);
  }
}

type IntakeEvent = OneOf<
  | 'IncidentLocated'
  | 'IncidentVerified'
  | 'IncidentRejected'
  | 'IncidentFiled'
  | 'SelfHandlingStarted'
  | 'IncidentEscalated'
  | 'IncidentWithdrawn'
  | 'IncidentVoided'
  | 'DuplicateJoined'
  | 'DuplicateLeft'
>;

function afterIntake(view: IncidentView, event: IntakeEvent, at: string): IncidentView {
  switch (event.type) {
    case 'IncidentLocated': {
      const { location, place, method, gridMapId, gridMapVersion, suggestedDepartmentId, reason } =
        event.data;
      const found = { at, method, gridId: place.gridId, gridMapId, gridMapVersion, suggestedDepartmentId };
      return { ...view, location, ...place, locations: kept(view.locations, { ...found, reason }) };
    }
    case 'IncidentVerified':
      return { ...view, verifiedAt: at, deadlines: settle(view.deadlines, ['VERIFY'], at) };
    case 'IncidentRejected': {
      const { reasonCode, reason, notice } = event.data;
      const rejected = { at, reasonCode, reason, notice };
      return { ...view, rejected, deadlines: settle(view.deadlines, ['VERIFY'], at) };
    }
    case 'IncidentFiled': {
      const { cycle, pins, deadlines } = event.data;
      const entry: CycleView = {
        ...{ cycle, filedAt: at, handlingCompletedAt: null, closedAt: null, resolutionLevel: null },
        ...{ reopenedAt: null, reopenedBy: null },
      };
      const standing = restarted(settle(view.deadlines, ['VERIFY'], at), deadlines);
      return { ...view, filedAt: at, cycle, pins, deadlines: standing, cycles: kept(view.cycles, entry) };
    }
    case 'SelfHandlingStarted': {
      const { level, handlingUnitId, parties } = event.data;
      return dispatched(
        { ...view, mode: 'SELF', handlingUnitId, parties },
        at,
        higherLevel(view.level, level),
      );
    }
    case 'IncidentEscalated': {
      const { from, to, unitId, reason } = event.data;
      const escalations = kept(view.escalations, { at, from, to, unitId, reason });
      return { ...view, mode: null, level: higherLevel(view.level, to), escalations };
    }
    case 'IncidentWithdrawn': {
      const { goesOn, taskIds } = event.data;
      if (goesOn) return { ...view, withdrawn: { at, goesOn } };
      const release = { reasonCode: 'WITHDRAWN', reason: null, counted: false } as const;
      const whistles = view.whistles.map((whistle) =>
        whistle.state === 'BLOWN' || whistle.state === 'PROPOSED'
          ? ({ ...whistle, state: 'CANCELLED', endedAt: at } as const)
          : whistle,
      );
      return { ...released({ ...view, whistles }, taskIds, at, release), withdrawn: { at, goesOn } };
    }
    case 'IncidentVoided':
      return { ...view, voided: { at, reason: event.data.reason } };
    case 'DuplicateJoined':
      return { ...view, duplicates: kept(view.duplicates, event.data.incidentId) };
    case 'DuplicateLeft':
      return { ...view, duplicates: view.duplicates.filter((id) => id !== event.data.incidentId) };
  }
}

function dispatched(view: IncidentView, at: string, level: IncidentView['level']): IncidentView {
  const deadlines = settle(view.deadlines, ['DISPATCH'], at);
  return { ...view, level, dispatchedAt: view.dispatchedAt ?? at, deadlines };
}

type PauseEvent = OneOf<
  'IncidentSuspended' | 'SuspensionRenewed' | 'IncidentResumed' | 'IncidentMerged' | 'IncidentUnmerged'
>;

function afterPause(view: IncidentView, event: PauseEvent, before: IncidentView['state']): IncidentView {
  const at = event.occurredAt;
  switch (event.type) {
    case 'IncidentSuspended': {
      const { reasonCode, reason, reviewAt, usedPercent, deadlines } = event.data;
      const suspension = { reasonCode, reason, since: at, reviewAt, renewals: 0, usedPercent };
      return { ...view, before, suspension, deadlines: restarted(view.deadlines, deadlines) };
    }
    case 'SuspensionRenewed': {
      const { reason, reviewAt, deadlines } = event.data;
      const { suspension } = view;
      const renewed = suspension && { ...suspension, reason, reviewAt, renewals: suspension.renewals + 1 };
      return { ...view, suspension: renewed, deadlines: restarted(view.deadlines, deadlines) };
    }
    case 'IncidentMerged':
      return { ...view, before, mergedInto: event.data.into };
    case 'IncidentResumed':
    case 'IncidentUnmerged': {
      const deadlines = settle(
        view.deadlines,
        event.type === 'IncidentResumed' ? ['SUSPENSION_REVIEW'] : [],
        at,
      );
      const resumed = { ...view, state: view.before ?? view.state, before: null, deadlines };
      return moved({ ...resumed, suspension: null, mergedInto: null }, event.data.moves);
    }
  }
}

type WhistleEvent = OneOf<
  | 'WhistleProposed'
  | 'WhistleApproved'
  | 'WhistleRefused'
  | 'WhistleBlown'
  | 'WhistleRatified'
  | 'WhistleFlagged'
  | 'WhistleCancelled'
  | 'TaskEvaluated'
>;

function afterWhistle(view: IncidentView, event: WhistleEvent, at: string): IncidentView {
  const { whistleId } = event.data;
  switch (event.type) {
    case 'WhistleProposed': {
      const { kind, reason, origin, proposingUnitId, summons } = event.data;
      const whistle: WhistleView = {
        ...{ whistleId, kind, reason, whistlingUnitId: proposingUnitId, state: 'PROPOSED' },
        ...{ cycle: view.cycle, origin, reverse: false, approval: 'AWAITED', approvingUnitId: null },
        ...{ proposedAt: at, summons, blownAt: null, flagged: null, endReason: null, endedAt: null },
        ...{ repeats: [], deadlines: [] },
      };
      return { ...view, whistles: [...view.whistles, whistle] };
    }
    case 'WhistleApproved':
      return withWhistle(view, whistleId, { approvingUnitId: event.data.approvingUnitId });
    case 'WhistleRefused': {
      const { refusingUnitId: approvingUnitId, reason: endReason } = event.data;
      const end = { approval: 'REFUSED', approvingUnitId, endReason, endedAt: at } as const;
      return withWhistle(view, whistleId, { state: 'REFUSED', ...end });
    }
    case 'WhistleBlown':
      return whistled(view, event);
    case 'WhistleRatified':
    case 'WhistleFlagged':
      return afterRatification(view, event, at);
    case 'WhistleCancelled':
      return cancelled(view, event);
    case 'TaskEvaluated': {
      const { evaluationId, taskId, evaluatingUnitId, score, comment } = event.data;
      const evaluation = { evaluationId, at, evaluatingUnitId, score, comment };
      const next = withTask(view, taskId, () => ({ evaluation }));
      const done = next.tasks.filter((task) => task.whistleId === whistleId && task.state === 'DONE');
      const whole = done.every((task) => task.evaluation !== null);
      const completed = next.whistles.some(
        (whistle) => whistle.whistleId === whistleId && whistle.state === 'COMPLETED',
      );
      return whole && completed ? withWhistle(next, whistleId, { state: 'EVALUATED' }) : next;
    }
  }
}

function whistled(view: IncidentView, event: ViewEventOf<'WhistleBlown'>): IncidentView {
  const { whistleId, kind, reason, whistlingUnitId, origin, reverse, approval } = event.data;
  const { repeats, tasks, deadlines } = event.data;
  const at = event.occurredAt;
  const proposal = view.whistles.find((whistle) => whistle.whistleId === whistleId);
  const whistle: WhistleView = {
    ...{ whistleId, kind, reason, whistlingUnitId, state: 'BLOWN', cycle: view.cycle, origin, reverse },
    ...{ approval, approvingUnitId: proposal?.approvingUnitId ?? null, summons: [], blownAt: at },
    ...{ proposedAt: proposal?.proposedAt ?? null, flagged: null, endReason: null, endedAt: null },
    ...{ repeats, deadlines: deadlines.map(opened) },
  };
  const whistles = [...view.whistles.filter((known) => known !== proposal), whistle];
  const handled = dispatched({ ...view, mode: 'WHISTLE', whistles }, at, view.level);
  return tasks.reduce((next, task) => summoned(next, task, whistleId, at), handled);
}

function afterRatification(
  view: IncidentView,
  event: OneOf<'WhistleRatified' | 'WhistleFlagged'>,
  at: string,
): IncidentView {
  const { whistleId } = event.data;
  const known = view.whistles.find((whistle) => whistle.whistleId === whistleId)?.deadlines ?? [];
  const decided = settle(known, ['RATIFICATION'], at);
  if (event.type === 'WhistleRatified') {
    const { ratifyingUnitId: approvingUnitId } = event.data;
    return withWhistle(view, whistleId, { approval: 'RATIFIED', approvingUnitId, deadlines: decided });
  }
  const { reason: flagged } = event.data;
  // Flagged for being late, it may be ratified still.
  if (flagged === 'NOT_RATIFIED') return withWhistle(view, whistleId, { flagged });
  return withWhistle(view, whistleId, { flagged, approval: 'REFUSED', deadlines: decided });
}

function cancelled(view: IncidentView, event: ViewEventOf<'WhistleCancelled'>): IncidentView {
  const { whistleId, reason, taskIds } = event.data;
  const at = event.occurredAt;
  const ended = withWhistle(view, whistleId, { state: 'CANCELLED', endReason: reason, endedAt: at });
  const next = released(ended, taskIds, at, { reasonCode: 'WHISTLE_CANCELLED', reason, counted: false });
  const goesOn = next.whistles.some(({ cycle, state }) => cycle === next.cycle && state === 'BLOWN');
  return next.state !== 'HANDLING' || goesOn ? next : { ...next, state: 'FILED', mode: null };
}

type ActEvent = OneOf<
  | 'TaskAcknowledged'
  | 'DepartmentCheckedIn'
  | 'ReporterContacted'
  | 'ProgressReported'
  | 'TaskStageCompleted'
  | 'TaskUrged'
  | 'TaskCompleted'
>;

function afterAct(task: TaskView, event: ActEvent, at: string): Partial<TaskView> {
  const { deadlines } = task;
  switch (event.type) {
    case 'TaskAcknowledged':
      return {
        ...{ state: 'ACKNOWLEDGED', acknowledgedAt: at, acknowledgedLate: event.data.late },
        deadlines: settle(deadlines, ['ACKNOWLEDGE'], at),
      };
    case 'DepartmentCheckedIn':
      return {
        ...{ state: 'CHECKED_IN', checkedInAt: at, checkedInLate: event.data.late },
        ...{ checkInDisputed: event.data.disputed, deadlines: settle(deadlines, ['CHECK_IN'], at) },
      };
    case 'ReporterContacted':
      if (!event.data.reached) return {};
      return {
        ...{ contactedAt: at, contactedLate: event.data.late },
        deadlines: settle(deadlines, ['CONTACT'], at),
      };
    case 'ProgressReported': {
      const count = (task.progress?.count ?? 0) + 1;
      return { state: 'WORKING', progress: { count, lastAt: at, lastNote: event.data.note } };
    }
    case 'TaskStageCompleted': {
      const { stage, late } = event.data;
      const stagesDone = [...task.stagesDone, { stage, at, late }];
      return { state: 'WORKING', stagesDone, deadlines: settle(deadlines, ['HANDLING'], at, stage) };
    }
    case 'TaskUrged':
      return { urged: { count: (task.urged?.count ?? 0) + 1, lastAt: at } };
    case 'TaskCompleted':
      return {
        ...{ state: 'DONE', completedAt: at, completedLate: event.data.late, reworking: false },
        deadlines: settle(deadlines, ['HANDLING', 'REWORK'], at),
      };
  }
}

type DisputeEvent = OneOf<
  'ReturnRequested' | 'ReturnAccepted' | 'ReturnRejected' | 'ArbitrationOpened' | 'ResponsibilityDecided'
>;

function decidedReturn(
  view: IncidentView,
  concerns: (request: ReturnView) => boolean,
  change: Partial<ReturnView>,
): IncidentView {
  return {
    ...view,
    returns: view.returns.map((request) =>
      request.outcome === 'OPEN' && concerns(request) ? { ...request, ...change } : request,
    ),
  };
}

function afterDispute(view: IncidentView, event: DisputeEvent, at: string): IncidentView {
  const { taskId } = event.data;
  switch (event.type) {
    case 'ReturnRequested': {
      const { returnId, departmentId, reasonCode, basis, suggestedUnitId, ordinal, late } = event.data;
      const request: ReturnView = {
        ...{ returnId, taskId, departmentId, reasonCode, basis, suggestedUnitId, ordinal, requestedAt: at },
        ...{ outcome: 'OPEN', decidedAt: null, decidingUnitId: null, decisionReason: null },
      };
      // Asking is an answer; it does not sign.
      const asked = withTask(view, taskId, (task) => ({
        state: 'RETURN_REQUESTED',
        ...(task.state === 'NOTIFIED' ? { acknowledgedAt: at, acknowledgedLate: late } : {}),
        deadlines: restarted(
          settle(task.deadlines, ['ACKNOWLEDGE', 'RETURN_WINDOW'], at),
          event.data.deadlines,
        ),
      }));
      return { ...asked, returns: kept(view.returns, request) };
    }
    case 'ReturnAccepted': {
      const { returnId, decidingUnitId, note, newTask, lostTime } = event.data;
      const decision = { decidedAt: at, decidingUnitId, decisionReason: note };
      const decided = decidedReturn(view, (request) => request.returnId === returnId, {
        ...{ outcome: 'ACCEPTED', ...decision },
      });
      return booked(givenAway(decided, taskId, newTask, at, 'RETURN_DECISION'), lostTime);
    }
    case 'ReturnRejected': {
      const { returnId, decidingUnitId, reason, lostTime } = event.data;
      const decision = { decidedAt: at, decidingUnitId, decisionReason: reason };
      const decided = decidedReturn(view, (request) => request.returnId === returnId, {
        ...{ outcome: 'REJECTED', ...decision },
      });
      const stays = withTask(decided, taskId, ({ deadlines }) => ({
        state: 'ACKNOWLEDGED',
        deadlines: settle(deadlines, ['RETURN_DECISION'], at),
      }));
      return booked(stays, lostTime);
    }
    case 'ArbitrationOpened': {
      const { arbitrationId, cause, parties, deadlines } = event.data;
      const arbitration = {
        ...{ arbitrationId, taskId, cause, parties, openedAt: at, decidedAt: null, arbitratingUnitId: null },
        ...{ responsibleUnitId: null, rule: null, reason: null },
      };
      const decided = decidedReturn(view, (request) => request.taskId === taskId, {
        ...{ outcome: 'ARBITRATED', decidedAt: at },
      });
      const disputed = withTask(decided, taskId, (task) => ({
        state: 'IN_ARBITRATION',
        deadlines: restarted(settle(task.deadlines, ['RETURN_DECISION'], at), deadlines),
      }));
      return { ...disputed, arbitrations: kept(view.arbitrations, arbitration) };
    }
    case 'ResponsibilityDecided':
      return arbitrated(view, event, at);
  }
}

function givenAway(
  view: IncidentView,
  taskId: string,
  newTask: TaskAssignment | null,
  at: string,
  decision: 'RETURN_DECISION' | 'ARBITRATION',
): IncidentView {
  const whistleId = view.tasks.find((task) => task.taskId === taskId)?.whistleId ?? '';
  const next = withTask(view, taskId, ({ deadlines }) => ({
    ...{ state: 'RETURNED', endedAt: at, deadlines: settle(deadlines, [decision], at) },
  }));
  return newTask === null ? next : summoned(next, newTask, whistleId, at);
}

function arbitrated(
  view: IncidentView,
  { data }: ViewEventOf<'ResponsibilityDecided'>,
  at: string,
): IncidentView {
  const { arbitrationId, taskId, arbitratingUnitId, responsibleUnitId, rule, reason } = data;
  const { newTask, lostTime } = data;
  const decided: IncidentView = {
    ...view,
    arbitrations: view.arbitrations.map((arbitration) =>
      arbitration.arbitrationId === arbitrationId
        ? { ...arbitration, decidedAt: at, arbitratingUnitId, responsibleUnitId, rule, reason }
        : arbitration,
    ),
  };
  const task = view.tasks.find((known) => known.taskId === taskId);
  if (task?.departmentId === responsibleUnitId) {
    const stays = withTask(decided, taskId, ({ checkedInAt, deadlines }) => ({
      ...{ state: checkedInAt === null ? 'ACKNOWLEDGED' : 'CHECKED_IN', final: true },
      deadlines: settle(deadlines, ['ARBITRATION'], at),
    }));
    return booked(stays, lostTime);
  }
  const given = givenAway(decided, taskId, newTask, at, 'ARBITRATION');
  // It is as final for a department that was in the whistle already.
  const final = given.tasks.filter(
    (known) =>
      known.whistleId === task?.whistleId && known.departmentId === responsibleUnitId && isOpen(known),
  );
  const ids = newTask === null ? final.map((known) => known.taskId) : [newTask.taskId];
  return booked(
    ids.reduce((next, id) => withTask(next, id, () => ({ final: true })), given),
    lostTime,
  );
}

type ReassignmentEvent = OneOf<
  | 'DepartmentAdded'
  | 'LeadChanged'
  | 'ReleaseRequested'
  | 'TaskReleased'
  | 'TaskTransferred'
  | 'ExtensionRequested'
  | 'ExtensionGranted'
  | 'ExtensionRefused'
>;

function afterReassignment(view: IncidentView, event: ReassignmentEvent, at: string): IncidentView {
  switch (event.type) {
    case 'DepartmentAdded':
      return summoned(view, event.data.task, event.data.whistleId, at);
    case 'LeadChanged':
      return ledBy(view, event, at);
    case 'ReleaseRequested': {
      const { taskId, reason } = event.data;
      return withTask(view, taskId, () => ({ releaseRequested: { at, reason } }));
    }
    case 'TaskReleased': {
      const { taskId, reasonCode, reason, counted } = event.data;
      return released(view, [taskId], at, { reasonCode, reason, counted });
    }
    case 'TaskTransferred': {
      const { taskId, fromDepartmentId, toDepartmentId, level, reason } = event.data;
      const transfer = { at, fromDepartmentId, toDepartmentId, reason };
      const next = withTask(view, taskId, ({ transfers }) => ({
        ...{ departmentId: toDepartmentId, level, transfers: kept(transfers, transfer) },
      }));
      return { ...next, level: higherLevel(view.level, level) };
    }
    case 'ExtensionRequested': {
      const { extensionId, taskId, departmentId, ordinal, amount, unit, reason } = event.data;
      const extension: ExtensionView = {
        ...{ extensionId, taskId, departmentId, ordinal, amount, unit, reason, requestedAt: at },
        ...{ outcome: 'OPEN', decidedAt: null, decidingUnitId: null, decisionReason: null },
      };
      return { ...view, extensions: kept(view.extensions, extension) };
    }
    case 'ExtensionGranted': {
      const { extensionId, approvingUnitId: decidingUnitId, moves } = event.data;
      const decision = { outcome: 'GRANTED', decidedAt: at, decidingUnitId } as const;
      return moved(decidedExtension(view, extensionId, decision), moves);
    }
    case 'ExtensionRefused': {
      const { extensionId, refusingUnitId: decidingUnitId, reason: decisionReason } = event.data;
      const decision = { outcome: 'REFUSED', decidedAt: at, decidingUnitId, decisionReason } as const;
      return decidedExtension(view, extensionId, decision);
    }
  }
}

/** What was asked for and not decided until the task was done. */
function lapsed(view: IncidentView, taskId: string): IncidentView {
  if (!view.extensions.some((asked) => asked.taskId === taskId && asked.outcome === 'OPEN')) return view;
  return {
    ...view,
    extensions: view.extensions.map((asked) =>
      asked.taskId === taskId && asked.outcome === 'OPEN' ? { ...asked, outcome: 'LAPSED' } : asked,
    ),
  };
}

function decidedExtension(
  view: IncidentView,
  extensionId: string,
  decision: Partial<ExtensionView>,
): IncidentView {
  return {
    ...view,
    extensions: view.extensions.map((extension) =>
      extension.extensionId === extensionId ? { ...extension, ...decision } : extension,
    ),
  };
}

function ledBy(view: IncidentView, event: ViewEventOf<'LeadChanged'>, at: string): IncidentView {
  const { whistleId, fromTaskId, toTaskId, newTask, formerLead, reason, lostTime } = event.data;
  const release = { reasonCode: 'LEAD_CHANGED', reason, counted: false } as const;
  const stepped = withTask(view, fromTaskId, (former) => ({
    ...{ role: 'ASSIST', roleChanges: kept(former.roleChanges, { at, role: 'ASSIST', reason }) },
    ...(formerLead === 'RELEASED' && isOpen(former)
      ? { state: 'RELEASED' as const, endedAt: at, release }
      : {}),
  }));
  if (newTask !== null) {
    const next = summoned(stepped, newTask, whistleId, at);
    return booked(
      withTask(next, toTaskId, () => ({ role: 'LEAD' })),
      lostTime,
    );
  }
  const next = withTask(stepped, toTaskId, ({ roleChanges }) => ({
    ...{ role: 'LEAD', roleChanges: kept(roleChanges, { at, role: 'LEAD', reason }) },
  }));
  return booked(next, lostTime);
}

type OrderEvent = OneOf<'SupervisionIssued' | 'SupervisionResponded' | 'SupervisionLifted'>;

function afterOrder(view: IncidentView, event: OrderEvent, at: string): IncidentView {
  const { supervisionId } = event.data;
  switch (event.type) {
    case 'SupervisionIssued': {
      const { taskId, departmentId, deadlineId, dueAt, step, level } = ordered(view, event.data);
      const { issuedBy, reason, deadlines } = event.data;
      const order: SupervisionView = {
        ...{ supervisionId, taskId, departmentId, deadlineId, dueAt, step, level, issuedBy, reason },
        ...{ issuedAt: at, respondedAt: null, respondedLate: null, response: null, liftedAt: null },
        ...{ liftReason: null, deadlines: deadlines.map(opened) },
      };
      return { ...view, supervisions: [...view.supervisions, order] };
    }
    case 'SupervisionResponded': {
      const { response, late } = event.data;
      return withOrder(view, supervisionId, ({ deadlines }) => ({
        ...{ respondedAt: at, respondedLate: late, response },
        deadlines: settle(deadlines, ['SUPERVISION_RESPONSE'], at),
      }));
    }
    case 'SupervisionLifted':
      return withOrder(view, supervisionId, () => ({ liftedAt: at, liftReason: event.data.reason }));
  }
}

type HandlingEvent = OneOf<
  | 'HandlingCompleted'
  | 'CheckPassed'
  | 'CheckFailed'
  | 'FeedbackRecorded'
  | 'FeedbackCorrected'
  | 'IncidentClosed'
  | 'IncidentReopened'
  | 'AppealFiled'
  | 'ScoreExcluded'
  | 'AppealRefused'
>;

function afterHandling(view: IncidentView, event: HandlingEvent, at: string): IncidentView {
  switch (event.type) {
    case 'HandlingCompleted':
      return {
        ...view,
        deadlines: restarted(settle(view.deadlines, ['INCIDENT_TOTAL'], at), event.data.deadlines),
        cycles: withCycle(view, { handlingCompletedAt: at }),
        whistles: view.whistles.map((whistle) =>
          whistle.state === 'BLOWN' ? { ...whistle, state: 'COMPLETED' } : whistle,
        ),
      };
    case 'CheckPassed':
    case 'CheckFailed': {
      const { checkingUnitId, note } = event.data;
      const result = event.type === 'CheckPassed' ? ('PASS' as const) : ('FAIL' as const);
      const checks = kept(view.checks, { result, at, checkingUnitId, note });
      const settled = settle(view.deadlines, ['CHECK'], at);
      if (event.type === 'CheckFailed')
        return { ...sentBack({ ...view, deadlines: settled }, event.data), checks };
      const { feedbackUntil, deadlines } = event.data;
      const tasks = view.tasks.map((task) =>
        task.cycle === view.cycle && task.state === 'DONE' && task.acceptedAt === null
          ? { ...task, acceptedAt: at }
          : task,
      );
      return {
        ...view,
        checks,
        tasks,
        feedbackUntil,
        ratedAt: null,
        deadlines: restarted(settled, deadlines),
      };
    }
    case 'FeedbackRecorded':
    case 'FeedbackCorrected':
      return afterFeedback(view, event, at);
    case 'IncidentClosed': {
      const { resolutionLevel, reopenUntil, appealUntil } = event.data;
      const cycles = withCycle(view, { closedAt: at, resolutionLevel });
      return { ...view, closedAt: at, resolutionLevel, reopenUntil, appealUntil, cycles };
    }
    case 'IncidentReopened': {
      const { cycle, by } = event.data;
      const cycles = withCycle(view, { reopenedAt: at, reopenedBy: by });
      return {
        ...{ ...view, cycles, cycle, rework: 0, mode: null, level: null, dispatchedAt: null, deadlines: [] },
        ...{ handlingUnitId: null, parties: [], closedAt: null, resolutionLevel: null, ratedAt: null },
        ...{ feedbackUntil: null, reopenUntil: null, appealUntil: null },
      };
    }
    case 'AppealFiled': {
      const { appealId, unitId, item, itemId, cycle, reason } = event.data;
      const appeal = { appealId, unitId, item, itemId, cycle, reason, filedAt: at, outcome: 'OPEN' } as const;
      return { ...view, appeals: kept(view.appeals, { ...appeal, decidedAt: null, decisionReason: null }) };
    }
    case 'ScoreExcluded':
    case 'AppealRefused': {
      const { appealId, reason } = event.data;
      const outcome = event.type === 'ScoreExcluded' ? ('EXCLUDED' as const) : ('REFUSED' as const);
      return {
        ...view,
        appeals: view.appeals.map((appeal) =>
          appeal.appealId === appealId
            ? { ...appeal, outcome, decidedAt: at, decisionReason: reason }
            : appeal,
        ),
      };
    }
  }
}

function afterFeedback(
  view: IncidentView,
  event: OneOf<'FeedbackRecorded' | 'FeedbackCorrected'>,
  at: string,
): IncidentView {
  const { cycle, solved, satisfaction, comment, source } = event.data;
  const said = { at, cycle, solved, satisfaction, comment, source };
  if (event.type === 'FeedbackCorrected') {
    const corrected = view.feedback.findLast((entry) => entry.cycle === cycle);
    return {
      ...view,
      feedback: view.feedback.map((entry) => (entry === corrected ? { ...entry, corrected: true } : entry)),
      feedbackCorrections: kept(view.feedbackCorrections, { ...said, reason: reasonShown(event.data) }),
    };
  }
  const answered = {
    ...view,
    deadlines: settle(view.deadlines, ['CALLBACK'], at),
    feedback: kept(view.feedback, { ...said, corrected: false }),
  };
  // A duplicate's reporter speaks of the incident that goes on; it is not sent back by it.
  if (solved === 'UNSOLVED' && view.state !== 'MERGED') return sentBack(answered, event.data);
  return { ...answered, ratedAt: at };
}
