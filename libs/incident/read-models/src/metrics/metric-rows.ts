import type { MetricDefinition, MetricDimension, MetricTerms } from './metric-definition.js';

/** Of amounts: how they spread. Minutes; null where there is none. */
export interface Spread {
  readonly medianMinutes: number | null;
  readonly p90Minutes: number | null;
}

/** One rate of a composite. */
export interface MetricPart {
  readonly metricId: string;
  readonly weight: number;
  readonly numerator: number;
  readonly denominator: number;
  readonly value: number | null;
}

export interface MetricRow {
  /** Null gathers what has no such dimension; `total` without `by`. */
  readonly key: string | null;
  /** Of weighted answers the whole ones and the part of the partial ones that counts. */
  readonly numerator: number;
  readonly denominator: number;
  /** Not rounded. Null where the denominator is 0. */
  readonly value: number | null;
  /** What is shown of a rate: half-up to 2 decimals, from the whole numbers. */
  readonly percent: number | null;
  /** How many cases of the window do not count, by reason. */
  readonly excluded: Readonly<Record<string, number>>;
  /** Cases that count in part, of metrics that know such. */
  readonly partial?: number;
  /** Who answered, of those who could have. Null where there was nobody. */
  readonly coverage?: number | null;
  readonly spread?: Spread;
  readonly parts?: readonly MetricPart[];
  /** Too few cases to be ranked by (domain.md §4). */
  readonly insufficient?: boolean;
}

/** What the cases of one key and one reason come to. */
export interface Tally {
  readonly key: string | null;
  /** Null of those that count. */
  readonly reason: string | null;
  readonly cases: number;
  readonly full: number;
  readonly partial: number;
  readonly amount: number;
  readonly median: number | null;
  readonly p90: number | null;
}

/** Weights have at most so many decimals: what they make of whole numbers stays exact. */
const weightScale = 1_000_000;

/** What a number of partial answers is worth. */
const worth = (weight: number, cases: number): number =>
  (Math.round(weight * weightScale) * cases) / weightScale;

/** Half-up, from whole numbers: 2.675 of 100 is 2.68, whatever a binary fraction makes of it. */
export function percentOf(numerator: number, denominator: number): number | null {
  if (denominator === 0) return null;
  const [n, d] = [BigInt(Math.round(numerator * weightScale)), BigInt(denominator) * BigInt(weightScale)];
  return Number((n * 20_000n + d) / (2n * d)) / 100;
}

/** The weight of a partial answer under these terms; null where the metric knows none. */
export const partialWeight = ({ partial }: MetricDefinition, terms: MetricTerms): number | null =>
  partial === undefined ? null : terms[partial.weight];

/** Of whole answers, partial ones and amounts. */
export const numeratorOf = (
  metric: MetricDefinition,
  terms: MetricTerms,
  { full, partial, amount }: Pick<Tally, 'full' | 'partial' | 'amount'>,
): number => (metric.measure === 'RATE' ? full + worth(partialWeight(metric, terms) ?? 0, partial) : amount);

const noTally = (key: string | null): Tally => ({
  ...{ key, reason: null, cases: 0, full: 0, partial: 0, amount: 0, median: null, p90: null },
});

/** Rows of a metric from its tallies, in their order; `total` where there is none to group. */
export function rowsOf(
  metric: MetricDefinition,
  terms: MetricTerms,
  by: MetricDimension | null,
  tallies: readonly Tally[],
): MetricRow[] {
  const keys = [...new Set(tallies.map(({ key }) => key))];
  if (by === null && keys.length === 0) keys.push('total');
  return keys.map((key) => {
    const own = tallies.filter((tally) => tally.key === key);
    const counted = own.find(({ reason }) => reason === null) ?? noTally(key);
    const excluded = Object.fromEntries(
      own.flatMap(({ reason, cases }) => (reason === null ? [] : [[reason, cases]])),
    );
    return rowOf(metric, terms, by, counted, excluded);
  });
}

function rowOf(
  metric: MetricDefinition,
  terms: MetricTerms,
  by: MetricDimension | null,
  { key, cases: denominator, full, partial, amount, median, p90 }: Tally,
  excluded: Readonly<Record<string, number>>,
): MetricRow {
  const weight = partialWeight(metric, terms);
  const numerator = numeratorOf(metric, terms, { full, partial, amount });
  const ratio = denominator === 0 ? null : numerator / denominator;
  const unanswered = metric.unanswered?.reduce((sum, reason) => sum + (excluded[reason] ?? 0), 0);
  const asked = denominator + (unanswered ?? 0);
  return {
    ...{ key, numerator, denominator, value: metric.measure === 'DURATION' ? median : ratio },
    percent: metric.measure === 'RATE' ? percentOf(numerator, denominator) : null,
    excluded,
    ...(weight !== null && { partial }),
    ...(unanswered !== undefined && { coverage: asked === 0 ? null : denominator / asked }),
    ...(metric.amount !== undefined &&
      metric.measure !== 'INDEX' && { spread: { medianMinutes: median, p90Minutes: p90 } }),
    ...(by !== null && { insufficient: denominator < terms.minimumSample }),
  };
}

/** A rate of a composite with its share and its rows. */
export interface WeightedRate {
  readonly metricId: string;
  readonly weight: number;
  readonly rows: readonly MetricRow[];
}

/** Rows of a composite: no value where one of its rates has none. Keys in the order in which they first come. */
export function compositeRows(rates: readonly WeightedRate[], by: MetricDimension | null): MetricRow[] {
  const keys = [...new Set(rates.flatMap(({ rows }) => rows.map(({ key }) => key)))];
  return keys.map((key) => {
    const own = rates.map(({ metricId, weight, rows }) => {
      const row = rows.find((candidate) => candidate.key === key);
      const { numerator = 0, denominator = 0, value = null, insufficient = by !== null } = row ?? {};
      return { metricId, weight, numerator, denominator, value, insufficient, excluded: row?.excluded ?? {} };
    });
    const value = own.reduce<number | null>(
      (sum, { weight, value: rate }) => (sum === null || rate === null ? null : sum + weight * rate),
      0,
    );
    const sumOf = (of: 'numerator' | 'denominator'): number => own.reduce((sum, rate) => sum + rate[of], 0);
    return {
      ...{ key, numerator: sumOf('numerator'), denominator: sumOf('denominator'), value },
      percent: value === null ? null : Math.round(value * 10_000 + 1e-9) / 100,
      excluded: own.reduce<Record<string, number>>((sums, { excluded }) => {
        for (const [reason, cases] of Object.entries(excluded)) sums[reason] = (sums[reason] ?? 0) + cases;
        return sums;
      }, {}),
      parts: own.map(({ metricId, weight, numerator, denominator, value: rate }) => ({
        ...{ metricId, weight, numerator, denominator, value: rate },
      })),
      ...(by !== null && { insufficient: own.some(({ insufficient }) => insufficient) }),
    };
  });
}
