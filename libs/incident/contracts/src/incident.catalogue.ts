import type { RecordedEvent } from '@shaoying/event-store';
import type { IncidentEvent, IncidentEventType } from '@shaoying/incident-domain';
import { Compile, type Validator } from 'typebox/compile';
import { incidentSchemas } from './incident.schemas.js';
import type { Upcaster } from './incident.upcasters.js';
import * as upcasters from './incident.upcasters.js';

interface CatalogueEntry {
  /** Version this release writes. */
  readonly version: number;
  /** `upcasters[0]` lifts version 1 to 2, and so on; `version - 1` of them. */
  readonly upcasters: readonly Upcaster[];
}

/** Of an event that has not changed since it was new. */
const asItWas: CatalogueEntry = { version: 1, upcasters: [] };

/** Wire name → version and the way there. A new event, or a changed one: docs/how-to/change-an-event.md. */
export const incidentCatalogue: Record<IncidentEventType, CatalogueEntry> = {
  IncidentReported: {
    version: 3,
    upcasters: [upcasters.incidentReportedV2, upcasters.incidentReportedV3],
  },
  ReportSupplemented: asItWas,
  IncidentLocated: asItWas,
  IncidentVerified: asItWas,
  IncidentRejected: asItWas,
  IncidentFiled: { version: 2, upcasters: [upcasters.incidentFiledV2] },
  SelfHandlingStarted: { version: 2, upcasters: [upcasters.selfHandlingStartedV2] },
  ReporterContactedBySelfHandler: asItWas,
  IncidentEscalated: asItWas,
  WhistleProposed: asItWas,
  WhistleApproved: asItWas,
  WhistleRefused: asItWas,
  WhistleBlown: { version: 2, upcasters: [upcasters.whistleBlownV2] },
  WhistleRatified: asItWas,
  WhistleFlagged: asItWas,
  WhistleCancelled: asItWas,
  TaskEvaluated: asItWas,
  TaskAcknowledged: asItWas,
  DepartmentCheckedIn: asItWas,
  ReporterContacted: asItWas,
  ProgressReported: asItWas,
  TaskStageCompleted: asItWas,
  ReturnRequested: asItWas,
  ReturnAccepted: asItWas,
  ReturnRejected: asItWas,
  ArbitrationOpened: asItWas,
  ResponsibilityDecided: asItWas,
  DepartmentAdded: asItWas,
  LeadChanged: asItWas,
  ReleaseRequested: asItWas,
  TaskReleased: asItWas,
  TaskTransferred: asItWas,
  TaskUrged: asItWas,
  WorkBooked: asItWas,
  ExtensionRequested: { version: 2, upcasters: [upcasters.extensionRequestedV2] },
  ExtensionGranted: asItWas,
  ExtensionRefused: asItWas,
  TaskCompleted: asItWas,
  HandlingCompleted: { version: 2, upcasters: [upcasters.handlingCompletedV2] },
  EvidenceFlagged: asItWas,
  DeadlineWarned: { version: 2, upcasters: [upcasters.deadlineWarnedV2] },
  DeadlinesRescheduled: asItWas,
  TaskOverdue: { version: 2, upcasters: [upcasters.taskOverdueV2] },
  IncidentOverdue: { version: 3, upcasters: [upcasters.incidentOverdueV2, upcasters.incidentOverdueV3] },
  SupervisionIssued: {
    version: 3,
    upcasters: [upcasters.supervisionIssuedV2, upcasters.supervisionIssuedV3],
  },
  SupervisionResponded: asItWas,
  SupervisionLifted: { version: 2, upcasters: [upcasters.supervisionLiftedV2] },
  CheckPassed: { version: 2, upcasters: [upcasters.checkPassedV2] },
  CheckFailed: { version: 2, upcasters: [upcasters.checkFailedV2] },
  FeedbackRecorded: { version: 2, upcasters: [upcasters.feedbackRecordedV2] },
  FeedbackCorrected: asItWas,
  IncidentClosed: { version: 2, upcasters: [upcasters.incidentClosedV2] },
  IncidentReopened: asItWas,
  IncidentSuspended: { version: 2, upcasters: [upcasters.incidentSuspendedV2] },
  SuspensionRenewed: asItWas,
  IncidentResumed: asItWas,
  IncidentMerged: asItWas,
  IncidentUnmerged: asItWas,
  DuplicateJoined: asItWas,
  DuplicateLeft: asItWas,
  IncidentWithdrawn: asItWas,
  IncidentVoided: asItWas,
  AppealFiled: asItWas,
  ScoreExcluded: asItWas,
  AppealRefused: asItWas,
  ReporterFlagProposed: asItWas,
  ReporterFlagApproved: asItWas,
  ReporterFlagRefused: asItWas,
  ReporterFlagged: asItWas,
  PersonalDataSealed: { version: 2, upcasters: [upcasters.personalDataSealedV2] },
  ReporterIdentityRevealed: { version: 2, upcasters: [upcasters.reporterIdentityRevealedV2] },
  ReporterForgotten: asItWas,
};

