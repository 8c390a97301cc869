import type { IncidentEventOf } from '../incident.events.js';
import {
  minutesBookedBy,
  withoutOpenExtensions,
  wordOf,
  type Extension,
  type IncidentState,
} from '../incident.state.js';
import { updateTask, afterMoves } from './changes.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const taskFolds: FoldsOf<
  | 'TaskAcknowledged'
  | 'DepartmentCheckedIn'
  | 'ReporterContacted'
  | 'ProgressReported'
  | 'TaskStageCompleted'
  | 'TaskCompleted'
  | 'TaskUrged'
  | 'WorkBooked'
  | 'ExtensionRequested'
  | 'ExtensionGranted'
  | 'ExtensionRefused'
> = {
  TaskAcknowledged: (state, event) => updateTask(state, event.data.taskId, () => ({ state: 'ACKNOWLEDGED' })),
  DepartmentCheckedIn: (state, event) =>
    updateTask(state, event.data.taskId, () => ({ state: 'CHECKED_IN', checkedIn: true })),
  ReporterContacted: (state, event) =>
    updateTask(state, event.data.taskId, ({ contacted }) => ({
      contacted: contacted || event.data.reached,
      lastWord: wordOf(event),
    })),
  ProgressReported: (state, event) =>
    updateTask(state, event.data.taskId, () => ({ state: 'WORKING', lastWord: wordOf(event) })),
  TaskStageCompleted: (state, event) => {
    const { taskId, stage } = event.data;
    return updateTask(state, taskId, ({ stagesDone }) => ({
      state: 'WORKING',
      stagesDone: [...stagesDone, stage],
    }));
  },
  TaskCompleted: (state, event) =>
    updateTask(withoutOpenExtensions(state, event.data.taskId), event.data.taskId, () => ({
      ...{ state: 'DONE', doneAt: event.occurredAt, reworking: false },
    })),
  TaskUrged: (state, event) => updateTask(state, event.data.taskId, () => ({ lastWord: wordOf(event) })),
  WorkBooked: (state, event) => {
    const { taskId, departmentId: unitId, workedMinutes } = event.data;
    return updateTask(state, taskId, (task) => ({
      booked: [
        ...task.booked.filter((known) => known.unitId !== unitId),
        { unitId, minutes: minutesBookedBy(task, unitId) + workedMinutes },
      ],
      lastBooking: wordOf(event),
    }));
  },
  ExtensionRequested: (state, event) => {
    const { extensionId, taskId, ordinal, departmentId, amount, unit, deadlines } = event.data;
    const extension: Extension = {
      ...{ extensionId, taskId, ordinal, requestedBy: departmentId, amount, unit },
      ...{ decidedAt: null, outcome: 'OPEN' },
    };
    return updateTask({ ...state, extensions: [...state.extensions, extension] }, taskId, (task) => ({
      // Also where none is started: that of an earlier one was about that one.
      deadlines: [...task.deadlines.filter(({ timer }) => timer !== 'EXTENSION_DECISION'), ...deadlines],
    }));
  },
  ExtensionGranted: (state, event) =>
    afterMoves(decidedExtension(state, event, 'GRANTED'), event.data.moves, event.occurredAt),
  ExtensionRefused: (state, event) => decidedExtension(state, event, 'REFUSED'),
};

function decidedExtension(
  state: IncidentState,
  { data: { extensionId }, occurredAt: decidedAt }: IncidentEventOf<'ExtensionGranted' | 'ExtensionRefused'>,
  outcome: Extension['outcome'],
): IncidentState {
  return {
    ...state,
    extensions: state.extensions.map((extension) =>
      extension.extensionId === extensionId ? { ...extension, outcome, decidedAt } : extension,
    ),
  };
}
