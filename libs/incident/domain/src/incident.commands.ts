import type {
  AppealItem,
  ArbitrationRule,
  Deadline,
  DeadlineMove,
  DeadlineOf,
  DurationUnit,
  IncidentLocated,
  Location,
  Party,
  PersonalField,
  Pins,
  Place,
  RejectionReason,
  ReleaseReason,
  RescheduledDeadline,
  ResponsibilityLevel,
  ReturnReason,
  RevealPurpose,
  Satisfaction,
  SealedReporter,
  Severity,
  Solved,
  SupervisionLevel,
  SuspensionReason,
  UsedTime,
  TaskAssignment,
  WhistleKind,
  WhistleOrigin,
} from './incident.events.js';
import type { Lifecycle } from './incident.state.js';

/** Who asks, and when the server received it. The domain has no clock of its own. */
export interface CommandOrigin {
  /** ISO 8601, UTC. */
  readonly now: string;
  readonly actor: { readonly id: string; readonly role: string; readonly orgUnitId: string | null };
}

/** How far a device's claimed time is believed (domain.md §6, 25). Milliseconds. */
export interface ClaimTolerance {
  /** Claims further in the future than this are refused; nearer ones are clamped to now. */
  readonly skewMs: number;
  /** An offline check-in synced later than this counts by its arrival. */
  readonly syncMs: number;
}

/** Who may propose and approve a kind of whistle; from the pinned policy. */
export interface WhistleRule {
  /** Roles. */
  readonly proposers: readonly string[];
  readonly approvers: readonly string[];
  /** Blown before it is approved, to be ratified in time or flagged. */
  readonly actsFirst: boolean;
  /** Whoever approves is another person than whoever proposed. */
  readonly fourEyes: boolean;
}

/** Rules of handling, from the policy version the incident has pinned. A command brings them: the domain has no constants. */
export interface HandlingRules {
  /** What becomes of the clock when a task goes to another department (domain.md §3.4 a). */
  readonly clockOnReturn: 'RESTART' | 'CONTINUE' | 'APPORTION';
  /** The how-manieth return of a cycle goes to arbitration instead of to the dispatcher. */
  readonly returnsBeforeArbitration: number;
  readonly refusalsBeforeArbitration: number;
  readonly extensions: {
    /** For one task. */
    readonly max: number;
    /** Roles that approve the first, the second …; the last entry stands for all further ones. */
    readonly approvers: readonly (readonly string[])[];
  };
  readonly whistles: Readonly<Record<WhistleKind, WhistleRule>>;
}

/** What is marked as personal, sealed before the command is decided on. */
export interface SealedPersonalData {
  readonly fields: readonly PersonalField[];
  readonly sealed: SealedReporter;
}

interface Command<Kind extends string> {
  readonly kind: Kind;
  readonly origin: CommandOrigin;
}

export interface ReportIncident extends Command<'ReportIncident'> {
  readonly incidentId: string;
  readonly category: string;
  readonly severity: Severity;
  readonly description: string;
  readonly location: Location | null;
  readonly place: Place;
  readonly channel: string;
  readonly anonymous: boolean;
  readonly reporter: SealedReporter | null;
  /** Null where nothing is marked as personal. */
  readonly personal: SealedPersonalData | null;
  readonly receiptHash: string;
  readonly occurredAt: string | null;
  readonly recurrenceOf: string | null;
  /** SHA-256 of photos; the same one twice is one. */
  readonly evidence: readonly string[];
  readonly tolerance: ClaimTolerance;
  /** VERIFY; not started where it is filed in the same step. */
  readonly deadlines: readonly Deadline[];
  /** Files it in the same step; for offices whose own report needs no verification. */
  readonly filing: { readonly pins: Pins; readonly deadlines: readonly Deadline[] } | null;
}

/** Photos that the reporter sends, those included that the report has named. */
export interface SupplementReport extends Command<'SupplementReport'> {
  readonly receiptHash: string;
  /** SHA-256. */
  readonly evidence: readonly string[];
}

/** A case of the past from another system, with the times of its life there. */
export interface ImportIncident extends Command<'ImportIncident'> {
  readonly incidentId: string;
  readonly externalId: string;
  readonly category: string;
  readonly severity: Severity;
  readonly description: string;
  readonly location: Location | null;
  readonly place: Place;
  readonly channel: string;
  readonly receiptHash: string;
  readonly openedAt: string;
  readonly closedAt: string | null;
  readonly whistleId: string;
  readonly whistlingUnitId: string | null;
  /** Its one task; the handling deadline is the other system's own target. */
  readonly task: TaskAssignment;
}

