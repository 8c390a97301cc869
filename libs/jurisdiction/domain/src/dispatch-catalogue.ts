export const SEVERITIES = ['MINOR', 'MAJOR', 'GROUP'] as const;
/** 小事, 大事, 群体事件. */
export type Severity = (typeof SEVERITIES)[number];

export const URGENCIES = ['IMMEDIATE', 'URGENT', 'ORDINARY', 'EXTENDED'] as const;
/** How soon the whole incident must be handled: 2 h, 24 h, 7 d, 15 d by default (Beijing hotline norm). */
export type Urgency = (typeof URGENCIES)[number];

/** Who answers for a kind of incident in one area, where that is not the department that does elsewhere. */
export interface AreaResponsibility {
  /** A city, district, subdistrict, community or estate. */
  readonly areaId: string;
  readonly departmentId: string;
  /** Default: those of the category. */
  readonly assistingDepartmentIds?: readonly string[];
  /** Legal basis. Default: that of the category. */
  readonly basis?: string;
}

/** 事项: one kind of incident and who answers for it (派单目录). */
export interface Category {
  readonly code: string;
  readonly name: string;
  /** Absent only while `active` is false: an incident of this kind could otherwise reach nobody. */
  readonly responsibleDepartmentId?: string;
  readonly assistingDepartmentIds?: readonly string[];
  /** Legal basis of the responsibility, in words: `《北京市市容环境卫生条例》第二十一条`. */
  readonly basis?: string;
  /** The most specific area decides; one entry for each. */
  readonly responsibleByArea?: readonly AreaResponsibility[];
  /** A public hazard stays open when its reporter withdraws. Default false. */
  readonly hazard?: boolean;
  /** Default ORDINARY. */
  readonly urgency?: Urgency;
  /**
   * How much one task of it weighs in workload (domain.md §4) beside those of other categories: 0.01 to 100, in hundredths.
   * Default 1.
   */
  readonly weight?: number;
  readonly active: boolean;
}

export interface DispatchCatalogue {
  readonly catalogueId: string;
  readonly name: string;
  readonly version: number;
  readonly categories: readonly Category[];
}
