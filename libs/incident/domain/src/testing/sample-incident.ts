import {
  decide,
  evolve,
  NO_INCIDENT,
  pausedDeadlines,
  reschedulableDeadlines,
  type AnyDeadline,
  type CapturedEvidence,
  type CommandOrigin,
  type Deadline,
  type DeadlineMove,
  type DeadlineOf,
  type HandlingRules,
  type IncidentCommand,
  type IncidentState,
  type IncidentTimer,
  type RescheduleDeadlines,
  type TaskAssignment,
  type TaskRole,
} from '../index.js';

export const incidentDecider = { initial: NO_INCIDENT, decide, evolve };

const day0Ms = Date.parse('2026-03-02T01:00:00.000Z');

/** Minutes since the report of the sample case, a Monday 09:00 in Shanghai. */
export const at = (minute: number): string => new Date(day0Ms + minute * 60_000).toISOString();

export const hours = (count: number): number => count * 60;
export const days = (count: number): number => count * 24 * 60;

export const LEAD = 'dp-water';
export const ASSIST = 'dp-urban-management';
export const STREET = 'st-hepan';
export const OTHER_STREET = 'st-gulou';
export const THIRD = 'dp-housing';
export const COMMUNITY = 'co-liuyin';
export const OTHER_COMMUNITY = 'co-shuian';

/** Minutes after the start by which the sample policy wants each timer met. */
export const ALLOWED: Record<IncidentTimer, number> = {
  VERIFY: hours(2),
  DISPATCH: hours(1),
  ACKNOWLEDGE: hours(1),
  CONTACT: days(1),
  CHECK_IN: hours(8),
  HANDLING: days(3),
  REWORK: days(1),
  INCIDENT_TOTAL: days(7),
  RETURN_WINDOW: hours(4),
  RETURN_DECISION: hours(4),
  ARBITRATION: days(1),
  EXTENSION_DECISION: hours(4),
  CHECK: days(1),
  CALLBACK: days(3),
  FEEDBACK_WINDOW: days(14),
  SUSPENSION_REVIEW: days(30),
  SUPERVISION_RESPONSE: days(1),
  RATIFICATION: days(1),
};

const direct = { proposers: ['street-office', 'community'], approvers: ['street-office'] };
/** Of the sample policy. */
export const rules: HandlingRules = {
  clockOnReturn: 'RESTART',
  returnsBeforeArbitration: 2,
  refusalsBeforeArbitration: 2,
  extensions: { max: 2, approvers: [['street-office'], ['supervision-centre']] },
  whistles: {
    PUBLIC_DEMAND: { ...direct, actsFirst: false, fourEyes: false },
    KEY_WORK: { ...direct, actsFirst: false, fourEyes: true },
    JOINT_ENFORCEMENT: { ...direct, actsFirst: false, fourEyes: false },
    EMERGENCY: { ...direct, actsFirst: true, fourEyes: true },
  },
};

export const FEEDBACK_WINDOW = ALLOWED.FEEDBACK_WINDOW;
export const REOPEN_WINDOW = days(30);
export const tolerance = { skewMs: 30 * 60_000, syncMs: 24 * 3_600_000 };
export const photo = 'a'.repeat(64);

/** The photo as its camera has it. */
export const captured = (minute: number, metresFromClaim: number | null = null): CapturedEvidence => ({
  files: [{ sha256: photo, capturedAt: at(minute), metresFromClaim }],
  tolerance: { aroundMs: 60 * 60_000, metres: 1_000 },
});
export const receiptHash = 'b'.repeat(64);

const pins = {
  policyId: 'default',
  policyVersion: 1,
  calendarId: 'default',
  calendarVersion: 1,
  catalogueId: 'default',
  catalogueVersion: 1,
  ladderId: 'default',
  ladderVersion: 1,
};

/** Timers that climb no ladder: windows, and the answer to an order. */
const UNSUPERVISED: readonly IncidentTimer[] = ['RETURN_WINDOW', 'FEEDBACK_WINDOW', 'SUPERVISION_RESPONSE'];

