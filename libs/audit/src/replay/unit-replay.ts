import { StreamNotFound, type EventStore, type RecordedEvent } from '@shaoying/event-store';
import {
  decodeIncidentEvent,
  incidentIdOf,
  incidentStreamId,
  UnknownEvent,
  type RecordedIncidentEvent,
} from '@shaoying/incident-contracts';
import { foldView, type IncidentView, type UnitPlace } from '@shaoying/incident-read-models';
import { jurisdictionStream, type JurisdictionDirectory } from '@shaoying/jurisdiction-contracts';
import { logLineOf } from '../log/log-lines.js';
import type { NameOf, PlainLine } from '../plain-lines.js';
import type { ReplayWindow } from './replay-window.js';

/** One thing that happened, as it is played: what, when, who, and a sentence. The data stays in the log. */
export interface ReplayedEvent {
  /** Where a replay goes on that was cut: rises with time, and within a millisecond with the order of the log. */
  readonly id: string;
  readonly type: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  /** Null for what belongs to no incident, such as a change of the unit itself. */
  readonly incidentId: string | null;
  readonly revision: number;
  readonly position: string;
  readonly eventId: string;
  readonly actor: { readonly role: string; readonly orgUnitId: string | null };
  readonly line: PlainLine;
}

/** Whose day it is. */
export interface ReplayedUnit {
  readonly id: string;
  readonly place: UnitPlace;
}

/** A unit to be replayed; undefined where there is none of that id, and for what has no incidents of its own. */
export function replayedUnit(
  id: string,
  directory: Pick<JurisdictionDirectory, 'orgUnit' | 'orgUnits' | 'isWithin'>,
): ReplayedUnit | undefined {
  switch (directory.orgUnit(id)?.kind) {
    case undefined:
      return undefined;
    case 'DEPARTMENT':
      return { id, place: { departmentId: id } };
    case 'COMMUNITY':
      return { id, place: { communityId: id } };
    case 'ESTATE':
      return { id, place: { estateId: id } };
    case 'SUBDISTRICT':
      return { id, place: { streetIds: [id] } };
    case 'DISTRICT':
    case 'CITY': {
      const streets = directory.orgUnits('SUBDISTRICT').filter((street) => directory.isWithin(street.id, id));
      return { id, place: { streetIds: streets.map((street) => street.id) } };
    }
  }
}

/** The incidents that may have something of a unit's in a window; the incident board is one. */
export interface IncidentsOfUnits {
  /** At most `limit` ids, in no order; more than there are is fine, fewer is not. */
  livedThrough(place: UnitPlace, window: ReplayWindow, limit: number): Promise<readonly string[]>;
}

/** Thrown when a window holds more than is played in one go. */
export class ReplayTooLarge extends Error {
  readonly code = 'REPLAY_TOO_LARGE';
}

export interface ReplayLimits {
  /** Each is read whole. Default 5,000: a district's busy day. */
  readonly incidentsMax: number;
  /** Default 20,000, half a kilobyte each. */
  readonly eventsMax: number;
}

const defaultLimits: ReplayLimits = { incidentsMax: 5_000, eventsMax: 20_000 };

/** Streams read at once: as many as the engine reads in one statement. */
const readsAtOnce = 32;

export interface ReplayRequest {
  readonly unit: ReplayedUnit;
  readonly window: ReplayWindow;
  /** As far as the log knew then; null: as it knows now. */
  readonly knownAt: string | null;
  /** Whether the caller may know of an incident. */
  readonly sees: (view: IncidentView) => boolean;
}

/**
 * What a department or a place lived through in a window, straight from the log, in the order in which it was so: events
 * that were recorded later, from a device that was offline or by an import, stand where they belong.
 */
export class UnitReplay {
  constructor(
    private readonly store: EventStore,
    private readonly incidents: IncidentsOfUnits,
    private readonly nameOf: NameOf,
    private readonly limits: ReplayLimits = defaultLimits,
  ) {}

  /** @throws ReplayTooLarge, and what the store throws */
  async events(request: ReplayRequest): Promise<ReplayedEvent[]> {
    const { unit, window } = request;
    const { incidentsMax, eventsMax } = this.limits;
    const ids = await this.incidents.livedThrough(unit.place, window, incidentsMax + 1);
    if (ids.length > incidentsMax) throw new ReplayTooLarge(`more than ${incidentsMax} incidents`);
    const found: RecordedEvent[] = await this.ofTheUnit(request);
    for (let from = 0; from < ids.length; from += readsAtOnce) {
      const some = ids.slice(from, from + readsAtOnce);
      found.push(...(await Promise.all(some.map((id) => this.ofIncident(id, request)))).flat());
      if (found.length > eventsMax) throw new ReplayTooLarge(`more than ${eventsMax} events`);
    }
    return numbered(found.toSorted(inTime)).map((event) => this.played(event));
  }

