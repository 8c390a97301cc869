import fc from 'fast-check';
import { BatchPace } from './batch-pace.js';

/** Events arrive steadily; each batch takes what has come. @returns the intervals of the last `batches` of 400 */
function intervalsUnder(eventsPerSecond: number, batches = 20): number[] {
  let nowMs = 0;
  let appliedAtMs = 0;
  const pace = new BatchPace(() => nowMs);
  const intervals: number[] = [];
  for (let batch = 0; batch < 400; batch += 1) {
    // The first event after the last batch, at the earliest.
    nowMs = Math.max(nowMs, appliedAtMs + 1_000 / eventsPerSecond);
    const events = Math.floor(((nowMs - appliedAtMs) * eventsPerSecond) / 1_000);
    appliedAtMs += (events * 1_000) / eventsPerSecond;
    pace.start(events);
    intervals.push(pace.leftMs());
    nowMs += pace.leftMs();
  }
  return intervals.slice(-batches);
}

it('does not delay an event after a quiet moment', () => {
  let nowMs = 5;
  const pace = new BatchPace(() => nowMs);
  expect(pace.leftMs()).toBe(0);
  pace.start(3);
  nowMs += 10;
  expect(pace.leftMs()).toBe(0);
});

it('counts from the start of the batch: one that took long is not waited after', () => {
  let nowMs = 0;
  const pace = new BatchPace(() => nowMs);
  pace.start(1_000);
  expect(pace.leftMs()).toBe(200);
  nowMs += 150;
  expect(pace.leftMs()).toBe(50);
  nowMs += 100;
  expect(pace.leftMs()).toBe(0);
});

it('waits no longer than it is told to, however many come', () => {
  const pace = new BatchPace(() => 0, 80);
  pace.start(1_000);
  expect(pace.leftMs()).toBe(80);
});

it('comes to 390 ms where it may take longer', () => {
  const pace = new BatchPace(() => 0, 10_000);
  pace.start(999);
  expect(pace.leftMs()).toBeLessThan(390);
  for (let batch = 0; batch < 10; batch += 1) pace.start(5_000);
  expect(pace.leftMs()).toBe(390);
});

it.each([
  [5, 10, 10],
  [40, 10, 10],
  [100, 20, 50],
  [300, 90, 130],
  [525, 180, 200],
  [5_000, 200, 200],
])('settles under %d events a second between %d and %d ms', (rate, from, to) => {
  for (const interval of intervalsUnder(rate)) {
    expect(interval).toBeGreaterThanOrEqual(from);
    expect(interval).toBeLessThanOrEqual(to);
  }
});

it('lets what concerns nobody wait: hardly when it is quiet, as long as it may under load, not at all unless it may', () => {
  const lone = new BatchPace(() => 0, 200, 500);
  lone.start(1);
  expect(lone.passingMs()).toBe(20);
  const busy = new BatchPace(() => 0, 200, 500);
  busy.start(100);
  expect(busy.passingMs()).toBe(500);
  const eager = new BatchPace(() => 0);
  eager.start(100);
  expect(eager.passingMs()).toBe(0);
});

it('forgets a catch-up within a few seconds', () => {
  let nowMs = 0;
  const pace = new BatchPace(() => nowMs);
  for (let batch = 0; batch < 100; batch += 1) pace.start(5_000);
  nowMs += 4_000;
  pace.start(1);
  expect(pace.leftMs()).toBe(10);
});

it('never waits longer than 200 ms, nor less than not at all, whatever comes when', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.nat(100_000))), (batches) => {
      let nowMs = 0;
      const pace = new BatchPace(() => nowMs);
      for (const [events, passMs] of batches) {
        pace.start(events);
        expect(pace.leftMs()).toBeGreaterThanOrEqual(10);
        expect(pace.leftMs()).toBeLessThanOrEqual(200);
        nowMs += passMs;
        expect(pace.leftMs()).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});
