import fc from 'fast-check';
import { aheadOf, CLOCKS_APART_MS_MAX, recordedAfter } from './recorded-instants.js';
import { propertyParameters } from './testing/index.js';

const opening = Date.parse('2026-03-02T01:00:00.000Z');
const textOf = (ms: number): string => new Date(ms).toISOString();
const minute = 60_000;

test('the first event is recorded by the clock of its writer', () => {
  expect(recordedAfter(textOf(opening), undefined)).toBe(textOf(opening));
});

test.each([
  ['a millisecond', 1],
  ['ten minutes', 10 * minute],
  ['as much as two clocks may differ', CLOCKS_APART_MS_MAX],
])('a clock that is behind by %s records at the instant of what it has read', (_, ms) => {
  const last = textOf(opening + ms);
  expect(recordedAfter(textOf(opening), last)).toBe(last);
});

test.each([
  ['a millisecond more than two clocks may differ', CLOCKS_APART_MS_MAX + 1],
  ['a day', 24 * 60 * minute],
])('what lies ahead by %s holds nothing up: the clock stands', (_, ms) => {
  expect(recordedAfter(textOf(opening), textOf(opening + ms))).toBe(textOf(opening));
  expect(aheadOf(textOf(opening), textOf(opening + ms))).toBe(ms);
});

/** How far the clock of each writer is from the truth, and how long after the one before it writes. */
const writings = (apartMsMax: number): fc.Arbitrary<{ apartMs: number; afterMs: number }[]> => {
  const clocks = fc.array(fc.integer({ min: 0, max: apartMsMax }), { minLength: 2, maxLength: 4 });
  const turns = fc.array(fc.record({ who: fc.nat(3), afterMs: fc.nat(20 * minute) }), { maxLength: 40 });
  return fc
    .tuple(clocks, turns)
    .map(([apart, said]) =>
      said.map(({ who, afterMs }) => ({ apartMs: apart[who % apart.length] ?? 0, afterMs })),
    );
};

interface Recorded {
  readonly clockMs: number;
  readonly recordedMs: number;
}

function recorded(said: readonly { apartMs: number; afterMs: number }[]): Recorded[] {
  const events: Recorded[] = [];
  let truthMs = opening;
  for (const { apartMs, afterMs } of said) {
    truthMs += afterMs;
    const clockMs = truthMs + apartMs;
    const last = events.at(-1);
    const at = recordedAfter(textOf(clockMs), last && textOf(last.recordedMs));
    events.push({ clockMs, recordedMs: Date.parse(at) });
  }
  return events;
}

test('of clocks that are near enough to each other, what was known at any instant is a beginning of what was written', () => {
  fc.assert(
    fc.property(writings(CLOCKS_APART_MS_MAX), fc.nat(15 * 60 * minute), (said, askedMs) => {
      const events = recorded(said);
      const known = events.filter(({ recordedMs }) => recordedMs <= opening + askedMs);
      expect(known).toEqual(events.slice(0, known.length));
    }),
    propertyParameters({ numRuns: 500 }),
  );
});

test('whatever the clocks say, nothing is recorded before its writer’s clock, nor later than two clocks may differ', () => {
  fc.assert(
    fc.property(writings(7 * 24 * 60 * minute), (said) => {
      for (const { clockMs, recordedMs } of recorded(said)) {
        expect(recordedMs).toBeGreaterThanOrEqual(clockMs);
        expect(recordedMs - clockMs).toBeLessThanOrEqual(CLOCKS_APART_MS_MAX);
      }
    }),
    propertyParameters({ numRuns: 500 }),
  );
});

test('a clock that was days ahead for one event has no part in what follows the next one', () => {
  const [, next, later] = recorded([
    { apartMs: 3 * 24 * 60 * minute, afterMs: 0 },
    { apartMs: 0, afterMs: minute },
    { apartMs: 0, afterMs: minute },
  ]);
  expect([next?.recordedMs, later?.recordedMs]).toEqual([opening + minute, opening + 2 * minute]);
});
