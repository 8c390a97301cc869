import type { Moment, TermsOf } from '@shaoying/incident-read-models';
import { METRIC_IDS, type JurisdictionDirectory, type MetricId } from '@shaoying/jurisdiction-contracts';

const isPublishable = (name: string): name is MetricId => (METRIC_IDS as readonly string[]).includes(name);

/**
 * The terms of each metric as they were published as far as the log knew at the moment: a number that is asked for again
 * later is computed by the weights it was computed by.
 */
export const termsAt =
  (directory: JurisdictionDirectory, { knownAt, live }: Moment): TermsOf =>
  ({ name, terms }) => {
    if (!isPublishable(name)) return terms;
    const published = live
      ? directory.metricDefinition(name)
      : directory.metricDefinitionKnownAt(name, knownAt);
    if (published === undefined) return terms;
    const { version: definitionVersion, params = {}, weights = terms.weights } = published;
    return { ...terms, ...params, definitionVersion, weights };
  };