/** A deadline of the sample policy; `id` names what it belongs to. */
export function deadline<Timer extends IncidentTimer>(
  id: string,
  timer: Timer,
  startMinute: number,
): DeadlineOf<Timer> {
  const allowed = ALLOWED[timer];
  const dueMinute = startMinute + allowed;
  const ladder = [
    { step: 1, at: at(dueMinute), level: 'BLUE', notify: ['department', 'street-office'] },
    { step: 2, at: at(dueMinute + allowed / 2), level: 'ORANGE', notify: ['supervision-centre'] },
    { step: 3, at: at(dueMinute + allowed), level: 'RED', notify: ['oversight'] },
  ] as const;
  return {
    deadlineId: deadlineIdOf(id, timer),
    timer,
    startedAt: at(startMinute),
    warnAt: at(startMinute + allowed * 0.8),
    dueAt: at(dueMinute),
    ...{ policyId: 'default', policyVersion: 1, calendarId: 'default', calendarVersion: 1 },
    ...{ provisional: false, unit: 'CLOCK_HOUR', stage: null },
    steps: UNSUPERVISED.includes(timer) ? [] : ladder,
  };
}

/** The same deadlines, later by so many minutes. */
export function movedBy(deadlines: readonly AnyDeadline[], minutes: number): DeadlineMove[] {
  const later = (instant: string): string => new Date(Date.parse(instant) + minutes * 60_000).toISOString();
  return deadlines.map(({ deadlineId, warnAt, dueAt, provisional, steps }) => ({
    ...{ deadlineId, provisional, warnAt: later(warnAt), dueAt: later(dueAt) },
    steps: steps.map((step) => ({ ...step, at: later(step.at) })),
  }));
}

/** What can be rescheduled, later or earlier by so many minutes, under the second version of the policy. */
export function reschedulingsOf(
  state: IncidentState,
  minute: number,
  minutes: number,
): RescheduleDeadlines['moves'] {
  const deadlines = reschedulableDeadlines(state, at(minute)).map(({ deadline }) => deadline);
  return movedBy(deadlines, minutes).map((move) => ({
    ...move,
    ...{ policyId: 'default', policyVersion: 2, calendarId: 'default', calendarVersion: 1 },
  }));
}

/** As the application moves them when a pause ends: what was past when it began stays. */
export function movesAfterPause(state: IncidentState, minute: number): DeadlineMove[] {
  const { pausedAt } = state;
  if (pausedAt === null) return [];
  const pauseMs = Date.parse(at(minute)) - Date.parse(pausedAt);
  const later = (instant: string): string =>
    instant < pausedAt ? instant : new Date(Date.parse(instant) + pauseMs).toISOString();
  return pausedDeadlines(state).map(({ deadlineId, warnAt, dueAt, provisional, steps }) => ({
    ...{ deadlineId, provisional, warnAt: later(warnAt), dueAt: later(dueAt) },
    steps: steps.map((step) => ({ ...step, at: later(step.at) })),
  }));
}

export const deadlineIdOf = (id: string, timer: IncidentTimer): string => `${id}:${timer}`;
export const taskIdOf = (departmentId: string): string => `task-${departmentId}`;
export const TOTAL = deadlineIdOf('incident', 'INCIDENT_TOTAL');

export const by = (minute: number, role: string, orgUnitId: string | null): CommandOrigin => ({
  now: at(minute),
  actor: { id: `someone at ${orgUnitId ?? 'home'}`, role, orgUnitId },
});
export const byStreet = (minute: number): CommandOrigin => by(minute, 'street-office', STREET);
export const byCommunity = (minute: number): CommandOrigin => by(minute, 'community', COMMUNITY);
export const byDepartment = (minute: number, id: string): CommandOrigin => by(minute, 'department', id);
export const byCheckers = (minute: number): CommandOrigin => by(minute, 'supervision-centre', 'sc-qinghe');
export const byCallback = (minute: number): CommandOrigin => by(minute, 'callback', 'cb-qinghe');
export const byTimers = (minute: number): CommandOrigin => by(minute, 'system', null);

export const bySupervision = (minute: number): CommandOrigin => byCheckers(minute);
export const byArbitrator = (minute: number): CommandOrigin => by(minute, 'arbitrator', 'di-qinghe');
export const byReporter = (minute: number): CommandOrigin => by(minute, 'resident', null);
/** Another person of the same street office. */
export const byStreetLeader = (minute: number): CommandOrigin => ({
  ...byStreet(minute),
  actor: { ...byStreet(minute).actor, id: 'the street leader' },
});

type CommandOf<Kind extends IncidentCommand['kind']> = Extract<IncidentCommand, { kind: Kind }>;
type More<Kind extends IncidentCommand['kind']> = Partial<Omit<CommandOf<Kind>, 'kind'>>;

