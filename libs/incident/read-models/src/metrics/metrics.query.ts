import { seenIn, type BoardScope } from '../incident-board/incident-board.query.js';
import { momentValues, WideReader, type Moment, type SqlPool, type SqlReader } from '../sql-reader.js';
import { cohortOf, type Cohort } from './cohorts.js';
import type {
  BilingualText,
  MetricDefinition,
  MetricDimension,
  MetricMeaning,
  MetricTerms,
} from './metric-definition.js';
import { metricDefinition, metricDefinitions, rateOf, versionsOf } from './metric-definitions.js';
import {
  compositeRows,
  numeratorOf,
  partialWeight,
  rowsOf,
  rowWithout,
  type MetricRow,
  type Tally,
  type WeightedRate,
} from './metric-rows.js';
import { explainSql, tallySql, type ExplainedPlace } from './metric-sql.js';

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
  readonly measure: MetricDefinition['measure'];
  readonly meaning: MetricMeaning;
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

/** What those cases come to that may not be named: the list and this are the number. */
export interface Withheld {
  /** In the measure of the number's own: amounts of an index, milliseconds of a duration, weighted answers. */
  readonly numerator: number;
  readonly denominator: number;
  /** Cases. */
  readonly excluded: number;
}

/** One page of what is behind a number. The sums, and what is withheld, are of the whole. */
export interface MetricExplanation extends MetricHeading {
  readonly key: string | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly cases: readonly ExplainedCase[];
  readonly excluded: readonly ExcludedCase[];
  readonly withheld: Withheld;
  /** Where the next page begins; null when this is the last. */
  readonly next: MetricPlace | null;
}

/** A page of the list alone, of an explanation whose sums are known from its first page. */
export type ExplainedList = Pick<MetricExplanation, 'cases' | 'excluded' | 'next'>;

/** A place in an explanation: a composite's rates are listed one after another. */
export interface MetricPlace {
  readonly rate: number;
  /** Null at the rate's beginning. */
  readonly after: ExplainedPlace | null;
}

/** Which page of an explanation, and for whom. */
export interface ExplainedPage {
  /** Cases and excluded ones, 1 to {@link EXPLAINED_MAX}. */
  readonly limit: number;
  /** `next` of the page before, at the same moment; null for the first. */
  readonly from: MetricPlace | null;
  /** Whose incidents may be named; null: all. */
  readonly scope: BoardScope | null;
}

/** The total of a metric that another should never be shown without. */
export interface CompanionMetric extends MetricHeading {
  readonly row: MetricRow;
}

/** What is told of a definition. */
export interface MetricListing {
  readonly name: string;
  readonly title: string;
  readonly titles: BilingualText;
  /** In force. */
  readonly version: number;
  /** Those that can be computed, the newest first. */
  readonly versions: readonly number[];
  readonly formula: string;
  readonly formulaZh: string;
  readonly measure: MetricDefinition['measure'];
  readonly reading: MetricDefinition['reading'];
  readonly meaning: MetricMeaning;
  /** Which instant lies in [from, to), in words. */
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

/** Cases of one page; a month of a street office is below it. */
export const EXPLAINED_MAX = 5_000;
const firstPage: ExplainedPage = { limit: EXPLAINED_MAX, from: null, scope: null };

interface ExplainedRow extends Pick<ExplainedCase, 'incidentId' | 'taskId'>, ExplainedPlace {
  readonly incidentId: string;
  readonly reason: string | null;
  readonly isFull: boolean;
  readonly isPartial: boolean;
  readonly amount: number | null;
  readonly events: readonly (string | null)[];
}

/** Beside every row, and alone where there is none to list. */
interface ExplainedSums {
  readonly cases: number;
  readonly full: number;
  readonly partial: number;
  readonly total: number;
  readonly hidden_cases: number;
  readonly hidden_excluded: number;
  readonly hidden_full: number;
  readonly hidden_partial: number;
  readonly hidden_total: number;
}

type ExplainedTotals = Pick<MetricExplanation, 'numerator' | 'denominator' | 'withheld'>;
const nothing = { numerator: 0, denominator: 0 };

interface ExplainedRate extends ExplainedTotals {
  readonly rows: readonly ExplainedRow[];
}

/** Computes metrics from the read models, each with what stands behind it. */
export class MetricsQuery {
  private readonly sql: SqlReader;

  constructor(pool: SqlPool) {
    this.sql = new WideReader(pool);
  }

  list(termsOf: TermsOf = ownTerms): readonly MetricListing[] {
    return metricDefinitions.map((metric) => {
      const { name, title, version, formula, measure, reading, meaning, exclusions, dimensions } = metric;
      return {
        ...{ name, title: title.zh, titles: title, version, versions: versionsOf(name) },
        ...{ formula: formula.en, formulaZh: formula.zh },
        ...{
          measure,
          reading,
          meaning,
          window: meaning.window.en,
          exclusions: exclusions.map(([, reason]) => reason),
        },
        ...{ dimensions, terms: toldTerms(metric, termsOf(metric)), shownWith: metric.shownWith ?? [] },
      };
    });
  }