export interface LocateIncident extends Command<'LocateIncident'> {
  readonly location: Location | null;
  readonly place: Place;
  readonly gridMapId: string | null;
  readonly gridMapVersion: number | null;
  readonly method: IncidentLocated['data']['method'];
  readonly suggestedDepartmentId: string | null;
  readonly reason: string | null;
}

/** What the camera says of a file that a command names as evidence. */
export interface EvidenceFacts {
  readonly sha256: string;
  readonly capturedAt: string | null;
  /** Between where the camera says it was and where the command says it was; null where either says nothing. */
  readonly metresFromClaim: number | null;
}

/** Of the files named as evidence, those that are there already. */
export interface CapturedEvidence {
  readonly files: readonly EvidenceFacts[];
  readonly tolerance: {
    /** Before and behind the time that is claimed. */
    readonly aroundMs: number;
    readonly metres: number;
  };
}

export interface VerifyIncident extends Command<'VerifyIncident'> {
  readonly note: string;
  readonly evidence: readonly string[];
}

export interface RejectIncident extends Command<'RejectIncident'> {
  readonly reasonCode: RejectionReason;
  readonly reason: string;
  readonly notice: string | null;
}

export interface FileIncident extends Command<'FileIncident'> {
  readonly pins: Pins;
  /** INCIDENT_TOTAL, DISPATCH, CONTACT. */
  readonly deadlines: readonly Deadline[];
}

export interface StartSelfHandling extends Command<'StartSelfHandling'> {
  readonly level: ResponsibilityLevel;
  readonly handlingUnitId: string | null;
  readonly parties: readonly Party[];
  readonly note: string | null;
}

/** 先行联系 by whoever handles it without a whistle. */
export interface RecordSelfHandlerContact extends Command<'RecordSelfHandlerContact'> {
  readonly reached: boolean;
  readonly note: string | null;
}

export interface CompleteSelfHandling extends Command<'CompleteSelfHandling'> {
  readonly note: string | null;
  readonly evidence: readonly string[];
  readonly captured?: CapturedEvidence;
  /** CHECK. */
  readonly deadlines: readonly Deadline[];
}

export interface EscalateLevel extends Command<'EscalateLevel'> {
  readonly to: ResponsibilityLevel;
  readonly reason: string;
}

/** Blows it where the asker may approve it too or the kind acts first, else proposes it. */
export interface BlowWhistle extends Command<'BlowWhistle'> {
  readonly whistleId: string;
  readonly whistle: WhistleKind;
  readonly reason: string;
  readonly origination: WhistleOrigin;
  readonly rules: HandlingRules;
  readonly tasks: readonly TaskAssignment[];
  /** RATIFICATION; started where the whistle acts first. */
  readonly deadlines: readonly Deadline[];
}

/** Approves a proposed whistle, which blows it, or ratifies one that acted first; or refuses either. */
export interface ApproveWhistle extends Command<'ApproveWhistle'> {
  readonly whistleId: string;
  readonly approve: boolean;
  readonly note: string | null;
  readonly rules: HandlingRules;
  /** Of the summoned departments, from this moment on. */
  readonly tasks: readonly TaskAssignment[];
}

export interface CancelWhistle extends Command<'CancelWhistle'> {
  readonly whistleId: string;
  readonly reason: string;
  /** CHECK; started where a reverse whistle was all that was waited for. */
  readonly deadlines: readonly Deadline[];
}

export interface EvaluateTask extends Command<'EvaluateTask'> {
  readonly whistleId: string;
  readonly taskId: string;
  readonly evaluationId: string;
  readonly score: number;
  readonly comment: string | null;
}

export interface AcknowledgeTask extends Command<'AcknowledgeTask'> {
  readonly taskId: string;
}

export interface RecordContact extends Command<'RecordContact'> {
  readonly taskId: string;
  readonly reached: boolean;
  readonly note: string | null;
}

export interface CheckIn extends Command<'CheckIn'> {
  readonly taskId: string;
  readonly occurredAt: string | null;
  readonly location: Location | null;
  readonly note: string | null;
  readonly evidence: readonly string[];
  readonly captured?: CapturedEvidence;
  readonly tolerance: ClaimTolerance;
}

/** A word on the work; `stage` says that this stage of it is done. */
export interface ReportProgress extends Command<'ReportProgress'> {
  readonly taskId: string;
  readonly note: string;
  readonly stage: string | null;
  readonly evidence: readonly string[];
  /** Work that is booked with it. */
  readonly workedMinutes: number | null;
}