  private async ofIncident(id: string, request: ReplayRequest): Promise<RecordedEvent[]> {
    const stored = await this.read(incidentStreamId(id));
    const known = readable(stored);
    const view = foldView(known);
    if (view === null || !request.sees(view)) return [];
    const { unit } = request;
    const concerns = 'departmentId' in unit.place ? concernOf(unit.id, view, stored) : () => true;
    return stored.filter((event) => isWithin(event, request) && concerns(event));
  }

  /** Renamed, moved, ended. */
  private async ofTheUnit(request: ReplayRequest): Promise<RecordedEvent[]> {
    const events = await this.read(jurisdictionStream.orgUnit(request.unit.id));
    return events.filter((event) => isWithin(event, request));
  }

  private async read(streamId: string): Promise<RecordedEvent[]> {
    try {
      return await this.store.readStream(streamId);
    } catch (error) {
      if (error instanceof StreamNotFound) return [];
      throw error;
    }
  }

  private played({ id, event }: Numbered): ReplayedEvent {
    const { type, occurredAt, recordedAt, streamId, revision, position, eventId, actor } = event;
    const { role, orgUnitId } = actor;
    return {
      ...{ id, type, occurredAt, recordedAt, incidentId: incidentIdOf(streamId) },
      ...{ revision, position, eventId, actor: { role, orgUnitId }, line: logLineOf(event, this.nameOf) },
    };
  }
}

/** Up to the first event that this release does not know: what follows cannot be told to be seen. */
function readable(stored: readonly RecordedEvent[]): RecordedIncidentEvent[] {
  const known: RecordedIncidentEvent[] = [];
  for (const event of stored) {
    try {
      known.push(decodeIncidentEvent(event));
    } catch (error) {
      if (error instanceof UnknownEvent) break;
      throw error;
    }
  }
  return known;
}

function isWithin(event: RecordedEvent, { window, knownAt }: ReplayRequest): boolean {
  const at = Date.parse(event.occurredAt);
  const known = knownAt === null || Date.parse(event.recordedAt) <= Date.parse(knownAt);
  return known && at >= Date.parse(window.from) && at < Date.parse(window.to);
}

/**
 * What of an incident a department lives through: what its people do, what names it, what is about its own tasks and
 * whistles; and from its first whistle on what is about the whole incident, but not other departments' tasks.
 */
function concernOf(
  unitId: string,
  { tasks }: IncidentView,
  stored: readonly RecordedEvent[],
): (event: RecordedEvent) => boolean {
  const own = tasks.filter(({ departmentId }) => departmentId === unitId);
  const taskIds = new Set(own.map(({ taskId }) => taskId));
  const whistleIds = new Set(own.map(({ whistleId }) => whistleId));
  const first = stored.find(({ data }) => mentions(data, unitId))?.revision ?? Infinity;
  return ({ revision, actor, data }) => {
    const { taskId, whistleId } = data as { readonly taskId?: unknown; readonly whistleId?: unknown };
    if (actor.orgUnitId === unitId || mentions(data, unitId)) return true;
    if (revision < first) return false;
    if (typeof taskId === 'string') return taskIds.has(taskId);
    return typeof whistleId === 'string' ? whistleIds.has(whistleId) : true;
  };
}

function mentions(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value === text;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((inner) => mentions(inner, text));
}

const byPosition = (a: RecordedEvent, b: RecordedEvent): number =>
  a.position.length - b.position.length || (a.position < b.position ? -1 : a.position > b.position ? 1 : 0);

const inTime = (a: RecordedEvent, b: RecordedEvent): number =>
  Date.parse(a.occurredAt) - Date.parse(b.occurredAt) || byPosition(a, b);

interface Numbered {
  readonly id: string;
  readonly event: RecordedEvent;
}

/** A burst of one command has some dozens in one millisecond; an import some hundreds. */
const perMillisecond = 1_000_000n;

function numbered(events: readonly RecordedEvent[]): Numbered[] {
  let [ms, within] = [0n, 0n];
  return events.map((event) => {
    const at = BigInt(Date.parse(event.occurredAt));
    within = at === ms ? within + 1n : 0n;
    ms = at;
    return { id: String(ms * perMillisecond + within), event };
  });
}
