import type {
  DecideAppeal,
  FileAppeal,
  IssueSupervision,
  LiftSupervision,
  RespondToSupervision,
} from '../incident.commands.js';
import type { AppealItem } from '../incident.events.js';
import type { Refusal } from '../incident.refusals.js';
import {
  deadlineOf,
  everyDeadline,
  taskOf,
  type IncidentState,
  type Supervision,
} from '../incident.state.js';
import { breachesBefore, lifted } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { isLate, notIn, notTheirs, readAt, taskNotIn } from './guards.js';

/** 督办 by a person; what the ladder issues comes of {@link MarkOverdue}. */
export function issueSupervision(state: IncidentState, command: IssueSupervision): Decision {
  const { origin, supervisionId, taskId, level, notify, reason, deadlines } = command;
  if (state.supervisions.some((order) => order.supervisionId === supervisionId)) return accept();
  const elsewhere = notIn(
    state,
    ...(['REPORTED', 'VERIFYING', 'FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'SUSPENDED'] as const),
  );
  if (elsewhere) return refuse(elsewhere);
  const task = taskId === null ? null : taskOf(state, taskId);
  if (task === undefined) return refuse({ code: 'TASK_NOT_FOUND' });
  const ended =
    task &&
    taskNotIn(
      task,
      ...(['NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING'] as const),
      ...(['RETURN_REQUESTED', 'IN_ARBITRATION'] as const),
    );
  if (ended) return refuse(ended);
  return accept({
    type: 'SupervisionIssued',
    occurredAt: origin.now,
    data: {
      ...{ supervisionId, taskId, departmentId: task?.departmentId ?? null, deadlineId: null, dueAt: null },
      ...{ step: null, level, notify, issuedBy: 'PERSON', reason, deadlines },
    },
  });
}

function orderInForce(
  state: IncidentState,
  supervisionId: string,
): { order: Supervision; refusal?: undefined } | { refusal: Refusal; order?: undefined } {
  const order = state.supervisions.find((known) => known.supervisionId === supervisionId);
  if (order === undefined) return { refusal: { code: 'SUPERVISION_NOT_FOUND' } };
  return order.lifted ? { refusal: { code: 'SUPERVISION_LIFTED' } } : { order };
}

/** By whoever it is addressed to: the task's department, or the incident's street and whoever handles it. */
function notAddressed(state: IncidentState, order: Supervision, unitId: string | null): Refusal | null {
  const task = order.taskId === null ? undefined : taskOf(state, order.taskId);
  const addressed = task
    ? [task.departmentId]
    : [state.place.streetId, state.place.communityId, ...state.handlingUnits];
  return unitId !== null && addressed.includes(unitId) ? null : { code: 'SUPERVISION_NOT_YOURS' };
}

export function respondToSupervision(state: IncidentState, command: RespondToSupervision): Decision {
  const { origin, supervisionId, response } = command;
  const found = orderInForce(state, supervisionId);
  if (found.refusal) return refuse(found.refusal);
  const { order } = found;
  const respondingUnitId = origin.actor.orgUnitId;
  const foreign = notAddressed(state, order, respondingUnitId);
  if (foreign) return refuse(foreign);
  if (order.responded) return refuse({ code: 'SUPERVISION_ANSWERED' });
  const deadline = deadlineOf(order.deadlines, 'SUPERVISION_RESPONSE');
  const { now } = origin;
  return accept(
    ...breachesBefore(
      state,
      now,
      ({ owner }) => owner.kind === 'ORDER' && owner.order.supervisionId === supervisionId,
    ),
    {
      type: 'SupervisionResponded',
      occurredAt: now,
      data: {
        ...{ supervisionId, taskId: order.taskId, respondingUnitId, response },
        ...{ dueAt: deadline?.dueAt ?? null, late: isLate(readAt(state, now), deadline) },
      },
    },
    ...lifted(
      state,
      ({ deadlineId }) => deadlineId !== null && deadlineId === deadline?.deadlineId,
      'MET',
      now,
    ),
  );
}

export function liftSupervision(state: IncidentState, command: LiftSupervision): Decision {
  const { origin, supervisionId, reason } = command;
  const found = orderInForce(state, supervisionId);
  if (found.refusal) return refuse(found.refusal);
  return accept(...lifted(state, (order) => order === found.order, 'BY_PERSON', origin.now, reason));
}

/** Whether the incident has what is contested. Feedback is one thing; of all else it has to be said which. */
function isContestable(state: IncidentState, item: AppealItem, itemId: string | null): boolean {
  if (item === 'FEEDBACK' || itemId === null) return item === 'FEEDBACK' && itemId === null;
  switch (item) {
    case 'EVALUATION':
      return state.evaluations.includes(itemId);
    case 'OVERDUE':
      return (
        everyDeadline(state).some(({ deadlineId }) => deadlineId === itemId) ||
        [state, ...state.tasks, ...state.whistles, ...state.supervisions].some(({ breached }) =>
          breached.includes(itemId),
        )
      );
    case 'RETURN':
      return state.returns.some(({ returnId }) => returnId === itemId);
    case 'RELEASE':
      return taskOf(state, itemId) !== undefined;
  }
}

/** 申诉: once for each item, within its window, by a unit that is scored by the incident. */
export function fileAppeal(state: IncidentState, command: FileAppeal): Decision {
  const { origin, appealId, item, itemId, reason, evidence } = command;
  const { now, actor } = origin;
  const foreign = notTheirs(state, origin) ?? notIn(state, 'CLOSED');
  if (foreign) return refuse(foreign);
  const unitId = actor.orgUnitId;
  const scored = [...state.everHandled, state.place.streetId, state.place.communityId];
  if (unitId === null || !scored.includes(unitId)) return refuse({ code: 'APPEAL_BY_UNSCORED_UNIT' });
  if (!isContestable(state, item, itemId)) return refuse({ code: 'APPEAL_ITEM_UNKNOWN' });
  const { appealUntil, cycle } = state;
  const same = state.appeals.some(
    (appeal) =>
      appeal.unitId === unitId && appeal.cycle === cycle && appeal.item === item && appeal.itemId === itemId,
  );
  if (same) return refuse({ code: 'APPEAL_FILED' });
  if (appealUntil !== null && Date.parse(now) > Date.parse(appealUntil))
    return refuse({ code: 'APPEAL_WINDOW_OVER' });
  return accept({
    type: 'AppealFiled',
    occurredAt: now,
    data: { appealId, unitId, item, itemId, cycle, reason, evidence },
  });
}

/** 剔除, or not. Never by the unit that contests. */
export function decideAppeal(state: IncidentState, command: DecideAppeal): Decision {
  const { origin, appealId, exclude, reason } = command;
  const appeal = state.appeals.find((known) => known.appealId === appealId);
  if (appeal === undefined) return refuse({ code: 'APPEAL_NOT_FOUND' });
  if (appeal.decided) return refuse({ code: 'APPEAL_DECIDED' });
  const decidingUnitId = origin.actor.orgUnitId;
  if (decidingUnitId === appeal.unitId) return refuse({ code: 'APPEAL_DECIDED_BY_PARTY' });
  const { unitId, item, itemId, cycle } = appeal;
  return accept(
    exclude
      ? {
          type: 'ScoreExcluded',
          occurredAt: origin.now,
          data: { appealId, unitId, item, itemId, cycle, decidingUnitId, reason },
        }
      : {
          type: 'AppealRefused',
          occurredAt: origin.now,
          data: { appealId, unitId, decidingUnitId, reason },
        },
  );
}