export interface CompleteTask extends Command<'CompleteTask'> {
  readonly taskId: string;
  readonly note: string | null;
  /** Work that is booked with it. */
  readonly workedMinutes: number | null;
  readonly evidence: readonly string[];
  readonly captured?: CapturedEvidence;
  /** CHECK; started where this was the last task. */
  readonly deadlines: readonly Deadline[];
}

/** Work that nothing else tells of, or that was told wrongly: below 0 takes back. */
export interface BookWork extends Command<'BookWork'> {
  readonly taskId: string;
  readonly workedMinutes: number;
  readonly note: string | null;
}

export interface RequestReturn extends Command<'RequestReturn'> {
  readonly returnId: string;
  readonly taskId: string;
  readonly reasonCode: ReturnReason;
  readonly basis: string;
  readonly suggestedUnitId: string | null;
  readonly rules: HandlingRules;
  /** RETURN_DECISION, ARBITRATION: whichever the request leads to is started. */
  readonly deadlines: readonly Deadline[];
  readonly arbitrationId: string;
}

export interface DecideReturn extends Command<'DecideReturn'> {
  readonly taskId: string;
  readonly accept: boolean;
  readonly reason: string | null;
  /** Whoever gets the task; null refuses, or leaves an assisting department unreplaced. */
  readonly newTask: TaskAssignment | null;
  readonly rules: HandlingRules;
  /** CHECK, ARBITRATION. */
  readonly deadlines: readonly Deadline[];
  readonly arbitrationId: string;
}

/** A dispatcher cannot or may not decide who is responsible. */
export interface OpenArbitration extends Command<'OpenArbitration'> {
  readonly taskId: string;
  readonly arbitrationId: string;
  /** ARBITRATION. */
  readonly deadlines: readonly Deadline[];
}

export interface Arbitrate extends Command<'Arbitrate'> {
  readonly taskId: string;
  readonly responsibleUnitId: string;
  readonly rule: ArbitrationRule;
  readonly reason: string;
  /** For the responsible unit, where it is not the one that has the task. */
  readonly newTask: TaskAssignment | null;
  readonly rules: HandlingRules;
}

export interface AddDepartment extends Command<'AddDepartment'> {
  readonly whistleId: string;
  readonly reason: string;
  readonly task: TaskAssignment;
}

export interface ChangeLead extends Command<'ChangeLead'> {
  readonly whistleId: string;
  readonly departmentId: string;
  readonly reason: string;
  readonly formerLead: 'ASSIST' | 'RELEASED';
  /** For a department that is not in the whistle yet. */
  readonly newTask: TaskAssignment | null;
}

export interface RequestRelease extends Command<'RequestRelease'> {
  readonly taskId: string;
  readonly reason: string;
}

export interface ReleaseTask extends Command<'ReleaseTask'> {
  readonly taskId: string;
  readonly reasonCode: ReleaseReason;
  readonly reason: string;
  /** CHECK; started where nothing was left to wait for. */
  readonly deadlines: readonly Deadline[];
}

export interface TransferTask extends Command<'TransferTask'> {
  readonly taskId: string;
  readonly toDepartmentId: string;
  readonly level: ResponsibilityLevel;
  readonly reason: string;
  /** CHECK; started where the successor was in the whistle and nothing was left to wait for. */
  readonly deadlines: readonly Deadline[];
}

export interface UrgeTask extends Command<'UrgeTask'> {
  readonly taskId: string;
  readonly note: string | null;
}

export interface RequestExtension extends Command<'RequestExtension'> {
  readonly extensionId: string;
  readonly taskId: string;
  readonly amount: number;
  readonly unit: DurationUnit;
  readonly reason: string;
  readonly rules: HandlingRules;
  /** EXTENSION_DECISION. */
  readonly deadlines: readonly DeadlineOf<'EXTENSION_DECISION'>[];
}

export interface DecideExtension extends Command<'DecideExtension'> {
  readonly taskId: string;
  readonly grant: boolean;
  readonly reason: string | null;
  readonly rules: HandlingRules;
  /** Where the deadlines of the task's handling go, if it is granted. */
  readonly moves: readonly DeadlineMove[];
}

/** Sent when the alarm clock wakes. Only the decider says whether anything is to be warned of or overdue, and what comes of it. */
export interface MarkOverdue extends Command<'MarkOverdue'> {
  readonly deadlineId: string;
  /**
   * Whether it was woken for the warning. Any other alarm says nothing before the due time: its command has one name for
   * ever, and what it has once done is done.
   */
  readonly warning: boolean;
  /** SUPERVISION_RESPONSE for an order that comes of it. */
  readonly deadlines: readonly Deadline[];
  /** For the closing that the end of the feedback window is. */
  readonly closing: ClosingWindows;
  /** What the step of the ladder brings beside its order, by the ladder that is pinned; absent: nothing. */
  readonly consequence?: LadderConsequence | null;
}

