import type { CompleteSelfHandling, EscalateLevel, StartSelfHandling } from '../incident.commands.js';
import { levelRank, type IncidentState } from '../incident.state.js';
import { breachesBefore, lifted, ofIncident, onIncident } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { handlingCompleted } from './ending.js';
import { flagged } from './evidence.js';
import { notIn, notTheirs } from './guards.js';

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

export function completeSelfHandling(state: IncidentState, command: CompleteSelfHandling): Decision {
  const { origin, note, evidence, deadlines } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'HANDLING');
  if (refusal) return refuse(refusal);
  if (state.mode !== 'SELF') return refuse({ code: 'INCIDENT_STATE', state: 'HANDLING', allowed: [] });
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
