import type {
  Deadline,
  DeadlineMove,
  IncidentEvent,
  IncidentEventOf,
  IncidentTimer,
  TaskAssignment,
} from './incident.events.js';
import {
  everyDeadline,
  higherLevel,
  isOpenTask,
  NO_INCIDENT,
  openWhistles,
  taskOf,
  wordOf,
  type Extension,
  type IncidentState,
  type ReturnRequest,
  type Supervision,
  type Task,
  type Whistle,
} from './incident.state.js';

function newTask(assignment: TaskAssignment, whistleId: string, cycle: number, notifiedAt: string): Task {
  return {
    ...assignment,
    ...{ whistleId, cycle, notifiedAt, state: 'NOTIFIED', breached: [], stagesDone: [] },
    ...{ checkedIn: false, contacted: false, reworking: false, final: false, evaluated: false },
    lastWord: null,
  };
}

type ChangeOf<Item> = (item: Item) => Partial<Item>;

function changedTasks(
  state: IncidentState,
  taskIds: readonly string[],
  change: ChangeOf<Task>,
): readonly Task[] {
  return state.tasks.map((task) => (taskIds.includes(task.taskId) ? { ...task, ...change(task) } : task));
}

function updateTask(state: IncidentState, taskId: string, change: ChangeOf<Task>): IncidentState {
  return { ...state, tasks: changedTasks(state, [taskId], change) };
}

function updateWhistle(state: IncidentState, whistleId: string, change: ChangeOf<Whistle>): IncidentState {
  return {
    ...state,
    whistles: state.whistles.map((whistle) =>
      whistle.whistleId === whistleId ? { ...whistle, ...change(whistle) } : whistle,
    ),
  };
}

function updateOrder(state: IncidentState, id: string, change: ChangeOf<Supervision>): IncidentState {
  return {
    ...state,
    supervisions: state.supervisions.map((order) =>
      order.supervisionId === id ? { ...order, ...change(order) } : order,
    ),
  };
}

function summoned(state: IncidentState, task: TaskAssignment, whistleId: string, at: string): IncidentState {
  return {
    ...state,
    level: higherLevel(state.level, task.level),
    ...handledBy(state, [task.departmentId]),
    tasks: [...state.tasks, newTask(task, whistleId, state.cycle, at)],
  };
}

function handledBy(
  state: IncidentState,
  unitIds: readonly string[],
): Pick<IncidentState, 'handlingUnits' | 'everHandled'> {
  return {
    handlingUnits: [...state.handlingUnits, ...unitIds],
    everHandled: [...state.everHandled, ...unitIds],
  };
}

interface SentBack {
  readonly rework: number;
  readonly taskIds: readonly string[];
  readonly reworks: readonly { readonly taskId: string; readonly deadline: Deadline }[];
}

function sentBack(state: IncidentState, { rework, taskIds, reworks }: SentBack): IncidentState {
  const again = state.tasks.filter(({ taskId }) => taskIds.includes(taskId)).map((task) => task.whistleId);
  return {
    ...state,
    lifecycle: 'HANDLING',
    rework,
    // The department is on the matter already: it goes on from where it was, not from a new check-in.
    tasks: changedTasks(state, taskIds, (task) => ({
      state: 'CHECKED_IN',
      checkedIn: true,
      reworking: true,
      deadlines: [
        ...task.deadlines.filter(({ timer }) => timer !== 'REWORK'),
        ...reworks.filter(({ taskId }) => taskId === task.taskId).map(({ deadline }) => deadline),
      ],
    })),
    whistles: state.whistles.map((whistle) =>
      again.includes(whistle.whistleId) ? { ...whistle, state: 'BLOWN' } : whistle,
    ),
  };
}

function moved(deadlines: readonly Deadline[], moves: readonly DeadlineMove[]): readonly Deadline[] {
  return deadlines.map((deadline) => {
    const move = moves.find(({ deadlineId }) => deadlineId === deadline.deadlineId);
    return move === undefined ? deadline : { ...deadline, ...move };
  });
}

function afterMoves(state: IncidentState, moves: readonly DeadlineMove[]): IncidentState {
  if (moves.length === 0) return state;
  const inside = <Owner extends { readonly deadlines: readonly Deadline[] }>(owner: Owner): Owner => ({
    ...owner,
    deadlines: moved(owner.deadlines, moves),
  });
  return {
    ...state,
    deadlines: moved(state.deadlines, moves),
    tasks: state.tasks.map(inside),
    whistles: state.whistles.map(inside),
    supervisions: state.supervisions.map(inside),
  };
}

