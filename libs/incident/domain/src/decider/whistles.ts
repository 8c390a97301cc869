import type {
  ApproveWhistle,
  BlowWhistle,
  CancelWhistle,
  CommandOrigin,
  EvaluateTask,
} from '../incident.commands.js';
import type { IncidentEvent, WhistleBlown } from '../incident.events.js';
import type { Refusal } from '../incident.refusals.js';
import {
  deadlineOf,
  isOpenTask,
  openTasks,
  openWhistles,
  taskOf,
  whistleOf,
  type IncidentState,
  type Whistle,
} from '../incident.state.js';
import { breachesBefore, concerning, lifted, ofIncident, ofTask, ofWhistle, onIncident } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { settled } from './ending.js';
import { isLate, knownWhistle, notIn, notTheirs, readAt, taskNotIn, unsoundSummons } from './guards.js';

/** One whistle at a time: further departments are added to it. A department's own may run beside it. */
function notWhistleable(state: IncidentState): Refusal | null {
  const elsewhere = notIn(state, 'FILED', 'HANDLING');
  if (elsewhere) return elsewhere;
  return openWhistles(state).some(({ reverse }) => !reverse)
    ? { code: 'INCIDENT_STATE', state: 'HANDLING', allowed: ['FILED'] }
    : null;
}

/** A department whistles back from a matter that it was summoned to, and about that matter only. */
function notSummoned(state: IncidentState, { actor }: CommandOrigin): Refusal | null {
  const elsewhere = notIn(state, 'HANDLING');
  if (elsewhere) return elsewhere;
  const own = openTasks(state).some(({ departmentId }) => departmentId === actor.orgUnitId);
  return own ? null : { code: 'DEPARTMENT_NOT_SUMMONED' };
}

type Approval = WhistleBlown['data']['approval'];

/** How a whistle comes about, by the rule of its kind: blown, blown to be ratified, or proposed (null). */
function approvalOf({ rules, whistle, origin }: BlowWhistle): Approval | null | Refusal {
  const { proposers, approvers, actsFirst, fourEyes } = rules.whistles[whistle];
  const { role } = origin.actor;
  const mayApprove = approvers.includes(role);
  if (!mayApprove && !proposers.includes(role)) return { code: 'WHISTLE_NOT_PERMITTED' };
  if (mayApprove && !fourEyes) return 'NOT_NEEDED';
  return actsFirst ? 'TO_BE_RATIFIED' : null;
}

export function blowWhistle(state: IncidentState, command: BlowWhistle): Decision {
  const { origin, whistleId, whistle, reason, origination, tasks } = command;
  if (whistleOf(state, whistleId)) return accept();
  const reverse = origin.actor.role === 'department';
  const refusal =
    notTheirs(state, origin) ??
    (reverse ? notSummoned(state, origin) : notWhistleable(state)) ??
    unsoundSummons(state, tasks);
  if (refusal) return refuse(refusal);
  const approval = reverse ? 'NOT_NEEDED' : approvalOf(command);
  if (approval !== null && typeof approval === 'object') return refuse(approval);
  const { now, actor } = origin;
  if (approval === null) {
    return accept({
      type: 'WhistleProposed',
      occurredAt: now,
      data: {
        ...{ whistleId, kind: whistle, reason, origin: origination, proposingUnitId: actor.orgUnitId },
        ...{
          proposedBy: actor.id,
          summons: tasks.map(({ departmentId, role }) => ({ departmentId, role })),
        },
      },
    });
  }
  return accept(
    ...blown(state, now, {
      ...{ whistleId, kind: whistle, reason, whistlingUnitId: actor.orgUnitId, blownBy: actor.id },
      ...{ origin: origination, reverse, approval, repeats: blownBefore(state), tasks },
      deadlines: approval === 'TO_BE_RATIFIED' ? command.deadlines : [],
    }),
  );
}

const blownBefore = (state: IncidentState): string[] =>
  state.whistles
    .filter(({ state: known, reverse }) => known !== 'PROPOSED' && known !== 'REFUSED' && !reverse)
    .map(({ whistleId }) => whistleId);

