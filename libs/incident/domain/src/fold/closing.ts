import type { AnyDeadline, Deadline } from '../incident.events.js';
import { wordOf, type IncidentState } from '../incident.state.js';
import { changedTasks, restarted } from './changes.js';
import type { FoldsOf } from './folds.js';

/** Each pass has its own, or none: those of an earlier one were met by the rating that sent it back. */
const isNotOfEarlierPass = ({ timer }: AnyDeadline): boolean =>
  timer !== 'CALLBACK' && timer !== 'FEEDBACK_WINDOW';

/** What each event of this room changes. */
export const closingFolds: FoldsOf<
  | 'CheckPassed'
  | 'CheckFailed'
  | 'FeedbackRecorded'
  | 'FeedbackCorrected'
  | 'IncidentClosed'
  | 'IncidentReopened'
  | 'AppealFiled'
  | 'ScoreExcluded'
  | 'AppealRefused'
> = {
  CheckPassed: (state, event) => ({
    ...state,
    lifecycle: 'FEEDBACK',
    feedbackUntil: event.data.feedbackUntil,
    feedbackRecorded: false,
    deadlines: restarted(state.deadlines.filter(isNotOfEarlierPass), event.data.deadlines),
    tasks: state.tasks.map((task) =>
      task.cycle === state.cycle && task.state === 'DONE' ? { ...task, accepted: true } : task,
    ),
  }),
  CheckFailed: (state, event) => sentBack(state, event.occurredAt, event.data),
  FeedbackRecorded: (state, event) => {
    // A duplicate's reporter speaks of the incident that goes on; it is not sent back by it.
    return event.data.solved === 'UNSOLVED' && state.lifecycle !== 'MERGED'
      ? { ...sentBack(state, event.occurredAt, event.data), rated: true }
      : { ...state, feedbackRecorded: true, rated: true };
  },
  FeedbackCorrected: (state, event) => ({ ...state, lastWord: wordOf(event) }),
  IncidentClosed: (state, event) => {
    const { reopenUntil, appealUntil } = event.data;
    return { ...state, lifecycle: 'CLOSED', reopenUntil, appealUntil };
  },
  IncidentReopened: (state, event) => ({
    ...state,
    ...{ lifecycle: 'FILED', cycle: event.data.cycle, rework: 0, mode: null, level: null },
    escalatedTo: null,
    ...{ deadlines: [], breached: [], dispatched: false, contacted: false, handlingUnits: [] },
    ...{ feedbackUntil: null, feedbackRecorded: false, rated: false },
    ...{ reopenUntil: null, appealUntil: null },
  }),
  AppealFiled: (state, event) => {
    const { appealId, unitId, item, itemId, cycle } = event.data;
    return {
      ...state,
      appeals: [...state.appeals, { appealId, unitId, item, itemId, cycle, decided: false }],
    };
  },
  ScoreExcluded: (state, event) => ({
    ...state,
    appeals: state.appeals.map((appeal) =>
      appeal.appealId === event.data.appealId ? { ...appeal, decided: true } : appeal,
    ),
  }),
  AppealRefused: (state, event) => ({
    ...state,
    appeals: state.appeals.map((appeal) =>
      appeal.appealId === event.data.appealId ? { ...appeal, decided: true } : appeal,
    ),
  }),
};

interface SentBack {
  readonly rework: number;
  readonly taskIds: readonly string[];
  readonly reworks: readonly { readonly taskId: string; readonly deadline: Deadline }[];
}

function sentBack(state: IncidentState, at: string, { rework, taskIds, reworks }: SentBack): IncidentState {
  const again = state.tasks.filter(({ taskId }) => taskIds.includes(taskId)).map((task) => task.whistleId);
  return {
    ...state,
    lifecycle: 'HANDLING',
    rework,
    // The department is on the matter already: it goes on from where it was, not from a new check-in.
    tasks: changedTasks(state, taskIds, (task) => ({
      state: 'CHECKED_IN',
      checkedIn: true,
      doneAt: null,
      restedFor: [...task.restedFor, ...(task.doneAt === null ? [] : [{ from: task.doneAt, to: at }])],
      reworking: true,
      // What is done anew is evaluated anew; what was said of it before stays on record.
      evaluated: false,
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
