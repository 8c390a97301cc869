import type {
  AppealItem,
  ArbitrationOpened,
  ArbitrationRule,
  AnyDeadline,
  DurationUnit,
  IncidentLocated,
  Lifecycle,
  Location,
  Party,
  PersonalField,
  Pins,
  RejectionReason,
  ReleaseReason,
  ResponsibilityDecided,
  ResponsibilityLevel,
  ReturnReason,
  RevealPurpose,
  Satisfaction,
  Severity,
  Solved,
  Summons,
  SupervisionLevel,
  SuspensionReason,
  TaskRole,
  TaskState,
  WhistleBlown,
  WhistleFlagged,
  WhistleKind,
  WhistleOrigin,
  WhistleState,
} from '@shaoying/incident-domain';

export interface DeadlineView {
  readonly deadlineId: string;
  readonly timer: AnyDeadline['timer'];
  readonly startedAt: string;
  readonly warnAt: string;
  readonly dueAt: string;
  readonly provisional: boolean;
  readonly policyId: string;
  readonly policyVersion: number;
  readonly calendarId: string;
  readonly calendarVersion: number;
  readonly unit: DurationUnit | null;
  readonly stage: string | null;
  /**
   * MET and BREACHED are facts of the log; an OPEN one past its due time is overdue by the reader's clock. PAUSED: nothing
   * is owed by it until the incident goes on, or until what was asked about it is decided. ENDED: nothing waits for it any
   * more, and nothing has met it.
   */
  readonly status: 'OPEN' | 'MET' | 'BREACHED' | 'PAUSED' | 'ENDED';
  readonly metAt: string | null;
}

export interface TaskView {
  readonly taskId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  readonly role: TaskRole;
  readonly level: ResponsibilityLevel;
  readonly cycle: number;
  readonly state: TaskState;
  readonly notifiedAt: string;
  readonly acknowledgedAt: string | null;
  readonly acknowledgedLate: boolean | null;
  readonly contactedAt: string | null;
  readonly contactedLate: boolean | null;
  readonly checkedInAt: string | null;
  readonly checkedInLate: boolean | null;
  readonly checkInDisputed: boolean | null;
  readonly progress: { readonly count: number; readonly lastAt: string; readonly lastNote: string } | null;
  readonly stagesDone: readonly { readonly stage: string; readonly at: string; readonly late: boolean }[];
  /** Booked on it, by whoever has it and whoever had it, less what was taken back. */
  readonly workedMinutes: number;
  readonly completedAt: string | null;
  readonly completedLate: boolean | null;
  /** Sent back, and not completed again. */
  /** When a check first passed what was done: the time for handling is met from then on. */
  readonly acceptedAt: string | null;
  readonly reworking: boolean;
  /** Given by a final decision: it cannot be returned. */
  readonly final: boolean;
  /** When it was returned or released. */
  readonly endedAt: string | null;
  readonly release: {
    readonly reasonCode: ReleaseReason | 'WHISTLE_CANCELLED' | 'WITHDRAWN' | 'LEAD_CHANGED';
    readonly reason: string | null;
    /** Whether it counts against the department. */
    readonly counted: boolean;
  } | null;
  /** The lead says that it holds the matter up. */
  readonly releaseRequested: { readonly at: string; readonly reason: string } | null;
  readonly urged: { readonly count: number; readonly lastAt: string } | null;
  readonly roleChanges: readonly { readonly at: string; readonly role: TaskRole; readonly reason: string }[];
  readonly transfers: readonly {
    readonly at: string;
    readonly fromDepartmentId: string;
    readonly toDepartmentId: string;
    readonly reason: string;
  }[];
  readonly evaluation: {
    readonly evaluationId: string;
    readonly at: string;
    readonly evaluatingUnitId: string | null;
    readonly score: number;
    readonly comment: string | null;
  } | null;
  readonly deadlines: readonly DeadlineView[];
}

export interface WhistleView {
  readonly whistleId: string;
  readonly kind: WhistleKind;
  readonly reason: string;
  readonly whistlingUnitId: string | null;
  readonly state: WhistleState;
  readonly cycle: number;
  readonly origin: WhistleOrigin;
  readonly reverse: boolean;
  readonly approval: WhistleBlown['data']['approval'] | 'AWAITED' | 'RATIFIED' | 'REFUSED';
  readonly approvingUnitId: string | null;
  readonly proposedAt: string | null;
  /** Whom a proposal would summon. */
  readonly summons: readonly Summons[];
  /** Null while it is only proposed. */
  readonly blownAt: string | null;
  readonly flagged: WhistleFlagged['data']['reason'] | null;
  /** Of a refusal or cancellation. */
  readonly endReason: string | null;
  readonly endedAt: string | null;
  /** Earlier whistles on this incident. */
  readonly repeats: readonly string[];
  readonly deadlines: readonly DeadlineView[];
}

