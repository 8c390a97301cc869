import type { FileIncident, ImportIncident, ReportIncident } from '../incident.commands.js';
import type { IncidentEvent } from '../incident.events.js';
import type { IncidentState } from '../incident.state.js';
import { deadlineOf } from '../incident.state.js';
import { type Decision, accept, refuse } from './decision.js';
import { admitClaim, notIn, notTheirs } from './guards.js';

export function report(state: IncidentState, command: ReportIncident): Decision {
  if (state.lifecycle !== 'NONE') return refuse({ code: 'INCIDENT_EXISTS' });
  const { origin, occurredAt, tolerance, filing } = command;
  // A report about yesterday is a report about yesterday: past claims are believed whatever their age.
  const admitted = admitClaim(occurredAt, origin.now, tolerance, () => true);
  if (admitted === null) return refuse({ code: 'OCCURRED_AT_IN_FUTURE' });
  const { incidentId, category, severity, description, location, place, channel, anonymous } = command;
  const reported: IncidentEvent = {
    type: 'IncidentReported',
    occurredAt: admitted.occurredAt,
    data: {
      incidentId,
      category,
      severity,
      description,
      location,
      place,
      channel,
      anonymous,
      reporter: command.reporter,
      receiptHash: command.receiptHash,
      claimedAt: admitted.claimedAt,
      imported: false,
      externalId: null,
    },
  };
  if (filing === null) return accept(reported);
  return accept(reported, { type: 'IncidentFiled', occurredAt: origin.now, data: { cycle: 1, ...filing } });
}

export function importCase(state: IncidentState, command: ImportIncident): Decision {
  if (state.lifecycle !== 'NONE') return refuse({ code: 'INCIDENT_EXISTS' });
  const { openedAt, closedAt, task } = command;
  const { incidentId, category, severity, description, location, place, channel, receiptHash, externalId } =
    command;
  const dueAt = deadlineOf(task.deadlines, 'HANDLING')?.dueAt ?? null;
  const life: IncidentEvent[] = [
    {
      type: 'IncidentReported',
      occurredAt: openedAt,
      data: {
        ...{ incidentId, category, severity, description, location, place, channel, receiptHash, externalId },
        ...{ anonymous: true, reporter: null, claimedAt: null, imported: true },
      },
    },
    { type: 'IncidentFiled', occurredAt: openedAt, data: { cycle: 1, pins: null, deadlines: [] } },
    {
      type: 'WhistleBlown',
      occurredAt: openedAt,
      data: {
        whistleId: command.whistleId,
        kind: 'PUBLIC_DEMAND',
        reason: 'imported',
        whistlingUnitId: command.whistlingUnitId,
        tasks: [task],
      },
    },
  ];
  if (closedAt !== null) life.push(...importedEnding(command, closedAt, dueAt));
  return accept(...life);
}

function importedEnding({ task }: ImportIncident, closedAt: string, dueAt: string | null): IncidentEvent[] {
  const { taskId, departmentId, level } = task;
  const late = dueAt !== null && Date.parse(closedAt) > Date.parse(dueAt);
  return [
    {
      type: 'TaskCompleted',
      occurredAt: closedAt,
      data: { taskId, departmentId, dueAt, late, note: null, evidence: [] },
    },
    {
      type: 'HandlingCompleted',
      occurredAt: closedAt,
      data: { mode: 'WHISTLE', cycle: 1, level, note: null, evidence: [], dueAt: null, late: false },
    },
    { type: 'IncidentClosed', occurredAt: closedAt, data: { cycle: 1, resolutionLevel: level } },
  ];
}

export function file(state: IncidentState, { origin, pins, deadlines }: FileIncident): Decision {
  const refusal = notTheirs(state, origin) ?? notIn(state, 'REPORTED');
  if (refusal) return refuse(refusal);
  return accept({
    type: 'IncidentFiled',
    occurredAt: origin.now,
    data: { cycle: state.cycle, pins, deadlines },
  });
}
