import type { IncidentEventType } from '@shaoying/incident-domain';
import { isDeepStrictEqual } from 'node:util';
import { incidentCatalogue, incidentEventTypes, isIncidentEventType } from '../incident.catalogue.js';

type Data = Readonly<Record<string, unknown>>;
type Lower = (data: Data) => Data | null;

/** What the enumerations of the first release held, where they have grown. */
const FIRST_TIMERS: readonly unknown[] = ['INCIDENT_TOTAL', 'ACKNOWLEDGE', 'CHECK_IN', 'HANDLING'];
const FIRST_LIFTINGS: readonly unknown[] = ['CHECKED_IN', 'ACKNOWLEDGED', 'COMPLETED'];

/** Data with some fields fewer. */
const without =
  (...fields: string[]): Lower =>
  (data) =>
    Object.fromEntries(Object.entries(data).filter(([field]) => !fields.includes(field)));

function lowerDeadline(deadline: Data): Data {
  const first = (deadline['steps'] as Data[]).find(({ at }) => at === deadline['dueAt']);
  const firstStep = first === undefined ? null : { level: first['level'], notify: first['notify'] };
  return { ...without('unit', 'stage', 'steps')(deadline), firstStep };
}

const lowerDeadlines = (deadlines: unknown): Data[] =>
  (deadlines as Data[]).filter(({ timer }) => FIRST_TIMERS.includes(timer)).map(lowerDeadline);

/** Before extensions were decided in a time of their own. */
const lowerWarning: Lower = (data) => (data['timer'] === 'EXTENSION_DECISION' ? null : data);

const lowerTimer: Lower = (data) => (FIRST_TIMERS.includes(data['timer']) ? data : null);

/** Before reports had photos. */
const lowerPersonal: Lower = (data) => ((data['fields'] as unknown[]).includes('PHOTOS') ? null : data);

/**
 * Data as the first release would have written it, by the types that have changed since; null where it would have had
 * nothing to write.
 */
const firstVersions: Partial<Record<IncidentEventType, Lower>> = {
  IncidentReported: without('reportedBy', 'recurrenceOf', 'evidence', 'deadlines'),
  IncidentFiled: (data) => ({ ...data, deadlines: lowerDeadlines(data['deadlines']) }),
  SelfHandlingStarted: without('parties'),
  WhistleBlown: (data) => ({
    ...without('blownBy', 'origin', 'reverse', 'approval', 'repeats', 'deadlines')(data),
    tasks: (data['tasks'] as Data[]).map((task) => ({
      ...task,
      deadlines: lowerDeadlines(task['deadlines']),
    })),
  }),
  ExtensionRequested: without('deadlines'),
  HandlingCompleted: without('deadlines'),
  DeadlineWarned: lowerWarning,
  TaskOverdue: lowerTimer,
  IncidentOverdue: lowerTimer,
  SupervisionIssued: (data) =>
    data['step'] === 1 && data['issuedBy'] === 'LADDER'
      ? without('dueAt', 'step', 'issuedBy', 'reason', 'deadlines')(data)
      : null,
  SupervisionLifted: (data) => (FIRST_LIFTINGS.includes(data['reason']) ? without('note')(data) : null),
  CheckPassed: without('deadlines'),
  CheckFailed: without('reworks'),
  FeedbackRecorded: without('reworks'),
  IncidentClosed: without('reopenUntil', 'appealUntil'),
  IncidentSuspended: without('usedTime'),
  PersonalDataSealed: lowerPersonal,
  ReporterIdentityRevealed: lowerPersonal,
};

/** What a step cannot know, though it was so when the first version was written (`incident.upcasters.ts`). */
const unknowable: Partial<Record<IncidentEventType, string>> = { SupervisionIssued: 'dueAt' };

export const changedEventTypes: readonly IncidentEventType[] = incidentEventTypes.filter(
  (type) => incidentCatalogue[type].version > 1,
);

interface Versioned {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
}

interface Lowered {
  readonly first: Data;
  /** The first version as the steps lift it. */
  readonly lifted: Data;
}

/** Null for types that never changed, and for what the first release would not have written. */
function lowered({ type, data }: Versioned): Lowered | null {
  if (!isIncidentEventType(type) || !changedEventTypes.includes(type)) return null;
  const lower = firstVersions[type];
  if (lower === undefined) throw new Error(`say here what version 1 of ${type} was`);
  const first = lower(data as Data);
  if (first === null) return null;
  const lifted = incidentCatalogue[type].upcasters.reduce((version, upcast) => upcast(version), first);
  return { first, lifted };
}

/**
 * The event as the first release would have stored it. As it is where its type never changed, and where it says more
 * than a first version can: then there is none that means the same.
 */
export function firstVersionOf<Event extends Versioned>(event: Event): Event {
  const low = lowered(event);
  if (low === null) return event;
  const field = unknowable[event.type as IncidentEventType];
  const known = field === undefined ? event.data : { ...(event.data as Data), [field]: null };
  return isDeepStrictEqual(low.lifted, known) ? { ...event, schemaVersion: 1, data: low.first } : event;
}

/**
 * The event with no more in it than the first release would have said of the same fact, in the form of today: a
 * history of such events is one that the first release may have written.
 */
export function asTheFirstReleaseSaid<Event extends Versioned>(event: Event): Event {
  const low = lowered(event);
  return low === null ? event : { ...event, data: low.lifted };
}

/** The event as the first release would have stored it, with no more in it than that release could say. */
export const writtenByTheFirstRelease = <Event extends Versioned>(event: Event): Event =>
  firstVersionOf(asTheFirstReleaseSaid(event));