export interface SupervisionView {
  readonly supervisionId: string;
  readonly taskId: string | null;
  readonly departmentId: string | null;
  /** Null on a person's order. */
  readonly deadlineId: string | null;
  /** When the missed deadline was due as the order was issued. */
  readonly dueAt: string | null;
  /** Place on the ladder, from 1; null on a person's order. */
  readonly step: number | null;
  readonly level: SupervisionLevel;
  readonly issuedBy: 'LADDER' | 'PERSON';
  readonly reason: string | null;
  readonly issuedAt: string;
  readonly respondedAt: string | null;
  readonly respondedLate: boolean | null;
  readonly response: string | null;
  readonly liftedAt: string | null;
  readonly liftReason: string | null;
  readonly deadlines: readonly DeadlineView[];
}

export interface ReturnView {
  readonly returnId: string;
  readonly taskId: string;
  readonly departmentId: string;
  readonly reasonCode: ReturnReason;
  readonly basis: string;
  readonly suggestedUnitId: string | null;
  readonly ordinal: number;
  readonly requestedAt: string;
  readonly outcome: 'OPEN' | 'ACCEPTED' | 'REJECTED' | 'ARBITRATED';
  readonly decidedAt: string | null;
  readonly decidingUnitId: string | null;
  readonly decisionReason: string | null;
}

export interface ArbitrationView {
  readonly arbitrationId: string;
  readonly taskId: string;
  readonly cause: ArbitrationOpened['data']['cause'];
  readonly parties: readonly string[];
  readonly openedAt: string;
  readonly decidedAt: string | null;
  readonly arbitratingUnitId: string | null;
  readonly responsibleUnitId: string | null;
  readonly rule: ArbitrationRule | null;
  readonly reason: string | null;
  /** Entry of the dispatch catalogue that would have spared the dispute; null until it is decided. */
  readonly catalogueProposal: ResponsibilityDecided['data']['catalogueProposal'] | null;
}

export interface ExtensionView {
  readonly extensionId: string;
  readonly taskId: string;
  readonly departmentId: string;
  readonly ordinal: number;
  readonly amount: number;
  readonly unit: DurationUnit;
  readonly reason: string;
  readonly requestedAt: string;
  /** LAPSED: the task was done before anybody decided. */
  readonly outcome: 'OPEN' | 'GRANTED' | 'REFUSED' | 'LAPSED';
  readonly decidedAt: string | null;
  readonly decidingUnitId: string | null;
  readonly decisionReason: string | null;
}

export interface FeedbackView {
  readonly at: string;
  readonly cycle: number;
  readonly solved: Solved;
  readonly satisfaction: Satisfaction;
  readonly comment: string | null;
  readonly source: 'CALLBACK' | 'REPORTER';
}

export interface CycleView {
  readonly cycle: number;
  readonly filedAt: string;
  readonly handlingCompletedAt: string | null;
  readonly closedAt: string | null;
  readonly resolutionLevel: ResponsibilityLevel | null;
  /** What ended the closing, if anything has. */
  readonly reopenedAt: string | null;
  readonly reopenedBy: 'REPORTER' | 'OFFICE' | null;
}

/** Who left something sealed: by reference alone. */
export interface ReporterView {
  /** FORGOTTEN: the keys are destroyed, nobody can read any more who it was. */
  readonly state: 'SEALED' | 'FORGOTTEN';
  /** For `shaoying forget`. */
  readonly subjectIds: readonly string[];
  /** Who was told, and what for. */
  readonly reveals: readonly {
    readonly at: string;
    readonly unitId: string | null;
    readonly taskId: string | null;
    readonly purpose: RevealPurpose;
    readonly fields: readonly PersonalField[];
  }[];
}

/** What offices say of the reporter. It drops nothing (domain.md §6, 21). */
export interface ReporterFlagView {
  /** Null for one of the time when flags needed no approval. */
  readonly flagId: string | null;
  readonly proposingUnitId: string | null;
  readonly reason: string;
  readonly proposedAt: string;
  /** It stands where it is APPROVED, or where that was NOT_NEEDED yet. */
  readonly outcome: 'OPEN' | 'APPROVED' | 'REFUSED' | 'NOT_NEEDED';
  readonly decidedAt: string | null;
  readonly decidingUnitId: string | null;
  readonly decisionReason: string | null;
}

