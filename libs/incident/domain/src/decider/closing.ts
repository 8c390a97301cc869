import type { CheckHandling, CloseIncident, RecordFeedback } from '../incident.commands.js';
import type { IncidentState } from '../incident.state.js';
import { type Decision, accept, refuse } from './decision.js';
import { notIn, notTheirs } from './guards.js';

const tasksToRedo = (state: IncidentState): string[] =>
  state.tasks.filter((task) => task.state === 'DONE').map((task) => task.taskId);

export function checkHandling(state: IncidentState, command: CheckHandling): Decision {
  const { origin, result, note, evidence, feedbackUntil } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'CHECKING');
  if (refusal) return refuse(refusal);
  const checkingUnitId = origin.actor.orgUnitId;
  if (checkingUnitId !== null && state.handlingUnits.includes(checkingUnitId)) {
    return refuse({ code: 'CHECKER_IS_HANDLER' });
  }
  const common = { cycle: state.cycle, checkingUnitId, note, evidence };
  return accept(
    result === 'PASS'
      ? { type: 'CheckPassed', occurredAt: origin.now, data: { ...common, feedbackUntil } }
      : {
          type: 'CheckFailed',
          occurredAt: origin.now,
          data: { ...common, rework: state.rework + 1, taskIds: tasksToRedo(state) },
        },
  );
}

export function recordFeedback(state: IncidentState, command: RecordFeedback): Decision {
  const { origin, solved, satisfaction, comment, source, receiptHash } = command;
  // The code first: whoever has the wrong one learns nothing about the state of the case.
  if (source === 'REPORTER' && receiptHash !== state.receiptHash)
    return refuse({ code: 'RECEIPT_CODE_WRONG' });
  const refusal = notIn(state, 'FEEDBACK');
  if (refusal) return refuse(refusal);
  const { orgUnitId } = origin.actor;
  if (source === 'CALLBACK' && orgUnitId !== null && state.handlingUnits.includes(orgUnitId)) {
    return refuse({ code: 'CALLBACK_BY_SCORED_UNIT' });
  }
  if (state.feedbackRecorded) return refuse({ code: 'FEEDBACK_RECORDED' });
  if (state.feedbackUntil !== null && Date.parse(origin.now) > Date.parse(state.feedbackUntil)) {
    return refuse({ code: 'FEEDBACK_WINDOW_OVER' });
  }
  const again = solved === 'UNSOLVED';
  return accept({
    type: 'FeedbackRecorded',
    occurredAt: origin.now,
    data: {
      ...{ cycle: state.cycle, solved, satisfaction, comment, source },
      ...{ rework: state.rework + (again ? 1 : 0), taskIds: again ? tasksToRedo(state) : [] },
    },
  });
}

export function close(state: IncidentState, { origin }: CloseIncident): Decision {
  const refusal = notIn(state, 'FEEDBACK');
  if (refusal) return refuse(refusal);
  const until = state.feedbackUntil ?? origin.now;
  if (!state.feedbackRecorded && Date.parse(origin.now) < Date.parse(until)) {
    return refuse({ code: 'FEEDBACK_OUTSTANDING', until });
  }
  return accept({
    type: 'IncidentClosed',
    occurredAt: origin.now,
    data: { cycle: state.cycle, resolutionLevel: state.level ?? 'COMMUNITY' },
  });
}
