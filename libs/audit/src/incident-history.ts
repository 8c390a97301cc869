import { StreamNotFound, type EventStore, type RecordedEvent } from '@shaoying/event-store';
import {
  decodeIncidentEvent,
  incidentStreamId,
  type RecordedIncidentEvent,
} from '@shaoying/incident-contracts';
import type { IncidentEventType } from '@shaoying/incident-domain';
import { evolveView, foldView, type IncidentView } from '@shaoying/incident-read-models';
import { plainLineOf, type NameOf, type PlainLine } from './plain-lines.js';

/**
 * An event as oversight reads it: what stands in the log, of whatever version it was written in, and a sentence. States
 * and changes beside it are today's reading of it.
 */
export type HistoryEntry = Omit<RecordedEvent<Readonly<Record<string, unknown>>>, 'requestHash' | 'type'> & {
  readonly type: IncidentEventType;
  readonly line: PlainLine;
};

/** An event as it is stored, and as today's domain reads it. */
interface ReadEvent {
  readonly stored: RecordedEvent;
  readonly event: RecordedIncidentEvent;
}

/** A leaf of the state that an event changed. */
export interface Change {
  /** JSON pointer. */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface Replay {
  /** What was asked: an instant or a revision. */
  readonly at: string | number;
  /** Null before the incident was reported. */
  readonly state: IncidentView | null;
  /** Revisions of the events behind `state`. */
  readonly revisions: readonly number[];
  /** The event that came next, and what it changed; null at the end of the history. */
  readonly next: { readonly event: HistoryEntry; readonly changes: readonly Change[] } | null;
}

/** Where to stop: everything up to a revision, or what was so at an instant as far as the log knew at another. */
export type ReplayPoint =
  { readonly revision: number } | { readonly asOf: string; readonly knownAt: string | null };

/**
 * Changes listed for one event. The end of a pause makes most: it moves up to ten deadlines of each of twenty
 * departments, at five instants each.
 */
const changesMax = 1_000;

/** Replays single incidents straight from the log; no read model has a part in it. */
export class IncidentHistory {
  constructor(
    private readonly store: EventStore,
    private readonly nameOf: NameOf,
  ) {}

  /** Every event in order. @throws StreamNotFound, UnknownEvent */
  async events(incidentId: string): Promise<HistoryEntry[]> {
    return (await this.read(incidentId)).map((read) => this.entryOf(read));
  }

  /** The state at a point and what changed next. @throws StreamNotFound, UnknownEvent */
  async replay(incidentId: string, point: ReplayPoint): Promise<Replay> {
    const history = await this.read(incidentId);
    const included = history.filter(({ event }) => isWithin(event, point));
    const state = foldView(included.map(({ event }) => event));
    const next = nextAfter(history, included, point);
    return {
      at: 'revision' in point ? point.revision : point.asOf,
      state,
      revisions: included.map(({ event }) => event.revision),
      next: next && {
        event: this.entryOf(next),
        changes: changesBetween(state, evolveView(state, next.event)),
      },
    };
  }

  /** The incident as it was so at an instant, as far as the log knew; null when it was not there yet. */
  async viewAt(incidentId: string, asOf: string, knownAt: string): Promise<IncidentView | null> {
    try {
      return (await this.replay(incidentId, { asOf, knownAt })).state;
    } catch (error) {
      if (error instanceof StreamNotFound) return null;
      throw error;
    }
  }

  private async read(incidentId: string): Promise<ReadEvent[]> {
    const history = await this.store.readStream(incidentStreamId(incidentId));
    return history.map((stored) => ({ stored, event: decodeIncidentEvent(stored) }));
  }

  private entryOf({ stored, event }: ReadEvent): HistoryEntry {
    const { requestHash: _, ...entry } = stored;
    const data = stored.data as HistoryEntry['data'];
    return { ...entry, type: event.type, data, line: plainLineOf(event, this.nameOf) };
  }
}

function isWithin(event: RecordedIncidentEvent, point: ReplayPoint): boolean {
  if ('revision' in point) return event.revision <= point.revision;
  const known = point.knownAt === null || Date.parse(event.recordedAt) <= Date.parse(point.knownAt);
  return known && Date.parse(event.occurredAt) <= Date.parse(point.asOf);
}

/** By revision: the following one. By instant: the earliest that was so later, revisions breaking ties. */
function nextAfter(
  history: readonly ReadEvent[],
  included: readonly ReadEvent[],
  point: ReplayPoint,
): ReadEvent | null {
  const seen = new Set(included);
  const rest = history.filter((read) => !seen.has(read));
  if ('revision' in point) return rest[0] ?? null;
  const later = rest.filter(({ event }) => Date.parse(event.occurredAt) > Date.parse(point.asOf));
  later.sort(
    ({ event: a }, { event: b }) =>
      Date.parse(a.occurredAt) - Date.parse(b.occurredAt) || a.revision - b.revision,
  );
  return later[0] ?? null;
}

/** The leaves in which two JSON values differ, depth first. */
export function changesBetween(from: unknown, to: unknown, path = '', found: Change[] = []): Change[] {
  if (found.length >= changesMax || Object.is(from, to)) return found;
  if (isContainer(from) && isContainer(to) && Array.isArray(from) === Array.isArray(to)) {
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      changesBetween(from[key], to[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, found);
    }
    return found;
  }
  const change = { path, from: from ?? null, to: to ?? null };
  if (change.from !== change.to) found.push(change);
  return found;
}

const isContainer = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
