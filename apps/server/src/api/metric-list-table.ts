import type { CsvColumns } from '@shaoying/http';
import type { MetricListing } from '@shaoying/incident-read-models';
import { termsText } from './metric-tables.js';

/** The metrics that there are, with the terms that held at a moment. */
export interface MetricList {
  readonly asOf: string;
  readonly knownAt: string;
  readonly items: readonly MetricListing[];
}

interface TabledMetric extends Pick<MetricList, 'asOf' | 'knownAt'> {
  readonly metric: MetricListing;
}

export const metricListRows = ({ asOf, knownAt, items }: MetricList): readonly TabledMetric[] =>
  items.map((metric) => ({ asOf, knownAt, metric }));

/** What a table of numbers names by metric and version, in words. */
export const metricListColumns: CsvColumns<TabledMetric> = {
  metric: ({ metric }) => metric.name,
  version: ({ metric }) => metric.version,
  versions: ({ metric }) => metric.versions.join(' '),
  titleZh: ({ metric }) => metric.titles.zh,
  titleEn: ({ metric }) => metric.titles.en,
  measure: ({ metric }) => metric.measure,
  reading: ({ metric }) => metric.reading,
  definitionVersion: ({ metric }) => metric.terms.definitionVersion,
  terms: ({ metric }) => termsText(metric.terms),
  formula: ({ metric }) => metric.formula,
  formulaZh: ({ metric }) => metric.formulaZh,
  window: ({ metric }) => metric.window,
  exclusions: ({ metric }) => metric.exclusions.join(' '),
  dimensions: ({ metric }) => metric.dimensions.join(' '),
  shownWith: ({ metric }) => metric.shownWith.join(' '),
  asOf: ({ asOf }) => asOf,
  knownAt: ({ knownAt }) => knownAt,
};
