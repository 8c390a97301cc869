import { decodeIncidentEvent, type RecordedIncidentEvent } from '@shaoying/incident-contracts';
import {
  comparePositions,
  START,
  type EventStore,
  type Position,
  type RecordedEvent,
} from '@shaoying/event-store';
import { foldIncident, type IncidentState } from '@shaoying/incident-domain';
import type { AlternativeRules } from './alternative-rules.js';
import type { Difference } from './differences.js';
import { simulateIncident } from './simulated-incident.js';
import { WhatIfTotals, type WhatIfReport } from './what-if.report.js';

/** Which incidents are lived again: filed or whistled for in [from, to), and, where it is said, of one area, unit or kind. */
export interface WhatIfWindow {
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly districtId?: string | undefined;
  readonly streetId?: string | undefined;
  /** That had a task in it. */
  readonly departmentId?: string | undefined;
  readonly category?: string | undefined;
}

export interface WhatIfProgress {
  readonly incidentsDone: number;
  /** In the window, before area, unit and kind are looked at. */
  readonly incidentsTotal: number;
  readonly eventsDone: number;
}

/** What the log knew, and when: the simulation reads no further. */
export interface KnownAt {
  readonly position: Position;
  readonly asOf: string;
}

/** Thrown when a window holds more incidents than are lived again at once. */
export class WindowTooLarge extends Error {
  readonly code = 'SIMULATION_TOO_LARGE';
  constructor(readonly incidentsMax: number) {
    super(`the window holds more than ${incidentsMax} incidents: take a shorter one`);
  }
}

/** Ids only are held, some 60 bytes each: 30 MB. Five years of a district of 80,000 incidents a year are fewer. */
const INCIDENTS_MAX = 500_000;
/** Streams asked for at once: PostgreSQL answers them in one round trip. */
const STREAMS_AT_ONCE = 64;
const PAGE = 5_000;

/** What the log knows by now. */
export async function knownNow(store: EventStore): Promise<KnownAt | null> {
  const position = await store.head();
  const last = await store.eventAt(position);
  return last === undefined ? null : { position, asOf: last.recordedAt };
}

export interface WindowRun {
  readonly store: EventStore;
  readonly rules: AlternativeRules;
  readonly window: WhatIfWindow;
  readonly knownAt: KnownAt;
  /** Ends it between two incidents. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: WhatIfProgress) => void;
  /** Hears of every incident with differences, in order of filing; what it returns is waited for. */
  readonly onDifferences?: (differences: readonly Difference[]) => Promise<void> | void;
}

/**
 * Lives a window again. Reads only; holds one incident's events at a time, besides the ids of the window.
 * @throws WindowTooLarge, the signal's reason, what the store throws, JurisdictionNotPublished, CalendarError
 */
export async function simulateWindow(run: WindowRun): Promise<WhatIfReport> {
  const { store, rules, window, knownAt, signal } = run;
  const streams = await streamsOf(run);
  const totals = new WhatIfTotals();
  let eventsDone = 0;
  for (let place = 0; place < streams.length; place += STREAMS_AT_ONCE) {
    signal.throwIfAborted();
    const asked = streams.slice(place, place + STREAMS_AT_ONCE);
    const stories = await Promise.all(asked.map((streamId) => store.readStream(streamId)));
    for (const story of stories) {
      const events = knownBy(story, knownAt);
      eventsDone += events.length;
      if (!isMeant(foldIncident(events), window)) continue;
      const incident = simulateIncident(events, rules, knownAt.asOf);
      totals.add(incident, events.length);
      if (incident.differences.length > 0) await run.onDifferences?.(incident.differences);
    }
    const incidentsDone = place + asked.length;
    run.onProgress?.({ incidentsDone, incidentsTotal: streams.length, eventsDone });
  }
  return totals.report();
}

function knownBy(story: readonly RecordedEvent[], { position }: KnownAt): RecordedIncidentEvent[] {
  return story
    .filter((event) => comparePositions(event.position, position) <= 0)
    .map((event) => decodeIncidentEvent(event));
}

/** Streams of the incidents that were filed or whistled for in the window, in the order in which they first were. */
async function streamsOf({ store, window, knownAt, signal }: WindowRun): Promise<string[]> {
  const [fromMs, toMs] = [Date.parse(window.from), Date.parse(window.to)];
  const streams = new Set<string>();
  let after = START;
  for (;;) {
    signal.throwIfAborted();
    const page = await store.readAll(after, { limit: PAGE, types: ['IncidentFiled', 'WhistleBlown'] });
    for (const { streamId, occurredAt, position } of page) {
      if (comparePositions(position, knownAt.position) > 0) return [...streams];
      const atMs = Date.parse(occurredAt);
      if (atMs >= fromMs && atMs < toMs) streams.add(streamId);
      if (streams.size > INCIDENTS_MAX) throw new WindowTooLarge(INCIDENTS_MAX);
    }
    const last = page.at(-1);
    if (last === undefined) return [...streams];
    after = last.position;
  }
}

function isMeant(state: IncidentState, window: WhatIfWindow): boolean {
  const { districtId, streetId, departmentId, category } = window;
  return (
    (districtId === undefined || state.place.districtId === districtId) &&
    (streetId === undefined || state.place.streetId === streetId) &&
    (departmentId === undefined || state.everHandled.includes(departmentId)) &&
    (category === undefined || state.category === category)
  );
}
