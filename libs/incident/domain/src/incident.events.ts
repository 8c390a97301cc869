/** Containment goal of an incident: 小事 / 大事 / 群体事件 (domain.md §2). */
export type Severity = 'MINOR' | 'MAJOR' | 'GROUP';

/** Levels that can hold handling responsibility, lowest first (domain.md §4, resolutionLevel). */
export const RESPONSIBILITY_LEVELS = ['ESTATE', 'COMMUNITY', 'SUBDISTRICT', 'DISTRICT', 'CITY'] as const;
export type ResponsibilityLevel = (typeof RESPONSIBILITY_LEVELS)[number];

/** The four kinds of whistle of 《北京市街道办事处条例》 Art. 5. */
export type WhistleKind = 'PUBLIC_DEMAND' | 'KEY_WORK' | 'JOINT_ENFORCEMENT' | 'EMERGENCY';

/** LEAD 主办, exactly one per whistle; ASSIST 协办. */
export type TaskRole = 'LEAD' | 'ASSIST';

/** The timers of domain.md §3.4 that the main path starts. */
export type IncidentTimer = 'INCIDENT_TOTAL' | 'ACKNOWLEDGE' | 'CHECK_IN' | 'HANDLING';

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

/** First step of the supervision ladder, copied in when the clock starts, so that firing asks no configuration. */
export interface LadderStep {
  readonly level: SupervisionLevel;
  readonly notify: readonly string[];
}

/** A due instant and what it was computed from. A replay never asks today's policy or calendar. */
export interface Deadline {
  readonly deadlineId: string;
  readonly timer: IncidentTimer;
  readonly startedAt: string;
  readonly warnAt: string;
  readonly dueAt: string;
  readonly policyId: string;
  readonly policyVersion: number;
  readonly calendarId: string;
  readonly calendarVersion: number;
  /** True while it reaches into a year whose calendar is not published. */
  readonly provisional: boolean;
  /** Ladder step taken at +0 %; null where the ladder has none for this timer. */
  readonly firstStep: LadderStep | null;
}

export interface TaskAssignment {
  readonly taskId: string;
  readonly departmentId: string;
  readonly role: TaskRole;
  /** Level of the department, by the unit it belongs to. */
  readonly level: ResponsibilityLevel;
  readonly deadlines: readonly Deadline[];
}

interface Fact<Type extends string, Data> {
  readonly type: Type;
  /** When it was so, as admitted. ISO 8601, UTC. */
  readonly occurredAt: string;
  readonly data: Data;
}

export type IncidentReported = Fact<
  'IncidentReported',
  {
    readonly incidentId: string;
    readonly category: string;
    readonly severity: Severity;
    readonly description: string;
    readonly location: Location | null;
    readonly place: Place;
    /** How the report arrived (APP, HOTLINE_12345, PATROL …). A dimension of metrics, never a level. */
    readonly channel: string;
    readonly anonymous: boolean;
    readonly reporter: SealedReporter | null;
    /** SHA-256 of the receipt code; the code itself is a secret of the reporter. */
    readonly receiptHash: string;
    /** The time the reporter claimed, where it was not admitted as it stood. */
    readonly claimedAt: string | null;
    /** True for cases brought in from another system; their timers never fire. */
    readonly imported: boolean;
    /** Name of the case in the system it came from. */
    readonly externalId: string | null;
  }
>;

export type IncidentFiled = Fact<
  'IncidentFiled',
  {
    readonly cycle: number;
    /** Null for imported cases: their deadlines came with them. */
    readonly pins: Pins | null;
    readonly deadlines: readonly Deadline[];
  }
>;

export type SelfHandlingStarted = Fact<
  'SelfHandlingStarted',
  {
    readonly level: ResponsibilityLevel;
    readonly handlingUnitId: string | null;
    readonly note: string | null;
  }
>;

export type WhistleBlown = Fact<
  'WhistleBlown',
  {
    readonly whistleId: string;
    readonly kind: WhistleKind;
    readonly reason: string;
    readonly whistlingUnitId: string | null;
    readonly tasks: readonly TaskAssignment[];
  }
>;

export type TaskAcknowledged = Fact<
  'TaskAcknowledged',
  {
    readonly taskId: string;
    readonly departmentId: string;
    /** True when a check-in came without acknowledgment before it. */
    readonly implied: boolean;
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

export type DepartmentCheckedIn = Fact<
  'DepartmentCheckedIn',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly dueAt: string | null;
    /** A fact for ever: no later extension turns it. */
    readonly late: boolean;
    /** The time the department claimed, where it was not admitted as it stood. */
    readonly claimedAt: string | null;
    /** True when an earlier claimed time lacked evidence or came outside the tolerance (domain.md §6, 25). */
    readonly disputed: boolean;
    readonly location: Location | null;
    readonly note: string | null;
    /** SHA-256 of photos and papers, hexadecimal. */
    readonly evidence: readonly string[];
  }