export const INCIDENT_ID = '018f2f6e-0000-7000-8000-000000000001';
export const TARGET_ID = '018f2f6e-0000-7000-8000-000000000009';

export function report(minute: number, more: More<'ReportIncident'> = {}): CommandOf<'ReportIncident'> {
  return {
    kind: 'ReportIncident',
    origin: by(minute, 'resident', null),
    incidentId: INCIDENT_ID,
    category: 'sewer-blockage',
    severity: 'MINOR',
    description: '3号楼前下水道堵塞，污水外溢',
    location: { lon: 120.41, lat: 31.83, crs: 'WGS84', address: null },
    place: {
      gridId: 'gr-liuyin',
      estateId: 'es-liuyin-garden',
      communityId: COMMUNITY,
      streetId: STREET,
      districtId: 'di-qinghe',
    },
    channel: 'APP',
    anonymous: true,
    reporter: null,
    personal: null,
    receiptHash,
    occurredAt: null,
    recurrenceOf: null,
    evidence: [],
    deadlines: [deadline('incident', 'VERIFY', minute)],
    tolerance,
    filing: null,
    ...more,
  };
}

/** Pins and deadlines as filing at this minute gives them. */
export function filing(minute: number, id = 'incident'): { pins: typeof pins; deadlines: Deadline[] } {
  const timers = ['INCIDENT_TOTAL', 'DISPATCH'] as const;
  return { pins, deadlines: timers.map((timer) => deadline(id, timer, minute)) };
}

/** Filing of what somebody who can be called has reported. */
export function filingWithContact(minute: number, id = 'incident'): ReturnType<typeof filing> {
  const { pins, deadlines } = filing(minute, id);
  return { pins, deadlines: [...deadlines, deadline(id, 'CONTACT', minute)] };
}

export const locate = (minute: number, more: More<'LocateIncident'> = {}): CommandOf<'LocateIncident'> => ({
  kind: 'LocateIncident',
  origin: byStreet(minute),
  ...{ location: null, place: { ...report(0).place, gridId: null, estateId: null } },
  ...{ gridMapId: null, gridMapVersion: null, method: 'BY_HAND', suggestedDepartmentId: null, reason: null },
  ...more,
});

export const verify = (minute: number, more: More<'VerifyIncident'> = {}): CommandOf<'VerifyIncident'> => ({
  kind: 'VerifyIncident',
  origin: byCommunity(minute),
  ...{ note: '现场属实', evidence: [] },
  ...more,
});

export const supplement = (
  minute: number,
  more: More<'SupplementReport'> = {},
): CommandOf<'SupplementReport'> => ({
  kind: 'SupplementReport',
  origin: by(minute, 'anonymous', null),
  ...{ receiptHash, evidence: [photo] },
  ...more,
});

export const reject = (minute: number, more: More<'RejectIncident'> = {}): CommandOf<'RejectIncident'> => ({
  kind: 'RejectIncident',
  origin: byStreet(minute),
  ...{ reasonCode: 'NOT_FOUND_ON_SITE', reason: '现场未见', notice: null },
  ...more,
});

export const file = (minute: number, more: More<'FileIncident'> = {}): CommandOf<'FileIncident'> => ({
  kind: 'FileIncident',
  origin: byStreet(minute),
  ...filing(minute),
  ...more,
});

export const checkDeadlines = (minute: number): Deadline[] => [deadline(`check-${minute}`, 'CHECK', minute)];

export const startSelfHandling = (
  minute: number,
  more: More<'StartSelfHandling'> = {},
): CommandOf<'StartSelfHandling'> => ({
  kind: 'StartSelfHandling',
  origin: byCommunity(minute),
  level: 'ESTATE',
  handlingUnitId: COMMUNITY,
  parties: [],
  note: null,
  ...more,
});

export const selfHandlerContact = (
  minute: number,
  more: More<'RecordSelfHandlerContact'> = {},
): CommandOf<'RecordSelfHandlerContact'> => ({
  kind: 'RecordSelfHandlerContact',
  origin: byCommunity(minute),
  ...{ reached: true, note: null },
  ...more,
});

export const completeSelfHandling = (
  minute: number,
  more: More<'CompleteSelfHandling'> = {},
): CommandOf<'CompleteSelfHandling'> => ({
  kind: 'CompleteSelfHandling',
  origin: byCommunity(minute),
  note: '已疏通',
  evidence: [photo],
  deadlines: checkDeadlines(minute),
  ...more,
});

