import type { Moment } from '@shaoying/incident-read-models';
import type { JurisdictionDirectory, OrgUnitDirectory } from '@shaoying/jurisdiction-contracts';

/** The units that the rows of a figure are of: as far as the log knew at its moment, and all that is known where none was asked for. */
export const unitsAt = (directory: JurisdictionDirectory, { knownAt, live }: Moment): OrgUnitDirectory =>
  live === true ? directory : directory.orgUnitsKnownAt(knownAt);