export interface IncidentView {
  readonly id: string;
  readonly state: Lifecycle;
  /** Where a suspended or merged incident goes back to. */
  readonly before: Lifecycle | null;
  readonly revision: number;
  readonly category: string;
  readonly severity: Severity;
  readonly description: string;
  readonly location: Location | null;
  readonly gridId: string | null;
  readonly estateId: string | null;
  readonly communityId: string | null;
  readonly streetId: string | null;
  readonly districtId: string | null;
  readonly channel: string;
  readonly anonymous: boolean;
  /** Null where nobody left anything that is sealed. */
  readonly reporter: ReporterView | null;
  readonly imported: boolean;
  readonly externalId: string | null;
  /** An earlier incident of which this is a recurrence. */
  readonly recurrenceOf: string | null;
  readonly reportedAt: string;
  readonly verifiedAt: string | null;
  readonly filedAt: string | null;
  /** When somebody was first given the matter in this cycle. */
  readonly dispatchedAt: string | null;
  /** When whoever handles it without a whistle reached the reporter, in this cycle. */
  readonly contactedAt: string | null;
  readonly contactedLate: boolean | null;
  /** When feedback was recorded that nothing was sent back by, in this cycle. */
  readonly ratedAt: string | null;
  readonly closedAt: string | null;
  readonly feedbackUntil: string | null;
  readonly reopenUntil: string | null;
  readonly appealUntil: string | null;
  readonly mode: 'SELF' | 'WHISTLE' | null;
  /** Whoever handles it, where no department does. */
  readonly handlingUnitId: string | null;
  readonly parties: readonly Party[];
  readonly cycle: number;
  readonly rework: number;
  /** Highest level that has held responsibility in this cycle so far. */
  readonly level: ResponsibilityLevel | null;
  readonly resolutionLevel: ResponsibilityLevel | null;
  readonly pins: Pins | null;
  readonly rejected: {
    readonly at: string;
    readonly reasonCode: RejectionReason;
    readonly reason: string;
    readonly notice: string | null;
  } | null;
  /** `goesOn`: only the reporter left it. */
  readonly withdrawn: { readonly at: string; readonly goesOn: boolean } | null;
  readonly voided: { readonly at: string; readonly reason: string } | null;
  readonly suspension: {
    readonly reasonCode: SuspensionReason;
    readonly reason: string;
    readonly since: string;
    readonly reviewAt: string;
    readonly renewals: number;
    /** Percent of the total time used up at the approval. */
    readonly usedPercent: number | null;
  } | null;
  readonly mergedInto: string | null;
  readonly duplicates: readonly string[];
  readonly deadlines: readonly DeadlineView[];
  readonly whistles: readonly WhistleView[];
  readonly tasks: readonly TaskView[];
  readonly returns: readonly ReturnView[];
  readonly arbitrations: readonly ArbitrationView[];
  readonly extensions: readonly ExtensionView[];
  readonly supervisions: readonly SupervisionView[];
  readonly cycles: readonly CycleView[];
  readonly checks: readonly {
    readonly result: 'PASS' | 'FAIL';
    readonly at: string;
    readonly checkingUnitId: string | null;
    readonly note: string;
  }[];
  /** As first said; `corrected` where a further word stands in `feedbackCorrections`. */
  readonly feedback: readonly (FeedbackView & { readonly corrected: boolean })[];
  /** `reason` is null where the reporter gave it. */
  readonly feedbackCorrections: readonly (FeedbackView & { readonly reason: string | null })[];
  readonly escalations: readonly {
    readonly at: string;
    readonly from: ResponsibilityLevel | null;
    readonly to: ResponsibilityLevel;
    readonly unitId: string | null;
    readonly reason: string;
  }[];
  /** Corrections of the place; the last one is what the view shows. */
  readonly locations: readonly {
    readonly at: string;
    readonly method: IncidentLocated['data']['method'];
    readonly gridId: string | null;
    readonly gridMapId: string | null;
    readonly gridMapVersion: number | null;
    readonly suggestedDepartmentId: string | null;
    readonly reason: string | null;
  }[];
  readonly appeals: readonly {
    readonly appealId: string;
    readonly unitId: string;
    readonly item: AppealItem;
    readonly itemId: string | null;
    readonly cycle: number;
    readonly reason: string;
    readonly filedAt: string;
    readonly outcome: 'OPEN' | 'EXCLUDED' | 'REFUSED';
    readonly decidedAt: string | null;
    readonly decisionReason: string | null;
  }[];
  readonly reporterFlags: readonly ReporterFlagView[];
  /** Time lost before the right department had the matter, by who bears it. Milliseconds. */
  readonly lostTime: readonly {
    readonly account: 'DISPATCH' | 'DEPARTMENT';
    readonly unitId: string | null;
    readonly ms: number;
  }[];
}