export const escalate = (minute: number, more: More<'EscalateLevel'> = {}): CommandOf<'EscalateLevel'> => ({
  kind: 'EscalateLevel',
  origin: byCommunity(minute),
  ...{ to: 'SUBDISTRICT', reason: '社区无力处置' },
  ...more,
});

const taskTimers = ['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING', 'RETURN_WINDOW'] as const;

/** A department's task; `nth` tells a later one of the same department apart. */
export function assignment(minute: number, departmentId: string, role: TaskRole, nth = 1): TaskAssignment {
  const taskId = nth === 1 ? taskIdOf(departmentId) : `${taskIdOf(departmentId)}-${nth}`;
  const deadlines = taskTimers.map((timer) => deadline(taskId, timer, minute));
  return { taskId, departmentId, role, level: 'DISTRICT', deadlines };
}

export const blow = (minute: number, more: More<'BlowWhistle'> = {}): CommandOf<'BlowWhistle'> => {
  const whistleId = more.whistleId ?? 'whistle-1';
  return {
    kind: 'BlowWhistle',
    origin: byStreet(minute),
    whistleId,
    whistle: 'PUBLIC_DEMAND',
    reason: '社区无管网疏通能力',
    origination: 'REPORT',
    rules,
    tasks: [assignment(minute, LEAD, 'LEAD'), assignment(minute, ASSIST, 'ASSIST')],
    deadlines: [deadline(whistleId, 'RATIFICATION', minute)],
    ...more,
  };
};

export const approveWhistle = (
  minute: number,
  more: More<'ApproveWhistle'> = {},
): CommandOf<'ApproveWhistle'> => ({
  kind: 'ApproveWhistle',
  origin: byStreetLeader(minute),
  ...{ whistleId: 'whistle-1', approve: true, note: null, rules, tasks: blow(minute).tasks },
  ...more,
});

export const cancelWhistle = (
  minute: number,
  more: More<'CancelWhistle'> = {},
): CommandOf<'CancelWhistle'> => ({
  kind: 'CancelWhistle',
  origin: byStreet(minute),
  ...{ whistleId: 'whistle-1', reason: '误吹', deadlines: checkDeadlines(minute) },
  ...more,
});

export const evaluateTask = (minute: number, more: More<'EvaluateTask'> = {}): CommandOf<'EvaluateTask'> => ({
  kind: 'EvaluateTask',
  origin: byStreet(minute),
  ...{ whistleId: 'whistle-1', taskId: taskIdOf(LEAD), evaluationId: `evaluation-${minute}`, score: 5 },
  comment: null,
  ...more,
});

/** Whose task it is and who acts, where a sample concerns one task. */
interface OfTask {
  readonly taskId: string;
  readonly origin: CommandOrigin;
}
const ownTaskOf = (minute: number, departmentId: string): OfTask => ({
  taskId: taskIdOf(departmentId),
  origin: byDepartment(minute, departmentId),
});

export const acknowledge = (
  minute: number,
  departmentId = LEAD,
  more: More<'AcknowledgeTask'> = {},
): CommandOf<'AcknowledgeTask'> => ({
  kind: 'AcknowledgeTask',
  ...ownTaskOf(minute, departmentId),
  ...more,
});

export const contact = (
  minute: number,
  departmentId = LEAD,
  more: More<'RecordContact'> = {},
): CommandOf<'RecordContact'> => ({
  kind: 'RecordContact',
  ...ownTaskOf(minute, departmentId),
  ...{ reached: true, note: null },
  ...more,
});

export const checkIn = (
  minute: number,
  departmentId = LEAD,
  more: More<'CheckIn'> = {},
): CommandOf<'CheckIn'> => ({
  kind: 'CheckIn',
  ...ownTaskOf(minute, departmentId),
  ...{ occurredAt: null, location: null, note: null, evidence: [], tolerance },
  ...more,
});

export const progress = (
  minute: number,
  departmentId = LEAD,
  more: More<'ReportProgress'> = {},
): CommandOf<'ReportProgress'> => ({
  kind: 'ReportProgress',
  ...ownTaskOf(minute, departmentId),
  ...{ note: '正在疏通', stage: null, evidence: [], workedMinutes: null },
  ...more,
});