function blown(state: IncidentState, now: string, data: WhistleBlown['data']): IncidentEvent[] {
  return [
    // From here on the reporter is the departments' to contact, each by a clock of its own.
    ...breachesBefore(state, now, ofIncident('DISPATCH', 'CONTACT')),
    { type: 'WhistleBlown', occurredAt: now, data },
    ...lifted(state, onIncident('DISPATCH'), 'MET', now),
    ...lifted(state, onIncident('CONTACT'), 'ENDED', now),
  ];
}

/** Approves a proposal, which blows it, or ratifies what acted first; or refuses either. */
export function approveWhistle(state: IncidentState, command: ApproveWhistle): Decision {
  const { origin, whistleId, rules } = command;
  const foreign = notTheirs(state, origin);
  if (foreign) return refuse(foreign);
  const known = knownWhistle(state, whistleId, 'PROPOSED', 'BLOWN', 'COMPLETED', 'EVALUATED');
  if (known.refusal) return refuse(known.refusal);
  const { whistle } = known;
  const { approvers, fourEyes } = rules.whistles[whistle.kind];
  if (!approvers.includes(origin.actor.role)) return refuse({ code: 'APPROVER_NOT_PERMITTED' });
  if (fourEyes && origin.actor.id === whistle.blownBy) return refuse({ code: 'APPROVER_IS_PROPOSER' });
  if (whistle.state === 'PROPOSED')
    return refusedBy(notIn(state, 'FILED', 'HANDLING')) ?? decideProposal(state, whistle, command);
  if (!whistle.toBeRatified) return refuse({ code: 'WHISTLE_NEEDS_NO_APPROVAL' });
  const ended = notStanding(state);
  if (ended) return refuse(ended);
  return ratify(state, whistle, command);
}

