import { containmentMetrics } from './containment.metrics.js';
import { courseMetrics } from './course.metrics.js';
import type { MetricDefinition } from './metric-definition.js';
import { onTimeMetrics } from './on-time.metrics.js';
import { responsibilityMetrics } from './responsibility.metrics.js';
import { threeRatesMetrics } from './three-rates.metrics.js';

/** The metrics of domain.md §4. */
export const metricDefinitions: readonly MetricDefinition[] = [
  ...containmentMetrics,
  ...threeRatesMetrics,
  ...onTimeMetrics,
  ...responsibilityMetrics,
  ...courseMetrics,
];