function paused(state: IncidentState, lifecycle: 'SUSPENDED' | 'MERGED', at: string): IncidentState {
  const before = state.lifecycle === 'NONE' ? null : state.lifecycle;
  return { ...state, lifecycle, before, pausedAt: at };
}

function resumed(state: IncidentState, moves: readonly DeadlineMove[]): IncidentState {
  const lifecycle = state.before ?? state.lifecycle;
  return afterMoves({ ...state, lifecycle, before: null, pausedAt: null }, moves);
}

/** Adds deadlines in place of earlier ones of the same timers. */
const restarted = (deadlines: readonly Deadline[], started: readonly Deadline[]): readonly Deadline[] => [
  ...deadlines.filter(({ timer }) => !started.some((deadline) => deadline.timer === timer)),
  ...started,
];

function timerOf(state: IncidentState, deadlineId: string | null): IncidentTimer | null {
  if (deadlineId === null) return null;
  const known = everyDeadline(state).find((candidate) => candidate.deadlineId === deadlineId);
  return known?.timer ?? 'INCIDENT_TOTAL';
}

function released(state: IncidentState, taskIds: readonly string[]): readonly Task[] {
  return changedTasks(state, taskIds, () => ({ state: 'RELEASED' }));
}

function withBreach(state: IncidentState, deadlineId: string): IncidentState {
  const of = (owner: { readonly deadlines: readonly Deadline[] }): boolean =>
    owner.deadlines.some((deadline) => deadline.deadlineId === deadlineId);
  const whistle = state.whistles.find(of);
  if (whistle !== undefined)
    return updateWhistle(state, whistle.whistleId, ({ breached }) => ({
      breached: [...breached, deadlineId],
    }));
  const order = state.supervisions.find(of);
  if (order !== undefined)
    return updateOrder(state, order.supervisionId, ({ breached }) => ({
      breached: [...breached, deadlineId],
    }));
  return { ...state, breached: [...state.breached, deadlineId] };
}

function decidedReturn(
  state: IncidentState,
  match: (request: ReturnRequest) => boolean,
  outcome: ReturnRequest['outcome'],
): readonly ReturnRequest[] {
  return state.returns.map((request) =>
    request.outcome === 'OPEN' && match(request) ? { ...request, outcome } : request,
  );
}

