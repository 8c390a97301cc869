import type {
  FileIncident,
  ImportIncident,
  LocateIncident,
  RejectIncident,
  ReportIncident,
  SupplementReport,
  VerifyIncident,
  VoidIncident,
  WithdrawIncident,
} from '../incident.commands.js';
import type { IncidentEvent } from '../incident.events.js';
import { deadlineOf, openTasks, type IncidentState } from '../incident.state.js';
import { breachesBefore, lifted, ofIncident, onIncident } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { admitClaim, isReporter, notIn, notTheirs, unlessSaid } from './guards.js';
import { coarsened, isMarked, recordedPlace, SEALED_TEXT, sealedWith } from './persons.js';

export function report(state: IncidentState, command: ReportIncident): Decision {
  if (state.lifecycle !== 'NONE') return refuse({ code: 'INCIDENT_EXISTS' });
  const { origin, occurredAt, tolerance, filing } = command;
  // A report about yesterday is a report about yesterday: past claims are believed whatever their age.
  const admitted = admitClaim(occurredAt, origin.now, tolerance, () => true);
  if (admitted === null) return refuse({ code: 'OCCURRED_AT_IN_FUTURE' });
  const { incidentId, category, severity, description, location, place, channel, anonymous, personal } =
    command;
  const reported: IncidentEvent = {
    type: 'IncidentReported',
    occurredAt: admitted.occurredAt,
    data: {
      incidentId,
      category,
      severity,
      description: isMarked(personal, 'DESCRIPTION') ? SEALED_TEXT : description,
      location: isMarked(personal, 'LOCATION') && location !== null ? coarsened(location) : location,
      place,
      channel,
      anonymous,
      reporter: command.reporter,
      receiptHash: command.receiptHash,
      claimedAt: admitted.claimedAt,
      imported: false,
      externalId: null,
      reportedBy: reportedBy(command),
      recurrenceOf: command.recurrenceOf,
      evidence: [...new Set(command.evidence)],
      deadlines: filing === null ? command.deadlines : [],
    },
  };
  const told = [reported, ...sealedWith('REPORT', personal, admitted.occurredAt)];
  if (filing === null) return accept(...told);
  return accept(...told, { type: 'IncidentFiled', occurredAt: origin.now, data: { cycle: 1, ...filing } });
}

/** Whoever works here answers for what they enter, also where the reporter has no name; a resident may have none. */
function reportedBy({ origin, anonymous }: ReportIncident): string | null {
  const { id, role } = origin.actor;
  const resident = role === 'resident' || role === 'anonymous';
  return resident && anonymous ? null : id;
}

/** Photos that one report may have, with those that come after it: a round about the place, and the same once more. */
export const PHOTOS_OF_REPORT_MAX = 20;

/**
 * Open to whoever holds the receipt, and as long as somebody may act on what is seen; after the closing too, since the
 * photo may show that it is not solved. A photo that is named already says nothing new, in whatever state.
 */
export function supplementReport(state: IncidentState, command: SupplementReport): Decision {
  const { origin, receiptHash, evidence } = command;
  // The code first: whoever has the wrong one learns nothing about the state of the case.
  if (receiptHash !== state.receiptHash) return refuse({ code: 'RECEIPT_CODE_WRONG' });
  if (state.reporterForgotten) return refuse({ code: 'REPORTER_FORGOTTEN' });
  if (state.reporterWithdrew) return refuse({ code: 'REPORTER_WITHDREW' });
  const added = [...new Set(evidence)].filter((sha256) => !state.photos.includes(sha256));
  if (added.length === 0) return accept();
  const refusal = notIn(
    state,
    ...(['REPORTED', 'VERIFYING', 'FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'CLOSED'] as const),
    ...(['SUSPENDED', 'MERGED'] as const),
  );
  if (refusal) return refuse(refusal);
  if (state.photos.length + added.length > PHOTOS_OF_REPORT_MAX)
    return refuse({ code: 'TOO_MANY_PHOTOS', max: PHOTOS_OF_REPORT_MAX });
  return accept({ type: 'ReportSupplemented', occurredAt: origin.now, data: { evidence: added } });
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
        ...{ anonymous: true, reporter: null, claimedAt: null, imported: true, reportedBy: null },
        ...{ recurrenceOf: null, evidence: [], deadlines: [] },
      },
    },
    { type: 'IncidentFiled', occurredAt: openedAt, data: { cycle: 1, pins: null, deadlines: [] } },
    {
      type: 'WhistleBlown',
      occurredAt: openedAt,
      data: {
        ...{ whistleId: command.whistleId, kind: 'PUBLIC_DEMAND', reason: 'imported' },
        ...{ whistlingUnitId: command.whistlingUnitId, blownBy: null, origin: 'REPORT', reverse: false },
        ...{ approval: 'NOT_NEEDED', repeats: [], tasks: [task], deadlines: [] },
      },
    },
  ];
  if (closedAt !== null) life.push(...importedEnding(command, closedAt, dueAt));
  return accept(...life);
}

