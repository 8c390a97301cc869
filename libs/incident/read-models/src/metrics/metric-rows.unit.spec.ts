import { compositeRows, percentOf, rowsOf, type MetricRow, type WeightedRate } from './metric-rows.js';
import { metricDefinitions } from './metric-definitions.js';

const rate = (weight: number, numerator: number, denominator: number): WeightedRate => {
  const row = (key: string | null, over: number, under: number): MetricRow => ({
    ...{ key, numerator: over, denominator: under, value: under === 0 ? null : over / under },
    ...{ percent: percentOf(over, under), excluded: {} },
  });
  return {
    ...{ metricId: `rate-${weight}`, weight, version: 1, terms: {}, isRatio: true },
    ...{ rows: [row('total', numerator, denominator)], rowWithout: (key) => row(key, 0, 0) },
  };
};
const percent = (...rates: WeightedRate[]): number | null | undefined =>
  compositeRows(rates, null)[0]?.percent;

describe('the percentage of a composite', () => {
  it('is rounded half-up from whole numbers, where binary fractions are a little above or below', () => {
    // 0.5 × 1/8 + 0.5 × 3/40000 = 0.0625375, that is 6.25375 %.
    expect(percent(rate(0.5, 1, 8), rate(0.5, 3, 40_000))).toBe(6.25);
    // Exactly half: 0.25 × 1 + 0.75 × 3/30000 = 0.250075, that is 25.0075 %, and 25.01 shown.
    expect(percent(rate(0.25, 1, 1), rate(0.75, 3, 30_000))).toBe(25.01);
    // 0.1 × 1/4 + 0.9 × 1/2000 = 0.02545, that is 2.545 %: half-up, where a binary fraction gives 2.54.
    expect(percent(rate(0.1, 1, 4), rate(0.9, 1, 2_000))).toBe(2.55);
    // 19.54499999999541 %: less than half, by less than a binary fraction is sure of.
    expect(percent(rate(0.5, 4_353, 29_897), rate(0.5, 8_938, 36_437))).toBe(19.54);
  });

  it('is none where one of its rates has no case', () => {
    expect(percent(rate(0.5, 1, 1), rate(0.5, 0, 0))).toBeNull();
  });
});

describe('a unit without a case', () => {
  const metric = metricDefinitions.find(({ name }) => name === 'acknowledge-on-time')!;
  const tally = (key: string | null) => ({
    ...{ key, reason: null, cases: 20, full: 20, partial: 0, amount: 0, median: null, p90: null },
  });

  it('has a row that is neither 0 nor 100 %, in its place among the others, and the sums stay what they are', () => {
    const tallies = [tally('dept-2'), tally(null)];
    const rows = rowsOf(metric, metric.terms, 'department', tallies, ['dept-3', 'dept-1', 'dept-2']);
    const none = {
      numerator: 0,
      denominator: 0,
      value: null,
      percent: null,
      excluded: {},
      insufficient: true,
    };
    expect(rows).toMatchObject([
      { key: 'dept-1', ...none },
      { key: 'dept-2', denominator: 20, insufficient: false },
      { key: 'dept-3', ...none },
      { key: null, denominator: 20 },
    ]);
  });
});