/** The state after one more event. Total: it never throws and never refuses what the log says. */
export function evolve(state: IncidentState, event: IncidentEvent): IncidentState {
  const at = event.occurredAt;
  switch (event.type) {
    case 'IncidentReported': {
      const { incidentId, category, severity, place, imported, receiptHash } = event.data;
      const { reportedBy, reporter, deadlines } = event.data;
      return {
        ...NO_INCIDENT,
        ...{ lifecycle: 'REPORTED', incidentId, category, severity, place, imported, receiptHash },
        ...{ reportedAt: at, reportedBy, reporterKnown: reporter !== null, cycle: 1, deadlines },
      };
    }
    case 'IncidentLocated':
      return { ...state, place: event.data.place, lastWord: wordOf(event) };
    case 'IncidentVerified':
      return { ...state, lifecycle: 'VERIFYING' };
    case 'IncidentRejected':
      return { ...state, lifecycle: 'REJECTED' };
    case 'IncidentFiled':
      return {
        ...state,
        lifecycle: 'FILED',
        cycle: event.data.cycle,
        pins: event.data.pins,
        deadlines: restarted(state.deadlines, event.data.deadlines),
      };
    case 'SelfHandlingStarted': {
      const { handlingUnitId, level } = event.data;
      return {
        ...state,
        lifecycle: 'HANDLING',
        mode: 'SELF',
        dispatched: true,
        level: higherLevel(state.level, level),
        ...handledBy(state, handlingUnitId === null ? [] : [handlingUnitId]),
      };
    }
    case 'IncidentEscalated':
      return {
        ...state,
        lifecycle: 'FILED',
        mode: null,
        level: higherLevel(state.level, event.data.to),
      };
    case 'WhistleProposed': {
      const { whistleId, kind, reason, origin, proposingUnitId, proposedBy, summons } = event.data;
      const whistle: Whistle = {
        ...{
          whistleId,
          kind,
          reason,
          origin,
          summons,
          state: 'PROPOSED',
          cycle: state.cycle,
          reverse: false,
        },
        ...{ whistlingUnitId: proposingUnitId, blownBy: proposedBy, blownAt: '', toBeRatified: false },
        ...{ deadlines: [], breached: [] },
      };
      return { ...state, whistles: [...state.whistles, whistle] };
    }
    case 'WhistleApproved':
      return state;
    case 'WhistleRefused':
      return updateWhistle(state, event.data.whistleId, () => ({ state: 'REFUSED' }));
    case 'WhistleBlown':
      return blown(state, event.data, at);
    case 'WhistleRatified':
      return updateWhistle(state, event.data.whistleId, () => ({ toBeRatified: false }));
    case 'WhistleFlagged':
      // Flagged for being late, it may be ratified still.
      return event.data.reason === 'NOT_RATIFIED'
        ? state
        : updateWhistle(state, event.data.whistleId, () => ({ toBeRatified: false }));
    case 'WhistleCancelled': {
      const { whistleId, taskIds } = event.data;
      const next = updateWhistle(state, whistleId, () => ({ state: 'CANCELLED', toBeRatified: false }));
      const cancelled = { ...next, tasks: released(next, taskIds) };
      const goesOn = cancelled.lifecycle !== 'HANDLING' || openWhistles(cancelled).length > 0;
      return goesOn ? cancelled : { ...cancelled, lifecycle: 'FILED', mode: null };
    }
    case 'TaskEvaluated':
      return evaluated(state, event.data.taskId, event.data.whistleId);
    case 'TaskAcknowledged':
      return updateTask(state, event.data.taskId, () => ({ state: 'ACKNOWLEDGED' }));
    case 'DepartmentCheckedIn':
      return updateTask(state, event.data.taskId, () => ({ state: 'CHECKED_IN', checkedIn: true }));
    case 'ReporterContacted':
      return updateTask(state, event.data.taskId, ({ contacted }) => ({
        contacted: contacted || event.data.reached,
        lastWord: wordOf(event),
      }));
    case 'ProgressReported':
      return updateTask(state, event.data.taskId, () => ({ state: 'WORKING', lastWord: wordOf(event) }));
    case 'TaskStageCompleted': {
      const { taskId, stage } = event.data;
      return updateTask(state, taskId, ({ stagesDone }) => ({
        state: 'WORKING',
        stagesDone: [...stagesDone, stage],
      }));
    }
    case 'ReturnRequested': {
      const { returnId, taskId, departmentId, suggestedUnitId, deadlines } = event.data;
      const request: ReturnRequest = {
        ...{ returnId, taskId, departmentId, suggestedUnitId, cycle: state.cycle, requestedAt: at },
        outcome: 'OPEN',
      };
      return {
        ...updateTask(state, taskId, (task) => ({
          state: 'RETURN_REQUESTED',
          deadlines: restarted(task.deadlines, deadlines),
        })),
        returns: [...state.returns, request],
      };
    }
    case 'ReturnAccepted': {
      const { returnId, taskId, newTask: task, lostTime } = event.data;
      const whistleId = taskOf(state, taskId)?.whistleId ?? '';
      const next = {
        ...updateTask(state, taskId, () => ({ state: 'RETURNED' })),
        returns: decidedReturn(state, (request) => request.returnId === returnId, 'ACCEPTED'),
        lostTime: [...state.lostTime, ...lostTime],
      };
      return task === null ? next : summoned(next, task, whistleId, at);
    }
    case 'ReturnRejected': {
      const { returnId, taskId, lostTime } = event.data;
      return {
        ...updateTask(state, taskId, () => ({ state: 'ACKNOWLEDGED' })),
        returns: decidedReturn(state, (request) => request.returnId === returnId, 'REJECTED'),
        lostTime: [...state.lostTime, ...lostTime],
      };
    }
    case 'ArbitrationOpened': {
      const { arbitrationId, taskId, parties, deadlines } = event.data;
      return {
        ...updateTask(state, taskId, (task) => ({
          state: 'IN_ARBITRATION',
          deadlines: restarted(task.deadlines, deadlines),
        })),
        returns: decidedReturn(state, (request) => request.taskId === taskId, 'ARBITRATED'),
        arbitrations: [...state.arbitrations, { arbitrationId, taskId, parties, decided: false }],
      };
    }
    case 'ResponsibilityDecided':
      return arbitrated(state, event.data, at);
    case 'DepartmentAdded':
      return summoned(state, event.data.task, event.data.whistleId, at);
    case 'LeadChanged':
      return ledBy(state, event.data, at);
    case 'ReleaseRequested':
    case 'TaskUrged':
      return updateTask(state, event.data.taskId, () => ({ lastWord: wordOf(event) }));
    case 'ReporterFlagged':
      return { ...state, lastWord: wordOf(event) };
    case 'TaskReleased':
      return { ...state, tasks: released(state, [event.data.taskId]) };
    case 'TaskTransferred': {
      const { taskId, toDepartmentId, level } = event.data;
      return {
        ...updateTask(state, taskId, () => ({ departmentId: toDepartmentId, level })),
        level: higherLevel(state.level, level),
        ...handledBy(state, [toDepartmentId]),
      };
    }
    case 'ExtensionRequested': {
      const { extensionId, taskId, ordinal, departmentId } = event.data;
      const extension: Extension = {
        ...{ extensionId, taskId, ordinal, requestedBy: departmentId, outcome: 'OPEN' },
      };
      return { ...state, extensions: [...state.extensions, extension] };
    }
    case 'ExtensionGranted':
      return afterMoves(decidedExtension(state, event.data.extensionId, 'GRANTED'), event.data.moves);
    case 'ExtensionRefused':
      return decidedExtension(state, event.data.extensionId, 'REFUSED');
    case 'TaskCompleted':
      return updateTask(state, event.data.taskId, () => ({ state: 'DONE', reworking: false }));
    case 'HandlingCompleted':
      return {
        ...state,
        lifecycle: 'CHECKING',
        deadlines: restarted(state.deadlines, event.data.deadlines),
        whistles: state.whistles.map((whistle) =>
          whistle.state === 'BLOWN' ? { ...whistle, state: 'COMPLETED' } : whistle,
        ),
      };
    case 'TaskOverdue': {
      const { taskId, deadlineId } = event.data;
      return updateTask(state, taskId, (task) => ({ breached: [...task.breached, deadlineId] }));
    }
    case 'IncidentOverdue':
      return withBreach(state, event.data.deadlineId);
    case 'SupervisionIssued': {
      const { supervisionId, taskId, deadlineId, deadlines } = event.data;
      const order: Supervision = {
        ...{ supervisionId, deadlineId, timer: timerOf(state, deadlineId), taskId, deadlines },
        ...{ lifted: false, responded: false, breached: [] },
      };
      return { ...state, supervisions: [...state.supervisions, order] };
    }
    case 'SupervisionResponded':
      return updateOrder(state, event.data.supervisionId, () => ({ responded: true }));
    case 'SupervisionLifted':
      return updateOrder(state, event.data.supervisionId, () => ({ lifted: true }));
    case 'CheckPassed':
      return {
        ...state,
        lifecycle: 'FEEDBACK',
        feedbackUntil: event.data.feedbackUntil,
        feedbackRecorded: false,
        deadlines: restarted(state.deadlines, event.data.deadlines),
      };
    case 'CheckFailed':
      return sentBack(state, event.data);
    case 'FeedbackRecorded':
      // A duplicate's reporter speaks of the incident that goes on; it is not sent back by it.
      return event.data.solved === 'UNSOLVED' && state.lifecycle !== 'MERGED'
        ? { ...sentBack(state, event.data), rated: true }
        : { ...state, feedbackRecorded: true, rated: true };
    case 'FeedbackCorrected':
      return { ...state, lastWord: wordOf(event) };
    case 'IncidentClosed': {
      const { reopenUntil, appealUntil } = event.data;
      return { ...state, lifecycle: 'CLOSED', reopenUntil, appealUntil };
    }
    case 'IncidentReopened':
      return {
        ...state,
        ...{ lifecycle: 'FILED', cycle: event.data.cycle, rework: 0, mode: null, level: null },
        ...{ deadlines: [], breached: [], dispatched: false, handlingUnits: [] },
        ...{ feedbackUntil: null, feedbackRecorded: false, rated: false },
        ...{ reopenUntil: null, appealUntil: null },
      };
    case 'IncidentSuspended':
      return {
        ...paused(state, 'SUSPENDED', at),
        deadlines: restarted(state.deadlines, event.data.deadlines),
      };
    case 'SuspensionRenewed':
      return {
        ...state,
        deadlines: restarted(state.deadlines, event.data.deadlines),
        lastWord: wordOf(event),
      };
    case 'IncidentMerged':
      return { ...paused(state, 'MERGED', at), mergedInto: event.data.into };
    case 'IncidentResumed':
      return resumed(state, event.data.moves);
    case 'IncidentUnmerged':
      return { ...resumed(state, event.data.moves), mergedInto: null };
    case 'DuplicateJoined':
      return { ...state, duplicates: [...state.duplicates, event.data.incidentId] };
    case 'DuplicateLeft':
      return { ...state, duplicates: state.duplicates.filter((id) => id !== event.data.incidentId) };
    case 'IncidentWithdrawn':
      return event.data.goesOn
        ? { ...state, reporterWithdrew: true }
        : {
            ...state,
            lifecycle: 'WITHDRAWN',
            reporterWithdrew: true,
            tasks: released(state, event.data.taskIds),
            whistles: state.whistles.map((whistle) =>
              whistle.state === 'BLOWN' || whistle.state === 'PROPOSED'
                ? { ...whistle, state: 'CANCELLED' }
                : whistle,
            ),
          };
    case 'IncidentVoided':
      return { ...state, lifecycle: 'VOIDED' };
    case 'AppealFiled': {
      const { appealId, unitId, item, itemId, cycle } = event.data;
      return {
        ...state,
        appeals: [...state.appeals, { appealId, unitId, item, itemId, cycle, decided: false }],
      };
    }
    case 'ScoreExcluded':
    case 'AppealRefused':
      return {
        ...state,
        appeals: state.appeals.map((appeal) =>
          appeal.appealId === event.data.appealId ? { ...appeal, decided: true } : appeal,
        ),
      };
  }
}

