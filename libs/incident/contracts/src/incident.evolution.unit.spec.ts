import { decide, foldIncident, type IncidentEvent, type IncidentState } from '@shaoying/incident-domain';
import { live, type Step, triesOnAnIncident } from '@shaoying/incident-domain/testing';
import { propertyParameters } from '@shaoying/event-store/testing';
import type { RecordedEvent } from '@shaoying/event-store';
import { fitsKeptSchema } from '@shaoying/testing';
import fc from 'fast-check';
import { join } from 'node:path';
import { assertIncidentEventData, decodeIncidentEvent, incidentCatalogue } from './index.js';
import { changedEventTypes, firstVersionOf } from './testing/index.js';

// A log outlives the releases that write it: what an earlier one wrote must mean the same to this one.

const goldenDir = join(__dirname, '../golden');
const actor = { id: 'someone', role: 'system', orgUnitId: null };

/** As it comes out of a log. */
function stored({ type, occurredAt, data }: IncidentEvent, revision: number): RecordedEvent {
  const id = `00000000-0000-5000-8000-${String(revision).padStart(12, '0')}`;
  return {
    ...{ type, occurredAt, data, schemaVersion: incidentCatalogue[type].version, recordedAt: occurredAt },
    ...{ eventId: id, correlationId: id, causationId: id, commandId: id, actor },
    ...{ streamId: 'incident-1', revision, position: String(revision + 1) },
  };
}

const eventsOf = (life: readonly Step[]): RecordedEvent[] =>
  life.flatMap(({ events = [] }) => events).map(stored);

/** Everything up to `cut` written by the first release, the rest by this one. */
const writtenByBoth = (events: readonly RecordedEvent[], cut: number): RecordedEvent[] =>
  events.map((event, index) => (index < cut ? firstVersionOf(event) : event));

const stateOf = (events: readonly RecordedEvent[]): IncidentState =>
  foldIncident(events.map(decodeIncidentEvent));

function forEveryLife(property: (life: Step[], cut: number) => void): void {
  fc.assert(
    fc.property(triesOnAnIncident.map(live), fc.nat(60), property),
    propertyParameters({ numRuns: 300 }),
  );
}

test('the lives hold events of every type that has changed', () => {
  const lives = fc.sample(triesOnAnIncident, { seed: 20260302, numRuns: 200 }).map(live);
  const types = new Set(lives.flatMap(eventsOf).map(({ type }) => type));
  expect(changedEventTypes).not.toEqual([]);
  expect(changedEventTypes.filter((type) => !types.has(type))).toEqual([]);
});

test('what is taken for a first version here is what the first release let into the log', () => {
  forEveryLife((life) => {
    for (const event of eventsOf(life)) {
      const first = firstVersionOf(event);
      expect(fitsKeptSchema(goldenDir, `${event.type}.v1.schema.json`, first.data)).toBe(true);
      const read = decodeIncidentEvent(first);
      expect(() => assertIncidentEventData(read.type, read.data)).not.toThrow();
    }
  });
});

test('a history that an earlier release wrote, or began, gives the same state', () => {
  forEveryLife((life, cut) => {
    const events = eventsOf(life);
    const state = stateOf(events);
    expect(stateOf(writtenByBoth(events, Infinity))).toEqual(state);
    expect(stateOf(writtenByBoth(events, cut))).toEqual(state);
  });
});

test('a history that an earlier release began goes on with the same decisions', () => {
  forEveryLife((life, cut) => {
    let written: RecordedEvent[] = [];
    for (const { command, events } of life) {
      const decision = decide(stateOf(written), command);
      expect(decision.events).toEqual(events);
      const next = (decision.events ?? []).map((event, index) => stored(event, written.length + index));
      written = [...written, ...(written.length < cut ? next.map(firstVersionOf) : next)];
    }
  });
});

describe('an order of supervision of version 1', () => {
  const life = fc
    .sample(triesOnAnIncident, { seed: 20260302, numRuns: 200 })
    .map(live)
    .find((steps) => eventsOf(steps).some(({ type }) => type === 'SupervisionIssued'));
  const order = eventsOf(life ?? []).find(({ type }) => type === 'SupervisionIssued')!;

  test('took the first step, and does not say when its deadline was due', () => {
    expect(decodeIncidentEvent(firstVersionOf(order)).data).toEqual({
      ...(order.data as object),
      dueAt: null,
    });
    expect(order.data).toMatchObject({ step: 1, dueAt: expect.any(String) as string });
  });

  test('has the name that an order of version 2 for the same breach would have', () => {
    const { deadlineId } = order.data as { deadlineId: string };
    expect(order.data).toMatchObject({ supervisionId: `${deadlineId}-0` });
  });

  test('is told apart from one of a release to come', () => {
    expect(() => decodeIncidentEvent({ ...order, schemaVersion: 3 })).toThrow(
      /SupervisionIssued version 3 at position \d+ is unknown to this release/,
    );
  });
});
