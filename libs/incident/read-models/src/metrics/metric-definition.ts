import type { CohortName } from './cohorts.js';

export const METRIC_DIMENSIONS = ['estate', 'community', 'street', 'department', 'category'] as const;
export type MetricDimension = (typeof METRIC_DIMENSIONS)[number];

/** What the jurisdiction publishes of a metric, or what holds where it has published nothing. */
export interface MetricTerms {
  /** Version of the published definition; null where there is none. */
  readonly definitionVersion: number | null;
  /** Fewer cases than this are not to be ranked by. */
  readonly minimumSample: number;
  /** How much of a full answer 基本满意 and PARTLY solved are, 0 to 1. */
  readonly weightBasicallySatisfied: number;
  readonly weightPartlySolved: number;
  /** Of repeats and reopenings. Days. */
  readonly windowDays: number;
  /** Share of the total time above which a suspension is late, whole percent. */
  readonly thresholdPercent?: number;
  /** Of a composite: its rates and the share of each. */
  readonly weights: readonly { readonly metricId: string; readonly weight: number }[];
}

export interface BilingualText {
  readonly zh: string;
  readonly en: string;
}

/** What a number is, in words, part by part: what its formula says at once. */
export interface MetricMeaning {
  readonly numerator: BilingualText;
  readonly denominator: BilingualText;
  /** Which instant of a case lies in [from, to). */
  readonly window: BilingualText;
  /** As of when a case is of its place, category and department. */
  readonly dimensions: BilingualText;
}

/** A condition over a row of the cohort, and the reason it does not count for. */
export type Exclusion = readonly [condition: string, reason: string];

/**
 * A number's definition. The SQL speaks of one row per case or task in `cohort`, which knows `as_of`. Of the rows whose
 * `windowColumn` lies in the window, those count to which no exclusion applies.
 */
export interface MetricDefinition {
  readonly name: string;
  readonly title: BilingualText;
  readonly version: number;
  /** In words, for whoever must believe the number. */
  readonly formula: BilingualText;
  readonly meaning: MetricMeaning;
  /**
   * RATE: good cases over cases. INDEX: a sum of whole amounts over cases. DURATION: the median of times, its numerator
   * their sum in milliseconds. COMPOSITE: rates by their weights.
   */
  readonly measure: 'RATE' | 'INDEX' | 'DURATION' | 'COMPOSITE';
  /** What is better; of what has a band, neither more nor less is. */
  readonly reading: 'HIGHER' | 'LOWER' | 'BAND';
  readonly cohort: CohortName;
  /** Which version of it; the first where nothing is said. Whatever becomes of the cohort, the definition holds on to that one. */
  readonly cohortVersion?: number;
  /** Of a composite: the versions of its rates, where it is not the first that was recorded. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Instant that must lie in [from, to). */
  readonly windowColumn: string;
  /** The first that applies is the reason. */
  readonly exclusions: readonly Exclusion[];
  /** Condition for the numerator of a rate. */
  readonly numerator: string;
  /** Condition under which a case counts in part, and the term that says how much. */
  readonly partial?: {
    readonly condition: string;
    readonly weight: 'weightBasicallySatisfied' | 'weightPartlySolved';
  };
  /** Amount of an index; of a duration, and of a rate that is told with an age, milliseconds. */
  readonly amount?: string;
  /** Reasons by which people did not answer: the coverage is told with them. */
  readonly unanswered?: readonly string[];
  /** Columns of the deciding events, and arrays of them. */
  readonly events: readonly string[];
  readonly eventLists?: readonly string[];
  readonly dimensions: readonly MetricDimension[];
  /** In which units a row lies; its columns, where nothing is said. */
  readonly units?: Readonly<Record<'estate' | 'community' | 'street', string>>;
  /** Whose a row is; null where the metric is not by department. */
  readonly department: string | null;
  readonly terms: MetricTerms;
  /** Metrics it should never be shown without: alone it rewards the wrong thing. */
  readonly shownWith?: readonly string[];
}

/** What holds where the jurisdiction has published nothing (domain.md §4). */
export const standardTerms: MetricTerms = {
  ...{ definitionVersion: null, minimumSample: 20, weightBasicallySatisfied: 1, weightPartlySolved: 0 },
  ...{ windowDays: 30, weights: [] },
};

export const places: readonly MetricDimension[] = ['estate', 'community', 'street', 'category'];
export const everyDimension: readonly MetricDimension[] = [...places, 'department'];

/** Of what is counted by how it stands at asOf, and by no event before it. */
export const placeNow: BilingualText = {
  zh: '所计为该时刻的状态，故地点亦以该时刻为准（区划移交后归新辖区），类别为上报时',
  en:
    'what is counted is how it stands at asOf, so the place is that of asOf too (what went to other units with its area, is theirs), ' +
    'category as reported',
};

/** Of what is counted by an event of one cycle: where it lay then, which may be found out later (docs/adr/0033-every-formula-stays.md). */
export const placeAt = (event: BilingualText): BilingualText => ({
  zh: `地点以${event.zh}为准（本轮次内的定位更正计入，此后的区划移交不计），类别为上报时`,
  en:
    `place as of ${event.en} (as it was found or corrected in that cycle; what went to other units with its area later, is ` +
    'not theirs), category as reported',
});

/** What is not in the base set E (domain.md §4). */
export const notInBase: readonly Exclusion[] = ['MERGED', 'WITHDRAWN', 'VOIDED', 'REJECTED'].map(
  (standing): Exclusion => [`standing = '${standing}'`, standing],
);
