import { momentValues, WideReader, type Moment, type SqlPool, type SqlReader } from '../sql-reader.js';
import { cohorts, type Cohort } from './cohorts.js';
import type { BilingualText, MetricDefinition, MetricDimension, MetricTerms } from './metric-definition.js';
import { metricDefinitions } from './metric-definitions.js';
import { compositeRows, partialWeight, rowsOf, type MetricRow, type Tally } from './metric-rows.js';
import { explainSql, tallySql } from './metric-sql.js';

export interface MetricWindow {
  /** [from, to) over the metric's window instant. ISO 8601, UTC. */
  readonly from: string;
  readonly to: string;
}

/** What is said of every number: what it means, and when it was so. */
export interface MetricHeading extends MetricWindow, Omit<Moment, 'live'> {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  readonly formulaZh: string;
  readonly version: number;
  readonly by: MetricDimension | null;
  /** What the jurisdiction has published of it, and what held where it has not. */
  readonly terms: Partial<MetricTerms>;
}

export interface MetricAnswer extends MetricHeading {
  readonly rows: readonly MetricRow[];
}

export interface ExplainedCase {
  readonly incidentId: string;
  readonly taskId: string | null;
  readonly inNumerator: boolean;
  /** Of a weighted answer: how much of it counts. */
  readonly weight?: number;
  /** Of an index its amount, of a duration milliseconds. */
  readonly amount?: number;
  /** Of a composite: the rate it belongs to. */
  readonly metricId?: string;
  /** Ids of the events that decided. */
  readonly events: readonly string[];
}

export interface ExcludedCase {
  readonly incidentId: string;
  readonly taskId: string | null;
  readonly reason: string;
  readonly metricId?: string;
}

export interface MetricExplanation extends MetricHeading {
  readonly key: string | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly cases: readonly ExplainedCase[];
  readonly excluded: readonly ExcludedCase[];
  /** True when there are more cases than are listed. */
  readonly truncated: boolean;
}

/** What is told of a definition. */
export interface MetricListing {
  readonly name: string;
  readonly title: string;
  readonly titles: BilingualText;
  readonly version: number;
  readonly formula: string;
  readonly formulaZh: string;
  readonly measure: MetricDefinition['measure'];
  readonly reading: MetricDefinition['reading'];
  readonly window: string;
  readonly exclusions: readonly string[];
  readonly dimensions: readonly MetricDimension[];
  readonly terms: Partial<MetricTerms>;
  readonly shownWith: readonly string[];
}

/** Units that are no more, each with the one that has taken over: rows and keys are then of who answers for them now. */
export type TakenOver = Readonly<Record<string, string>>;
const asThen: TakenOver = {};

/** The terms in force for a metric. */
export type TermsOf = (metric: MetricDefinition) => MetricTerms;
const ownTerms: TermsOf = ({ terms }) => terms;

/** Cases an explanation lists; a month of a street office is below it. */
const explainedMax = 5_000;

interface ExplainedRow extends Pick<ExplainedCase, 'incidentId' | 'taskId'> {
  readonly reason: string | null;
  readonly isFull: boolean;
  readonly isPartial: boolean;
  readonly amount: number | null;
  readonly events: readonly (string | null)[];
  readonly cases: number;
  readonly full: number;
  readonly partial: number;
  readonly total: number;
}

/** Computes metrics from the read models, each with what stands behind it. */
export class MetricsQuery {
  private readonly sql: SqlReader;

  constructor(pool: SqlPool) {
    this.sql = new WideReader(pool);
  }

  list(termsOf: TermsOf = ownTerms): readonly MetricListing[] {
    return metricDefinitions.map((metric) => {
      const { name, title, version, formula, measure, reading, windowColumn, exclusions, dimensions } =
        metric;
      return {
        ...{ name, title: title.zh, titles: title, version, formula: formula.en, formulaZh: formula.zh },
        ...{ measure, reading, window: windowColumn, exclusions: exclusions.map(([, reason]) => reason) },
        ...{ dimensions, terms: toldTerms(metric, termsOf(metric)), shownWith: metric.shownWith ?? [] },
      };
    });
  }

  definition(name: string): MetricDefinition | undefined {
    return metricDefinitions.find((definition) => definition.name === name);
  }

  /** Projections that a number is read from. */
  readModels(metric: MetricDefinition, termsOf: TermsOf = ownTerms): Cohort['readModels'] {
    return [...new Set(this.rates(metric, termsOf).flatMap(({ rate }) => cohorts[rate.cohort].readModels))];
  }

  /** One row per key, or one `total`. */
  async compute(
    metric: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    by: MetricDimension | null,
    termsOf: TermsOf = ownTerms,
    takenOver: TakenOver = asThen,
  ): Promise<MetricAnswer> {
    const rates = await Promise.all(
      this.rates(metric, termsOf).map(async ({ rate, weight }) => {
        const tallies = await this.tallyOf(rate, window, moment, by, termsOf, takenOver);
        return { metricId: rate.name, weight, rows: rowsOf(rate, termsOf(rate), by, tallies) };
      }),
    );
    const rows = metric.measure === 'COMPOSITE' ? compositeRows(rates, by) : (rates[0]?.rows ?? []);
    return { ...heading(metric, window, moment, by, termsOf(metric)), rows };
  }

