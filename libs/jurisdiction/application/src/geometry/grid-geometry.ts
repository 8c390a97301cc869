import { area } from '@turf/area';
import { booleanPointInPolygon } from '@turf/boolean-point-in-polygon';
import { intersect } from '@turf/intersect';
import { kinks } from '@turf/kinks';
import { type GridBoundary, type LonLat, type MapPoint, polygonsOf } from '@shaoying/jurisdiction-domain';
import gcoord from 'gcoord';
import type { MultiPolygon, Polygon } from 'geojson';

// The one place that knows the libraries for geometry and coordinates (docs/adr/0011-geometry-and-coordinates.md): the rest of the room asks these.

/** West, south, east, north in degrees. */
export type BoundingBox = readonly [west: number, south: number, east: number, north: number];

/** Whether a WGS-84 point lies inside, a point on the boundary included; exact by robust predicates. */
export function contains(boundary: GridBoundary, point: LonLat): boolean {
  return booleanPointInPolygon([...point], geometryOf(boundary));
}

/** Square metres on the sphere, holes taken away. */
export function areaOf(boundary: GridBoundary): number {
  return area(geometryOf(boundary));
}

/** `null` for a boundary without points. */
export function boundingBoxOf(boundary: GridBoundary): BoundingBox | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [outer = []] of polygonsOf(boundary)) {
    for (const [lon, lat] of outer) {
      if (lon < west) west = lon;
      if (lon > east) east = lon;
      if (lat < south) south = lat;
      if (lat > north) north = lat;
    }
  }
  return west <= east ? [west, south, east, north] : null;
}

/** Square metres that two boundaries have in common. */
export function sharedArea(a: GridBoundary, b: GridBoundary): number {
  const feature = (boundary: GridBoundary) =>
    ({ type: 'Feature', properties: {}, geometry: geometryOf(boundary) }) as const;
  const shared = intersect({ type: 'FeatureCollection', features: [feature(a), feature(b)] });
  return shared ? area(shared) : 0;
}

/**
 * Whether the outlines of two boundaries cross oftener than that. {@link sharedArea} takes time by the crossings: two combs
 * of 400 points each, laid crosswise, kept a thread for ten seconds. Asked first, this takes milliseconds.
 */
export function crossOftenerThan(times: number, a: GridBoundary, b: GridBoundary): boolean {
  const others = edgesOf(b);
  let crossings = 0;
  for (const edge of edgesOf(a)) {
    for (const other of others) {
      if (cross(edge, other) && ++crossings > times) return true;
    }
  }
  return false;
}

type Edge = readonly [from: LonLat, to: LonLat];

const edgesOf = (boundary: GridBoundary): Edge[] =>
  polygonsOf(boundary)
    .flat()
    .flatMap((ring) => ring.slice(1).map((point, index): Edge => [ring[index] ?? point, point]));

/** Properly: edges that share a point or a line do not count, as those of neighbours do. */
function cross([a, b]: Edge, [c, d]: Edge): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

const side = (from: LonLat, to: LonLat, point: LonLat): number =>
  Math.sign((to[0] - from[0]) * (point[1] - from[1]) - (to[1] - from[1]) * (point[0] - from[0]));

/** Whether a closed ring crosses or touches itself anywhere but at its closing point. */
export function crossesItself(ring: readonly LonLat[]): boolean {
  const line = { type: 'LineString' as const, coordinates: ring.map((point) => [...point]) };
  return kinks({ type: 'Feature', properties: {}, geometry: line }).features.length > 0;
}

// The package is CommonJS and its types describe an ES module: what they call `default` is the module itself.
const coordinates = gcoord as unknown as typeof gcoord.default;

/**
 * Degrees. The offset applies in a rough box around China, and the inverse searches by steps that never end at the edge
 * of that box; nothing of China lies within a degree of it.
 */
const CHINA: BoundingBox = [73, 3, 136, 54];

/** Longitude and latitude in WGS-84, the system of all boundaries. Far from China the systems are one. */
export function toWgs84({ lon, lat, crs }: MapPoint): LonLat {
  const [west, south, east, north] = CHINA;
  const inChina = lon >= west && lon <= east && lat >= south && lat <= north;
  if (crs === 'WGS84' || !inChina) return [lon, lat];
  const [wgsLon, wgsLat] = coordinates.transform<[number, number]>(
    [lon, lat],
    coordinates[crs],
    coordinates.WGS84,
  );
  return [wgsLon, wgsLat];
}

/** The libraries' types are mutable and they change nothing. */
function geometryOf(boundary: GridBoundary): Polygon | MultiPolygon {
  return boundary as unknown as Polygon | MultiPolygon;
}
