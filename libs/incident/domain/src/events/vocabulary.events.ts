/** Containment goal of an incident: 小事 / 大事 / 群体事件 (domain.md §2). */
export type Severity = 'MINOR' | 'MAJOR' | 'GROUP';

/** Levels that can hold handling responsibility, lowest first (domain.md §4, resolutionLevel). */
export const RESPONSIBILITY_LEVELS = ['ESTATE', 'COMMUNITY', 'SUBDISTRICT', 'DISTRICT', 'CITY'] as const;

export type ResponsibilityLevel = (typeof RESPONSIBILITY_LEVELS)[number];

/** The four kinds of whistle of 《北京市街道办事处条例》 Art. 5. */
export type WhistleKind = 'PUBLIC_DEMAND' | 'KEY_WORK' | 'JOINT_ENFORCEMENT' | 'EMERGENCY';

/** LEAD 主办, exactly one per whistle; ASSIST 协办. */
export type TaskRole = 'LEAD' | 'ASSIST';

/** Timers of the incident as a whole (domain.md §3.4). */
export const INCIDENT_TIMERS = [
  'VERIFY',
  'DISPATCH',
  'INCIDENT_TOTAL',
  'CHECK',
  'CALLBACK',
  'FEEDBACK_WINDOW',
  'SUSPENSION_REVIEW',
] as const;

/** Timers of one department's task. Of `HANDLING` there may be several, one for each stage. */
export const TASK_TIMERS = [
  'ACKNOWLEDGE',
  'CONTACT',
  'CHECK_IN',
  'HANDLING',
  'REWORK',
  'RETURN_WINDOW',
  'RETURN_DECISION',
  'ARBITRATION',
  'EXTENSION_DECISION',
] as const;

export type IncidentTimer =
  | (typeof INCIDENT_TIMERS)[number]
  | (typeof TASK_TIMERS)[number]
  /** Of a whistle that acted first. */
  | 'RATIFICATION'
  /** Of an order of supervision. */
  | 'SUPERVISION_RESPONSE';

/** What a deadline was of before extensions were decided in a time of their own; most events still are of nothing else. */
export type EarlierTimer = Exclude<IncidentTimer, 'EXTENSION_DECISION'>;

/** How the time of a deadline is counted: 工作时, 工作日, 自然日, 紧急工作时. */
export type DurationUnit = 'WORKING_HOUR' | 'WORKING_DAY' | 'CALENDAR_DAY' | 'CLOCK_HOUR';

export type Solved = 'SOLVED' | 'PARTLY' | 'UNSOLVED';

export type Satisfaction = 'SATISFIED' | 'BASICALLY_SATISFIED' | 'DISSATISFIED' | 'NOT_RATED';

/** 督办 colours, mildest first. */
export type SupervisionLevel = 'BLUE' | 'ORANGE' | 'RED';

/** As received; normalised only before a grid look-up (domain.md §1). Degrees. */
export interface Location {
  /** Both or neither of `lon` and `lat`; without them there is an address. */
  readonly lon: number | null;
  readonly lat: number | null;
  readonly crs: 'WGS84' | 'GCJ02' | 'BD09';
  readonly address: string | null;
}

/** Where the incident lies, resolved when it was reported; null where nothing is known. */
export interface Place {
  readonly gridId: string | null;
  readonly estateId: string | null;
  readonly communityId: string | null;
  readonly streetId: string | null;
  readonly districtId: string | null;
}

/** A reporter's personal data, encrypted under a key of its own that lives outside the log. */
export interface SealedReporter {
  readonly subjectId: string;
  readonly keyId: string;
  readonly ciphertext: string;
}

/** Versions of the reference data that govern an incident from filing on. */
export interface Pins {
  readonly policyId: string;
  readonly policyVersion: number;
  readonly calendarId: string;
  readonly calendarVersion: number;
  readonly catalogueId: string;
  readonly catalogueVersion: number;
  readonly ladderId: string;
  readonly ladderVersion: number;
}

/** A step of the supervision ladder, copied in when the clock starts, so that firing asks no configuration. */
export interface LadderStep {
  /** Place on the ladder, from 1: the step that answers the breach itself. */
  readonly step: number;
  /** When it is taken, if nothing has met the deadline by then. */
  readonly at: string;
  readonly level: SupervisionLevel;
  readonly notify: readonly string[];
}

/** A due instant and what it was computed from. A replay never asks today's policy or calendar. */
export interface DeadlineOf<Timer extends IncidentTimer> {
  readonly deadlineId: string;
  readonly timer: Timer;
  readonly startedAt: string;
  readonly warnAt: string;
  readonly dueAt: string;
  readonly policyId: string;
  readonly policyVersion: number;
  readonly calendarId: string;
  readonly calendarVersion: number;
  /** True while it reaches into a year whose calendar is not published. */
  readonly provisional: boolean;
  /** Null on deadlines that were recorded before they said so, and on imported ones: time on the clock. */
  readonly unit: DurationUnit | null;
  /** Stage of handling it is for; null where handling has no stages, and for every other timer. */
  readonly stage: string | null;
  /** The ladder, lowest first; empty where a breach is recorded and nothing more. */
  readonly steps: readonly LadderStep[];
}

/** As most events carry it. */
export type Deadline = DeadlineOf<EarlierTimer>;

/** Whatever it is of. */
export type AnyDeadline = DeadlineOf<IncidentTimer>;

/** A deadline that runs on to another instant: after a pause, or extended. Everything else of it stays. */
export interface DeadlineMove {
  readonly deadlineId: string;
  readonly warnAt: string;
  readonly dueAt: string;
  readonly provisional: boolean;
  readonly steps: readonly LadderStep[];
}

/** Who bears a span of time that was lost before the right department had the matter (domain.md §3.4 a). */
export interface LostTime {
  /** DISPATCH: lost by the dispatch, booked to no department. DEPARTMENT: to `unitId`. */
  readonly account: 'DISPATCH' | 'DEPARTMENT';
  readonly unitId: string | null;
  readonly taskId: string;
  readonly from: string;
  readonly to: string;
}

export interface TaskAssignment {
  readonly taskId: string;
  readonly departmentId: string;
  readonly role: TaskRole;
  /** Level of the department, by the unit it belongs to. */
  readonly level: ResponsibilityLevel;
  readonly deadlines: readonly Deadline[];
}

/** Something that happened, under its wire name. */
export interface Fact<Type extends string, Data> {
  readonly type: Type;
  /** When it was so, as admitted. ISO 8601, UTC. */
  readonly occurredAt: string;
  readonly data: Data;
}
