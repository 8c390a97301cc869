import { containment, departmentTasks, incidentFacts } from '../index.js';
import type { MetricDefinition, MetricDimension } from '../metrics/metric-definition.js';
import { metricDefinition } from '../metrics/metric-definitions.js';
import type { MetricRow } from '../metrics/metric-rows.js';
import { MetricsQuery, type MetricExplanation, type MetricWindow } from '../metrics/metrics.query.js';
import type { Moment } from '../sql-reader.js';
import { readModelSpec, type ReadModelSpec } from './read-model-spec.js';
import type { SimulatedCity } from './simulated-city.js';

export const always: MetricWindow = { from: '2000-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };

export const at = (asOf: string, knownAt = asOf): Moment => ({ asOf, knownAt });

/** @throws Error for one that there is not */
export function metric(name: string, version?: number): MetricDefinition {
  const found = metricDefinition(name, version);
  if (!found) throw new Error(`no metric is called ${name}`);
  return found;
}

export interface MetricsSpec {
  readonly tasks: ReadModelSpec;
  readonly closures: ReadModelSpec;
  readonly facts: ReadModelSpec;
  readonly query: MetricsQuery;
  given(city: SimulatedCity): Promise<void>;
  /** By the formula in force. */
  compute(
    name: string,
    moment: Moment,
    by?: MetricDimension | null,
    window?: MetricWindow,
  ): Promise<readonly MetricRow[]>;
  explain(name: string, moment: Moment): Promise<MetricExplanation>;
}

/** The read models that metrics are of, for one spec file, and its questions. */
export function metricsSpec(): MetricsSpec {
  const tasks = readModelSpec(departmentTasks);
  const closures = readModelSpec(containment, tasks);
  const facts = readModelSpec(incidentFacts, tasks);
  const query = new MetricsQuery(tasks.sql);
  return {
    ...{ tasks, closures, facts, query },
    async given(city) {
      await Promise.all([tasks, closures, facts].map((spec) => spec.givenEvents(city.events)));
    },
    compute: async (name, moment, by = null, window = always) =>
      (await query.compute(metric(name), window, moment, by)).rows,
    explain: (name, moment) => query.explain(metric(name), always, moment, null, null),
  };
}
