import type { CommandOrigin, DecideReporterFlag, FlagReporter } from '../incident.commands.js';
import type { IncidentState, ReporterFlag } from '../incident.state.js';
import { type Decision, accept, refuse } from './decision.js';
import { isReporter, notTheirs } from './guards.js';

/** Proposed, in whatever state the incident is: it changes nothing about it (domain.md §6, 21). One at a time. */
export function flagReporter(state: IncidentState, { origin, flagId, reason }: FlagReporter): Decision {
  const foreign = notTheirs(state, origin);
  if (foreign) return refuse(foreign);
  if (state.reporterFlags.some((flag) => flag.flagId === flagId)) return accept();
  if (state.reporterFlags.some(({ decided }) => !decided)) return refuse({ code: 'FLAG_UNDECIDED' });
  const { id: proposedBy, role: proposingRole, orgUnitId: proposingUnitId } = origin.actor;
  return accept({
    type: 'ReporterFlagProposed',
    occurredAt: origin.now,
    data: { flagId, proposingUnitId, proposingRole, proposedBy, reason },
  });
}

/** By another office than proposed it, and by nobody who is flagged (domain.md §6, 39). */
export function decideReporterFlag(state: IncidentState, command: DecideReporterFlag): Decision {
  const { origin, flagId, approve, reason, alias } = command;
  const foreign = notTheirs(state, origin);
  if (foreign) return refuse(foreign);
  const flag = state.reporterFlags.find((known) => known.flagId === flagId);
  if (flag === undefined) return refuse({ code: 'FLAG_NOT_FOUND' });
  if (flag.decided) return refuse({ code: 'FLAG_DECIDED' });
  if (hasProposed(flag, origin) || isReporter(state, origin, alias))
    return refuse({ code: 'FLAG_DECIDED_BY_PARTY' });
  const { now, actor } = origin;
  return accept(
    approve
      ? {
          type: 'ReporterFlagApproved',
          occurredAt: now,
          data: { flagId, approvingUnitId: actor.orgUnitId, reason },
        }
      : {
          type: 'ReporterFlagRefused',
          occurredAt: now,
          data: { flagId, refusingUnitId: actor.orgUnitId, reason },
        },
  );
}

/** An office is a role in a unit: callback and supervision of one district are two. */
const hasProposed = (
  { proposedBy, proposingRole, proposingUnitId }: ReporterFlag,
  { actor }: CommandOrigin,
): boolean =>
  actor.id === proposedBy || (actor.role === proposingRole && actor.orgUnitId === proposingUnitId);
