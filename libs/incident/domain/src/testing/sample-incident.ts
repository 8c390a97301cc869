import {
  decide,
  evolve,
  NO_INCIDENT,
  type AcknowledgeTask,
  type BlowWhistle,
  type CheckHandling,
  type CheckIn,
  type CloseIncident,
  type CommandOrigin,
  type CompleteSelfHandling,
  type CompleteTask,
  type Deadline,
  type FileIncident,
  type ImportIncident,
  type IncidentTimer,
  type MarkOverdue,
  type RecordFeedback,
  type ReportIncident,
  type StartSelfHandling,
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
export const COMMUNITY = 'co-liuyin';
export const OTHER_COMMUNITY = 'co-shuian';

/** Minutes after the start by which the sample policy wants each timer met. */
export const ALLOWED: Record<IncidentTimer, number> = {
  ACKNOWLEDGE: hours(1),
  CHECK_IN: hours(8),
  HANDLING: days(3),
  INCIDENT_TOTAL: days(7),
};

export const FEEDBACK_WINDOW = days(14);
export const tolerance = { skewMs: 30 * 60_000, syncMs: 24 * 3_600_000 };
export const photo = 'a'.repeat(64);
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

/** A deadline of the sample policy; `id` names what it belongs to. */
export function deadline(id: string, timer: IncidentTimer, startMinute: number): Deadline {
  return {
    deadlineId: deadlineIdOf(id, timer),
    timer,
    startedAt: at(startMinute),
    warnAt: at(startMinute + ALLOWED[timer] * 0.8),
    dueAt: at(startMinute + ALLOWED[timer]),
    ...{ policyId: 'default', policyVersion: 1, calendarId: 'default', calendarVersion: 1 },
    provisional: false,
    firstStep: { level: 'BLUE', notify: ['department', 'street-office'] },
  };
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

type Without<Command, Kind extends string = 'kind'> = Partial<Omit<Command, Kind>>;

export function report(minute: number, more: Without<ReportIncident> = {}): ReportIncident {
  return {
    kind: 'ReportIncident',
    origin: by(minute, 'resident', null),
    incidentId: '018f2f6e-0000-7000-8000-000000000001',
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
    receiptHash,
    occurredAt: null,
    tolerance,
    filing: null,
    ...more,
  };
}

/** Pins and total deadline as filing at this minute gives them. */
export function filing(minute: number): { pins: typeof pins; deadlines: Deadline[] } {
  return { pins, deadlines: [deadline('incident', 'INCIDENT_TOTAL', minute)] };
}

export const file = (minute: number, more: Without<FileIncident> = {}): FileIncident => ({
  kind: 'FileIncident',
  origin: byStreet(minute),
  ...filing(minute),
  ...more,
});

export const startSelfHandling = (
  minute: number,
  more: Without<StartSelfHandling> = {},
): StartSelfHandling => ({
  kind: 'StartSelfHandling',
  origin: byCommunity(minute),
  level: 'ESTATE',
  handlingUnitId: COMMUNITY,
  note: null,
  ...more,
});

export const completeSelfHandling = (
  minute: number,
  more: Without<CompleteSelfHandling> = {},
): CompleteSelfHandling => ({
  kind: 'CompleteSelfHandling',
  origin: byCommunity(minute),
  note: '已疏通',
  evidence: [photo],
  ...more,
});

export function assignment(minute: number, departmentId: string, role: TaskRole): TaskAssignment {
  const taskId = taskIdOf(departmentId);
  const timers = ['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING'] as const;
  const deadlines = timers.map((timer) => deadline(taskId, timer, minute));
  return { taskId, departmentId, role, level: 'DISTRICT', deadlines };
}

export const blow = (minute: number, more: Without<BlowWhistle> = {}): BlowWhistle => ({
  kind: 'BlowWhistle',
  origin: byStreet(minute),
  whistleId: 'whistle-1',
  whistle: 'PUBLIC_DEMAND',
  reason: '社区无管网疏通能力',
  tasks: [assignment(minute, LEAD, 'LEAD'), assignment(minute, ASSIST, 'ASSIST')],
  ...more,
});

export const acknowledge = (
  minute: number,
  departmentId = LEAD,
  more: Without<AcknowledgeTask> = {},
): AcknowledgeTask => ({
  kind: 'AcknowledgeTask',
  origin: byDepartment(minute, departmentId),
  taskId: taskIdOf(departmentId),
  ...more,
});

export const checkIn = (minute: number, departmentId = LEAD, more: Without<CheckIn> = {}): CheckIn => ({
  kind: 'CheckIn',
  origin: byDepartment(minute, departmentId),
  taskId: taskIdOf(departmentId),
  ...{ occurredAt: null, location: null, note: null, evidence: [], tolerance },
  ...more,
});

export const complete = (
  minute: number,
  departmentId = LEAD,
  more: Without<CompleteTask> = {},
): CompleteTask => ({
  kind: 'CompleteTask',
  origin: byDepartment(minute, departmentId),
  taskId: taskIdOf(departmentId),
  ...{ note: null, evidence: [photo] },
  ...more,
});

export const alarm = (minute: number, deadlineId: string): MarkOverdue => ({
  kind: 'MarkOverdue',
  origin: byTimers(minute),
  deadlineId,
});

export const check = (
  minute: number,
  result: 'PASS' | 'FAIL' = 'PASS',
  more: Without<CheckHandling> = {},
): CheckHandling => ({
  kind: 'CheckHandling',
  origin: byCheckers(minute),
  ...{ result, note: '现场核查', evidence: [photo], feedbackUntil: at(minute + FEEDBACK_WINDOW) },
  ...more,
});

export const feedback = (minute: number, more: Without<RecordFeedback> = {}): RecordFeedback => ({
  kind: 'RecordFeedback',
  origin: byCallback(minute),
  ...{ solved: 'SOLVED', satisfaction: 'SATISFIED', comment: null, source: 'CALLBACK', receiptHash: null },
  ...more,
});

export const close = (minute: number, more: Without<CloseIncident> = {}): CloseIncident => ({
  kind: 'CloseIncident',
  origin: byCheckers(minute),
  ...more,
});

/** A case of another system, opened at minute 0 and to be handled within three days. */
export function importCase(more: Without<ImportIncident> = {}): ImportIncident {
  const taskId = taskIdOf(LEAD);
  const handling = { ...deadline(taskId, 'HANDLING', 0), policyId: 'imported', firstStep: null };
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