  /** @param version the one in force where none is named */
  definition(name: string, version?: number): MetricDefinition | undefined {
    return metricDefinition(name, version);
  }

  /** Metrics that this one is never shown without, which it alone would hide (domain.md §4). */
  companionsOf({ shownWith = [] }: MetricDefinition): readonly MetricDefinition[] {
    return shownWith.flatMap((name) => this.definition(name) ?? []);
  }

  /** Their totals over the same window at the same moment. */
  companions(
    metric: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    termsOf: TermsOf = ownTerms,
  ): Promise<readonly CompanionMetric[]> {
    return Promise.all(
      this.companionsOf(metric).map(async (companion) => {
        const { rows, ...told } = await this.compute(companion, window, moment, null, termsOf);
        const [row] = rows;
        if (row === undefined) throw new Error(`a total of ${companion.name} is always told`);
        return { ...told, row };
      }),
    );
  }

  /** Projections that a number is read from. */
  readModels(metric: MetricDefinition, termsOf: TermsOf = ownTerms): Cohort['readModels'] {
    return [...new Set(this.rates(metric, termsOf).flatMap(({ rate }) => cohortOf(rate).readModels))];
  }

  /**
   * One row per key, or one `total`.
   * @param existing keys that have a row also without a case
   */
  async compute(
    metric: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    by: MetricDimension | null,
    termsOf: TermsOf = ownTerms,
    takenOver: TakenOver = asThen,
    existing: readonly string[] = [],
  ): Promise<MetricAnswer> {
    const rates = await Promise.all(
      this.rates(metric, termsOf).map(async ({ rate, weight }): Promise<WeightedRate> => {
        const tallies = await this.tallyOf(rate, window, moment, by, termsOf, takenOver);
        const terms = termsOf(rate);
        return {
          ...{ metricId: rate.name, weight, version: rate.version, terms: toldTerms(rate, terms) },
          isRatio: rate.measure === 'RATE' || rate.measure === 'INDEX',
          rows: rowsOf(rate, terms, by, tallies, existing),
          rowWithout: (key) => rowWithout(rate, terms, by, key),
        };
      }),
    );
    const rows = metric.measure === 'COMPOSITE' ? compositeRows(rates, by) : (rates[0]?.rows ?? []);
    return { ...heading(metric, window, moment, by, termsOf(metric)), rows };
  }

  /**
   * The cases behind one number, and those the window held but the number left out, page by page: those that count first, each
   * oldest first. Pages that are asked for at one moment that is not live neither skip nor repeat.
   */
  async explain(
    metric: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    by: MetricDimension | null,
    key: string | null,
    termsOf: TermsOf = ownTerms,
    takenOver: TakenOver = asThen,
    page: ExplainedPage = firstPage,
  ): Promise<MetricExplanation> {
    const asked = { window, moment, by, key, takenOver };
    const { sums, ...list } = await this.explained(metric, asked, termsOf, page, true);
    const told = heading(metric, window, moment, by, termsOf(metric));
    return { ...told, key, ...sums, ...list };
  }

  /** A later page of it, without looking at the whole of the window again. */
  async explainOn(
    metric: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    by: MetricDimension | null,
    key: string | null,
    termsOf: TermsOf,
    takenOver: TakenOver,
    page: ExplainedPage,
  ): Promise<ExplainedList> {
    const asked = { window, moment, by, key, takenOver };
    const { cases, excluded, next } = await this.explained(metric, asked, termsOf, page, false);
    return { cases, excluded, next };
  }

  private async explained(
    metric: MetricDefinition,
    asked: Omit<ExplainedAsked, 'terms' | 'scope'>,
    termsOf: TermsOf,
    { limit, from, scope }: ExplainedPage,
    isSummed: boolean,
  ): Promise<ExplainedList & { sums: ExplainedTotals }> {
    const cases: ExplainedCase[] = [];
    const excluded: ExcludedCase[] = [];
    const sums = { numerator: 0, denominator: 0 };
    const withheld = { numerator: 0, denominator: 0, excluded: 0 };
    let next: MetricPlace | null = null;
    for (const [index, { rate }] of this.rates(metric, termsOf).entries()) {
      const begins = from?.rate === index ? from.after : null;
      const left = limit - cases.length - excluded.length;
      // One more than fit tells that there is another page; of a rate that is not on this one, only the sums are wanted.
      const wanted = index < (from?.rate ?? 0) || next !== null ? 0 : left + 1;
      if (wanted === 0 && !isSummed) continue;
      const terms = termsOf(rate);
      const found = await this.explainRate(rate, { ...asked, terms, scope }, begins, wanted, isSummed);
      const shown = found.rows.slice(0, left);
      if (found.rows.length > left) next = { rate: index, after: placeOf(shown.at(-1)) ?? begins };
      const named = metric.measure === 'COMPOSITE' ? { metricId: rate.name } : {};
      for (const row of shown) {
        const { incidentId, taskId, reason } = row;
        if (reason === null) cases.push({ ...caseOf(rate, terms, row), ...named });
        else excluded.push({ incidentId, taskId, reason, ...named });
      }
      sums.numerator += found.numerator;
      sums.denominator += found.denominator;
      withheld.numerator += found.withheld.numerator;
      withheld.denominator += found.withheld.denominator;
      withheld.excluded += found.withheld.excluded;
    }
    return { cases, excluded, next, sums: { ...sums, withheld } };
  }

