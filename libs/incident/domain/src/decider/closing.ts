import type {
  CheckHandling,
  CloseIncident,
  CorrectFeedback,
  RecordFeedback,
  ReopenIncident,
} from '../incident.commands.js';
import type { IncidentEvent } from '../incident.events.js';
import type { Refusal } from '../incident.refusals.js';
import { deadlineOf, whistleOf, type IncidentState } from '../incident.state.js';
import { breachesBefore, lifted, ofIncident, onIncident } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { closed } from './ending.js';
import { flagged } from './evidence.js';
import { isReporter, notIn, notTheirs, unlessSaid } from './guards.js';
import { isMarked, SEALED_TEXT, sealedWith } from './persons.js';

/** What was done in a whistle that was called off is not what is checked. */
const tasksToRedo = (state: IncidentState): string[] =>
  state.tasks
    .filter((task) => task.cycle === state.cycle && task.state === 'DONE')
    .filter((task) => whistleOf(state, task.whistleId)?.state !== 'CANCELLED')
    .map((task) => task.taskId);

const ofTasks = <Rework extends { readonly taskId: string }>(reworks: readonly Rework[], taskIds: string[]) =>
  reworks.filter(({ taskId }) => taskIds.includes(taskId));

/** Neither whoever handled it nor whoever reported it says that it is done (domain.md §6, 39). */
export function checkHandling(state: IncidentState, command: CheckHandling): Decision {
  const { origin, partOf, alias, result, note, evidence, feedbackUntil, deadlines, reworks } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'CHECKING');
  if (refusal) return refuse(refusal);
  const { orgUnitId: checkingUnitId } = origin.actor;
  const own = checkingUnitId === null ? partOf : [checkingUnitId, ...partOf];
  if (own.some((unitId) => state.handlingUnits.includes(unitId)))
    return refuse({ code: 'CHECKER_IS_HANDLER' });
  if (isReporter(state, origin, alias)) return refuse({ code: 'CHECKER_IS_REPORTER' });
  const common = { cycle: state.cycle, checkingUnitId, note, evidence };
  const taskIds = tasksToRedo(state);
  const { now } = origin;
  return accept(
    ...breachesBefore(state, now, ofIncident('CHECK')),
    result === 'PASS'
      ? { type: 'CheckPassed', occurredAt: now, data: { ...common, feedbackUntil, deadlines } }
      : {
          type: 'CheckFailed',
          occurredAt: now,
          data: { ...common, rework: state.rework + 1, taskIds, reworks: ofTasks(reworks, taskIds) },
        },
    ...flagged(
      {
        ...{ of: 'CHECK', taskId: null, unitId: checkingUnitId, occurredAt: now },
        // What is photographed is what was handled: since then, as far as that is known.
        ...{ from: deadlineOf(state.deadlines, 'CHECK')?.startedAt ?? state.reportedAt, to: now },
      },
      command.captured,
    ),
    ...lifted(state, onIncident('CHECK'), 'MET', now),
  );
}

interface Rater {
  readonly origin: RecordFeedback['origin'];
  readonly source: RecordFeedback['source'];
  readonly receiptHash: string | null;
}

/** The code first: whoever has the wrong one learns nothing about the state of the case. */
const wrongCode = (state: IncidentState, { source, receiptHash }: Rater): Refusal | null =>
  source === 'REPORTER' && receiptHash !== state.receiptHash ? { code: 'RECEIPT_CODE_WRONG' } : null;

function scoredUnit(state: IncidentState, { origin, source }: Rater): Refusal | null {
  const { orgUnitId } = origin.actor;
  const scored = source === 'CALLBACK' && orgUnitId !== null && state.handlingUnits.includes(orgUnitId);
  return scored ? { code: 'CALLBACK_BY_SCORED_UNIT' } : null;
}

/** A duplicate's reporter rates the incident that goes on, while that can be rated (domain.md §6, 12). */
function notRatable(state: IncidentState, { mergedInto }: RecordFeedback): Refusal | null {
  if (state.lifecycle !== 'MERGED') return notIn(state, 'FEEDBACK');
  const target = mergedInto?.lifecycle;
  return target === 'FEEDBACK' || target === 'CLOSED' ? null : notIn(state, 'FEEDBACK');
}

