import { decide, foldIncident, type IncidentEvent, type IncidentState } from '@shaoying/incident-domain';
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

const stateOf = (events: readonly RecordedEvent[]): IncidentState =>
  foldIncident(events.map(decodeIncidentEvent));

function forEveryLife(property: (life: Step[], cut: number) => void): void {
  fc.assert(
    fc.property(triesOnAnIncident.map(live), fc.nat(60), property),
    propertyParameters({ numRuns: 300 }),
  );
}

test('the lives hold events of every type that has changed, of which the first release knew a form', () => {
  const lives = fc.sample(triesOnAnIncident, { seed: 20260302, numRuns: 300 }).map(live);
  const first = lives.flatMap(eventsOf).map(asTheFirstReleaseSaid).map(firstVersionOf);
  const types = new Set(first.filter(({ schemaVersion }) => schemaVersion === 1).map(({ type }) => type));
  expect(changedEventTypes).not.toEqual([]);
  expect(changedEventTypes.filter((type) => !types.has(type))).toEqual([]);
});

test('what is taken for a first version here is what the first release let into the log', () => {
  forEveryLife((life) => {
    for (const event of eventsOf(life)) {
      const first = firstVersionOf(asTheFirstReleaseSaid(event));
      const { type, schemaVersion } = first;
      expect(fitsKeptSchema(goldenDir, `${type}.v${schemaVersion}.schema.json`, first.data)).toBe(true);
      const read = decodeIncidentEvent(first);
      expect(() => assertIncidentEventData(read.type, read.data)).not.toThrow();
    }
  });
});

test('what a first version could not say is never lost by writing one', () => {
  forEveryLife((life) => {
    for (const event of eventsOf(life)) {
      const first = firstVersionOf(event);
      // The one exception: no step can know when the deadline behind an order was due.
      const lost = first.schemaVersion === 1 && event.type === 'SupervisionIssued' ? { dueAt: null } : {};
      expect(decodeIncidentEvent(first).data).toEqual({ ...(event.data as object), ...lost });
    }
  });
});

test('a history that an earlier release wrote, or began, gives the same state', () => {
  forEveryLife((life, cut) => {
    const events = eventsOf(life);
    const said = events.map((event, index) => (index < cut ? asTheFirstReleaseSaid(event) : event));
    for (const history of [events, said])
      expect(stateOf(history.map(firstVersionOf))).toEqual(stateOf(history));
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
    .flatMap((attempts) => eventsOf(live(attempts)))
    .find(({ type, data }) => type === 'SupervisionIssued' && (data as { step: unknown }).step === 1)!;

  test('took the first step, and does not say when its deadline was due', () => {
    const first = firstVersionOf(asTheFirstReleaseSaid(order));
    expect(first).toMatchObject({ schemaVersion: 1 });
    expect(decodeIncidentEvent(first).data).toMatchObject({ step: 1, dueAt: null, issuedBy: 'LADDER' });
    expect(order.data).toMatchObject({ step: 1, dueAt: expect.any(String) as string });
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
