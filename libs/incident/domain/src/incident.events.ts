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
] as const;
export type IncidentTimer =
  | (typeof INCIDENT_TIMERS)[number]
  | (typeof TASK_TIMERS)[number]
  /** Of a whistle that acted first. */
  | 'RATIFICATION'
  /** Of an order of supervision. */
  | 'SUPERVISION_RESPONSE';

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
  /** Null on deadlines that were recorded before they said so, and on imported ones: time on the clock. */
  readonly unit: DurationUnit | null;
  /** Stage of handling it is for; null where handling has no stages, and for every other timer. */
  readonly stage: string | null;
  /** The ladder, lowest first; empty where a breach is recorded and nothing more. */
  readonly steps: readonly LadderStep[];
}

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
    /** Account that reported it; null for anonymous reports and where it was not recorded. Who reports does not check. */
    readonly reportedBy: string | null;
    /** An earlier incident of which this is a recurrence. */
    readonly recurrenceOf: string | null;
    /** Started by the report: VERIFY. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** Where it lies, found or corrected after the report. Nobody's task moves by it (domain.md §6, 18). */
export type IncidentLocated = Fact<
  'IncidentLocated',
  {
    readonly location: Location | null;
    readonly place: Place;
    /** Version of the boundaries it was found in; null where a person named the place. */
    readonly gridMapId: string | null;
    readonly gridMapVersion: number | null;
    readonly method: 'BY_POINT' | 'BY_HAND' | 'AREA_TRANSFER';
    /** Whom the dispatch catalogue names for the new place, where that differs from who has it. */
    readonly suggestedDepartmentId: string | null;
    readonly reason: string | null;
  }
>;

/** 核实: seen on site before it is filed. */
export type IncidentVerified = Fact<
  'IncidentVerified',
  {
    readonly verifyingUnitId: string | null;
    readonly note: string;
    readonly evidence: readonly string[];
  }
>;

