import type {
  AcknowledgeTask,
  BlowWhistle,
  CheckHandling,
  CheckIn,
  ClaimTolerance,
  CloseIncident,
  CommandOrigin,
  CompleteSelfHandling,
  CompleteTask,
  FileIncident,
  ImportIncident,
  IncidentCommand,
  MarkOverdue,
  RecordFeedback,
  ReportIncident,
  StartSelfHandling,
} from './incident.commands.js';
import type { Deadline, IncidentEvent, IncidentTimer, SupervisionLifted } from './incident.events.js';
import type { Refusal } from './incident.refusals.js';
import type { IncidentState, Lifecycle, Task } from './incident.state.js';
import { deadlineOf, isPending, pendingDeadlines, taskOf } from './incident.state.js';

export type Decision =
  | { readonly events: readonly IncidentEvent[]; readonly refusal?: undefined }
  | { readonly refusal: Refusal; readonly events?: undefined };

const accept = (...events: IncidentEvent[]): Decision => ({ events });
const refuse = (refusal: Refusal): Decision => ({ refusal });

/**
 * What a command means for an incident: events, none when nothing changes, or a refusal. Pure and total; sees its own
 * stream only. Rules: domain.md §3.2 and §3.3.
 */
export function decide(state: IncidentState, command: IncidentCommand): Decision {
  if (command.kind === 'ReportIncident') return report(state, command);
  if (command.kind === 'ImportIncident') return importCase(state, command);
  if (state.lifecycle === 'NONE') return refuse({ code: 'INCIDENT_NOT_FOUND' });
  switch (command.kind) {
    case 'FileIncident':
      return file(state, command);
    case 'StartSelfHandling':
      return startSelfHandling(state, command);
    case 'CompleteSelfHandling':
      return completeSelfHandling(state, command);
    case 'BlowWhistle':
      return blowWhistle(state, command);
    case 'AcknowledgeTask':
      return acknowledge(state, command);
    case 'CheckIn':
      return checkIn(state, command);
    case 'CompleteTask':
      return completeTask(state, command);
    case 'MarkOverdue':
      return markOverdue(state, command);
    case 'CheckHandling':
      return checkHandling(state, command);
    case 'RecordFeedback':
      return recordFeedback(state, command);
    case 'CloseIncident':
      return close(state, command);
  }
}

// ── claims and guards ───────────────────────────────────────────────────────────────────────────────────────────────

interface AdmittedInstant {
  readonly occurredAt: string;
  readonly claimedAt: string | null;
  readonly disputed: boolean;
}

/**
 * The instant that counts for a claim made by a device (domain.md §6, 25). A future claim within the skew is clamped to
 * now; beyond it, it is refused (null). Earlier claims count when `trusted`, else the arrival does, and it is disputed.
 */
function admitClaim(
  claimedAt: string | null,
  now: string,
  tolerance: ClaimTolerance,
  trusted: (ageMs: number) => boolean,
): AdmittedInstant | null {
  if (claimedAt === null || claimedAt === now) return { occurredAt: now, claimedAt: null, disputed: false };
  const ageMs = Date.parse(now) - Date.parse(claimedAt);
  if (ageMs < -tolerance.skewMs) return null;
  if (ageMs < 0) return { occurredAt: now, claimedAt, disputed: false };
  return trusted(ageMs)
    ? { occurredAt: claimedAt, claimedAt: null, disputed: false }
    : { occurredAt: now, claimedAt, disputed: true };
}

function notIn(state: IncidentState, ...allowed: Lifecycle[]): Refusal | null {
  const lifecycle = state.lifecycle as Lifecycle;
  return allowed.includes(lifecycle) ? null : { code: 'INCIDENT_STATE', state: lifecycle, allowed };
}

/** Territorial responsibility 属地管理: a unit acts on what lies in its area; where nothing is known, any may. */
function notTheirs(state: IncidentState, { actor }: CommandOrigin): Refusal | null {
  const { streetId, communityId, estateId, gridId } = state.place;
  const foreign =
    actor.role === 'street-office'
      ? streetId !== null && actor.orgUnitId !== streetId
      : actor.role === 'grid-worker' || actor.role === 'community'
        ? communityId !== null && ![communityId, estateId, gridId].includes(actor.orgUnitId)
        : false;
  return foreign ? { code: 'INCIDENT_NOT_YOURS' } : null;
}

function ownTask(
  state: IncidentState,
  taskId: string,
  origin: CommandOrigin,
): { task: Task; refusal?: undefined } | { refusal: Refusal; task?: undefined } {
  const task = taskOf(state, taskId);
  if (task === undefined) return { refusal: { code: 'TASK_NOT_FOUND' } };
  if (task.departmentId !== origin.actor.orgUnitId) return { refusal: { code: 'TASK_NOT_YOURS' } };
  const elsewhere = notIn(state, 'HANDLING');
  return elsewhere ? { refusal: elsewhere } : { task };
}

