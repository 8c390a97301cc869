import { RETRY_POLICY, restMs, retryDelayMs } from './retry-times.js';

const middle = 0.5;
const delays = (attempts: number): number[] =>
  Array.from({ length: attempts }, (_, index) => retryDelayMs(RETRY_POLICY, index + 1, middle));

describe('retries', () => {
  it('double from five seconds to six hours, and go on for three days', () => {
    expect(delays(4)).toEqual([5_000, 10_000, 20_000, 40_000]);
    expect(retryDelayMs(RETRY_POLICY, 1_000_000, middle)).toBe(6 * 3_600_000);
    const sums = delays(30).map((_, index) => delays(index + 1).reduce((sum, ms) => sum + ms, 0));
    expect(sums.filter((ms) => ms < RETRY_POLICY.giveUpAfterMs)).toHaveLength(23);
  });

  it('come a fifth earlier or later, so that endpoints do not come back together', () => {
    expect([0, 0.999_999].map((random) => retryDelayMs(RETRY_POLICY, 1, random))).toEqual([4_000, 6_000]);
  });
});

describe('a rest', () => {
  const rest = (failures: number, asked: number | null = null): number =>
    restMs(RETRY_POLICY, failures, asked, middle);

  it('begins with the third failure in a row and doubles up to five minutes', () => {
    expect([0, 1, 2, 3, 4, 5, 8, 9, 1_000_000].map((failures) => rest(failures))).toEqual([
      ...[0, 0, 0, 5_000, 10_000, 20_000, 160_000, 300_000, 300_000],
    ]);
  });

  it('is as long as the endpoint asks for, an hour at the most', () => {
    expect([rest(1, 7_000), rest(3, 7_000), rest(3, 1_000), rest(1, 86_400_000)]).toEqual([
      ...[7_000, 7_000, 5_000, 3_600_000],
    ]);
  });
});