>;

export type TaskCompleted = Fact<
  'TaskCompleted',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly dueAt: string | null;
    readonly late: boolean;
    readonly note: string | null;
    readonly evidence: readonly string[];
  }
>;

export type HandlingCompleted = Fact<
  'HandlingCompleted',
  {
    readonly mode: 'SELF' | 'WHISTLE';
    readonly cycle: number;
    readonly level: ResponsibilityLevel;
    readonly note: string | null;
    readonly evidence: readonly string[];
    /** Of the incident's total deadline. */
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

/** A task's deadline passed unmet. `occurredAt` is the due instant, however late it was noticed. */
export type TaskOverdue = Fact<
  'TaskOverdue',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly deadlineId: string;
    readonly timer: IncidentTimer;
    readonly dueAt: string;
  }
>;

/** The incident's total deadline passed unmet. `occurredAt` is the due instant. */
export type IncidentOverdue = Fact<
  'IncidentOverdue',
  {
    readonly deadlineId: string;
    readonly timer: IncidentTimer;
    readonly dueAt: string;
    readonly cycle: number;
  }
>;

/**
 * 督办: a step of the escalation ladder was taken for a deadline that was missed. A time to answer it in is a deadline of
 * its own, not a part of the order.
 */
export type SupervisionIssued = Fact<
  'SupervisionIssued',
  {
    readonly supervisionId: string;
    /** Null where the order concerns the incident as a whole. */
    readonly taskId: string | null;
    readonly departmentId: string | null;
    readonly deadlineId: string;
    /**
     * When that deadline was due as the order was issued; it may be moved afterwards. Null on orders that were issued
     * before they said so: `deadlineId` names where it stands.
     */
    readonly dueAt: string | null;
    /** Place on the ladder that the incident has pinned, from 1: the step that answers the breach itself. */
    readonly step: number;
    readonly level: SupervisionLevel;
    readonly notify: readonly string[];
  }
>;

export type SupervisionLifted = Fact<
  'SupervisionLifted',
  {
    readonly supervisionId: string;
    readonly taskId: string | null;
    readonly departmentId: string | null;
    readonly reason: 'CHECKED_IN' | 'ACKNOWLEDGED' | 'COMPLETED';
  }
>;

export type CheckPassed = Fact<
  'CheckPassed',
  {
    readonly cycle: number;
    readonly checkingUnitId: string | null;
    readonly note: string;
    readonly evidence: readonly string[];
    /** End of the time in which the resident's feedback is awaited. */
    readonly feedbackUntil: string;
  }
>;

export type CheckFailed = Fact<
  'CheckFailed',
  {
    readonly cycle: number;
    readonly checkingUnitId: string | null;
    readonly note: string;
    readonly evidence: readonly string[];
    readonly rework: number;
    /** Tasks that go back to their departments. */
    readonly taskIds: readonly string[];
  }
>;

export type FeedbackRecorded = Fact<
  'FeedbackRecorded',
  {
    readonly cycle: number;
    readonly solved: Solved;
    readonly satisfaction: Satisfaction;
    readonly comment: string | null;
    readonly source: 'CALLBACK' | 'REPORTER';
    readonly rework: number;
    /** Tasks that go back to their departments because it is not solved. */
    readonly taskIds: readonly string[];
  }
>;

export type IncidentClosed = Fact<
  'IncidentClosed',
  {
    readonly cycle: number;
    /** Highest level that held handling responsibility in the closing cycle. */
    readonly resolutionLevel: ResponsibilityLevel;
  }
>;

export type IncidentEvent =
  | IncidentReported
  | IncidentFiled
  | SelfHandlingStarted
  | WhistleBlown
  | TaskAcknowledged
  | DepartmentCheckedIn
  | TaskCompleted
  | HandlingCompleted
  | TaskOverdue
  | IncidentOverdue
  | SupervisionIssued
  | SupervisionLifted
  | CheckPassed
  | CheckFailed
  | FeedbackRecorded
  | IncidentClosed;

export type IncidentEventType = IncidentEvent['type'];
export type IncidentEventOf<Type extends IncidentEventType> = Extract<IncidentEvent, { type: Type }>;