function taskNotIn(task: Task, ...allowed: Task['state'][]): Refusal | null {
  return allowed.includes(task.state) ? null : { code: 'TASK_STATE', state: task.state, allowed };
}

const isLate = (occurredAt: string, deadline: Deadline | undefined): boolean =>
  deadline !== undefined && Date.parse(occurredAt) > Date.parse(deadline.dueAt);

// ── report and file ─────────────────────────────────────────────────────────────────────────────────────────────────

function report(state: IncidentState, command: ReportIncident): Decision {
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

function importCase(state: IncidentState, command: ImportIncident): Decision {
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

function file(state: IncidentState, { origin, pins, deadlines }: FileIncident): Decision {
  const refusal = notTheirs(state, origin) ?? notIn(state, 'REPORTED');
  if (refusal) return refuse(refusal);
  return accept({
    type: 'IncidentFiled',
    occurredAt: origin.now,
    data: { cycle: state.cycle, pins, deadlines },
  });
}

// ── self-handling ───────────────────────────────────────────────────────────────────────────────────────────────────

function startSelfHandling(state: IncidentState, command: StartSelfHandling): Decision {
  const { origin, level, handlingUnitId, note } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'FILED');
  if (refusal) return refuse(refusal);
  return accept({
    type: 'SelfHandlingStarted',
    occurredAt: origin.now,
    data: { level, handlingUnitId, note },
  });
}

function completeSelfHandling(
  state: IncidentState,
  { origin, note, evidence }: CompleteSelfHandling,
): Decision {
  const refusal = notTheirs(state, origin) ?? notIn(state, 'HANDLING');
  if (refusal) return refuse(refusal);
  if (state.mode !== 'SELF') return refuse({ code: 'INCIDENT_STATE', state: 'HANDLING', allowed: [] });
  return accept(...handlingCompleted(state, origin.now, note, evidence));
}

function handlingCompleted(
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

// ── whistle and tasks ───────────────────────────────────────────────────────────────────────────────────────────────

function blowWhistle(state: IncidentState, command: BlowWhistle): Decision {
  const { origin, whistleId, whistle, reason, tasks } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'FILED');
  if (refusal) return refuse(refusal);
  if (tasks.filter((task) => task.role === 'LEAD').length !== 1)
    return refuse({ code: 'WHISTLE_NEEDS_ONE_LEAD' });
  const seen = new Set<string>();
  for (const { departmentId } of tasks) {
    if (seen.has(departmentId)) return refuse({ code: 'DEPARTMENT_TWICE', departmentId });
    seen.add(departmentId);
  }
  const whistlingUnitId = origin.actor.orgUnitId;
  return accept({
    type: 'WhistleBlown',
    occurredAt: origin.now,
    data: { whistleId, kind: whistle, reason, whistlingUnitId, tasks },
  });
}

function acknowledge(state: IncidentState, { origin, taskId }: AcknowledgeTask): Decision {
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const refusal = taskNotIn(own.task, 'NOTIFIED');
  if (refusal) return refuse(refusal);
  return accept(
    ...breachesBefore(state, own.task, ['ACKNOWLEDGE'], origin.now),
    acknowledged(own.task, origin.now, false),
    ...lifted(state, own.task, 'ACKNOWLEDGED', ['ACKNOWLEDGE'], origin.now),
  );
}

function acknowledged(task: Task, occurredAt: string, implied: boolean): IncidentEvent {
  const deadline = deadlineOf(task.deadlines, 'ACKNOWLEDGE');
  const { taskId, departmentId } = task;
  const late = isLate(occurredAt, deadline);
  return {
    type: 'TaskAcknowledged',
    occurredAt,
    data: { taskId, departmentId, implied, dueAt: deadline?.dueAt ?? null, late },
  };
}

function checkIn(state: IncidentState, command: CheckIn): Decision {
  const { origin, taskId, location, note, evidence, tolerance } = command;
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = taskNotIn(task, 'NOTIFIED', 'ACKNOWLEDGED');
  if (refusal) return refuse(refusal);
  const blownAt =
    state.whistles.find((whistle) => whistle.whistleId === task.whistleId)?.blownAt ?? origin.now;
  const afterTheWhistle =
    command.occurredAt === null || Date.parse(command.occurredAt) >= Date.parse(blownAt);
  const admitted = admitClaim(
    command.occurredAt,
    origin.now,
    tolerance,
    (ageMs) => ageMs <= tolerance.syncMs && evidence.length > 0 && afterTheWhistle,
  );
  if (admitted === null) return refuse({ code: 'OCCURRED_AT_IN_FUTURE' });
  const { occurredAt, claimedAt, disputed } = admitted;
  const deadline = deadlineOf(task.deadlines, 'CHECK_IN');
  const timers: IncidentTimer[] = ['ACKNOWLEDGE', 'CHECK_IN'];
  return accept(
    ...breachesBefore(state, task, timers, occurredAt),
    // Appearing is an answer: no department is late at both ends for one act (domain.md §3.3).
    ...(task.state === 'NOTIFIED' ? [acknowledged(task, occurredAt, true)] : []),
    {
      type: 'DepartmentCheckedIn',
      occurredAt,
      data: {
        ...{ taskId, departmentId: task.departmentId, dueAt: deadline?.dueAt ?? null },
        ...{ late: isLate(occurredAt, deadline), claimedAt, disputed, location, note, evidence },
      },
    },
    ...lifted(state, task, 'CHECKED_IN', timers, origin.now),
  );
}

function completeTask(state: IncidentState, { origin, taskId, note, evidence }: CompleteTask): Decision {
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = taskNotIn(task, 'CHECKED_IN');
  if (refusal) return refuse(refusal);
  const { now } = origin;
  const deadline = deadlineOf(task.deadlines, 'HANDLING');
  const completed: IncidentEvent = {
    type: 'TaskCompleted',
    occurredAt: now,
    data: {
      ...{ taskId, departmentId: task.departmentId, dueAt: deadline?.dueAt ?? null },
      ...{ late: isLate(now, deadline), note, evidence },
    },
  };
  const others = state.tasks.filter((other) => other.whistleId === task.whistleId && other.taskId !== taskId);
  const allDone = others.every((other) => other.state === 'DONE');
  return accept(
    ...breachesBefore(state, task, ['HANDLING'], now),
    completed,
    ...lifted(state, task, 'COMPLETED', ['HANDLING'], now),
    ...(allDone ? handlingCompleted(state, now, note, evidence) : []),
  );
}

// ── overdue and supervision ─────────────────────────────────────────────────────────────────────────────────────────

const supervisionIdOf = (deadline: Deadline): string => `${deadline.deadlineId}-0`;

function overdue(task: Task, deadline: Deadline): IncidentEvent {
  const { taskId, departmentId } = task;
  const { deadlineId, timer, dueAt } = deadline;
  return { type: 'TaskOverdue', occurredAt: dueAt, data: { taskId, departmentId, deadlineId, timer, dueAt } };
}

/**
 * Breaches that a late act proves before any alarm has written them. Whether a deadline was met must not depend on
 * whether the department or the alarm clock came first (domain.md §3.4 d). The order of supervision that the alarm
 * would have brought is left out: it would be issued and lifted in one breath.
 */
function breachesBefore(
  state: IncidentState,
  task: Task,
  timers: IncidentTimer[],
  at: string,
): IncidentEvent[] {
  if (state.imported) return [];
  return pendingDeadlines(task)
    .filter(({ timer, deadlineId }) => timers.includes(timer) && !task.breached.includes(deadlineId))
    .filter((deadline) => isLate(at, deadline))
    .map((deadline) => overdue(task, deadline));
}

function totalBreachBefore(state: IncidentState, at: string): IncidentEvent[] {
  const total = deadlineOf(state.deadlines, 'INCIDENT_TOTAL');
  if (total === undefined || state.breached.includes(total.deadlineId) || !isLate(at, total)) return [];
  return [incidentOverdue(state, total)];
}

function incidentOverdue(state: IncidentState, { deadlineId, timer, dueAt }: Deadline): IncidentEvent {
  return {
    type: 'IncidentOverdue',
    occurredAt: dueAt,
    data: { deadlineId, timer, dueAt, cycle: state.cycle },
  };
}

/** Whom an order addresses that concerns the incident as a whole. */
const asAWhole = { taskId: null, departmentId: null };

function lifted(
  state: IncidentState,
  { taskId, departmentId }: Pick<SupervisionLifted['data'], 'taskId' | 'departmentId'>,
  reason: SupervisionLifted['data']['reason'],
  timers: IncidentTimer[],
  occurredAt: string,
): IncidentEvent[] {
  return state.supervisions
    .filter((order) => order.taskId === taskId && !order.lifted && timers.includes(order.timer))
    .map(({ supervisionId }) => ({
      type: 'SupervisionLifted',
      occurredAt,
      data: { supervisionId, taskId, departmentId, reason },
    }));
}

function markOverdue(state: IncidentState, { origin, deadlineId }: MarkOverdue): Decision {
  // Timers of imported cases belong to a past in which this system was not there.
  if (state.imported) return accept();
  const task = state.tasks.find((candidate) => candidate.deadlines.some((d) => d.deadlineId === deadlineId));
  return task
    ? markTaskOverdue(state, task, deadlineId, origin.now)
    : markTotalOverdue(state, deadlineId, origin.now);
}

function markTaskOverdue(state: IncidentState, task: Task, deadlineId: string, now: string): Decision {
  const deadline = task.deadlines.find((candidate) => candidate.deadlineId === deadlineId);
  const open =
    deadline !== undefined &&
    state.lifecycle === 'HANDLING' &&
    isPending(task, deadline.timer) &&
    !task.breached.includes(deadlineId) &&
    isLate(now, deadline);
  if (!open) return accept();
  return accept(overdue(task, deadline), ...supervision(deadline, task.taskId, task.departmentId, now));
}

function markTotalOverdue(state: IncidentState, deadlineId: string, now: string): Decision {
  const total = state.deadlines.find((candidate) => candidate.deadlineId === deadlineId);
  const open =
    total !== undefined &&
    (state.lifecycle === 'FILED' || state.lifecycle === 'HANDLING') &&
    !state.breached.includes(deadlineId) &&
    isLate(now, total);
  if (!open) return accept();
  return accept(incidentOverdue(state, total), ...supervision(total, null, null, now));
}

function supervision(
  deadline: Deadline,
  taskId: string | null,
  departmentId: string | null,
  occurredAt: string,
): IncidentEvent[] {
  if (deadline.firstStep === null) return [];
  const { level, notify } = deadline.firstStep;
  const { deadlineId } = deadline;
  const supervisionId = supervisionIdOf(deadline);
  return [
    {
      type: 'SupervisionIssued',
      occurredAt,
      data: { supervisionId, taskId, departmentId, deadlineId, level, notify },
    },
  ];
}

// ── check, feedback, close ──────────────────────────────────────────────────────────────────────────────────────────

const tasksToRedo = (state: IncidentState): string[] =>
  state.tasks.filter((task) => task.state === 'DONE').map((task) => task.taskId);

function checkHandling(state: IncidentState, command: CheckHandling): Decision {
  const { origin, result, note, evidence, feedbackUntil } = command;
  const refusal = notTheirs(state, origin) ?? notIn(state, 'CHECKING');
  if (refusal) return refuse(refusal);
  const checkingUnitId = origin.actor.orgUnitId;
  if (checkingUnitId !== null && state.handlingUnits.includes(checkingUnitId)) {
    return refuse({ code: 'CHECKER_IS_HANDLER' });
  }
  const common = { cycle: state.cycle, checkingUnitId, note, evidence };
  return accept(
    result === 'PASS'
      ? { type: 'CheckPassed', occurredAt: origin.now, data: { ...common, feedbackUntil } }
      : {
          type: 'CheckFailed',
          occurredAt: origin.now,
          data: { ...common, rework: state.rework + 1, taskIds: tasksToRedo(state) },
        },
  );
}

function recordFeedback(state: IncidentState, command: RecordFeedback): Decision {
  const { origin, solved, satisfaction, comment, source, receiptHash } = command;
  // The code first: whoever has the wrong one learns nothing about the state of the case.
  if (source === 'REPORTER' && receiptHash !== state.receiptHash)
    return refuse({ code: 'RECEIPT_CODE_WRONG' });
  const refusal = notIn(state, 'FEEDBACK');
  if (refusal) return refuse(refusal);
  const { orgUnitId } = origin.actor;
  if (source === 'CALLBACK' && orgUnitId !== null && state.handlingUnits.includes(orgUnitId)) {
    return refuse({ code: 'CALLBACK_BY_SCORED_UNIT' });
  }
  if (state.feedbackRecorded) return refuse({ code: 'FEEDBACK_RECORDED' });
  if (state.feedbackUntil !== null && Date.parse(origin.now) > Date.parse(state.feedbackUntil)) {
    return refuse({ code: 'FEEDBACK_WINDOW_OVER' });
  }
  const again = solved === 'UNSOLVED';
  return accept({
    type: 'FeedbackRecorded',
    occurredAt: origin.now,
    data: {
      ...{ cycle: state.cycle, solved, satisfaction, comment, source },
      ...{ rework: state.rework + (again ? 1 : 0), taskIds: again ? tasksToRedo(state) : [] },
    },
  });
}

function close(state: IncidentState, { origin }: CloseIncident): Decision {
  const refusal = notIn(state, 'FEEDBACK');
  if (refusal) return refuse(refusal);
  const until = state.feedbackUntil ?? origin.now;
  if (!state.feedbackRecorded && Date.parse(origin.now) < Date.parse(until)) {
    return refuse({ code: 'FEEDBACK_OUTSTANDING', until });
  }
  return accept({
    type: 'IncidentClosed',
    occurredAt: origin.now,
    data: { cycle: state.cycle, resolutionLevel: state.level ?? 'COMMUNITY' },
  });
}
