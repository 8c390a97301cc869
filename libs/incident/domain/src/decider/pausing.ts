import { admittedMoves } from '../incident.clocks.js';
import type {
  CommandOrigin,
  JoinDuplicate,
  LeaveDuplicate,
  MergeIncident,
  ResumeIncident,
  SuspendIncident,
  UnmergeIncident,
} from '../incident.commands.js';
import type { IncidentEvent } from '../incident.events.js';
import type { Refusal } from '../incident.refusals.js';
import { levelRank, openTasks, type IncidentState } from '../incident.state.js';
import { breachesBefore, lifted, ofIncident, onIncident } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { notIn, notTheirs, unlessSaid } from './guards.js';

// What makes the clocks of an incident stand still: that it cannot be solved now, or that it is another one.

/** Approvals of a suspension come from above whoever handles it; a supervision centre stands above every department. */
function notAbove(state: IncidentState, { actor }: CommandOrigin): Refusal | null {
  const refusal = { code: 'APPROVER_NOT_ABOVE_HANDLER' } as const;
  if (actor.orgUnitId !== null && state.handlingUnits.includes(actor.orgUnitId)) return refusal;
  if (actor.role !== 'street-office') return null;
  return levelRank(state.level ?? 'ESTATE') < levelRank('SUBDISTRICT') ? null : refusal;
}

const notAhead = (reviewAt: string, now: string): Refusal | null =>
  Date.parse(reviewAt) > Date.parse(now) ? null : { code: 'REVIEW_NOT_AHEAD' };

export function suspend(state: IncidentState, command: SuspendIncident): Decision {
  const { origin, reasonCode, reason, reviewAt, usedPercent, usedTime, deadlines } = command;
  const { now, actor } = origin;
  const refusal =
    notTheirs(state, origin) ??
    notIn(state, 'FILED', 'HANDLING') ??
    notAbove(state, origin) ??
    notAhead(reviewAt, now);
  if (refusal) return refuse(refusal);
  return accept(
    // Never retroactively: what was missed before the approval was missed.
    ...breachesBefore(state, now, () => true),
    {
      type: 'IncidentSuspended',
      occurredAt: now,
      data: {
        ...{ reasonCode, reason, approvingUnitId: actor.orgUnitId, reviewAt, usedPercent, usedTime },
        deadlines,
      },
    },
  );
}

export function resume(state: IncidentState, command: ResumeIncident): Decision {
  const { origin, reason, renewUntil, deadlines, moves } = command;
  const { now, actor } = origin;
  const refusal =
    notTheirs(state, origin) ??
    notIn(state, 'SUSPENDED') ??
    (renewUntil === null ? null : (notAbove(state, origin) ?? notAhead(renewUntil, now)));
  if (refusal) return refuse(refusal);
  const unitId = actor.orgUnitId;
  const decided: IncidentEvent =
    renewUntil === null
      ? {
          type: 'IncidentResumed',
          occurredAt: now,
          data: { unitId, reason, moves: admittedMoves(state, moves) },
        }
      : {
          type: 'SuspensionRenewed',
          occurredAt: now,
          data: { approvingUnitId: unitId, reason, reviewAt: renewUntil, deadlines },
        };
  const told = unlessSaid(state.lastWord, decided);
  if (told.length === 0) return accept();
  return accept(
    ...breachesBefore(state, now, ofIncident('SUSPENSION_REVIEW')),
    ...told,
    ...lifted(state, onIncident('SUSPENSION_REVIEW'), 'MET', now),
  );
}

/** The last step of merging: the incident that goes on has taken it up ({@link joinDuplicate}). */
export function merge(state: IncidentState, command: MergeIncident): Decision {
  const { origin, into, reason, target, keepDepartments } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'REPORTED', 'VERIFYING', 'FILED', 'HANDLING');
  if (refusal) return refuse(refusal);
  if (into === state.incidentId) return refuse({ code: 'MERGE_INTO_ITSELF' });
  // One level deep: so a circle cannot come about, whoever merges what at the same moment.
  if (state.duplicates.length > 0) return refuse({ code: 'HAS_DUPLICATES' });
  if (ENDED.includes(target.lifecycle)) return refuse({ code: 'MERGE_TARGET_ENDED' });
  if (openTasks(state).length > 0 && target.openTasks > 0 && keepDepartments === null)
    return refuse({ code: 'MERGE_NEEDS_TASKS_NAMED' });
  const { now, actor } = origin;
  return accept(...breachesBefore(state, now, () => true), {
    type: 'IncidentMerged',
    occurredAt: now,
    data: { into, unitId: actor.orgUnitId, reason },
  });
}

/** By the street of either: what was put into a street's incident can be taken out by it. */
export function unmerge(state: IncidentState, command: UnmergeIncident): Decision {
  const { origin, reason, moves, targetStreetId } = command;
  const { role, orgUnitId } = origin.actor;
  const ofTarget = role === 'street-office' && orgUnitId !== null && orgUnitId === targetStreetId;
  const refusal = (ofTarget ? null : notTheirs(state, origin)) ?? notIn(state, 'MERGED');
  if (refusal) return refuse(refusal);
  return accept({
    type: 'IncidentUnmerged',
    occurredAt: origin.now,
    data: {
      ...{ from: state.mergedInto ?? '', unitId: origin.actor.orgUnitId, reason },
      moves: admittedMoves(state, moves),
    },
  });
}

const ENDED: readonly IncidentState['lifecycle'][] = [
  'NONE',
  'CLOSED',
  'REJECTED',
  'MERGED',
  'WITHDRAWN',
  'VOIDED',
];

/** The first step of merging, on the incident that goes on: by its own street, or from above both. */
export function joinDuplicate(state: IncidentState, command: JoinDuplicate): Decision {
  const { origin, incidentId, merged } = command;
  if (incidentId === state.incidentId) return refuse({ code: 'MERGE_INTO_ITSELF' });
  if (state.duplicates.includes(incidentId)) return accept();
  if (!merged && notTheirs(state, origin)) return refuse({ code: 'MERGE_ACROSS_STREETS' });
  if (!merged && ENDED.includes(state.lifecycle)) return refuse({ code: 'MERGE_TARGET_ENDED' });
  return accept({
    type: 'DuplicateJoined',
    occurredAt: origin.now,
    data: { incidentId, unitId: origin.actor.orgUnitId },
  });
}

export function leaveDuplicate(state: IncidentState, { origin, incidentId }: LeaveDuplicate): Decision {
  if (!state.duplicates.includes(incidentId)) return accept();
  return accept({
    type: 'DuplicateLeft',
    occurredAt: origin.now,
    data: { incidentId, unitId: origin.actor.orgUnitId },
  });
}
