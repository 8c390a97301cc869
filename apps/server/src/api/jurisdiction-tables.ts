import type { CsvColumns } from '@shaoying/http';
import type { Category, OrgUnit } from '@shaoying/jurisdiction-contracts';

/** Units by the ids that the tables of figures name them by. */
export const orgUnitColumns: CsvColumns<OrgUnit & { readonly version: number }> = {
  id: ({ id }) => id,
  kind: ({ kind }) => kind,
  name: ({ name }) => name,
  parentId: ({ parentId }) => parentId,
  divisionCode: ({ divisionCode }) => divisionCode,
  effectiveFrom: ({ effectiveFrom }) => effectiveFrom,
  effectiveTo: ({ effectiveTo }) => effectiveTo,
  successorIds: ({ successorIds }) => successorIds?.join(' '),
  version: ({ version }) => version,
};

/** Who answers for what; where it is another in an area, by that. */
export const categoryColumns: CsvColumns<Category> = {
  code: ({ code }) => code,
  name: ({ name }) => name,
  active: ({ active }) => active,
  urgency: ({ urgency }) => urgency,
  hazard: ({ hazard }) => hazard,
  weight: ({ weight }) => weight,
  responsibleDepartmentId: ({ responsibleDepartmentId }) => responsibleDepartmentId,
  assistingDepartmentIds: ({ assistingDepartmentIds }) => assistingDepartmentIds?.join(' '),
  basis: ({ basis }) => basis,
  responsibleByArea: ({ responsibleByArea }) =>
    responsibleByArea?.map(({ areaId, departmentId }) => `${areaId}:${departmentId}`).join(' '),
};
