import {
  higherLevel,
  isOpenTask,
  taskOf,
  wordOf,
  type IncidentState,
  type ReturnRequest,
} from '../incident.state.js';
import {
  changedTasks,
  updateTask,
  summoned,
  restarted,
  released,
  type DataOf,
  handledBy,
} from './changes.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const responsibilityFolds: FoldsOf<
  | 'ReturnRequested'
  | 'ReturnAccepted'
  | 'ReturnRejected'
  | 'ArbitrationOpened'
  | 'ResponsibilityDecided'
  | 'DepartmentAdded'
  | 'LeadChanged'
  | 'ReleaseRequested'
  | 'TaskReleased'
  | 'TaskTransferred'
> = {
  ReturnRequested: (state, event) => {
    const at = event.occurredAt;
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
  },
  ReturnAccepted: (state, event) => {
    const at = event.occurredAt;
    const { returnId, taskId, newTask: task, lostTime } = event.data;
    const whistleId = taskOf(state, taskId)?.whistleId ?? '';
    const next = {
      ...updateTask(state, taskId, () => ({ state: 'RETURNED' })),
      returns: decidedReturn(state, (request) => request.returnId === returnId, 'ACCEPTED'),
      lostTime: [...state.lostTime, ...lostTime],
    };
    return task === null ? next : summoned(next, task, whistleId, at);
  },
  ReturnRejected: (state, event) => {
    const { returnId, taskId, lostTime } = event.data;
    return {
      ...updateTask(state, taskId, () => ({ state: 'ACKNOWLEDGED' })),
      returns: decidedReturn(state, (request) => request.returnId === returnId, 'REJECTED'),
      lostTime: [...state.lostTime, ...lostTime],
    };
  },
  ArbitrationOpened: (state, event) => {
    const { arbitrationId, taskId, cause, parties, deadlines } = event.data;
    return {
      ...updateTask(state, taskId, (task) => ({
        state: 'IN_ARBITRATION',
        deadlines: restarted(task.deadlines, deadlines),
      })),
      returns: decidedReturn(state, (request) => request.taskId === taskId, 'ARBITRATED'),
      arbitrations: [...state.arbitrations, { arbitrationId, taskId, cause, parties, decided: false }],
    };
  },
  ResponsibilityDecided: (state, event) => arbitrated(state, event.data, event.occurredAt),
  DepartmentAdded: (state, event) => summoned(state, event.data.task, event.data.whistleId, event.occurredAt),
  LeadChanged: (state, event) => ledBy(state, event.data, event.occurredAt),
  ReleaseRequested: (state, event) =>
    updateTask(state, event.data.taskId, () => ({ lastWord: wordOf(event) })),
  TaskReleased: (state, event) => ({ ...state, tasks: released(state, [event.data.taskId]) }),
  TaskTransferred: (state, event) => {
    const { taskId, toDepartmentId, level } = event.data;
    return {
      ...updateTask(state, taskId, () => ({ departmentId: toDepartmentId, level })),
      level: higherLevel(state.level, level),
      ...handledBy(state, [toDepartmentId]),
    };
  },
};

function decidedReturn(
  state: IncidentState,
  match: (request: ReturnRequest) => boolean,
  outcome: ReturnRequest['outcome'],
): readonly ReturnRequest[] {
  return state.returns.map((request) =>
    request.outcome === 'OPEN' && match(request) ? { ...request, outcome } : request,
  );
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
  const whistleId = taskOf(state, taskId)?.whistleId ?? '';
  if (task !== null)
    return updateTask(summoned(decided, task, whistleId, at), task.taskId, () => ({ final: true }));
  // It is as final for a department that was in the whistle already.
  const held = decided.tasks.filter(
    (known) => known.whistleId === whistleId && known.departmentId === responsibleUnitId && isOpenTask(known),
  );
  const ids = held.map((known) => known.taskId);
  return { ...decided, tasks: changedTasks(decided, ids, () => ({ final: true })) };
}

function ledBy(state: IncidentState, data: DataOf<'LeadChanged'>, at: string): IncidentState {
  const { whistleId, fromTaskId, toTaskId, newTask: task, formerLead, lostTime } = data;
  const stepped = updateTask(state, fromTaskId, (former) => ({
    ...{ role: 'ASSIST', leadsSince: null },
    ...(formerLead === 'RELEASED' && isOpenTask(former) ? { state: 'RELEASED' as const } : {}),
  }));
  const next = task === null ? stepped : summoned(stepped, task, whistleId, at);
  return {
    ...updateTask(next, toTaskId, () => ({ role: 'LEAD', leadsSince: at })),
    lostTime: [...state.lostTime, ...lostTime],
  };
}