type DataOf<Type extends IncidentEvent['type']> = IncidentEventOf<Type>['data'];

function blown(state: IncidentState, data: DataOf<'WhistleBlown'>, at: string): IncidentState {
  const { whistleId, kind, reason, origin, whistlingUnitId, blownBy, reverse, approval } = data;
  const { tasks, deadlines } = data;
  const whistle: Whistle = {
    ...{ whistleId, kind, reason, origin, whistlingUnitId, blownBy, reverse, state: 'BLOWN' },
    cycle: state.cycle,
    ...{ summons: [], blownAt: at, toBeRatified: approval === 'TO_BE_RATIFIED', deadlines, breached: [] },
  };
  const others = state.whistles.filter((known) => known.whistleId !== whistleId);
  const handling: IncidentState = {
    ...{ ...state, lifecycle: 'HANDLING', mode: 'WHISTLE', dispatched: true },
    whistles: [...others, whistle],
  };
  return tasks.reduce((next, task) => summoned(next, task, whistleId, at), handling);
}

function evaluated(state: IncidentState, taskId: string, whistleId: string): IncidentState {
  const next = updateTask(state, taskId, () => ({ evaluated: true }));
  const done = next.tasks.filter((task) => task.whistleId === whistleId && task.state === 'DONE');
  return done.every((task) => task.evaluated)
    ? updateWhistle(next, whistleId, (whistle) =>
        whistle.state === 'COMPLETED' ? { state: 'EVALUATED' } : {},
      )
    : next;
}

