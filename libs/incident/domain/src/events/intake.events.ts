import type { Deadline, Fact, Location, Pins, Place, SealedReporter, Severity } from './vocabulary.events.js';

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
    /** True for cases brought in from another system; targets that came with them never fire. */
    readonly imported: boolean;
    /** Name of the case in the system it came from. */
    readonly externalId: string | null;
    /** Account that reported it; null for a resident's anonymous report and where it was not recorded. Who reports does not check. */
    readonly reportedBy: string | null;
    /** An earlier incident of which this is a recurrence. */
    readonly recurrenceOf: string | null;
    /** Photos of whoever reported it 随手拍, by the SHA-256 of their originals; they may come later. */
    readonly evidence: readonly string[];
    /** Started by the report: VERIFY. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** 补充: photos that its reporter sends beside those that the report has named. */
export type ReportSupplemented = Fact<'ReportSupplemented', { readonly evidence: readonly string[] }>;

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