/** A whistle of an earlier cycle is neither ratified nor evaluated any more once the incident has come to nothing. */
const notStanding = (state: IncidentState): Refusal | null =>
  notIn(state, 'FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'CLOSED', 'SUSPENDED', 'MERGED');

const refusedBy = (refusal: Refusal | null): Decision | null => (refusal ? refuse(refusal) : null);

function decideProposal(state: IncidentState, whistle: Whistle, command: ApproveWhistle): Decision {
  const { origin, approve, note, tasks } = command;
  const { whistleId, kind, reason, whistlingUnitId, blownBy } = whistle;
  const { now, actor } = origin;
  if (!approve) {
    const data = { whistleId, refusingUnitId: actor.orgUnitId, reason: note ?? '' };
    return accept({ type: 'WhistleRefused', occurredAt: now, data });
  }
  // What was proposed about the cycle before is proposed anew, under what holds now.
  if (whistle.cycle !== state.cycle)
    return refuse({ code: 'WHISTLE_STATE', state: 'PROPOSED', allowed: ['REFUSED', 'CANCELLED'] });
  const refusal = notWhistleable(state) ?? unsoundSummons(state, tasks);
  if (refusal) return refuse(refusal);
  return accept(
    {
      type: 'WhistleApproved',
      occurredAt: now,
      data: { whistleId, approvingUnitId: actor.orgUnitId, note },
    },
    ...blown(state, now, {
      ...{ whistleId, kind, reason, whistlingUnitId, blownBy, origin: whistle.origin, reverse: false },
      ...{ approval: 'APPROVED', repeats: blownBefore(state), tasks, deadlines: [] },
    }),
  );
}

function ratify(state: IncidentState, { whistleId, deadlines }: Whistle, command: ApproveWhistle): Decision {
  const { origin, approve, note } = command;
  const { now, actor } = origin;
  const deadline = deadlineOf(deadlines, 'RATIFICATION');
  const late = isLate(readAt(state, now), deadline);
  return accept(
    ...breachesBefore(state, now, ofWhistle(whistleId)),
    approve
      ? {
          type: 'WhistleRatified',
          occurredAt: now,
          data: { whistleId, ratifyingUnitId: actor.orgUnitId, note, dueAt: deadline?.dueAt ?? null, late },
        }
      : { type: 'WhistleFlagged', occurredAt: now, data: { whistleId, reason: 'RATIFICATION_REFUSED' } },
    ...lifted(state, ({ deadlineId }) => deadlineId === deadline?.deadlineId, 'MET', now),
  );
}

/** Whoever blew it takes it back: a department its own, a street what it or its communities have blown. */
export function cancelWhistle(state: IncidentState, command: CancelWhistle): Decision {
  const { origin, whistleId, reason, deadlines } = command;
  const { now, actor } = origin;
  const foreign = notTheirs(state, origin);
  if (foreign) return refuse(foreign);
  const known = knownWhistle(state, whistleId, 'PROPOSED', 'BLOWN');
  if (known.refusal) return refuse(known.refusal);
  const { whistle } = known;
  const own = whistle.reverse || actor.role === 'department';
  if (own && (actor.orgUnitId === null || whistle.whistlingUnitId !== actor.orgUnitId))
    return refuse({ code: 'WHISTLE_NOT_YOURS' });
  const elsewhere = whistle.state === 'BLOWN' ? notIn(state, 'HANDLING') : notIn(state, 'FILED', 'HANDLING');
  if (elsewhere) return refuse(elsewhere);
  const open = state.tasks.filter((task) => task.whistleId === whistleId && isOpenTask(task));
  const taskIds = open.map(({ taskId }) => taskId);
  const events: IncidentEvent[] = [
    ...breachesBefore(state, now, ofWhistle(whistleId)),
    ...taskIds.flatMap((taskId) => breachesBefore(state, now, ofTask(taskId))),
    {
      type: 'WhistleCancelled',
      occurredAt: now,
      data: { whistleId, cancellingUnitId: actor.orgUnitId, reason, taskIds },
    },
    ...open.flatMap((task) => lifted(state, concerning(task), 'ENDED', now)),
    ...lifted(
      state,
      ({ deadlineId }) => whistle.deadlines.some((deadline) => deadline.deadlineId === deadlineId),
      'ENDED',
      now,
    ),
  ];
  return accept(
    ...events,
    ...settled(state, events, { occurredAt: now, note: null, evidence: [], deadlines }),
  );
}

/** 评哨: by whoever whistled, of each department that did its part, once. */
export function evaluateTask(state: IncidentState, command: EvaluateTask): Decision {
  const { origin, whistleId, taskId, evaluationId, score, comment } = command;
  const evaluatingUnitId = origin.actor.orgUnitId;
  const foreign = notTheirs(state, origin);
  if (foreign) return refuse(foreign);
  const known = knownWhistle(state, whistleId, 'COMPLETED', 'EVALUATED');
  if (known.refusal) return refuse(known.refusal);
  const ended = notStanding(state);
  if (ended) return refuse(ended);
  const { whistlingUnitId, reverse } = known.whistle;
  // A community's whistle is its street's to evaluate.
  const own = reverse || origin.actor.role === 'department';
  if (own && (evaluatingUnitId === null || whistlingUnitId !== evaluatingUnitId))
    return refuse({ code: 'WHISTLE_NOT_YOURS' });
  const task = taskOf(state, taskId);
  if (task?.whistleId !== whistleId) return refuse({ code: 'TASK_NOT_FOUND' });
  if (task.departmentId === evaluatingUnitId) return refuse({ code: 'WHISTLE_NOT_YOURS' });
  const refusal = taskNotIn(task, 'DONE');
  if (refusal) return refuse(refusal);
  if (task.evaluated) return refuse({ code: 'EVALUATION_RECORDED' });
  return accept({
    type: 'TaskEvaluated',
    occurredAt: origin.now,
    data: {
      ...{ evaluationId, whistleId, taskId, departmentId: task.departmentId, evaluatingUnitId, score },
      comment,
    },
  });
}
