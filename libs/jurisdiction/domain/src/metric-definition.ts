/** All metrics that are computed: each may be published. A test holds the two lists the same. */
export const METRIC_IDS = [
  'containment-estate',
  'containment-community',
  'containment-street',
  'contained-at-estate',
  'contained-at-community',
  'contained-at-subdistrict',
  'contained-at-district',
  'response-rate',
  'resolution-rate',
  'satisfaction-rate',
  'three-rates',
  'acknowledge-on-time',
  'check-in-on-time',
  'handling-on-time',
  'closing-rate',
  'closing-on-time',
  'rework-rate',
  'return-rate',
  'dispatch-accuracy',
  'buck-passing-index',
  'repeat-whistle-rate',
  'whistle-rate',
  'suspension-rate',
  'late-suspension-rate',
  'reopen-rate',
  'time-to-resolution',
  'time-to-first-completion',
  'time-before-escalation',
] as const;
export type MetricId = (typeof METRIC_IDS)[number];

export interface BilingualText {
  readonly zh: string;
  readonly en: string;
}

/** A rate that a composite is made of, and its share of it. */
export interface MetricWeight {
  readonly metricId: MetricId;
  /** Greater than 0; the weights of one composite make 1. */
  readonly weight: number;
}

/** What places set differently. Each is of use to some metrics only. */
export interface MetricParams {
  /** How much of a full answer 基本满意 is, 0 to 1; 1 by default. */
  readonly weightBasicallySatisfied?: number;
  /** How much of a full answer PARTLY solved is, 0 to 1; 0 by default. */
  readonly weightPartlySolved?: number;
  /** Fewer cases than this are told as insufficient; 20 by default. */
  readonly minimumSample?: number;
  /** Window of repeats and reopenings, days. */
  readonly windowDays?: number;
  /** Share of the time allowed, percent, above which it counts; a whole number from 1 to 99. */
  readonly thresholdPercent?: number;
}

/** What a published number means: rates that cannot be reproduced from their own figures are the disease of scoring. */
export interface MetricDefinition {
  readonly metricId: MetricId;
  readonly name: BilingualText;
  readonly version: number;
  readonly formula: BilingualText;
  readonly numerator: BilingualText;
  readonly denominator: BilingualText;
  /** Of a composite alone. */
  readonly weights?: readonly MetricWeight[];
  readonly params?: MetricParams;
}

/** A definition as the log has it. A later release may have published one of a metric that this one does not compute. */
export interface RecordedMetric extends Omit<MetricDefinition, 'metricId' | 'weights'> {
  readonly metricId: string;
  readonly weights?: readonly { readonly metricId: string; readonly weight: number }[];
}

const isMetricId = (id: string): id is MetricId => (METRIC_IDS as readonly string[]).includes(id);

/** Whether it is of a metric that this release computes. */
export const isComputed = (metric: RecordedMetric): metric is MetricDefinition => isMetricId(metric.metricId);

/** A metric that it weighs and this release does not compute, if there is one: the composite could not be told rightly. */
export const foreignPart = ({ weights = [] }: RecordedMetric): string | undefined =>
  weights.find(({ metricId }) => !isMetricId(metricId))?.metricId;

/** Metrics that are made of others. */
const COMPOSITES: readonly MetricId[] = ['three-rates'];

/** What is wrong with a definition, in plain words; empty when it may be published. */
export function metricProblems(definition: MetricDefinition): string[] {
  const { metricId, weights, params = {} } = definition;
  const problems: string[] = [];
  if (!METRIC_IDS.includes(metricId)) problems.push('there is no such metric');
  if (COMPOSITES.includes(metricId) && weights === undefined) problems.push('a composite needs weights');
  if (!COMPOSITES.includes(metricId) && weights !== undefined) problems.push('only a composite has weights');
  problems.push(...weightProblems(metricId, weights ?? []));
  for (const name of ['weightBasicallySatisfied', 'weightPartlySolved'] as const) {
    const value = params[name] ?? 0;
    if (!(value >= 0 && value <= 1)) problems.push(`${name} must be between 0 and 1`);
  }
  for (const name of ['minimumSample', 'windowDays'] as const) {
    const value = params[name] ?? 1;
    if (!Number.isInteger(value) || value < 1) problems.push(`${name} must be a whole number from 1`);
  }
  const { thresholdPercent = 1 } = params;
  if (!Number.isInteger(thresholdPercent) || thresholdPercent < 1 || thresholdPercent > 99)
    problems.push('thresholdPercent must be a whole number from 1 to 99');
  return problems;
}

function weightProblems(composite: MetricId, weights: readonly MetricWeight[]): string[] {
  if (weights.length === 0) return [];
  const problems: string[] = [];
  const ids = weights.map(({ metricId }) => metricId);
  for (const { metricId, weight } of weights) {
    if (metricId === composite) problems.push('it cannot be a part of itself');
    else if (!METRIC_IDS.includes(metricId)) problems.push(`there is no metric ${metricId} to weigh`);
    if (!(weight > 0 && weight <= 1)) {
      problems.push(`the weight of ${metricId} must be greater than 0 and at most 1`);
    }
  }
  if (new Set(ids).size !== ids.length) problems.push('a metric is weighed twice');
  const sum = weights.reduce((total, { weight }) => total + weight, 0);
  // Decimal weights such as 0.1 + 0.2 + 0.7 do not add up to the last bit.
  if (Math.abs(sum - 1) > 1e-9) problems.push(`its weights make ${Number(sum.toFixed(6))}, not 1`);
  return problems;
}
