import type {
  Deadline,
  Location,
  Pins,
  Place,
  ResponsibilityLevel,
  Satisfaction,
  SealedReporter,
  Severity,
  Solved,
  TaskAssignment,
  WhistleKind,
} from './incident.events.js';

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
  readonly receiptHash: string;
  readonly occurredAt: string | null;
  readonly tolerance: ClaimTolerance;
  /** Files it in the same step; for offices whose own report needs no verification. */
  readonly filing: { readonly pins: Pins; readonly deadlines: readonly Deadline[] } | null;
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

export interface FileIncident extends Command<'FileIncident'> {
  readonly pins: Pins;
  readonly deadlines: readonly Deadline[];
}

export interface StartSelfHandling extends Command<'StartSelfHandling'> {
  readonly level: ResponsibilityLevel;
  readonly handlingUnitId: string | null;
  readonly note: string | null;
}

export interface CompleteSelfHandling extends Command<'CompleteSelfHandling'> {
  readonly note: string | null;
  readonly evidence: readonly string[];
}

export interface BlowWhistle extends Command<'BlowWhistle'> {
  readonly whistleId: string;
  readonly whistle: WhistleKind;
  readonly reason: string;
  readonly tasks: readonly TaskAssignment[];
}

export interface AcknowledgeTask extends Command<'AcknowledgeTask'> {
  readonly taskId: string;
}

export interface CheckIn extends Command<'CheckIn'> {
  readonly taskId: string;
  readonly occurredAt: string | null;
  readonly location: Location | null;
  readonly note: string | null;
  readonly evidence: readonly string[];
  readonly tolerance: ClaimTolerance;
}

export interface CompleteTask extends Command<'CompleteTask'> {
  readonly taskId: string;
  readonly note: string | null;
  readonly evidence: readonly string[];
}

/** Sent when the alarm clock wakes. Only the decider says whether anything is overdue. */
export interface MarkOverdue extends Command<'MarkOverdue'> {
  readonly deadlineId: string;
}

export interface CheckHandling extends Command<'CheckHandling'> {
  readonly result: 'PASS' | 'FAIL';
  readonly note: string;
  readonly evidence: readonly string[];
  readonly feedbackUntil: string;
}

export interface RecordFeedback extends Command<'RecordFeedback'> {
  readonly solved: Solved;
  readonly satisfaction: Satisfaction;
  readonly comment: string | null;
  readonly source: 'CALLBACK' | 'REPORTER';
  /** SHA-256 of the receipt code the reporter showed; null for a callback. */
  readonly receiptHash: string | null;
}

export type CloseIncident = Command<'CloseIncident'>;

export type IncidentCommand =
  | ReportIncident
  | ImportIncident
  | FileIncident
  | StartSelfHandling
  | CompleteSelfHandling
  | BlowWhistle
  | AcknowledgeTask
  | CheckIn
  | CompleteTask
  | MarkOverdue
  | CheckHandling
  | RecordFeedback
  | CloseIncident;
