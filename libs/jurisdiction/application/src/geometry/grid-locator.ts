import type { LocatedGrid } from '@shaoying/jurisdiction-contracts';
import type { Grid, GridKind, GridMap, LonLat } from '@shaoying/jurisdiction-domain';
import Flatbush from 'flatbush';
import { areaOf, boundingBoxOf, contains } from './grid-geometry.js';

/** A site cell lies inside a community's on purpose, and a unit cell is a part of it. */
const PRECEDENCE: Readonly<Record<GridKind, number>> = { DEDICATED: 0, UNIT: 1, BASIC: 2 };

interface MapIndex {
  readonly boxes: Flatbush;
  /** By the index's number. */
  readonly grids: readonly Grid[];
}

interface Found {
  readonly grid: Grid;
  readonly map: GridMap;
}

// A published map never changes, so its index is made once, when a point is first looked for in it.
const indexes = new WeakMap<GridMap, MapIndex | null>();

/**
 * The grid that `point` (WGS-84) lies in, of all `maps`. Boxes first, by an index; then the exact test for the few that
 * are left.
 */
export function locateIn(maps: readonly GridMap[], point: LonLat): LocatedGrid | null {
  const found = maps.flatMap((map) => gridsAt(map, point)).toSorted(byPrecedence);
  const [first, ...others] = found;
  if (!first) return null;
  return {
    gridId: first.grid.id,
    orgUnitId: first.grid.orgUnitId,
    gridMapId: first.map.gridMapId,
    gridMapVersion: first.map.version,
    others: others.map(({ grid }) => grid.id),
  };
}

function gridsAt(map: GridMap, point: LonLat): Found[] {
  const index = indexOf(map);
  if (!index) return [];
  const [lon, lat] = point;
  return index.boxes
    .search(lon, lat, lon, lat)
    .map((i) => index.grids[i]!)
    .filter(({ boundary }) => contains(boundary, point))
    .map((grid) => ({ grid, map }));
}

function byPrecedence(a: Found, b: Found): number {
  const byKind = PRECEDENCE[a.grid.kind] - PRECEDENCE[b.grid.kind];
  if (byKind !== 0) return byKind;
  const byArea = areaOf(a.grid.boundary) - areaOf(b.grid.boundary);
  if (byArea !== 0) return byArea;
  return a.grid.id < b.grid.id ? -1 : 1;
}

function indexOf(map: GridMap): MapIndex | null {
  let index = indexes.get(map);
  if (index === undefined) {
    index = makeIndex(map);
    indexes.set(map, index);
  }
  return index;
}

function makeIndex(map: GridMap): MapIndex | null {
  const boxed = map.grids.flatMap((grid) => {
    const box = boundingBoxOf(grid.boundary);
    return box ? [{ grid, box }] : [];
  });
  // The index refuses to hold nothing.
  if (boxed.length === 0) return null;
  const boxes = new Flatbush(boxed.length);
  for (const { box } of boxed) boxes.add(...box);
  boxes.finish();
  return { boxes, grids: boxed.map(({ grid }) => grid) };
}
