import { jurisdictionProblems } from '@shaoying/jurisdiction-domain';
import { JurisdictionInvalid } from './jurisdiction.errors.js';
import { changesOf, jurisdictionWith } from './jurisdiction-documents.js';
import { readJurisdictionFile } from './jurisdiction-file.js';
import { PublishedJurisdiction } from './published-jurisdiction.js';

/** No map of an empty log is redrawn, so no day is asked for. */
const FIRST_DAY = '2000-01-01';

/**
 * The jurisdiction a file would give in an empty log, without any log: for simulations, dry runs and tests.
 * @throws JurisdictionInvalid
 */
export function jurisdictionFromFile(yamlText: string): PublishedJurisdiction {
  const documents = readJurisdictionFile(yamlText);
  const jurisdiction = new PublishedJurisdiction();
  const problems = jurisdictionProblems(jurisdictionWith(documents, jurisdiction));
  if (problems.length > 0) throw new JurisdictionInvalid(problems);
  for (const { event } of changesOf(documents, jurisdiction, FIRST_DAY).flat()) jurisdiction.apply(event);
  return jurisdiction;
}
