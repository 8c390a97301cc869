import type { Deadline } from '@shaoying/incident-domain';
import type { DeadlineView, IncidentView, TaskView } from './incident-view.js';
import { kept, opened, restarted, settle, unsettle, withCycle, type OneOf } from './view-changes.js';
import { reasonShown } from './view-events.js';

// Handling that ends, its check, the feedback, and the end of the case.

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

export function afterHandling(view: IncidentView, event: HandlingEvent, at: string): IncidentView {
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
        ...{ contactedAt: null, contactedLate: null },
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
