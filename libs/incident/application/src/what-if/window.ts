import {
  instantMs,
  comparePositions,
  START,
  tellsStoredTexts,
  type EventStore,
  type Position,
  type RecordedEvent,
} from '@shaoying/event-store';
import type { Difference } from './differences.js';
import { WhatIfTotals, type WhatIfReport } from './what-if.report.js';
import { handOut } from './window.hands.js';
import { partsOf, type KnownAt, type LivePart, type WindowRead } from './window.part.js';

export interface WhatIfProgress {
  readonly incidentsDone: number;
  /** In the window, before area, unit and kind are looked at. */
  readonly incidentsTotal: number;
  readonly eventsDone: number;
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
const PAGE = 5_000;

/** What the log knows by now. */
export async function knownNow(store: EventStore): Promise<KnownAt | null> {
  const position = await store.head();
  const last = await store.eventAt(position);
  return last === undefined ? null : { position, asOf: last.recordedAt };
}

export interface WindowRun extends WindowRead {
  /** Ends it between two parts. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: WhatIfProgress) => void;
  /** Hears of differences, in the order in which their incidents were filed; what it returns is waited for. */
  readonly onDifferences?: (differences: readonly Difference[]) => Promise<void> | void;
  /** So many of them, the first; more are only counted, which is less work. Default all. */
  readonly differencesMax?: number | undefined;
  /** Others who live parts of it at the same time, for so many incidents; the report is the same whoever does. */
  readonly helpers?: (incidents: number) => readonly LivePart[];
  /** Streams that are read and lived at once. Default 32. */
  readonly streamsInPart?: number | undefined;
}

/**
 * Lives a window again. Reads only; holds the events and differences of some parts at a time, besides the ids of the window.
 * @throws WindowTooLarge, the signal's reason, what the store throws, JurisdictionNotPublished, CalendarError
 */
export async function simulateWindow(run: WindowRun): Promise<WhatIfReport> {
  const streams = await streamsOf(run);
  const totals = new WhatIfTotals();
  let [incidentsDone, eventsDone, told] = [0, 0, 0];
  const { streamsInPart, onDifferences } = run;
  const toldMax = onDifferences === undefined ? 0 : (run.differencesMax ?? Infinity);
  const asFarAsTold =
    (live: LivePart): LivePart =>
    (streamIds) =>
      live(streamIds, told < toldMax);
  const helpers = run.helpers?.(streams.length) ?? [];
  const hands = { own: asFarAsTold(partsOf(run)), helpers: helpers.map(asFarAsTold), streamsInPart };
  await handOut(streams, hands, run.signal, async (part, asked) => {
    totals.merge(part.tallied);
    const differences = part.differences.slice(0, toldMax - told);
    told += differences.length;
    if (differences.length > 0) await onDifferences?.(differences);
    incidentsDone += asked.length;
    eventsDone += part.eventsRead;
    run.onProgress?.({ incidentsDone, incidentsTotal: streams.length, eventsDone });
  });
  return totals.report();
}

/** Streams of the incidents that were filed or whistled for in the window, in the order in which they first were. */
async function streamsOf({ store, window, knownAt, signal }: WindowRun): Promise<string[]> {
  const [fromMs, toMs] = [instantMs(window.from), instantMs(window.to)];
  const beginnings = beginningsIn(store);
  const streams = new Set<string>();
  let after = START;
  for (;;) {
    signal.throwIfAborted();
    const page = await beginnings(after);
    for (const { streamId, occurredAt, position } of page) {
      if (comparePositions(position, knownAt.position) > 0) return [...streams];
      const atMs = instantMs(occurredAt);
      if (atMs >= fromMs && atMs < toMs) streams.add(streamId);
      if (streams.size > INCIDENTS_MAX) throw new WindowTooLarge(INCIDENTS_MAX);
    }
    const last = page.at(-1);
    if (last === undefined) return [...streams];
    after = last.position;
  }
}

type Beginning = Pick<RecordedEvent, 'streamId' | 'occurredAt' | 'position'>;
const BEGINNINGS = ['IncidentFiled', 'WhistleBlown'] as const;

/** A page of them after a position. What they say is not looked at: reading it was a tenth of what a year takes. */
function beginningsIn(store: EventStore): (after: Position) => Promise<readonly Beginning[]> {
  if (!tellsStoredTexts(store)) return (after) => store.readAll(after, { limit: PAGE, types: BEGINNINGS });
  const beginningOf = ({ streamId, occurredAt, position }: Beginning): Beginning => ({
    ...{ streamId, occurredAt, position },
  });
  return (after) => store.readAllStored(after, PAGE, beginningOf, BEGINNINGS);
}
