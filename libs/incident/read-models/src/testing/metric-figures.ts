import type { RecordedEvent } from '@shaoying/event-store';
import type { MetricDefinition, MetricDimension, MetricTerms } from '../metrics/metric-definition.js';
import type { MetricPart, MetricRow } from '../metrics/metric-rows.js';
import type { MetricExplanation, MetricWindow, TakenOver } from '../metrics/metrics.query.js';
import type { Moment } from '../sql-reader.js';
import { casesOf, type OracleCase } from './metric-oracle.js';

// What the cases of metric-oracle.ts come to, by arithmetic that can be checked by eye.

interface Asked {
  readonly log: readonly RecordedEvent[];
  readonly metric: MetricDefinition;
  readonly terms: MetricTerms;
  readonly window: MetricWindow;
  readonly moment: Moment;
  readonly by: MetricDimension | null;
  readonly takenOver: TakenOver;
}

/** The cases of a metric, each with the units that answer for it now. */
export function casesIn(
  { log, metric, window, moment, by, takenOver }: Asked,
  { name, version }: Pick<MetricDefinition, 'name' | 'version'> = metric,
): OracleCase[] {
  return casesOf(name, log, window, moment, version).map((found) => {
    const unit = by === null ? null : found.dimensions[by];
    if (by === null || unit === null) return found;
    return { ...found, dimensions: { ...found.dimensions, [by]: takenOver[unit] ?? unit } };
  });
}

const has = (found: OracleCase, by: MetricDimension | null, key: string | null): boolean =>
  by === null || found.dimensions[by] === key;

export const keysOf = (cases: readonly OracleCase[], by: MetricDimension | null): (string | null)[] =>
  by === null ? ['total'] : [...new Set(cases.map((found) => found.dimensions[by]))];

const close = (value: number): number => expect.closeTo(value, 6) as number;

/** Half-up to two decimals of a percentage. */
const shown = (value: number): number => close(Math.floor(value * 10_000 + 0.5 + 1e-7) / 100);

type Counts = Readonly<Record<string, number>>;
const added = (a: Counts, b: Counts): Counts =>
  Object.fromEntries(
    [...Object.keys(a), ...Object.keys(b)].map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)]),
  );

/** Rows a metric should have. @param rateNamed of a composite, in the version that it is made of */
export function rowsBy(asked: Asked, rateNamed: (name: string) => MetricDefinition): MetricRow[] {
  const { metric, terms, by } = asked;
  const cases = casesIn(asked);
  const keys = keysOf(cases, by);
  if (metric.measure !== 'COMPOSITE') {
    return keys.map((key) =>
      rowOf(
        asked,
        key,
        cases.filter((found) => has(found, by, key)),
      ),
    );
  }
  return keys.map((key) => {
    const parts = terms.weights.map(({ metricId, weight }) => {
      const own = casesIn(asked, rateNamed(metricId)).filter((found) => has(found, by, key));
      const row = rowOf({ ...asked, metric: rateNamed(metricId) }, key, own);
      return { metricId, weight, row };
    });
    const missing = parts.some(({ row }) => row.denominator === 0);
    const value = parts.reduce((sum, { weight, row }) => sum + (weight * row.numerator) / row.denominator, 0);
    return {
      key,
      numerator: close(parts.reduce((sum, { row }) => sum + row.numerator, 0)),
      denominator: parts.reduce((sum, { row }) => sum + row.denominator, 0),
      value: missing ? null : close(value),
      percent: missing ? null : shown(value),
      excluded: parts.reduce((sums, { row }) => added(sums, row.excluded), {}),
      parts: parts.map(({ metricId, weight, row: { key: _key, insufficient: _few, ...row } }) => ({
        ...{ metricId, weight, ...row, version: rateNamed(metricId).version },
        terms: expect.objectContaining({ definitionVersion: terms.definitionVersion }) as MetricPart['terms'],
      })),
      ...(by !== null && { insufficient: parts.some(({ row }) => row.denominator < terms.minimumSample) }),
    };
  });
}

