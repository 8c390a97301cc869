import { PublishedJurisdiction } from '@shaoying/jurisdiction-application';
import type { JurisdictionDirectory } from '@shaoying/jurisdiction-contracts';
import type { OrgUnit } from '@shaoying/jurisdiction-domain';

/** A directory in which nothing but these units has been published. */
export function jurisdictionFrom(units: readonly OrgUnit[]): JurisdictionDirectory {
  const jurisdiction = new PublishedJurisdiction();
  for (const orgUnit of units)
    jurisdiction.apply({ type: 'OrgUnitEstablished', data: { orgUnit, version: 1 } });
  return jurisdiction;
}
