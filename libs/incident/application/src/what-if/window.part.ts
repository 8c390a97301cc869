import { decodeIncidentEvent, type RecordedIncidentEvent } from '@shaoying/incident-contracts';
import { comparePositions, type EventStore, type Position, type RecordedEvent } from '@shaoying/event-store';
import { foldIncident } from '@shaoying/incident-domain';
import type { AlternativeRules } from './alternative-rules.js';
import type { Difference } from './differences.js';
import { simulateIncident } from './simulated-incident.js';
import { WhatIfTotals, type Tallied } from './what-if.report.js';

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

/** What the log knew, and when: the simulation reads no further. */
export interface KnownAt {
  readonly position: Position;
  readonly asOf: string;
}

/** What is read, and how far, and under which rules it is lived again. */
export interface WindowRead {
  readonly store: EventStore;
  readonly rules: AlternativeRules;
  readonly window: WhatIfWindow;
  readonly knownAt: KnownAt;
}

/** What some incidents came to. Plain data: a thread can hand it to another. */
export interface WindowPart {
  readonly tallied: Tallied;
  /** In the order of the streams; none where nobody is told of them. */
  readonly differences: readonly Difference[];
  /** Of all that were read, whether they were meant or not. */
  readonly eventsRead: number;
}

/**
 * Lives some incidents again, by their streams.
 * @param isTold whether anybody is told of the differences, which are counted in any case. Default true
 */
export type LivePart = (streamIds: readonly string[], isTold?: boolean) => Promise<WindowPart>;

/** Reads and lives parts here. @throws what the store throws, JurisdictionNotPublished, CalendarError */
export const partsOf =
  ({ store, rules, window, knownAt }: WindowRead): LivePart =>
  async (streamIds, isTold = true) => {
    const totals = new WhatIfTotals();
    const differences: Difference[] = [];
    let eventsRead = 0;
    for (const story of await Promise.all(streamIds.map((streamId) => store.readStream(streamId)))) {
      const events = knownBy(story, knownAt);
      eventsRead += events.length;
      if (!isMeant(events, window)) continue;
      const incident = simulateIncident(events, rules, knownAt.asOf, isTold);
      totals.add(incident, events.length);
      if (isTold) differences.push(...incident.differences);
    }
    return { tallied: totals.tallied(), differences, eventsRead };
  };

function knownBy(story: readonly RecordedEvent[], { position }: KnownAt): RecordedIncidentEvent[] {
  const last = story.at(-1);
  // A stream is in the order of the log: where its last event was known, all were.
  const isKnown = last === undefined || comparePositions(last.position, position) <= 0;
  const known = isKnown ? story : story.filter((event) => comparePositions(event.position, position) <= 0);
  return known.map((event) => decodeIncidentEvent(event));
}

function isMeant(events: readonly RecordedIncidentEvent[], window: WhatIfWindow): boolean {
  const { districtId, streetId, departmentId, category } = window;
  if ([districtId, streetId, departmentId, category].every((asked) => asked === undefined)) return true;
  const state = foldIncident(events);
  return (
    (districtId === undefined || state.place.districtId === districtId) &&
    (streetId === undefined || state.place.streetId === streetId) &&
    (departmentId === undefined || state.everHandled.includes(departmentId)) &&
    (category === undefined || state.category === category)
  );
}
