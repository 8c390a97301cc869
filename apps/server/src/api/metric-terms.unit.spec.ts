import { metricDefinitions, standardTerms } from '@shaoying/incident-read-models';
import {
  METRIC_IDS,
  type JurisdictionDirectory,
  type MetricDefinition,
  type MetricId,
} from '@shaoying/jurisdiction-contracts';
import { termsAt } from './metric-terms.js';

// The rooms of incidents and of jurisdictions do not import each other: only here both lists of metrics are seen.

test('every metric that is computed can be published, and no other', () => {
  expect([...METRIC_IDS].sort()).toEqual(metricDefinitions.map(({ name }) => name).sort());
});

test('what is published of any metric are its terms, with the standard where nothing is said', () => {
  const params = { minimumSample: 7, windowDays: 90, thresholdPercent: 80 };
  const directory = {
    metricDefinition: (metricId: MetricId) =>
      ({ metricId, version: 3, params }) as unknown as MetricDefinition,
    metricDefinitionKnownAt: () => undefined,
  } as unknown as JurisdictionDirectory;
  const [asOf, knownAt] = ['2026-03-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'];
  for (const metric of metricDefinitions) {
    expect(termsAt(directory, { asOf, knownAt, live: true })(metric)).toEqual({
      ...{ ...standardTerms, ...params, definitionVersion: 3, weights: metric.terms.weights },
      weightPartlySolved: metric.terms.weightPartlySolved,
    });
    expect(termsAt(directory, { asOf, knownAt })(metric)).toEqual(metric.terms);
  }
});
