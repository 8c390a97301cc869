import fc from 'fast-check';
import { admitAppend } from './event.admission.js';
import type { NewEvent } from './event-store.js';
import { traceparentFrom } from './traceparent.js';

const [early, late] = ['2026-02-13T08:00:00.000Z', '2026-02-13T09:00:00.000Z'];
const uuidOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const actors = ['a', 'b'].map((id) => ({ id, role: 'community', orgUnitId: null }));

/** Few values each, so that neighbours in an append often agree in all but one of them. */
const envelope = fc.record(
  {
    actor: fc.constantFrom(...actors),
    commandId: fc.constantFrom(uuidOf(1), uuidOf(2)),
    correlationId: fc.constantFrom('x', 'y'),
    causationId: fc.constantFrom('x', 'y'),
    requestHash: fc.constantFrom('h', 'i'),
    traceparent: fc.constantFrom(traceparentFrom('x'), traceparentFrom('y')),
    occurredAt: fc.constantFrom(early, late),
    recordedAt: fc.constantFrom(early, late),
  },
  { requiredKeys: ['actor', 'commandId', 'correlationId', 'causationId', 'occurredAt', 'recordedAt'] },
);

const events = fc.array(envelope, { minLength: 1, maxLength: 6 }).map((envelopes) =>
  envelopes.map((own, index): NewEvent => ({
    ...{ eventId: uuidOf(index), type: 'SampleHappened', schemaVersion: 1, data: { index } },
    ...own,
  })),
);

test('every event of an append is stored as it would be alone', () => {
  fc.assert(
    fc.property(events, (together) => {
      const alone = together.map((event) => admitAppend('sample-1', 'any', [event]));
      const admitted = admitAppend('sample-1', 'any', together);
      expect(admitted.events).toEqual(alone.flatMap((append) => append.events));
      expect(admitted.bytes).toBe(alone.reduce((sum, { bytes }) => sum + bytes, 0));
    }),
  );
});

test.each(['occurredAt', 'recordedAt'] as const)(
  'a wrong %s is refused in any event of an append',
  (field) => {
    const good: NewEvent = {
      ...{
        eventId: uuidOf(1),
        type: 'SampleHappened',
        schemaVersion: 1,
        data: {},
        actor: { id: 'a', role: 'community', orgUnitId: null },
      },
      ...{ occurredAt: early, recordedAt: early, commandId: uuidOf(9), correlationId: 'x', causationId: 'x' },
    };
    const bad: NewEvent = { ...good, eventId: uuidOf(2), [field]: '2026-02-30T08:00:00.000Z' };
    expect(() => admitAppend('sample-1', 'any', [bad])).toThrow('must be an instant');
    expect(() => admitAppend('sample-1', 'any', [good, bad])).toThrow('must be an instant');
    expect(() =>
      admitAppend('sample-1', 'any', [{ ...bad, occurredAt: 'never', recordedAt: 'never' }]),
    ).toThrow('must be an instant');
  },
);
