import type {
  CommandOrigin,
  CompleteSelfHandling,
  EscalateLevel,
  RecordSelfHandlerContact,
  StartSelfHandling,
} from '../incident.commands.js';
import type { IncidentEvent } from '../incident.events.js';
import type { Refusal } from '../incident.refusals.js';
import { deadlineOf, isWhistled, levelRank, type IncidentState } from '../incident.state.js';
import { breachesBefore, lifted, ofIncident, onIncident } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { handlingCompleted } from './ending.js';
import { flagged } from './evidence.js';
import { isLate, notIn, notTheirs, unlessSaid } from './guards.js';

export function startSelfHandling(state: IncidentState, command: StartSelfHandling): Decision {
  const { origin, level, handlingUnitId, parties, note } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'FILED');
  if (refusal) return refuse(refusal);
  // What was handed up is not handed down; what was whistled about in error may be handled where it is.
  if (state.escalatedTo !== null && levelRank(level) < levelRank(state.escalatedTo))
    return refuse({ code: 'LEVEL_TOO_LOW' });
  const { now } = origin;
  return accept(
    ...breachesBefore(state, now, ofIncident('DISPATCH')),
    { type: 'SelfHandlingStarted', occurredAt: now, data: { level, handlingUnitId, parties, note } },
    ...lifted(state, onIncident('DISPATCH'), 'MET', now),
  );
}

/** Refused where a whistle handles it: then departments call, each about its task. */
function notSelfHandled(state: IncidentState, origin: CommandOrigin): Refusal | null {
  const refusal = notTheirs(state, origin) ?? notIn(state, 'HANDLING');
  if (refusal) return refusal;
  return state.mode === 'SELF' ? null : { code: 'INCIDENT_STATE', state: 'HANDLING', allowed: [] };
}

export function recordSelfHandlerContact(state: IncidentState, command: RecordSelfHandlerContact): Decision {
  const { origin, reached, note } = command;
  const refusal = notSelfHandled(state, origin);
  if (refusal) return refuse(refusal);
  if (state.contacted) return refuse({ code: 'CONTACT_RECORDED' });
  const { now, actor } = origin;
  const deadline = isWhistled(state) ? undefined : deadlineOf(state.deadlines, 'CONTACT');
  const contact: IncidentEvent = {
    type: 'ReporterContactedBySelfHandler',
    occurredAt: now,
    data: {
      ...{ cycle: state.cycle, handlingUnitId: actor.orgUnitId, reached, note },
      ...{ dueAt: deadline?.dueAt ?? null, late: reached && isLate(now, deadline) },
    },
  };
  if (!reached) return accept(...unlessSaid(state.lastWord, contact));
  return accept(
    ...breachesBefore(state, now, ofIncident('CONTACT')),
    contact,
    ...lifted(state, onIncident('CONTACT'), 'MET', now),
  );
}

export function completeSelfHandling(state: IncidentState, command: CompleteSelfHandling): Decision {
  const { origin, note, evidence, deadlines } = command;
  const refusal = notSelfHandled(state, origin);
  if (refusal) return refuse(refusal);
  const { now, actor } = origin;
  const claim = { of: 'SELF_HANDLING', taskId: null, unitId: actor.orgUnitId, occurredAt: now } as const;
  return accept(
    ...handlingCompleted(state, { occurredAt: now, note, evidence, deadlines }),
    ...flagged({ ...claim, from: state.reportedAt, to: now }, command.captured),
  );
}

/** Upward only. Whoever held it holds it no more: the higher level handles it itself, or whistles. */
export function escalate(state: IncidentState, { origin, to, reason }: EscalateLevel): Decision {
  const refusal = notTheirs(state, origin) ?? notIn(state, 'FILED', 'HANDLING');
  if (refusal) return refuse(refusal);
  if (state.mode === 'WHISTLE')
    return refuse({ code: 'INCIDENT_STATE', state: 'HANDLING', allowed: ['FILED'] });
  const from = state.level;
  if (levelRank(to) <= levelRank(from ?? 'ESTATE')) return refuse({ code: 'LEVEL_NOT_HIGHER' });
  return accept({
    type: 'IncidentEscalated',
    occurredAt: origin.now,
    data: { from, to, unitId: origin.actor.orgUnitId, reason },
  });
}