export const complete = (
  minute: number,
  departmentId = LEAD,
  more: More<'CompleteTask'> = {},
): CommandOf<'CompleteTask'> => ({
  kind: 'CompleteTask',
  ...ownTaskOf(minute, departmentId),
  ...{ note: null, evidence: [photo], workedMinutes: null, deadlines: checkDeadlines(minute) },
  ...more,
});

export const bookWork = (
  minute: number,
  departmentId = LEAD,
  more: More<'BookWork'> = {},
): CommandOf<'BookWork'> => ({
  kind: 'BookWork',
  ...ownTaskOf(minute, departmentId),
  ...{ workedMinutes: 90, note: null },
  ...more,
});

export const requestReturn = (
  minute: number,
  departmentId = LEAD,
  more: More<'RequestReturn'> = {},
): CommandOf<'RequestReturn'> => {
  const own = ownTaskOf(minute, departmentId);
  const { taskId } = { ...own, ...more };
  return {
    kind: 'RequestReturn',
    ...own,
    ...{ returnId: `return-${minute}`, reasonCode: 'NOT_OUR_FUNCTION', basis: '《三定方案》第四条' },
    ...{ suggestedUnitId: null, rules, arbitrationId: `arbitration-${minute}` },
    deadlines: [deadline(taskId, 'RETURN_DECISION', minute), deadline(taskId, 'ARBITRATION', minute)],
    ...more,
  };
};

export const decideReturn = (minute: number, more: More<'DecideReturn'> = {}): CommandOf<'DecideReturn'> => {
  const { taskId } = { taskId: taskIdOf(LEAD), ...more };
  return {
    kind: 'DecideReturn',
    origin: byStreet(minute),
    ...{ taskId, accept: true, reason: null, newTask: assignment(minute, THIRD, 'LEAD'), rules },
    deadlines: [...checkDeadlines(minute), deadline(taskId, 'ARBITRATION', minute)],
    arbitrationId: `arbitration-${minute}`,
    ...more,
  };
};

export const openArbitration = (
  minute: number,
  departmentId = LEAD,
  more: More<'OpenArbitration'> = {},
): CommandOf<'OpenArbitration'> => ({
  kind: 'OpenArbitration',
  origin: byStreet(minute),
  ...{ taskId: taskIdOf(departmentId), arbitrationId: `arbitration-${minute}` },
  deadlines: [deadline(taskIdOf(departmentId), 'ARBITRATION', minute)],
  ...more,
});

export const arbitrate = (minute: number, more: More<'Arbitrate'> = {}): CommandOf<'Arbitrate'> => ({
  kind: 'Arbitrate',
  origin: byArbitrator(minute),
  ...{ taskId: taskIdOf(LEAD), responsibleUnitId: LEAD, rule: 'STATUTORY_FUNCTION' },
  ...{ reason: '《城镇排水与污水处理条例》第五条', newTask: null, rules },
  ...more,
});

export const addDepartment = (
  minute: number,
  more: More<'AddDepartment'> = {},
): CommandOf<'AddDepartment'> => ({
  kind: 'AddDepartment',
  origin: byStreet(minute),
  ...{ whistleId: 'whistle-1', reason: '涉及房屋', task: assignment(minute, THIRD, 'ASSIST') },
  ...more,
});

export const changeLead = (minute: number, more: More<'ChangeLead'> = {}): CommandOf<'ChangeLead'> => ({
  kind: 'ChangeLead',
  origin: byStreet(minute),
  ...{ whistleId: 'whistle-1', departmentId: ASSIST, reason: '主责在城管', formerLead: 'ASSIST' },
  newTask: null,
  ...more,
});

export const requestRelease = (
  minute: number,
  more: More<'RequestRelease'> = {},
): CommandOf<'RequestRelease'> => ({
  kind: 'RequestRelease',
  origin: byDepartment(minute, LEAD),
  ...{ taskId: taskIdOf(ASSIST), reason: '久未配合' },
  ...more,
});

export const releaseTask = (minute: number, more: More<'ReleaseTask'> = {}): CommandOf<'ReleaseTask'> => ({
  kind: 'ReleaseTask',
  origin: byStreet(minute),
  ...{ taskId: taskIdOf(ASSIST), reasonCode: 'NOT_NEEDED', reason: '无需协办' },
  deadlines: checkDeadlines(minute),
  ...more,
});