/** Open deadlines go on under other versions of policy or calendar; what cannot be moved stays. */
export interface RescheduleDeadlines extends Command<'RescheduleDeadlines'> {
  readonly cause: 'POLICY_MOVED' | 'CALENDAR_PUBLISHED';
  readonly reason: string | null;
  /** What is to govern the incident; null: what governs it now. */
  readonly pins: Pins | null;
  readonly moves: readonly Omit<RescheduledDeadline, 'taskId' | 'formerDueAt'>[];
}

/** RAISE_LEVEL: to the next level up. OPEN_ARBITRATION: about the task, with ARBITRATION. */
export type LadderConsequence =
  | { readonly kind: 'RAISE_LEVEL' }
  | {
      readonly kind: 'OPEN_ARBITRATION';
      readonly arbitrationId: string;
      readonly deadlines: readonly Deadline[];
    };

/** Ends of the times after closing; null where the policy sets none. */
export interface ClosingWindows {
  readonly reopenUntil: string | null;
  readonly appealUntil: string | null;
}

export interface CheckHandling extends Command<'CheckHandling'> {
  /** Which of the units that handled it the checker's own unit is, or is part of. */
  readonly partOf: readonly string[];
  /** What the checker's account would be called here, had it reported this as a resident's. */
  readonly alias: string;
  readonly result: 'PASS' | 'FAIL';
  readonly note: string;
  readonly evidence: readonly string[];
  readonly captured?: CapturedEvidence;
  readonly feedbackUntil: string;
  /** CALLBACK, FEEDBACK_WINDOW; started by a pass. */
  readonly deadlines: readonly Deadline[];
  /** REWORK of each task, started by a fail. */
  readonly reworks: readonly { readonly taskId: string; readonly deadline: Deadline }[];
}

export interface RecordFeedback extends Command<'RecordFeedback'> {
  readonly solved: Solved;
  readonly satisfaction: Satisfaction;
  readonly comment: string | null;
  readonly source: 'CALLBACK' | 'REPORTER';
  /** The comment, where it is marked as personal. */
  readonly personal: SealedPersonalData | null;
  /** SHA-256 of the receipt code the reporter showed; null for a callback. */
  readonly receiptHash: string | null;
  /** REWORK of each task, started where it is not solved. */
  readonly reworks: readonly { readonly taskId: string; readonly deadline: Deadline }[];
  /** The incident this one was merged into, as it stands; null where it was not. */
  readonly mergedInto: {
    readonly lifecycle: Lifecycle | 'NONE';
    readonly feedbackUntil: string | null;
  } | null;
}

export interface CorrectFeedback extends Command<'CorrectFeedback'> {
  readonly solved: Solved;
  readonly satisfaction: Satisfaction;
  readonly comment: string | null;
  readonly source: 'CALLBACK' | 'REPORTER';
  readonly personal: SealedPersonalData | null;
  readonly receiptHash: string | null;
  readonly reason: string;
}

export interface CloseIncident extends Command<'CloseIncident'> {
  readonly closing: ClosingWindows;
}

export interface ReopenIncident extends Command<'ReopenIncident'> {
  readonly by: 'REPORTER' | 'OFFICE';
  /** SHA-256 of the receipt code the reporter showed; null for an office. */
  readonly receiptHash: string | null;
  readonly reason: string;
  readonly pins: Pins;
  /** INCIDENT_TOTAL, DISPATCH, CONTACT. */
  readonly deadlines: readonly Deadline[];
}

export interface SuspendIncident extends Command<'SuspendIncident'> {
  readonly reasonCode: SuspensionReason;
  readonly reason: string;
  readonly reviewAt: string;
  readonly usedPercent: number | null;
  readonly usedTime: UsedTime | null;
  /** SUSPENSION_REVIEW, due at `reviewAt`. */
  readonly deadlines: readonly Deadline[];
}

/** Resumes, or with another review date stays suspended until then. */
export interface ResumeIncident extends Command<'ResumeIncident'> {
  readonly reason: string;
  readonly renewUntil: string | null;
  /** SUSPENSION_REVIEW, where it is renewed. */
  readonly deadlines: readonly Deadline[];
  readonly moves: readonly DeadlineMove[];
}

