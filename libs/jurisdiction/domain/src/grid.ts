export const GRID_KINDS = ['UNIT', 'BASIC', 'DEDICATED'] as const;

/** 单元网格 (about 10,000 m²), 基础网格 (of a community), 专属网格 (one site: a mall, a campus). */
export type GridKind = (typeof GRID_KINDS)[number];

/** Longitude, latitude in degrees, WGS-84. */
export type LonLat = readonly [lon: number, lat: number];

/** A GeoJSON polygon (RFC 7946): rings closed, the first the outer one. */
export interface GridBoundary {
  readonly type: 'Polygon';
  readonly coordinates: readonly (readonly LonLat[])[];
}

export interface Grid {
  readonly id: string;
  readonly kind: GridKind;
  readonly name: string;
  /** The community, estate or subdistrict that answers for the grid. */
  readonly orgUnitId: string;
  /** Division code plus grid sequence, kept as data. */
  readonly code?: string;
  readonly boundary: GridBoundary;
}

export interface GridMap {
  readonly gridMapId: string;
  readonly name: string;
  readonly version: number;
  readonly grids: readonly Grid[];
}