  /** The metric itself, or the rates a composite is made of. */
  private rates(metric: MetricDefinition, termsOf: TermsOf): { rate: MetricDefinition; weight: number }[] {
    if (metric.measure !== 'COMPOSITE') return [{ rate: metric, weight: 1 }];
    return termsOf(metric).weights.flatMap(({ metricId, weight }) => {
      const rate = rateOf(metric, metricId);
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
      ...[window.from, window.to, ...termValues(termsOf(rate))],
      ...(by === null ? [] : [JSON.stringify(takenOver)]),
    ]);
    return rows;
  }

  /** The sums are of the whole window, whatever is listed of it; all 0 where they are not asked for. */
  private async explainRate(
    metric: MetricDefinition,
    { window, moment, by, key, terms, takenOver, scope }: ExplainedAsked,
    after: ExplainedPlace | null,
    limit: number,
    isSummed: boolean,
  ): Promise<ExplainedRate> {
    const values: unknown[] = [
      ...momentValues(moment),
      ...[window.from, window.to, ...termValues(terms)],
      ...(by === null ? [] : [JSON.stringify(takenOver), key]),
    ];
    const seen = scope === null ? null : seenIn(scope, values);
    const text = explainSql(metric, by, { after, limit, seen, isSummed }, values);
    if (!isSummed) {
      const { rows } = await this.sql.query<ExplainedRow>(text, values);
      return { ...nothing, withheld: { ...nothing, excluded: 0 }, rows };
    }
    const { rows } = await this.sql.query<ExplainedSums & (ExplainedRow | { incidentId: null })>(
      text,
      values,
    );
    const [sums] = rows;
    if (sums === undefined) throw new Error('sums are always told');
    const [all, hidden] = [
      { cases: sums.cases, full: sums.full, partial: sums.partial, amount: sums.total },
      {
        ...{ cases: sums.hidden_cases, full: sums.hidden_full, partial: sums.hidden_partial },
        amount: sums.hidden_total,
      },
    ];
    return {
      ...{ numerator: numeratorOf(metric, terms, all), denominator: all.cases },
      withheld: {
        ...{ numerator: numeratorOf(metric, terms, hidden), denominator: hidden.cases },
        excluded: sums.hidden_excluded,
      },
      rows: rows.filter((row): row is ExplainedSums & ExplainedRow => row.incidentId !== null),
    };
  }
}

interface ExplainedAsked extends Pick<ExplainedPage, 'scope'> {
  readonly window: MetricWindow;
  readonly moment: Moment;
  readonly by: MetricDimension | null;
  readonly key: string | null;
  readonly terms: MetricTerms;
  readonly takenOver: TakenOver;
}

const placeOf = (row: ExplainedRow | undefined): ExplainedPlace | null =>
  row === undefined
    ? null
    : {
        ...{ isExcluded: row.isExcluded, at: row.at, incidentId: row.incidentId },
        caseHash: row.caseHash,
      };

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
  const { name, title, formula, version, measure, meaning } = metric;
  return {
    ...{ name, title: title.zh, formula: formula.en, formulaZh: formula.zh, version, measure, by },
    meaning,
    ...{ terms: toldTerms(metric, terms), ...window, asOf, knownAt },
  };
}

/** $5 and $6 of every metric. */
const termValues = ({ windowDays, thresholdPercent }: MetricTerms): readonly (number | null)[] => [
  windowDays,
  thresholdPercent ?? null,
];

/** Those that have a say in the number. */
function toldTerms(metric: MetricDefinition, terms: MetricTerms): Partial<MetricTerms> {
  const { definitionVersion, minimumSample, windowDays, thresholdPercent, weights } = terms;
  const windowed = metric.numerator.includes('window_days');
  return {
    ...{ definitionVersion, minimumSample },
    ...(metric.partial && { [metric.partial.weight]: terms[metric.partial.weight] }),
    ...(windowed && { windowDays }),
    ...(thresholdPercent !== undefined && { thresholdPercent }),
    ...(metric.measure === 'COMPOSITE' && { weights }),
  };
}
