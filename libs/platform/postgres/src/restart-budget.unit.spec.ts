import { RESTART_LIMITS, RestartBudget } from './restart-budget.js';

function budgetAt(limits = RESTART_LIMITS) {
  const clock = { nowMs: 0 };
  return { clock, budget: new RestartBudget(limits, () => clock.nowMs) };
}

it('starts at once, then waits twice as long each time, and no longer than the longest wait', () => {
  const { budget } = budgetAt();
  const waits = Array.from({ length: 12 }, () => budget.take());
  expect(waits).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
});

it('gives up when the starts of its window are used up, after about six minutes of failing', () => {
  const { clock, budget } = budgetAt();
  for (let start = 1; start <= 20; start += 1) clock.nowMs += budget.take() ?? Infinity;
  expect(budget.take()).toBeNull();
  expect(clock.nowMs).toBeGreaterThan(300_000);
  expect(clock.nowMs).toBeLessThan(400_000);
});

it('gives up on a server that dies every minute, and not on one that dies every two', () => {
  const starts = (everyMs: number): number => {
    const { clock, budget } = budgetAt();
    for (let start = 0; start < 100; start += 1) {
      if (budget.take() === null) return start;
      clock.nowMs += everyMs;
    }
    return Infinity;
  };
  expect(starts(60_000)).toBe(20);
  expect(starts(120_000)).toBe(Infinity);
});

it('allows none when none is allowed', () => {
  expect(budgetAt({ ...RESTART_LIMITS, restartsMax: 0 }).budget.take()).toBeNull();
});