export function recordFeedback(state: IncidentState, command: RecordFeedback): Decision {
  const { origin, solved, satisfaction, source, reworks, mergedInto, personal } = command;
  const refusal = wrongCode(state, command) ?? notRatable(state, command) ?? scoredUnit(state, command);
  if (refusal) return refuse(refusal);
  if (state.feedbackRecorded) return refuse({ code: 'FEEDBACK_RECORDED' });
  const merged = state.lifecycle === 'MERGED';
  const until = merged ? (mergedInto?.feedbackUntil ?? null) : state.feedbackUntil;
  if (until !== null && Date.parse(origin.now) > Date.parse(until))
    return refuse({ code: 'FEEDBACK_WINDOW_OVER' });
  const again = solved === 'UNSOLVED' && !merged;
  const taskIds = again ? tasksToRedo(state) : [];
  const { now } = origin;
  return accept(
    ...breachesBefore(state, now, ofIncident('CALLBACK')),
    {
      type: 'FeedbackRecorded',
      occurredAt: now,
      data: {
        ...{ cycle: state.cycle, solved, satisfaction, comment: commentOf(command), source },
        ...{ rework: state.rework + (again ? 1 : 0), taskIds, reworks: ofTasks(reworks, taskIds) },
      },
    },
    ...sealedWith('FEEDBACK', personal, now),
    ...lifted(state, onIncident('CALLBACK'), 'MET', now),
  );
}

/** What is recorded of it. */
const commentOf = ({ comment, personal }: Pick<RecordFeedback, 'comment' | 'personal'>): string | null =>
  isMarked(personal, 'COMMENT') ? SEALED_TEXT : comment;

/** What was said stays said; what is meant now stands beside it. */
export function correctFeedback(state: IncidentState, command: CorrectFeedback): Decision {
  const { origin, solved, satisfaction, source, reason, personal } = command;
  const refusal =
    wrongCode(state, command) ??
    notIn(state, 'FEEDBACK', 'HANDLING', 'CHECKING', 'CLOSED', 'MERGED') ??
    scoredUnit(state, command);
  if (refusal) return refuse(refusal);
  if (!state.rated) return refuse({ code: 'FEEDBACK_NOT_RECORDED' });
  const corrected: IncidentEvent = {
    type: 'FeedbackCorrected',
    occurredAt: origin.now,
    data: { cycle: state.cycle, solved, satisfaction, comment: commentOf(command), source, reason },
  };
  const said = unlessSaid(state.lastWord, corrected);
  return accept(...said, ...(said.length === 0 ? [] : sealedWith('FEEDBACK', personal, origin.now)));
}

export function close(state: IncidentState, { origin, closing }: CloseIncident): Decision {
  const refusal = notIn(state, 'FEEDBACK');
  if (refusal) return refuse(refusal);
  const until = state.feedbackUntil ?? origin.now;
  if (!state.feedbackRecorded && Date.parse(origin.now) < Date.parse(until)) {
    return refuse({ code: 'FEEDBACK_OUTSTANDING', until });
  }
  return accept(
    ...breachesBefore(state, origin.now, ofIncident('CALLBACK')),
    ...closed(state, origin.now, closing),
  );
}

/** A new cycle under what is in force now. Out of the window it is a new incident, linked to this one. */
export function reopen(state: IncidentState, command: ReopenIncident): Decision {
  const { origin, by, receiptHash, reason, pins, deadlines } = command;
  if (by === 'REPORTER' && receiptHash !== state.receiptHash) return refuse({ code: 'RECEIPT_CODE_WRONG' });
  // A withdrawn matter that turns out to be a hazard is taken up again by an office, not by whoever withdrew it.
  const refusal =
    (by === 'OFFICE' ? notTheirs(state, origin) : null) ??
    (by === 'OFFICE' ? notIn(state, 'CLOSED', 'WITHDRAWN') : notIn(state, 'CLOSED'));
  if (refusal) return refuse(refusal);
  const { now, actor } = origin;
  const { reopenUntil } = state;
  // Cases of another system were closed there.
  if (state.imported || (reopenUntil !== null && Date.parse(now) > Date.parse(reopenUntil)))
    return refuse({ code: 'REOPEN_WINDOW_OVER' });
  const cycle = state.cycle + 1;
  return accept(
    { type: 'IncidentReopened', occurredAt: now, data: { cycle, by, unitId: actor.orgUnitId, reason } },
    { type: 'IncidentFiled', occurredAt: now, data: { cycle, pins, deadlines } },
  );
}