function rowOf({ metric, terms, by }: Asked, key: string | null, cases: readonly OracleCase[]): MetricRow {
  const counted = cases.filter((found) => found.counts);
  const excluded: Record<string, number> = {};
  for (const { reason } of cases) if (reason !== null) excluded[reason] = (excluded[reason] ?? 0) + 1;
  const partly = counted.filter((found) => found.partly === true).length;
  const weight = metric.partial === undefined ? 0 : terms[metric.partial.weight];
  const amounts = counted.flatMap(({ amount }) => amount ?? []).sort((a, b) => a - b);
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  const good = counted.filter((found) => found.good).length + weight * partly;
  const [numerator, denominator] = [metric.measure === 'RATE' ? good : total, counted.length];
  const unanswered =
    (excluded['NO_ANSWER'] ?? 0) +
    (metric.unanswered?.includes('NOT_RATED') ? (excluded['NOT_RATED'] ?? 0) : 0);
  const ratio = denominator === 0 ? null : close(numerator / denominator);
  const spread = { medianMinutes: percentile(amounts, 0.5), p90Minutes: percentile(amounts, 0.9) };
  return {
    ...{ key, numerator, denominator, value: metric.measure === 'DURATION' ? spread.medianMinutes : ratio },
    percent: metric.measure !== 'RATE' || denominator === 0 ? null : shown(numerator / denominator),
    excluded,
    ...(metric.partial !== undefined && {
      partial: partly,
      coverage: denominator + unanswered === 0 ? null : close(denominator / (denominator + unanswered)),
    }),
    ...(metric.amount !== undefined && metric.measure !== 'INDEX' && { spread }),
    ...(by !== null && { insufficient: denominator < terms.minimumSample }),
  };
}

/** In minutes, linear between the two nearest. */
function percentile(sorted: readonly number[], fraction: number): number | null {
  if (sorted.length === 0) return null;
  const place = fraction * (sorted.length - 1);
  const [low = 0, high = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return close((low + (high - low) * (place - Math.floor(place))) / 60_000);
}

const nameOf = (found: { incidentId: string; taskId: string | null }): string =>
  `${found.incidentId} ${found.taskId ?? '-'}`;

/** What an explanation lists, as text. */
export const listed = ({ cases, excluded }: MetricExplanation): object => ({
  cases: cases
    .map((found) => `${nameOf(found)} ${found.inNumerator} ${found.amount ?? '-'} ${found.events.join(' ')}`)
    .sort(),
  excluded: excluded.map((found) => `${nameOf(found)} ${found.reason}`).sort(),
});

/** What it should list. Partial answers are in the numerator where they weigh anything. */
export function toList(asked: Asked, key: string | null): object {
  const { terms, by } = asked;
  const cases = casesIn(asked).filter((found) => has(found, by, key));
  const weighs = ({ rates }: { rates: boolean }): boolean =>
    rates ? terms.weightBasicallySatisfied > 0 : terms.weightPartlySolved > 0;
  return {
    cases: cases
      .filter((found) => found.counts)
      .map((found) => {
        const inNumerator = found.good || (found.partly === true && weighs({ rates: found.rates === true }));
        return `${nameOf(found)} ${inNumerator} ${found.amount ?? '-'} ${found.events.join(' ')}`;
      })
      .sort(),
    excluded: cases
      .filter((found) => !found.counts)
      .map((found) => `${nameOf(found)} ${found.reason}`)
      .sort(),
  };
}

/** The numerator that the listed cases come to. */
export function sumOfListed(metric: MetricDefinition, { cases }: Pick<MetricExplanation, 'cases'>): number {
  if (metric.measure === 'INDEX' || metric.measure === 'DURATION')
    return cases.reduce((sum, { amount = 0 }) => sum + amount, 0);
  return cases.reduce((sum, { weight, inNumerator }) => sum + (weight ?? (inNumerator ? 1 : 0)), 0);
}

/** The same to be compared with: weighed answers are added in another order. */
export const sumOfCases = (metric: MetricDefinition, explained: Pick<MetricExplanation, 'cases'>): number =>
  metric.measure === 'INDEX' || metric.measure === 'DURATION'
    ? sumOfListed(metric, explained)
    : close(sumOfListed(metric, explained));
