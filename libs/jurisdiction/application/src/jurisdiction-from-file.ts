import { jurisdictionProblems } from '@shaoying/jurisdiction-domain';
import { JurisdictionInvalid } from './jurisdiction.errors.js';
import { changesOf, jurisdictionWith } from './jurisdiction-documents.js';
import { readJurisdictionFile } from './jurisdiction-file.js';
import { PublishedJurisdiction } from './published-jurisdiction.js';

/**
 * The jurisdiction a file would give in an empty log, without any log: for simulations, dry runs and tests.
 * @throws JurisdictionInvalid
 */
export function jurisdictionFromFile(yamlText: string): PublishedJurisdiction {
  const documents = readJurisdictionFile(yamlText);
  const jurisdiction = new PublishedJurisdiction();
  const problems = jurisdictionProblems(jurisdictionWith(documents, jurisdiction.inForce()));
  if (problems.length > 0) throw new JurisdictionInvalid(problems);
  for (const { event } of changesOf(documents, jurisdiction).flat()) jurisdiction.apply(event);
  return jurisdiction;
}