/** Why an incident is not taken into consideration. */
export const REJECTION_REASONS = [
  'NOT_FOUND_ON_SITE',
  'NOT_OUR_REMIT',
  'IN_OTHER_PROCEEDINGS',
  'TOO_VAGUE',
  'REPEATED_AFTER_ANSWER',
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

export type IncidentRejected = Fact<
  'IncidentRejected',
  {
    readonly reasonCode: RejectionReason;
    readonly reason: string;
    /** What the reporter is told; null only where nobody can be told. */
    readonly notice: string | null;
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

/** 三方协同: who of an estate takes part when it handles the matter itself. */
export const PARTIES = [
  'GRID',
  'RESIDENTS_COMMITTEE',
  'OWNERS_COMMITTEE',
  'PROPERTY_COMPANY',
  'LANE_CHIEF',
  'VOLUNTEERS',
] as const;
export type Party = (typeof PARTIES)[number];

export type SelfHandlingStarted = Fact<
  'SelfHandlingStarted',
  {
    readonly level: ResponsibilityLevel;
    readonly handlingUnitId: string | null;
    readonly parties: readonly Party[];
    readonly note: string | null;
  }
>;

/** The matter needs a higher level than the one that holds it. Never downward. */
export type IncidentEscalated = Fact<
  'IncidentEscalated',
  {
    readonly from: ResponsibilityLevel | null;
    readonly to: ResponsibilityLevel;
    readonly unitId: string | null;
    readonly reason: string;
  }
>;

/** What gave rise to a whistle 哨源. */
export const WHISTLE_ORIGINS = ['REPORT', 'PATROL', 'HOTLINE', 'LEADER', 'DEPARTMENT'] as const;
export type WhistleOrigin = (typeof WHISTLE_ORIGINS)[number];

export interface Summons {
  readonly departmentId: string;
  readonly role: TaskRole;
}

/** A whistle that waits for its approval; nobody is summoned yet. */
export type WhistleProposed = Fact<
  'WhistleProposed',
  {
    readonly whistleId: string;
    readonly kind: WhistleKind;
    readonly reason: string;
    readonly origin: WhistleOrigin;
    readonly proposingUnitId: string | null;
    readonly proposedBy: string;
    readonly summons: readonly Summons[];
  }
>;

export type WhistleApproved = Fact<
  'WhistleApproved',
  {
    readonly whistleId: string;
    readonly approvingUnitId: string | null;
    readonly note: string | null;
  }
>;

export type WhistleRefused = Fact<
  'WhistleRefused',
  { readonly whistleId: string; readonly refusingUnitId: string | null; readonly reason: string }
>;

export type WhistleBlown = Fact<
  'WhistleBlown',
  {
    readonly whistleId: string;
    readonly kind: WhistleKind;
    readonly reason: string;
    readonly whistlingUnitId: string | null;
    /** Account that blew or proposed it; null where it was not recorded. */
    readonly blownBy: string | null;
    readonly origin: WhistleOrigin;
    /** Blown by a department 反向吹哨. */
    readonly reverse: boolean;
    /** TO_BE_RATIFIED: it acted first and is approved afterwards, or flagged. */
    readonly approval: 'NOT_NEEDED' | 'APPROVED' | 'TO_BE_RATIFIED';
    /** Earlier whistles on this incident. */
    readonly repeats: readonly string[];
    readonly tasks: readonly TaskAssignment[];
    /** Of the whistle itself: RATIFICATION. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** An emergency whistle was approved after it had acted. */
export type WhistleRatified = Fact<
  'WhistleRatified',
  {
    readonly whistleId: string;
    readonly ratifyingUnitId: string | null;
    readonly note: string | null;
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

/** It was not ratified in time: visible for ever, undone by nothing (domain.md §6, 10). */
export type WhistleFlagged = Fact<
  'WhistleFlagged',
  { readonly whistleId: string; readonly reason: 'NOT_RATIFIED' | 'RATIFICATION_REFUSED' }
>;

/** The open tasks of a cancelled whistle are released and counted against nobody. */
export type WhistleCancelled = Fact<
  'WhistleCancelled',
  {
    readonly whistleId: string;
    readonly cancellingUnitId: string | null;
    readonly reason: string;
    readonly taskIds: readonly string[];
  }
>;

/** 评哨: how the whistling unit rates one department's part. */
export type TaskEvaluated = Fact<
  'TaskEvaluated',
  {
    readonly evaluationId: string;
    readonly whistleId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly evaluatingUnitId: string | null;
    /** 1, worst, to 5. */
    readonly score: number;
    readonly comment: string | null;
  }
>;

export type TaskAcknowledged = Fact<
  'TaskAcknowledged',
  {
    readonly taskId: string;
    readonly departmentId: string;
    /** True when it did not sign: it checked in, asked for the return, or let the return window run out. */
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

/** 先行联系: the first contact with the reporter. */
export type ReporterContacted = Fact<
  'ReporterContacted',
  {
    readonly taskId: string;
    readonly departmentId: string;
    /** False: tried, nobody answered. Only a contact that was made stops the clock. */
    readonly reached: boolean;
    readonly note: string | null;
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

export type ProgressReported = Fact<
  'ProgressReported',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly note: string;
    readonly evidence: readonly string[];
  }
>;

/** One stage of staged handling is done; the task is not. */
export type TaskStageCompleted = Fact<
  'TaskStageCompleted',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly stage: string;
    readonly note: string | null;
    readonly evidence: readonly string[];
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

/** Why a department says a task is not its own (退单). */
export const RETURN_REASONS = ['NOT_OUR_FUNCTION', 'NOT_OUR_AREA', 'OWNERSHIP_UNCLEAR'] as const;
export type ReturnReason = (typeof RETURN_REASONS)[number];

export type ReturnRequested = Fact<
  'ReturnRequested',
  {
    readonly returnId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly reasonCode: ReturnReason;
    /** Rule or document it rests on. */
    readonly basis: string;
    readonly suggestedUnitId: string | null;
    /** Which return of the cycle this is, from 1: the accepted ones before it, and itself. */
    readonly ordinal: number;
    /** Of the task's ACKNOWLEDGE, which a request answers. */
    readonly dueAt: string | null;
    readonly late: boolean;
    /** RETURN_DECISION. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** The task ends RETURNED; `newTask` summons whoever has it from here on. */
export type ReturnAccepted = Fact<
  'ReturnAccepted',
  {
    readonly returnId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly decidingUnitId: string | null;
    readonly note: string | null;
    /** Null: an assisting department that nobody replaces. */
    readonly newTask: TaskAssignment | null;
    readonly lostTime: readonly LostTime[];
  }
>;

/** The task is the department's; the time it cost is booked to it. */
export type ReturnRejected = Fact<
  'ReturnRejected',
  {
    readonly returnId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly decidingUnitId: string | null;
    readonly reason: string;
    readonly lostTime: readonly LostTime[];
  }
>;

export type ArbitrationOpened = Fact<
  'ArbitrationOpened',
  {
    readonly arbitrationId: string;
    readonly taskId: string;
    readonly cause: 'RETURNS' | 'REFUSALS' | 'REQUESTED';
    /** Units whose responsibility is in question; none of them decides. */
    readonly parties: readonly string[];
    /** ARBITRATION. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** What a decision on responsibility rests on. */
export const ARBITRATION_RULES = [
  'STATUTORY_FUNCTION',
  'TERRITORIAL_RESPONSIBILITY',
  'FIRST_RECEIVER',
  'FALLBACK_RESPONSIBILITY',
  'DISPATCH_CATALOGUE',
] as const;
export type ArbitrationRule = (typeof ARBITRATION_RULES)[number];

/** 裁定. Final: whoever has the task by it cannot return it. */
export type ResponsibilityDecided = Fact<
  'ResponsibilityDecided',
  {
    readonly arbitrationId: string;
    readonly taskId: string;
    readonly arbitratingUnitId: string | null;
    readonly responsibleUnitId: string;
    readonly rule: ArbitrationRule;
    readonly reason: string;
    /** Null where the task stays with the department that has it, or goes to one that is in the whistle already. */
    readonly newTask: TaskAssignment | null;
    readonly lostTime: readonly LostTime[];
    /** Entry that would have spared the dispute, for whoever keeps the dispatch catalogue; nothing is changed by it. */
    readonly catalogueProposal: {
      readonly category: string;
      readonly areaId: string | null;
      readonly departmentId: string;
      readonly basis: string;
    };
  }
>;

export type DepartmentAdded = Fact<
  'DepartmentAdded',
  { readonly whistleId: string; readonly task: TaskAssignment; readonly reason: string }
>;

/** Exactly one lead before, exactly one after. */
export type LeadChanged = Fact<
  'LeadChanged',
  {
    readonly whistleId: string;
    readonly fromTaskId: string;
    readonly fromDepartmentId: string;
    readonly toTaskId: string;
    readonly toDepartmentId: string;
    /** Null where a department that assisted leads from here on. */
    readonly newTask: TaskAssignment | null;
    /** Whether who led before goes on assisting. */
    readonly formerLead: 'ASSIST' | 'RELEASED';
    readonly reason: string;
    readonly lostTime: readonly LostTime[];
  }
>;

/** The lead says an assisting department holds the matter up. Recorded whatever the street makes of it. */
export type ReleaseRequested = Fact<
  'ReleaseRequested',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly leadDepartmentId: string;
    readonly reason: string;
  }
>;

export const RELEASE_REASONS = ['NOT_NEEDED', 'HOLDS_UP', 'SUMMONED_IN_ERROR'] as const;
export type ReleaseReason = (typeof RELEASE_REASONS)[number];

export type TaskReleased = Fact<
  'TaskReleased',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly reasonCode: ReleaseReason;
    readonly reason: string;
    /** Whether it counts against the department: it held the matter up. */
    readonly counted: boolean;
  }
>;

/** The department merged, split, or is gone: its task goes on, with its clocks, under its successor. */
export type TaskTransferred = Fact<
  'TaskTransferred',
  {
    readonly taskId: string;
    readonly fromDepartmentId: string;
    readonly toDepartmentId: string;
    readonly level: ResponsibilityLevel;
    readonly reason: string;
  }
>;

/** 催办: a reminder; no order. */
export type TaskUrged = Fact<
  'TaskUrged',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly urgingUnitId: string | null;
    readonly note: string | null;
  }
>;

export type ExtensionRequested = Fact<
  'ExtensionRequested',
  {
    readonly extensionId: string;
    readonly taskId: string;
    readonly departmentId: string;
    /** Which extension of the task this would be, from 1; its approver depends on it. */
    readonly ordinal: number;
    readonly amount: number;
    readonly unit: DurationUnit;
    readonly reason: string;
  }
>;

export type ExtensionGranted = Fact<
  'ExtensionGranted',
  {
    readonly extensionId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly ordinal: number;
    readonly approvingUnitId: string | null;
    readonly moves: readonly DeadlineMove[];
  }
>;

export type ExtensionRefused = Fact<
  'ExtensionRefused',
  {
    readonly extensionId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly ordinal: number;
    readonly refusingUnitId: string | null;
    readonly reason: string;
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
    /** CHECK. */
    readonly deadlines: readonly Deadline[];
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

/** A deadline of the incident, of a whistle or of an order passed unmet. `occurredAt` is the due instant. */
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
 * 督办: a step of the escalation ladder was taken for a deadline that was missed, or a person ordered it. The time to
 * answer it in is a deadline of its own.
 */
export type SupervisionIssued = Fact<
  'SupervisionIssued',
  {
    readonly supervisionId: string;
    /** Null where the order concerns the incident as a whole. */
    readonly taskId: string | null;
    readonly departmentId: string | null;
    /** The deadline that was missed; null where a person ordered it. */
    readonly deadlineId: string | null;
    /**
     * When that deadline was due as the order was issued; it may be moved afterwards. Null on orders that were issued
     * before they said so (`deadlineId` names where it stands), and on a person's.
     */
    readonly dueAt: string | null;
    /** Place on the ladder that the incident has pinned, from 1: the step that answers the breach itself; else null. */
    readonly step: number | null;
    readonly level: SupervisionLevel;
    readonly notify: readonly string[];
    readonly issuedBy: 'LADDER' | 'PERSON';
    /** Of a person's order. */
    readonly reason: string | null;
    /** SUPERVISION_RESPONSE. */
    readonly deadlines: readonly Deadline[];
  }
>;

export type SupervisionResponded = Fact<
  'SupervisionResponded',
  {
    readonly supervisionId: string;
    readonly taskId: string | null;
    readonly respondingUnitId: string | null;
    readonly response: string;
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

export type SupervisionLifted = Fact<
  'SupervisionLifted',
  {
    readonly supervisionId: string;
    readonly taskId: string | null;
    readonly departmentId: string | null;
    /** What ended it. BY_PERSON: whoever may issue orders lifted it. ENDED: task or incident ended otherwise. */
    readonly reason: 'CHECKED_IN' | 'ACKNOWLEDGED' | 'COMPLETED' | 'MET' | 'BY_PERSON' | 'ENDED';
    readonly note: string | null;
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
    /** CALLBACK, FEEDBACK_WINDOW. */
    readonly deadlines: readonly Deadline[];
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
    /** REWORK, for each of them. */
    readonly reworks: readonly { readonly taskId: string; readonly deadline: Deadline }[];
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
    /** REWORK, for each of them. */
    readonly reworks: readonly { readonly taskId: string; readonly deadline: Deadline }[];
  }
>;

/** A further word on feedback that is on record; the first one stays (domain.md §6, 30). */
export type FeedbackCorrected = Fact<
  'FeedbackCorrected',
  {
    readonly cycle: number;
    readonly solved: Solved;
    readonly satisfaction: Satisfaction;
    readonly comment: string | null;
    readonly source: 'CALLBACK' | 'REPORTER';
    readonly reason: string;
  }
>;

export type IncidentClosed = Fact<
  'IncidentClosed',
  {
    readonly cycle: number;
    /** Highest level that held handling responsibility in the closing cycle. */
    readonly resolutionLevel: ResponsibilityLevel;
    /** End of the time in which it may be opened again; null where it was not recorded: no end. */
    readonly reopenUntil: string | null;
    /** End of the time in which a unit may contest how it is scored; null likewise. */
    readonly appealUntil: string | null;
  }
>;

/** A new cycle begins; the filing that follows it pins what governs it. Earlier results stay (domain.md §6, 13). */
export type IncidentReopened = Fact<
  'IncidentReopened',
  {
    readonly cycle: number;
    readonly by: 'REPORTER' | 'OFFICE';
    readonly unitId: string | null;
    readonly reason: string;
  }
>;

export const SUSPENSION_REASONS = [
  'OWNERLESS',
  'IN_COURT',
  'NEEDS_FUNDS',
  'NEEDS_LEGISLATION',
  'WEATHER',
  'UNDER_CONSTRUCTION',
] as const;
export type SuspensionReason = (typeof SUSPENSION_REASONS)[number];

/** 挂账: it cannot be solved now. Clocks stand still from the approval on, never from before it (domain.md §3.4 b). */
export type IncidentSuspended = Fact<
  'IncidentSuspended',
  {
    readonly reasonCode: SuspensionReason;
    readonly reason: string;
    readonly approvingUnitId: string | null;
    readonly reviewAt: string;
    /** Percent of the total time used up at the approval, whole; null without a total deadline (domain.md §6, 27). */
    readonly usedPercent: number | null;
    /** SUSPENSION_REVIEW. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** It stays suspended until another review. */
export type SuspensionRenewed = Fact<
  'SuspensionRenewed',
  {
    readonly approvingUnitId: string | null;
    readonly reason: string;
    readonly reviewAt: string;
    readonly deadlines: readonly Deadline[];
  }
>;

export type IncidentResumed = Fact<
  'IncidentResumed',
  {
    readonly unitId: string | null;
    readonly reason: string;
    readonly moves: readonly DeadlineMove[];
  }
>;

/** It is the same as `into` and goes on there. Clocks stand still; each reporter keeps receipt and feedback. */
export type IncidentMerged = Fact<
  'IncidentMerged',
  {
    readonly into: string;
    readonly unitId: string | null;
    readonly reason: string;
  }
>;

export type IncidentUnmerged = Fact<
  'IncidentUnmerged',
  {
    readonly from: string;
    readonly unitId: string | null;
    readonly reason: string;
    readonly moves: readonly DeadlineMove[];
  }
>;

/** Written to the incident that goes on, before its duplicate is merged into it: so no two can each end in the other. */
export type DuplicateJoined = Fact<
  'DuplicateJoined',
  { readonly incidentId: string; readonly unitId: string | null }
>;

export type DuplicateLeft = Fact<
  'DuplicateLeft',
  { readonly incidentId: string; readonly unitId: string | null }
>;

/** The reporter takes it back. A public hazard goes on without its reporter (domain.md §6, 20). */
export type IncidentWithdrawn = Fact<
  'IncidentWithdrawn',
  {
    readonly reason: string | null;
    readonly goesOn: boolean;
    /** Released by it, counted against nobody. */
    readonly taskIds: readonly string[];
  }
>;

/** It should never have been created. */
export type IncidentVoided = Fact<
  'IncidentVoided',
  { readonly unitId: string | null; readonly reason: string }
>;

/** What a unit may contest. */
export const APPEAL_ITEMS = ['FEEDBACK', 'EVALUATION', 'OVERDUE', 'RETURN', 'RELEASE'] as const;
export type AppealItem = (typeof APPEAL_ITEMS)[number];

export type AppealFiled = Fact<
  'AppealFiled',
  {
    readonly appealId: string;
    readonly unitId: string;
    readonly item: AppealItem;
    /** Of the item: an evaluation, a deadline, a return, a task; null for the feedback of the cycle. */
    readonly itemId: string | null;
    readonly cycle: number;
    readonly reason: string;
    readonly evidence: readonly string[];
  }
>;

/** 剔除: the item is left out of the unit's score, not out of the record. */
export type ScoreExcluded = Fact<
  'ScoreExcluded',
  {
    readonly appealId: string;
    readonly unitId: string;
    readonly item: AppealItem;
    readonly itemId: string | null;
    readonly cycle: number;
    readonly decidingUnitId: string | null;
    readonly reason: string;
  }
>;

export type AppealRefused = Fact<
  'AppealRefused',
  {
    readonly appealId: string;
    readonly unitId: string;
    readonly decidingUnitId: string | null;
    readonly reason: string;
  }
>;

/** Many reports of the same hand, or made up ones: said, never a reason to drop a report (domain.md §6, 21). */
export type ReporterFlagged = Fact<
  'ReporterFlagged',
  { readonly unitId: string | null; readonly reason: string }
>;

export type IncidentEvent =
  | IncidentReported
  | IncidentLocated
  | IncidentVerified
  | IncidentRejected
  | IncidentFiled
  | SelfHandlingStarted
  | IncidentEscalated
  | WhistleProposed
  | WhistleApproved
  | WhistleRefused
  | WhistleBlown
  | WhistleRatified
  | WhistleFlagged
  | WhistleCancelled
  | TaskEvaluated
  | TaskAcknowledged
  | DepartmentCheckedIn
  | ReporterContacted
  | ProgressReported
  | TaskStageCompleted
  | ReturnRequested
  | ReturnAccepted
  | ReturnRejected
  | ArbitrationOpened
  | ResponsibilityDecided
  | DepartmentAdded
  | LeadChanged
  | ReleaseRequested
  | TaskReleased
  | TaskTransferred
  | TaskUrged
  | ExtensionRequested
  | ExtensionGranted
  | ExtensionRefused
  | TaskCompleted
  | HandlingCompleted
  | TaskOverdue
  | IncidentOverdue
  | SupervisionIssued
  | SupervisionResponded
  | SupervisionLifted
  | CheckPassed
  | CheckFailed
  | FeedbackRecorded
  | FeedbackCorrected
  | IncidentClosed
  | IncidentReopened
  | IncidentSuspended
  | SuspensionRenewed
  | IncidentResumed
  | IncidentMerged
  | IncidentUnmerged
  | DuplicateJoined
  | DuplicateLeft
  | IncidentWithdrawn
  | IncidentVoided
  | AppealFiled
  | ScoreExcluded
  | AppealRefused
  | ReporterFlagged;

export type IncidentEventType = IncidentEvent['type'];
export type IncidentEventOf<Type extends IncidentEventType> = Extract<IncidentEvent, { type: Type }>;