export const transferTask = (minute: number, more: More<'TransferTask'> = {}): CommandOf<'TransferTask'> => ({
  kind: 'TransferTask',
  origin: by(minute, 'admin', null),
  ...{ taskId: taskIdOf(LEAD), toDepartmentId: THIRD, level: 'DISTRICT', reason: '机构改革' },
  deadlines: checkDeadlines(minute),
  ...more,
});

export const urge = (minute: number, more: More<'UrgeTask'> = {}): CommandOf<'UrgeTask'> => ({
  kind: 'UrgeTask',
  origin: byStreet(minute),
  ...{ taskId: taskIdOf(LEAD), note: null },
  ...more,
});

/** The time to decide about what a department asks at this minute. */
export const extensionDecision = (minute: number, departmentId = LEAD): DeadlineOf<'EXTENSION_DECISION'> =>
  deadline(`${taskIdOf(departmentId)}-${minute}`, 'EXTENSION_DECISION', minute);

export const requestExtension = (
  minute: number,
  departmentId = LEAD,
  more: More<'RequestExtension'> = {},
): CommandOf<'RequestExtension'> => ({
  kind: 'RequestExtension',
  ...ownTaskOf(minute, departmentId),
  ...{ extensionId: `extension-${minute}`, amount: 1, unit: 'WORKING_DAY', reason: '等待配件', rules },
  deadlines: [extensionDecision(minute, departmentId)],
  ...more,
});

/** Grants a day more, from where the deadline stands as its task began. */
export const decideExtension = (
  minute: number,
  more: More<'DecideExtension'> = {},
): CommandOf<'DecideExtension'> => ({
  kind: 'DecideExtension',
  origin: byStreet(minute),
  ...{ taskId: taskIdOf(LEAD), grant: true, reason: null, rules },
  moves: movedBy([deadline(taskIdOf(LEAD), 'HANDLING', 10)], days(1)),
  ...more,
});

const closing = (minute: number) => ({
  reopenUntil: at(minute + REOPEN_WINDOW),
  appealUntil: at(minute + days(10)),
});

export const alarm = (
  minute: number,
  deadlineId: string,
  more: More<'MarkOverdue'> = {},
): CommandOf<'MarkOverdue'> => ({
  kind: 'MarkOverdue',
  warning: true,
  origin: byTimers(minute),
  deadlineId,
  ...{ deadlines: [], closing: closing(minute) },
  ...more,
});

/** Its moves must be those of the state it meets: see {@link reschedulingsOf}. */
export const reschedule = (
  minute: number,
  more: More<'RescheduleDeadlines'> = {},
): CommandOf<'RescheduleDeadlines'> => ({
  kind: 'RescheduleDeadlines',
  origin: by(minute, 'admin', null),
  ...{ cause: 'POLICY_MOVED', reason: '新时限标准施行', moves: [] },
  pins: { ...filing(minute).pins, policyVersion: 2 },
  ...more,
});

/** REWORK of every task of the sample case. */
const reworksOf = (minute: number) =>
  [LEAD, ASSIST, THIRD].flatMap((departmentId) =>
    [taskIdOf(departmentId), `${taskIdOf(departmentId)}-2`].map((taskId) => ({
      ...{ taskId, deadline: deadline(`${taskId}-${minute}`, 'REWORK', minute) },
    })),
  );

export const check = (
  minute: number,
  result: 'PASS' | 'FAIL' = 'PASS',
  more: More<'CheckHandling'> = {},
): CommandOf<'CheckHandling'> => ({
  kind: 'CheckHandling',
  origin: byCheckers(minute),
  partOf: [],
  alias: 'resident-of-no-report',
  ...{ result, note: '现场核查', evidence: [photo], feedbackUntil: at(minute + FEEDBACK_WINDOW) },
  deadlines: (['CALLBACK', 'FEEDBACK_WINDOW'] as const).map((timer) =>
    deadline(`feedback-${minute}`, timer, minute),
  ),
  reworks: reworksOf(minute),
  ...more,
});

export const feedback = (minute: number, more: More<'RecordFeedback'> = {}): CommandOf<'RecordFeedback'> => ({
  kind: 'RecordFeedback',
  origin: byCallback(minute),
  ...{ solved: 'SOLVED', satisfaction: 'SATISFIED', comment: null, source: 'CALLBACK', receiptHash: null },
  ...{ personal: null, reworks: reworksOf(minute), mergedInto: null },
  ...more,
});

