import type {
  IncidentFiled,
  IncidentLocated,
  IncidentRejected,
  IncidentReported,
  IncidentVerified,
  IncidentVoided,
  IncidentWithdrawn,
  ReportSupplemented,
} from './events/intake.events.js';
import type {
  ReporterFlagApproved,
  ReporterFlagged,
  ReporterFlagProposed,
  ReporterFlagRefused,
} from './events/flags.events.js';
import type {
  EvidenceFlagged,
  HandlingCompleted,
  IncidentEscalated,
  ReporterContactedBySelfHandler,
  SelfHandlingStarted,
} from './events/handling.events.js';
import type {
  TaskEvaluated,
  WhistleApproved,
  WhistleBlown,
  WhistleCancelled,
  WhistleFlagged,
  WhistleProposed,
  WhistleRatified,
  WhistleRefused,
} from './events/whistles.events.js';
import type {
  DepartmentCheckedIn,
  ExtensionGranted,
  ExtensionRefused,
  ExtensionRequested,
  ProgressReported,
  ReporterContacted,
  TaskAcknowledged,
  TaskCompleted,
  TaskStageCompleted,
  TaskUrged,
  WorkBooked,
} from './events/tasks.events.js';
import type {
  ArbitrationOpened,
  DepartmentAdded,
  LeadChanged,
  ReleaseRequested,
  ResponsibilityDecided,
  ReturnAccepted,
  ReturnRejected,
  ReturnRequested,
  TaskReleased,
  TaskTransferred,
} from './events/responsibility.events.js';
import type {
  DeadlineWarned,
  IncidentOverdue,
  SupervisionIssued,
  SupervisionLifted,
  SupervisionResponded,
  TaskOverdue,
} from './events/supervision.events.js';
import type {
  PersonalDataSealed,
  ReporterForgotten,
  ReporterIdentityRevealed,
} from './events/persons.events.js';
import type { DeadlinesRescheduled } from './events/rescheduling.events.js';
import type {
  AppealFiled,
  AppealRefused,
  CheckFailed,
  CheckPassed,
  FeedbackCorrected,
  FeedbackRecorded,
  IncidentClosed,
  IncidentReopened,
  ScoreExcluded,
} from './events/closing.events.js';
import type {
  DuplicateJoined,
  DuplicateLeft,
  IncidentMerged,
  IncidentResumed,
  IncidentSuspended,
  IncidentUnmerged,
  SuspensionRenewed,
} from './events/pausing.events.js';

// Every event of an incident, one file for each room. A new one: its type there, and its name here; the compiler then asks
// for what it changes, its schema, its line in the history, and its golden file.

export * from './events/vocabulary.events.js';
export * from './events/intake.events.js';
export * from './events/flags.events.js';
export * from './events/persons.events.js';
export * from './events/handling.events.js';
export * from './events/whistles.events.js';
export * from './events/tasks.events.js';
export * from './events/responsibility.events.js';
export * from './events/supervision.events.js';
export * from './events/closing.events.js';
export * from './events/pausing.events.js';
export * from './events/rescheduling.events.js';

export type IncidentEvent =
  | IncidentReported
  | ReportSupplemented
  | IncidentLocated
  | IncidentVerified
  | IncidentRejected
  | IncidentFiled
  | SelfHandlingStarted
  | ReporterContactedBySelfHandler
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
  | WorkBooked
  | ExtensionRequested
  | ExtensionGranted
  | ExtensionRefused
  | TaskCompleted
  | HandlingCompleted
  | EvidenceFlagged
  | DeadlineWarned
  | DeadlinesRescheduled
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
  | ReporterFlagProposed
  | ReporterFlagApproved
  | ReporterFlagRefused
  | ReporterFlagged
  | PersonalDataSealed
  | ReporterIdentityRevealed
  | ReporterForgotten;

export type IncidentEventType = IncidentEvent['type'];
export type IncidentEventOf<Type extends IncidentEventType> = Extract<IncidentEvent, { type: Type }>;
