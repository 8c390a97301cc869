export const ORG_UNIT_KINDS = [
  'CITY',
  'DISTRICT',
  'SUBDISTRICT',
  'COMMUNITY',
  'ESTATE',
  'DEPARTMENT',
] as const;

/** 市, 区, 街道, 社区, 小区 and 部门: the blocks (块) and the lines (条). */
export type OrgUnitKind = (typeof ORG_UNIT_KINDS)[number];

export interface OrgUnit {
  /** Opaque and stable for ever, such as `st-hepan`. Never parsed. */
  readonly id: string;
  readonly kind: OrgUnitKind;
  readonly name: string;
  /** `null` for a city alone. */
  readonly parentId: string | null;
  /** 12-digit statistical division code, kept as data: areas are redrawn and codes change. */
  readonly divisionCode?: string;
  /** First day of this version, ISO date in the city's own time; of the first version the first day of the unit. */
  readonly effectiveFrom: string;
  /** First day the unit exists no more; absent while no end is known. */
  readonly effectiveTo?: string;
  /**
   * Who takes over from `effectiveTo` on: one unit after a merger, several after a split, none when the work itself has
   * ended. Of the same kind.
   */
  readonly successorIds?: readonly string[];
}

/** The blocks (块): kinds that are a place. */
export const AREA_KINDS: readonly OrgUnitKind[] = ['CITY', 'DISTRICT', 'SUBDISTRICT', 'COMMUNITY', 'ESTATE'];

/** Which kinds a unit may hang under. Departments exist at every level of government. */
export const PARENT_KINDS: Readonly<Record<OrgUnitKind, readonly OrgUnitKind[]>> = {
  CITY: [],
  DISTRICT: ['CITY'],
  SUBDISTRICT: ['DISTRICT'],
  COMMUNITY: ['SUBDISTRICT'],
  ESTATE: ['COMMUNITY'],
  DEPARTMENT: ['CITY', 'DISTRICT', 'SUBDISTRICT'],
};