function importedEnding({ task }: ImportIncident, closedAt: string, dueAt: string | null): IncidentEvent[] {
  const { taskId, departmentId, level } = task;
  const late = dueAt !== null && Date.parse(closedAt) > Date.parse(dueAt);
  const nothing = { note: null, evidence: [] };
  return [
    {
      type: 'TaskCompleted',
      occurredAt: closedAt,
      data: { taskId, departmentId, dueAt, late, ...nothing },
    },
    {
      type: 'HandlingCompleted',
      occurredAt: closedAt,
      data: {
        ...{ mode: 'WHISTLE', cycle: 1, level, ...nothing, dueAt: null, late: false, deadlines: [] },
      },
    },
    {
      type: 'IncidentClosed',
      occurredAt: closedAt,
      data: { cycle: 1, resolutionLevel: level, reopenUntil: null, appealUntil: null },
    },
  ];
}

/** What verifying, filing and rejecting have in common: the clock of verification stops. */
function verificationEnded(state: IncidentState, now: string, ...events: IncidentEvent[]): Decision {
  return accept(
    ...breachesBefore(state, now, ofIncident('VERIFY')),
    ...events,
    ...lifted(state, onIncident('VERIFY'), 'MET', now),
  );
}

export function verify(state: IncidentState, { origin, note, evidence }: VerifyIncident): Decision {
  const refusal = notTheirs(state, origin) ?? notIn(state, 'REPORTED');
  if (refusal) return refuse(refusal);
  return verificationEnded(state, origin.now, {
    type: 'IncidentVerified',
    occurredAt: origin.now,
    data: { verifyingUnitId: origin.actor.orgUnitId, note, evidence },
  });
}

export function reject(state: IncidentState, command: RejectIncident): Decision {
  const { origin, reasonCode, reason, notice } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'REPORTED', 'VERIFYING');
  if (refusal) return refuse(refusal);
  if (state.reporterKnown && notice === null) return refuse({ code: 'NOTICE_REQUIRED' });
  if (state.duplicates.length > 0) return refuse({ code: 'HAS_DUPLICATES' });
  const { now } = origin;
  return accept(
    ...breachesBefore(state, now, ofIncident('VERIFY')),
    { type: 'IncidentRejected', occurredAt: now, data: { reasonCode, reason, notice } },
    ...lifted(state, () => true, 'ENDED', now),
  );
}

export function file(state: IncidentState, { origin, pins, deadlines }: FileIncident): Decision {
  const refusal = notTheirs(state, origin) ?? notIn(state, 'REPORTED', 'VERIFYING');
  if (refusal) return refuse(refusal);
  return verificationEnded(state, origin.now, {
    type: 'IncidentFiled',
    occurredAt: origin.now,
    data: { cycle: state.cycle, pins, deadlines },
  });
}

/** Where it lies, corrected. Whoever has it keeps it: another route is suggested, never taken (domain.md §6, 18). */
export function locate(state: IncidentState, command: LocateIncident): Decision {
  const { origin, location, place, gridMapId, gridMapVersion, method, suggestedDepartmentId, reason } =
    command;
  const refusal =
    notTheirs(state, origin) ??
    notIn(state, 'REPORTED', 'VERIFYING', 'FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'SUSPENDED');
  if (refusal) return refuse(refusal);
  const located: IncidentEvent = {
    type: 'IncidentLocated',
    occurredAt: origin.now,
    data: {
      ...{ location: recordedPlace(state, location), place, gridMapId, gridMapVersion, method },
      ...{ suggestedDepartmentId, reason },
    },
  };
  return accept(...unlessSaid(state.lastWord, located));
}

/** Open to whoever holds the receipt. A public hazard goes on without its reporter, and so does what others reported. */
export function withdraw(state: IncidentState, command: WithdrawIncident): Decision {
  const { origin, reason, receiptHash, hazard } = command;
  // The code first: whoever has the wrong one learns nothing about the state of the case.
  if (receiptHash !== state.receiptHash) return refuse({ code: 'RECEIPT_CODE_WRONG' });
  const refusal = notIn(state, 'REPORTED', 'VERIFYING', 'FILED', 'HANDLING', 'SUSPENDED', 'MERGED');
  if (refusal) return refuse(refusal);
  const goesOn = hazard || state.duplicates.length > 0 || state.lifecycle === 'MERGED';
  if (goesOn && state.reporterWithdrew) return accept();
  const { now } = origin;
  if (goesOn)
    return accept({ type: 'IncidentWithdrawn', occurredAt: now, data: { reason, goesOn, taskIds: [] } });
  const taskIds = openTasks(state).map(({ taskId }) => taskId);
  return accept(
    ...breachesBefore(state, now, () => true),
    { type: 'IncidentWithdrawn', occurredAt: now, data: { reason, goesOn, taskIds } },
    ...lifted(state, () => true, 'ENDED', now),
  );
}

/** Created in error. Whoever created it does not undo it alone. */
export function voidIncident(state: IncidentState, { origin, reason, alias }: VoidIncident): Decision {
  const refusal = notTheirs(state, origin) ?? notIn(state, 'REPORTED', 'VERIFYING', 'FILED');
  if (refusal) return refuse(refusal);
  // What somebody was given to handle was no error.
  if (state.cycle > 1 || state.dispatched)
    return refuse({ code: 'INCIDENT_STATE', state: 'FILED', allowed: ['REPORTED', 'VERIFYING'] });
  const { orgUnitId } = origin.actor;
  if (isReporter(state, origin, alias)) return refuse({ code: 'VOID_BY_REPORTER' });
  if (state.duplicates.length > 0) return refuse({ code: 'HAS_DUPLICATES' });
  return accept(
    { type: 'IncidentVoided', occurredAt: origin.now, data: { unitId: orgUnitId, reason } },
    ...lifted(state, () => true, 'ENDED', origin.now),
  );
}