export interface MergeIncident extends Command<'MergeIncident'> {
  readonly into: string;
  readonly reason: string;
  /** The incident it is merged into, as it stands. */
  readonly target: { readonly lifecycle: Lifecycle | 'NONE'; readonly openTasks: number };
  /** Departments of this incident whose tasks go on there; must be said where both have open tasks. */
  readonly keepDepartments: readonly string[] | null;
}

export interface UnmergeIncident extends Command<'UnmergeIncident'> {
  readonly reason: string;
  /** Street of the incident it was merged into, which may let it go too. */
  readonly targetStreetId: string | null;
  readonly moves: readonly DeadlineMove[];
}

/** On the incident that goes on, before its duplicate is merged into it. */
export interface JoinDuplicate extends Command<'JoinDuplicate'> {
  readonly incidentId: string;
  /** Whether the duplicate says already that it is one: then this one says so too, whatever has become of it. */
  readonly merged: boolean;
}

export interface LeaveDuplicate extends Command<'LeaveDuplicate'> {
  readonly incidentId: string;
}

export interface WithdrawIncident extends Command<'WithdrawIncident'> {
  readonly reason: string | null;
  readonly receiptHash: string | null;
  /** Whether its category is a public hazard, by the catalogue in force. */
  readonly hazard: boolean;
}

export interface VoidIncident extends Command<'VoidIncident'> {
  /** As in {@link CheckHandling}. */
  readonly alias: string;
  readonly reason: string;
}

export interface IssueSupervision extends Command<'IssueSupervision'> {
  readonly supervisionId: string;
  /** Null: the incident as a whole. */
  readonly taskId: string | null;
  readonly level: SupervisionLevel;
  readonly notify: readonly string[];
  readonly reason: string;
  /** SUPERVISION_RESPONSE. */
  readonly deadlines: readonly Deadline[];
}

export interface RespondToSupervision extends Command<'RespondToSupervision'> {
  readonly supervisionId: string;
  readonly response: string;
}

export interface LiftSupervision extends Command<'LiftSupervision'> {
  readonly supervisionId: string;
  readonly reason: string;
}

export interface FileAppeal extends Command<'FileAppeal'> {
  readonly appealId: string;
  readonly item: AppealItem;
  readonly itemId: string | null;
  readonly reason: string;
  readonly evidence: readonly string[];
}

export interface DecideAppeal extends Command<'DecideAppeal'> {
  readonly appealId: string;
  readonly exclude: boolean;
  readonly reason: string;
}

export interface FlagReporter extends Command<'FlagReporter'> {
  readonly flagId: string;
  readonly reason: string;
}

export interface DecideReporterFlag extends Command<'DecideReporterFlag'> {
  readonly flagId: string;
  readonly approve: boolean;
  readonly reason: string;
  /** As in {@link CheckHandling}. */
  readonly alias: string;
}

export interface RevealReporter extends Command<'RevealReporter'> {
  readonly purpose: RevealPurpose;
  readonly reason: string;
  readonly fields: readonly PersonalField[];
  /** Whether a key is there still: destroyed keys may not be on record yet. */
  readonly readable: boolean;
}

/** After the keys of these subjects were destroyed. */
export interface ForgetReporter extends Command<'ForgetReporter'> {
  readonly subjectIds: readonly string[];
}

export type IncidentCommand =
  | ReportIncident
  | SupplementReport
  | ImportIncident
  | LocateIncident
  | VerifyIncident
  | RejectIncident
  | FileIncident
  | StartSelfHandling
  | RecordSelfHandlerContact
  | CompleteSelfHandling
  | EscalateLevel
  | BlowWhistle
  | ApproveWhistle
  | CancelWhistle
  | EvaluateTask
  | AcknowledgeTask
  | RecordContact
  | CheckIn
  | ReportProgress
  | CompleteTask
  | BookWork
  | RequestReturn
  | DecideReturn
  | OpenArbitration
  | Arbitrate
  | AddDepartment
  | ChangeLead
  | RequestRelease
  | ReleaseTask
  | TransferTask
  | UrgeTask
  | RequestExtension
  | DecideExtension
  | MarkOverdue
  | RescheduleDeadlines
  | CheckHandling
  | RecordFeedback
  | CorrectFeedback
  | CloseIncident
  | ReopenIncident
  | SuspendIncident
  | ResumeIncident
  | MergeIncident
  | UnmergeIncident
  | JoinDuplicate
  | LeaveDuplicate
  | WithdrawIncident
  | VoidIncident
  | IssueSupervision
  | RespondToSupervision
  | LiftSupervision
  | FileAppeal
  | DecideAppeal
  | FlagReporter
  | DecideReporterFlag
  | RevealReporter
  | ForgetReporter;
