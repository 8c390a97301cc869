import {
  decide,
  foldIncident,
  NO_INCIDENT,
  type IncidentEvent,
  type IncidentState,
} from '@shaoying/incident-domain';
import { live, type Step, triesOnAnIncident } from '@shaoying/incident-domain/testing';
import { propertyParameters } from '@shaoying/event-store/testing';
import type { RecordedEvent } from '@shaoying/event-store';
import { fitsKeptSchema } from '@shaoying/testing';
import fc from 'fast-check';
import { join } from 'node:path';
import { assertIncidentEventData, decodeIncidentEvent, incidentCatalogue } from './index.js';
import { asTheFirstReleaseSaid, changedEventTypes, firstVersionOf } from './testing/index.js';

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

/**
 * The tries of a life as an earlier release would have lived them, with nothing in its log that the first one could not
 * have said: its clocks carry one step of the ladder, and start for fewer reasons.
 */
function livedEarlier(life: readonly Step[]): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  let state = NO_INCIDENT;
  for (const { command } of life) {
    const { events: decided = [] } = decide(state, command);
    const next = decided.map((event, index) => asTheFirstReleaseSaid(stored(event, events.length + index)));
    state = foldIncident(next.map(decodeIncidentEvent), state);
    events.push(...next);
  }
  return events;
}

const stateOf = (events: readonly RecordedEvent[]): IncidentState =>
  foldIncident(events.map(decodeIncidentEvent));

function forEveryLife(property: (life: Step[], cut: number) => void): void {
  fc.assert(
    fc.property(triesOnAnIncident.map(live), fc.nat(60), property),
    propertyParameters({ numRuns: 300 }),
  );
}

test('the lives hold events of every type that has changed, of which the first release knew a form', () => {
  const lives = fc.sample(triesOnAnIncident, { seed: 20260302, numRuns: 1_000 }).map(live);
  const first = lives.flatMap(livedEarlier).map(firstVersionOf);
  const types = new Set(first.filter(({ schemaVersion }) => schemaVersion === 1).map(({ type }) => type));
  expect(changedEventTypes).not.toEqual([]);
  expect(changedEventTypes.filter((type) => !types.has(type))).toEqual([]);
});

test('what is taken for a first version here is what the first release let into the log', () => {
  forEveryLife((life) => {
    for (const event of livedEarlier(life)) {
      const first = firstVersionOf(event);
      const { type, schemaVersion } = first;
      expect(fitsKeptSchema(goldenDir, `${type}.v${schemaVersion}.schema.json`, first.data)).toBe(true);
      const read = decodeIncidentEvent(first);
      expect(() => assertIncidentEventData(read.type, read.data)).not.toThrow();
    }
  });
});

test('what a first version could not say is never lost by writing one', () => {
  forEveryLife((life) => {
    for (const event of [...eventsOf(life), ...livedEarlier(life)]) {
      const first = firstVersionOf(event);
      // The one exception: no step can know when the deadline behind an order was due.
      const lost = first.schemaVersion === 1 && event.type === 'SupervisionIssued' ? { dueAt: null } : {};
      expect(decodeIncidentEvent(first).data).toEqual({ ...(event.data as object), ...lost });
    }
  });
});

test('a history that an earlier release wrote gives the same state', () => {
  forEveryLife((life) => {
    for (const events of [eventsOf(life), livedEarlier(life)])
      expect(stateOf(events.map(firstVersionOf))).toEqual(stateOf(events));
  });
});

test('a history that an earlier release began goes on with the same decisions', () => {
  forEveryLife((life, cut) => {
    let told: RecordedEvent[] = [];
    let written: RecordedEvent[] = [];
    for (const { command } of life) {
      const decision = decide(stateOf(written), command);
      expect(decision).toEqual(decide(stateOf(told), command));
      const next = (decision.events ?? []).map((event, index) => stored(event, written.length + index));
      const said = written.length < cut ? next.map(asTheFirstReleaseSaid) : next;
      told = [...told, ...said];
      written = [...written, ...said.map(firstVersionOf)];
    }
  });
});

describe('an order of supervision of version 1', () => {
  const order = fc
    .sample(triesOnAnIncident, { seed: 20260302, numRuns: 300 })
    .flatMap((attempts) => livedEarlier(live(attempts)))
    .find((event) => event.type === 'SupervisionIssued' && firstVersionOf(event).schemaVersion === 1)!;

  test('took the first step of a ladder, and does not say when its deadline was due', () => {
    const { data } = decodeIncidentEvent(firstVersionOf(order));
    expect(data).toMatchObject({ step: 1, dueAt: null, issuedBy: 'LADDER', reason: null, deadlines: [] });
  });

  test('has the name that an order written today for the same breach would have', () => {
    const { deadlineId } = order.data as { deadlineId: string };
    expect(order.data).toMatchObject({ supervisionId: `${deadlineId}-0` });
  });

  test('is told apart from one of a release to come', () => {
    expect(() => decodeIncidentEvent({ ...order, schemaVersion: 4 })).toThrow(
      /SupervisionIssued version 4 at position \d+ is unknown to this release/,
    );
  });
});