function arbitrated(state: IncidentState, data: DataOf<'ResponsibilityDecided'>, at: string): IncidentState {
  const { arbitrationId, taskId, responsibleUnitId, newTask: task, lostTime } = data;
  const stays = taskOf(state, taskId)?.departmentId === responsibleUnitId;
  const decided = {
    ...updateTask(state, taskId, (known) =>
      stays ? { state: known.checkedIn ? 'CHECKED_IN' : 'ACKNOWLEDGED', final: true } : { state: 'RETURNED' },
    ),
    arbitrations: state.arbitrations.map((arbitration) =>
      arbitration.arbitrationId === arbitrationId ? { ...arbitration, decided: true } : arbitration,
    ),
    lostTime: [...state.lostTime, ...lostTime],
  };
  if (task === null) return decided;
  const whistleId = taskOf(state, taskId)?.whistleId ?? '';
  return updateTask(summoned(decided, task, whistleId, at), task.taskId, () => ({ final: true }));
}

function ledBy(state: IncidentState, data: DataOf<'LeadChanged'>, at: string): IncidentState {
  const { whistleId, fromTaskId, toTaskId, newTask: task, formerLead, lostTime } = data;
  const stepped = updateTask(state, fromTaskId, (former) => ({
    role: 'ASSIST',
    ...(formerLead === 'RELEASED' && isOpenTask(former) ? { state: 'RELEASED' as const } : {}),
  }));
  const next = task === null ? stepped : summoned(stepped, task, whistleId, at);
  return {
    ...updateTask(next, toTaskId, () => ({ role: 'LEAD' })),
    lostTime: [...state.lostTime, ...lostTime],
  };
}

function decidedExtension(
  state: IncidentState,
  extensionId: string,
  outcome: Extension['outcome'],
): IncidentState {
  return {
    ...state,
    extensions: state.extensions.map((extension) =>
      extension.extensionId === extensionId ? { ...extension, outcome } : extension,
    ),
  };
}

export function foldIncident(
  events: Iterable<IncidentEvent>,
  from: IncidentState = NO_INCIDENT,
): IncidentState {
  let state = from;
  for (const event of events) state = evolve(state, event);
  return state;
}