  /** The cases behind one number, and those the window held but the number left out. */
  async explain(
    metric: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    by: MetricDimension | null,
    key: string | null,
    termsOf: TermsOf = ownTerms,
    takenOver: TakenOver = asThen,
  ): Promise<MetricExplanation> {
    const explained = await Promise.all(
      this.rates(metric, termsOf).map(async ({ rate }) => {
        const found = await this.explainRate(rate, window, moment, by, key, termsOf(rate), takenOver);
        if (metric.measure !== 'COMPOSITE') return found;
        const named = { metricId: rate.name };
        return {
          ...found,
          cases: found.cases.map((one) => ({ ...one, ...named })),
          excluded: found.excluded.map((one) => ({ ...one, ...named })),
        };
      }),
    );
    return {
      ...{ ...heading(metric, window, moment, by, termsOf(metric)), key },
      numerator: explained.reduce((sum, { numerator }) => sum + numerator, 0),
      denominator: explained.reduce((sum, { denominator }) => sum + denominator, 0),
      cases: explained.flatMap(({ cases }) => cases),
      excluded: explained.flatMap(({ excluded }) => excluded),
      truncated: explained.some(({ truncated }) => truncated),
    };
  }

  /** The metric itself, or the rates a composite is made of. */
  private rates(metric: MetricDefinition, termsOf: TermsOf): { rate: MetricDefinition; weight: number }[] {
    if (metric.measure !== 'COMPOSITE') return [{ rate: metric, weight: 1 }];
    return termsOf(metric).weights.flatMap(({ metricId, weight }) => {
      const rate = this.definition(metricId);
      return rate === undefined ? [] : [{ rate, weight }];
    });
  }

  private async tallyOf(
    rate: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    by: MetricDimension | null,
    termsOf: TermsOf,
    takenOver: TakenOver,
  ): Promise<readonly Tally[]> {
    const { rows } = await this.sql.query<Tally>(tallySql(rate, by), [
      ...momentValues(moment),
      ...[window.from, window.to, termsOf(rate).windowDays],
      ...(by === null ? [] : [JSON.stringify(takenOver)]),
    ]);
    return rows;
  }

  private async explainRate(
    metric: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    by: MetricDimension | null,
    key: string | null,
    terms: MetricTerms,
    takenOver: TakenOver,
  ): Promise<Pick<MetricExplanation, 'numerator' | 'denominator' | 'cases' | 'excluded' | 'truncated'>> {
    // The sums are of the whole window, also where it holds more cases than are listed.
    const { rows } = await this.sql.query<ExplainedRow>(explainSql(metric, by, explainedMax + 1), [
      ...momentValues(moment),
      ...[window.from, window.to, terms.windowDays],
      ...(by === null ? [] : [JSON.stringify(takenOver), key]),
    ]);
    const listed = rows.slice(0, explainedMax);
    const { cases = 0, full = 0, partial = 0, total = 0 } = rows[0] ?? {};
    const sums = { key, reason: null, cases, full, partial, amount: total, median: null, p90: null };
    const [figure] = rowsOf(metric, terms, by, [sums]);
    return {
      ...{ numerator: figure?.numerator ?? 0, denominator: cases },
      cases: listed.filter(({ reason }) => reason === null).map((row) => caseOf(metric, terms, row)),
      excluded: listed.flatMap(({ incidentId, taskId, reason }) =>
        reason === null ? [] : [{ incidentId, taskId, reason }],
      ),
      truncated: rows.length > explainedMax,
    };
  }
}

function caseOf(metric: MetricDefinition, terms: MetricTerms, row: ExplainedRow): ExplainedCase {
  const { incidentId, taskId, isFull, isPartial, amount } = row;
  const partWeight = partialWeight(metric, terms);
  return {
    ...{ incidentId, taskId, inNumerator: isFull || (isPartial && (partWeight ?? 0) > 0) },
    ...(partWeight !== null && { weight: isFull ? 1 : isPartial ? partWeight : 0 }),
    ...(amount !== null && { amount }),
    events: [...new Set(row.events.filter((id) => id !== null))],
  };
}

function heading(
  metric: MetricDefinition,
  window: MetricWindow,
  { asOf, knownAt }: Moment,
  by: MetricDimension | null,
  terms: MetricTerms,
): MetricHeading {
  const { name, title, formula, version } = metric;
  return {
    ...{ name, title: title.zh, formula: formula.en, formulaZh: formula.zh, version, by },
    ...{ terms: toldTerms(metric, terms), ...window, asOf, knownAt },
  };
}

/** Those that have a say in the number. */
function toldTerms(metric: MetricDefinition, terms: MetricTerms): Partial<MetricTerms> {
  const { definitionVersion, minimumSample, windowDays, weights } = terms;
  const windowed = metric.numerator.includes('window_days');
  return {
    ...{ definitionVersion, minimumSample },
    ...(metric.partial && { [metric.partial.weight]: terms[metric.partial.weight] }),
    ...(windowed && { windowDays }),
    ...(metric.measure === 'COMPOSITE' && { weights }),
  };
}
