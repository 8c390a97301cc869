import type { CompleteSelfHandling, StartSelfHandling } from '../incident.commands.js';
import type { IncidentEvent } from '../incident.events.js';
import type { IncidentState } from '../incident.state.js';
import { deadlineOf } from '../incident.state.js';
import { type Decision, accept, refuse } from './decision.js';
import { isLate, notIn, notTheirs } from './guards.js';
import { asAWhole, lifted, totalBreachBefore } from './overdue.js';

export function startSelfHandling(state: IncidentState, command: StartSelfHandling): Decision {
  const { origin, level, handlingUnitId, note } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'FILED');
  if (refusal) return refuse(refusal);
  return accept({
    type: 'SelfHandlingStarted',
    occurredAt: origin.now,
    data: { level, handlingUnitId, note },
  });
}

export function completeSelfHandling(
  state: IncidentState,
  { origin, note, evidence }: CompleteSelfHandling,
): Decision {
  const refusal = notTheirs(state, origin) ?? notIn(state, 'HANDLING');
  if (refusal) return refuse(refusal);
  if (state.mode !== 'SELF') return refuse({ code: 'INCIDENT_STATE', state: 'HANDLING', allowed: [] });
  return accept(...handlingCompleted(state, origin.now, note, evidence));
}

export function handlingCompleted(
  state: IncidentState,
  occurredAt: string,
  note: string | null,
  evidence: readonly string[],
): IncidentEvent[] {
  const total = deadlineOf(state.deadlines, 'INCIDENT_TOTAL');
  const completed: IncidentEvent = {
    type: 'HandlingCompleted',
    occurredAt,
    data: {
      mode: state.mode ?? 'SELF',
      cycle: state.cycle,
      level: state.level ?? 'COMMUNITY',
      note,
      evidence,
      dueAt: total?.dueAt ?? null,
      late: isLate(occurredAt, total),
    },
  };
  return [
    ...totalBreachBefore(state, occurredAt),
    completed,
    ...lifted(state, asAWhole, 'COMPLETED', ['INCIDENT_TOTAL'], occurredAt),
  ];
}
