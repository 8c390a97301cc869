import type { RecordedEvent } from '@shaoying/event-store';
import type { IncidentEvent, IncidentEventType } from '@shaoying/incident-domain';
import { Compile, type Validator } from 'typebox/compile';
import { incidentSchemas } from './incident.schemas.js';
import { supervisionIssuedV2, type Upcaster } from './incident.upcasters.js';

interface CatalogueEntry {
  /** Version this release writes. */
  readonly version: number;
  /** `upcasters[0]` lifts version 1 to 2, and so on; `version - 1` of them. */
  readonly upcasters: readonly Upcaster[];
}

/** Wire name → version and the way there. A new event, or a changed one: docs/how-to/change-an-event.md. */
export const incidentCatalogue: Record<IncidentEventType, CatalogueEntry> = {
  IncidentReported: { version: 1, upcasters: [] },
  IncidentFiled: { version: 1, upcasters: [] },
  SelfHandlingStarted: { version: 1, upcasters: [] },
  WhistleBlown: { version: 1, upcasters: [] },
  TaskAcknowledged: { version: 1, upcasters: [] },
  DepartmentCheckedIn: { version: 1, upcasters: [] },
  TaskCompleted: { version: 1, upcasters: [] },
  HandlingCompleted: { version: 1, upcasters: [] },
  TaskOverdue: { version: 1, upcasters: [] },
  IncidentOverdue: { version: 1, upcasters: [] },
  SupervisionIssued: { version: 2, upcasters: [supervisionIssuedV2] },
  SupervisionLifted: { version: 1, upcasters: [] },
  CheckPassed: { version: 1, upcasters: [] },
  CheckFailed: { version: 1, upcasters: [] },
  FeedbackRecorded: { version: 1, upcasters: [] },
  IncidentClosed: { version: 1, upcasters: [] },
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
