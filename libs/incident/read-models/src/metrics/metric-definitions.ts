import { containmentMetrics } from './containment.metrics.js';
import { courseMetrics } from './course.metrics.js';
import { earlierDefinitions } from './earlier/definitions.js';
import type { MetricDefinition } from './metric-definition.js';
import { onTimeMetrics } from './on-time.metrics.js';
import { responsibilityMetrics } from './responsibility.metrics.js';
import { threeRatesMetrics } from './three-rates.metrics.js';

/** The metrics of domain.md §4, each by the version in force. */
export const metricDefinitions: readonly MetricDefinition[] = [
  ...containmentMetrics,
  ...threeRatesMetrics,
  ...onTimeMetrics,
  ...responsibilityMetrics,
  ...courseMetrics,
];

/** And every earlier version: whatever a number was published by since versions are recorded. */
export const everyMetricDefinition: readonly MetricDefinition[] = [
  ...metricDefinitions,
  ...earlierDefinitions,
];

/** @param version the one in force where none is named */
export const metricDefinition = (name: string, version?: number): MetricDefinition | undefined =>
  everyMetricDefinition.find(
    (metric) => metric.name === name && (version === undefined || metric.version === version),
  );

/** The versions of a metric that a number can be computed by, the newest first: that one is in force. */
export const versionsOf = (name: string): readonly number[] =>
  everyMetricDefinition
    .filter((metric) => metric.name === name)
    .map(({ version }) => version)
    .sort((a, b) => b - a);

/** A rate of a composite, in the version that the composite is made of. */
export const rateOf = ({ rates }: MetricDefinition, name: string): MetricDefinition | undefined =>
  metricDefinition(name, rates?.[name] ?? versionsOf(name).at(-1));
