import type { MetricDefinition, MetricDimension, MetricTerms } from './metric-definition.js';

/** Of amounts: how they spread. Minutes; null where there is none. */
export interface Spread {
  readonly medianMinutes: number | null;
  readonly p90Minutes: number | null;
}

/** One rate of a composite, told as it would be alone. */
export interface MetricPart extends Pick<
  MetricRow,
  'numerator' | 'denominator' | 'value' | 'percent' | 'excluded' | 'partial' | 'coverage'
> {
  readonly metricId: string;
  readonly weight: number;
  /** Of its formula. */
  readonly version: number;
  /** The terms it was computed by, with the version of what is published of it. */
  readonly terms: Partial<MetricTerms>;
}

export interface MetricRow {
  /** Null gathers what has no such dimension; `total` without `by`. */
  readonly key: string | null;
  /** Of weighted answers the whole ones and the part of the partial ones that counts. */
  readonly numerator: number;
  readonly denominator: number;
  /** Not rounded. Null where the denominator is 0. */
  readonly value: number | null;
  /** What is shown of a rate and of a composite: half-up to 2 decimals, from the whole numbers. */
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

/** A whole number over another. */
type Fraction = readonly [over: bigint, under: bigint];

/** Of a number that is written with at most 12 decimals, as weights are. */
const exact = (value: number): Fraction => [BigInt(value.toFixed(12).replace('.', '')), 10n ** 12n];

/** Half-up to 2 decimals of a percentage, whatever a binary fraction makes of it: 2.675 of 100 is 2.68. */
const rounded = ([over, under]: Fraction): number => Number((over * 20_000n + under) / (2n * under)) / 100;

export function percentOf(numerator: number, denominator: number): number | null {
  if (denominator === 0) return null;
  return rounded([BigInt(Math.round(numerator * weightScale)), BigInt(denominator) * BigInt(weightScale)]);
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

/**
 * Rows of a metric from its tallies, in their order; `total` where there is none to group.
 * @param existing keys that have a row whether there is a case or not: without one it has no value, which is neither 0 nor 100 %
 * (domain.md §6, 38)
 */
export function rowsOf(
  metric: MetricDefinition,
  terms: MetricTerms,
  by: MetricDimension | null,
  tallies: readonly Tally[],
  existing: readonly string[] = [],
): MetricRow[] {
  const keys = [...new Set([...tallies.map(({ key }) => key), ...existing])];
  if (by === null && keys.length === 0) keys.push('total');
  if (existing.length > 0) keys.sort(inOrder);
  return keys.map((key) => {
    const own = tallies.filter((tally) => tally.key === key);
    const counted = own.find(({ reason }) => reason === null) ?? noTally(key);
    const excluded = Object.fromEntries(
      own.flatMap(({ reason, cases }) => (reason === null ? [] : [[reason, cases]])),
    );
    return rowOf(metric, terms, by, counted, excluded);
  });
}

/** What has no such dimension comes last. */
const inOrder = (a: string | null, b: string | null): number =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1;

/** The row of a key without a case. */
export const rowWithout = (
  metric: MetricDefinition,
  terms: MetricTerms,
  by: MetricDimension | null,
  key: string | null,
): MetricRow => rowOf(metric, terms, by, noTally(key), {});

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
export interface WeightedRate extends Pick<MetricPart, 'metricId' | 'weight' | 'version' | 'terms'> {
  /** Whether its value is its numerator over its denominator. */
  readonly isRatio: boolean;
  readonly rows: readonly MetricRow[];
  /** Its row for a key of which it has no case. */
  rowWithout(key: string | null): MetricRow;
}

/** Rows of a composite: no value where one of its rates has none. Keys in the order in which they first come. */
export function compositeRows(rates: readonly WeightedRate[], by: MetricDimension | null): MetricRow[] {
  const keys = [...new Set(rates.flatMap(({ rows }) => rows.map(({ key }) => key)))];
  return keys.map((key) => {
    const own = rates.map((rate) => {
      const row = rate.rows.find((candidate) => candidate.key === key) ?? rate.rowWithout(key);
      return { rate, row };
    });
    const value = own.reduce<number | null>(
      (sum, { rate, row }) => (sum === null || row.value === null ? null : sum + rate.weight * row.value),
      0,
    );
    const sumOf = (of: 'numerator' | 'denominator'): number => own.reduce((sum, { row }) => sum + row[of], 0);
    return {
      ...{ key, numerator: sumOf('numerator'), denominator: sumOf('denominator'), value },
      percent: value === null ? null : rounded(weightedSum(own)),
      excluded: own.reduce<Record<string, number>>((sums, { row }) => {
        for (const [reason, cases] of Object.entries(row.excluded))
          sums[reason] = (sums[reason] ?? 0) + cases;
        return sums;
      }, {}),
      parts: own.map(partOf),
      ...(by !== null && { insufficient: own.some(({ row }) => row.insufficient === true) }),
    };
  });
}

interface OwnRow {
  readonly rate: WeightedRate;
  readonly row: MetricRow;
}

function partOf({ rate: { metricId, weight, version, terms }, row }: OwnRow): MetricPart {
  const { numerator, denominator, value, percent, excluded, partial, coverage } = row;
  return {
    ...{ metricId, weight, version, terms, numerator, denominator, value, percent, excluded },
    ...(partial !== undefined && { partial }),
    ...(coverage !== undefined && { coverage }),
  };
}

/** Σ weight × rate as one fraction of whole numbers. */
function weightedSum(own: readonly OwnRow[]): Fraction {
  return own.reduce<Fraction>(
    ([over, under], { rate, row }) => {
      const [a, b] = exact(rate.weight);
      const [c, d] = rate.isRatio
        ? [exact(row.numerator)[0], exact(row.denominator)[0]]
        : exact(row.value ?? 0);
      return [over * b * d + a * c * under, under * b * d];
    },
    [0n, 1n],
  );
}