export const correctFeedback = (
  minute: number,
  more: More<'CorrectFeedback'> = {},
): CommandOf<'CorrectFeedback'> => ({
  kind: 'CorrectFeedback',
  origin: byCallback(minute),
  ...{ solved: 'PARTLY', satisfaction: 'DISSATISFIED', comment: null, source: 'CALLBACK' },
  ...{ personal: null, receiptHash: null, reason: '回访记录有误' },
  ...more,
});

export const close = (minute: number, more: More<'CloseIncident'> = {}): CommandOf<'CloseIncident'> => ({
  kind: 'CloseIncident',
  origin: byCheckers(minute),
  closing: closing(minute),
  ...more,
});

export const reopen = (minute: number, more: More<'ReopenIncident'> = {}): CommandOf<'ReopenIncident'> => ({
  kind: 'ReopenIncident',
  origin: byStreet(minute),
  ...{ by: 'OFFICE', receiptHash: null, reason: '问题反弹', ...filing(minute, `incident-${minute}`) },
  ...more,
});

export const suspend = (
  minute: number,
  more: More<'SuspendIncident'> = {},
): CommandOf<'SuspendIncident'> => ({
  kind: 'SuspendIncident',
  origin: bySupervision(minute),
  ...{ reasonCode: 'NEEDS_FUNDS', reason: '待财政立项', usedPercent: 10 },
  usedTime: { usedMs: 1_080_000, allowedMs: 10_800_000 },
  reviewAt: at(minute + ALLOWED.SUSPENSION_REVIEW),
  deadlines: [deadline(`suspension-${minute}`, 'SUSPENSION_REVIEW', minute)],
  ...more,
});

/** Its moves must be those of the state it meets: see {@link movesAfterPause}. */
export const resume = (minute: number, more: More<'ResumeIncident'> = {}): CommandOf<'ResumeIncident'> => ({
  kind: 'ResumeIncident',
  origin: bySupervision(minute),
  ...{ reason: '资金已到位', renewUntil: null, deadlines: [], moves: [] },
  ...more,
});

export const renew = (minute: number): CommandOf<'ResumeIncident'> =>
  resume(minute, {
    renewUntil: at(minute + ALLOWED.SUSPENSION_REVIEW),
    deadlines: [deadline(`suspension-${minute}`, 'SUSPENSION_REVIEW', minute)],
  });

export const merge = (minute: number, more: More<'MergeIncident'> = {}): CommandOf<'MergeIncident'> => ({
  kind: 'MergeIncident',
  origin: byStreet(minute),
  ...{ into: TARGET_ID, reason: '同一问题', keepDepartments: null },
  target: { lifecycle: 'HANDLING', openTasks: 0 },
  ...more,
});

export const unmerge = (
  minute: number,
  more: More<'UnmergeIncident'> = {},
): CommandOf<'UnmergeIncident'> => ({
  kind: 'UnmergeIncident',
  origin: byStreet(minute),
  ...{ reason: '并非同一问题', targetStreetId: STREET, moves: [] },
  ...more,
});

export const joinDuplicate = (minute: number, incidentId = TARGET_ID): CommandOf<'JoinDuplicate'> => ({
  kind: 'JoinDuplicate',
  origin: byStreet(minute),
  ...{ incidentId, merged: false },
});

export const leaveDuplicate = (minute: number, incidentId = TARGET_ID): CommandOf<'LeaveDuplicate'> => ({
  kind: 'LeaveDuplicate',
  origin: byStreet(minute),
  incidentId,
});

export const withdraw = (
  minute: number,
  more: More<'WithdrawIncident'> = {},
): CommandOf<'WithdrawIncident'> => ({
  kind: 'WithdrawIncident',
  origin: byReporter(minute),
  ...{ reason: null, receiptHash, hazard: false },
  ...more,
});

export const voidIncident = (minute: number, more: More<'VoidIncident'> = {}): CommandOf<'VoidIncident'> => ({
  kind: 'VoidIncident',
  origin: byStreet(minute),
  reason: '测试数据',
  alias: 'resident-of-no-report',
  ...more,
});

export const issueSupervision = (
  minute: number,
  more: More<'IssueSupervision'> = {},
): CommandOf<'IssueSupervision'> => {
  const supervisionId = more.supervisionId ?? `order-${minute}`;
  return {
    kind: 'IssueSupervision',
    origin: bySupervision(minute),
    ...{
      supervisionId,
      taskId: taskIdOf(LEAD),
      level: 'ORANGE',
      notify: ['department'],
      reason: '群众反映强烈',
    },
    deadlines: [deadline(supervisionId, 'SUPERVISION_RESPONSE', minute)],
    ...more,
  };
};

