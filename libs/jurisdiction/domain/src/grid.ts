export const GRID_KINDS = ['UNIT', 'BASIC', 'DEDICATED'] as const;

/** 单元网格 (about 10,000 m²), 基础网格 (of a community), 专属网格 (one site: a mall, a campus). */
export type GridKind = (typeof GRID_KINDS)[number];

/** Longitude, latitude in degrees, WGS-84. */
export type LonLat = readonly [lon: number, lat: number];

/** Rings closed, the first the outer one, the others holes in it. */
export type PolygonRings = readonly (readonly LonLat[])[];

export interface PolygonBoundary {
  readonly type: 'Polygon';
  readonly coordinates: PolygonRings;
}

/** A grid in several parts, such as one on both banks of a river. */
export interface MultiPolygonBoundary {
  readonly type: 'MultiPolygon';
  readonly coordinates: readonly PolygonRings[];
}

/** GeoJSON geometry (RFC 7946). */
export type GridBoundary = PolygonBoundary | MultiPolygonBoundary;

/** The polygons of a boundary, whichever way it is written. */
export function polygonsOf(boundary: GridBoundary): readonly PolygonRings[] {
  return boundary.type === 'Polygon' ? [boundary.coordinates] : boundary.coordinates;
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
  /**
   * First day its boundaries hold, ISO date in the city's own time; absent: from the beginning. Publishing dates a
   * redrawn map, so that a case of last month lies where it lay last month.
   */
  readonly effectiveFrom?: string;
  readonly grids: readonly Grid[];
}

export const COORDINATE_SYSTEMS = ['WGS84', 'GCJ02', 'BD09'] as const;
/** WGS-84 (browser GPS), GCJ-02 (AMap, Tencent), BD-09 (Baidu): up to a kilometre apart in China. */
export type CoordinateSystem = (typeof COORDINATE_SYSTEMS)[number];

export interface MapPoint {
  readonly lon: number;
  readonly lat: number;
  readonly crs: CoordinateSystem;
}