export const incidentEventTypes = Object.keys(incidentCatalogue) as IncidentEventType[];

const streamPrefix = 'incident-';

export const incidentStreamId = (incidentId: string): string => streamPrefix + incidentId;

/** The incident a stream belongs to; null for streams of other aggregates. */
export const incidentIdOf = (streamId: string): string | null =>
  streamId.startsWith(streamPrefix) ? streamId.slice(streamPrefix.length) : null;

/** An incident's event with its envelope. `schemaVersion` is the stored one; `data` is of the version written today. */
export type RecordedIncidentEvent = IncidentEvent & Omit<RecordedEvent, 'type' | 'data'>;

/** Thrown when the log holds an event this release does not know: a poison event for whoever reads it. */
export class UnknownEvent extends Error {
  readonly code = 'UNKNOWN_EVENT';
  constructor(readonly event: Pick<RecordedEvent, 'type' | 'schemaVersion' | 'position'>) {
    super(
      `event ${event.type} version ${event.schemaVersion} at position ${event.position} is unknown to this release`,
    );
  }
}

/** Thrown when event data does not fit its schema. Says where, never what: data may be personal. */
export class InvalidEventData extends Error {
  readonly code = 'INVALID_EVENT_DATA';
  constructor(type: string, paths: readonly string[]) {
    super(`data of ${type} does not fit its schema at ${paths.join(', ')}`);
  }
}

export const isIncidentEventType = (type: string): type is IncidentEventType =>
  Object.hasOwn(incidentCatalogue, type);

/**
 * A stored event as the domain knows it today: looked up, and lifted to the current version.
 * @throws UnknownEvent for foreign types and for versions newer than this release
 */
export function decodeIncidentEvent(event: RecordedEvent): RecordedIncidentEvent {
  const entry = isIncidentEventType(event.type) ? incidentCatalogue[event.type] : undefined;
  if (entry === undefined || event.schemaVersion > entry.version || event.schemaVersion < 1)
    throw new UnknownEvent(event);
  if (event.schemaVersion === entry.version) return event as RecordedIncidentEvent;
  const data = entry.upcasters
    .slice(event.schemaVersion - 1)
    .reduce((lifted, upcast) => upcast(lifted), event.data as Record<string, unknown>);
  return { ...event, data } as unknown as RecordedIncidentEvent;
}

const validators = new Map<IncidentEventType, Validator>();

function validatorOf(type: IncidentEventType): Validator {
  let validator = validators.get(type);
  if (validator === undefined) {
    // Compiled on first use: a process that only reads needs none of them.
    validator = Compile(incidentSchemas[type]) as unknown as Validator;
    validators.set(type, validator);
  }
  return validator;
}

/** Checks data against the schema of its type before it is written. @throws InvalidEventData */
export function assertIncidentEventData(type: IncidentEventType, data: unknown): void {
  const validator = validatorOf(type);
  if (validator.Check(data)) return;
  const paths = [...validator.Errors(data)].slice(0, 5).map((error) => error.instancePath || '/');
  throw new InvalidEventData(type, paths);
}