export const respondToSupervision = (
  minute: number,
  supervisionId: string,
  more: More<'RespondToSupervision'> = {},
): CommandOf<'RespondToSupervision'> => ({
  kind: 'RespondToSupervision',
  origin: byDepartment(minute, LEAD),
  ...{ supervisionId, response: '今日到场' },
  ...more,
});

export const liftSupervision = (minute: number, supervisionId: string): CommandOf<'LiftSupervision'> => ({
  kind: 'LiftSupervision',
  origin: bySupervision(minute),
  ...{ supervisionId, reason: '已落实' },
});

export const fileAppeal = (minute: number, more: More<'FileAppeal'> = {}): CommandOf<'FileAppeal'> => ({
  kind: 'FileAppeal',
  origin: byDepartment(minute, LEAD),
  ...{ appealId: `appeal-${minute}`, item: 'FEEDBACK', itemId: null, reason: '诉求不合理', evidence: [] },
  ...more,
});

export const decideAppeal = (
  minute: number,
  appealId: string,
  more: More<'DecideAppeal'> = {},
): CommandOf<'DecideAppeal'> => ({
  kind: 'DecideAppeal',
  origin: bySupervision(minute),
  ...{ appealId, exclude: true, reason: '超出职责' },
  ...more,
});

export const flagReporter = (minute: number, more: More<'FlagReporter'> = {}): CommandOf<'FlagReporter'> => ({
  kind: 'FlagReporter',
  origin: byCallback(minute),
  ...{ flagId: `flag-${minute}`, reason: '同一人重复来电' },
  ...more,
});

export const decideReporterFlag = (
  minute: number,
  flagId: string,
  more: More<'DecideReporterFlag'> = {},
): CommandOf<'DecideReporterFlag'> => ({
  kind: 'DecideReporterFlag',
  origin: bySupervision(minute),
  ...{ flagId, approve: true, reason: '经核对属实', alias: 'resident-of-another-name' },
  ...more,
});

/** What a person has marked as personal, as it stands in the log. */
export const sealed = {
  subjectId: '018f2f6e-0000-7000-8000-00000000005b',
  keyId: '018f2f6e-0000-7000-8000-00000000004e',
  ciphertext: 'AQIDBA==',
};

export const revealReporter = (
  minute: number,
  more: More<'RevealReporter'> = {},
): CommandOf<'RevealReporter'> => ({
  kind: 'RevealReporter',
  origin: byDepartment(minute, LEAD),
  ...{ purpose: 'CONTACT_REPORTER', reason: '约定上门时间', fields: ['NAME', 'PHONE'] },
  readable: true,
  ...more,
});

export const forgetReporter = (
  minute: number,
  more: More<'ForgetReporter'> = {},
): CommandOf<'ForgetReporter'> => ({
  kind: 'ForgetReporter',
  origin: by(minute, 'admin', null),
  subjectIds: [sealed.subjectId],
  ...more,
});

/** A case of another system, opened at minute 0 and to be handled within three days. */
export function importCase(more: More<'ImportIncident'> = {}): CommandOf<'ImportIncident'> {
  const taskId = taskIdOf(LEAD);
  const handling = { ...deadline(taskId, 'HANDLING', 0), policyId: 'imported', unit: null, steps: [] };
  return {
    kind: 'ImportIncident',
    origin: by(days(400), 'system', null),
    incidentId: '018f2f6e-0000-7000-8000-000000000002',
    externalId: '101004113298',
    ...{ category: 'sewer-blockage', severity: 'MINOR', description: 'Sewer', channel: 'IMPORT' },
    ...{ location: null, place: report(0).place, receiptHash, whistlingUnitId: null },
    ...{ openedAt: at(0), closedAt: at(days(2)), whistleId: 'whistle-1' },
    task: { taskId, departmentId: LEAD, role: 'LEAD', level: 'DISTRICT', deadlines: [handling] },
    ...more,
  };
}

/** The main path by whistle, step by step; cut it where a spec begins. */
export const whistleLife = [
  report(0),
  file(5),
  blow(10),
  acknowledge(20),
  checkIn(60),
  checkIn(70, ASSIST),
  complete(hours(10), ASSIST),
  complete(hours(20)),
  check(hours(30)),
  feedback(hours(40)),
  close(hours(41)),
] as const;
