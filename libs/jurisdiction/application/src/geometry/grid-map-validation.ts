import { setImmediate } from 'node:timers/promises';
import { type Grid, type GridMap, polygonsOf } from '@shaoying/jurisdiction-domain';
import Flatbush from 'flatbush';
import {
  areaOf,
  boundingBoxOf,
  contains,
  type BoundingBox,
  crossesItself,
  crossOftenerThan,
  sharedArea,
} from './grid-geometry.js';

/** Neighbours digitised one by one cross some dozens of times along their border. More would hold the thread. */
const CROSSINGS_MAX = 200;

/** Neighbours digitised one by one share slivers; what is below this part of the smaller grid is no overlap. */
const TOLERATED_SHARE = 0.001;

/** How long the checks hold up everything else at a time. */
const SLICE_MS = 50;

/** Enough to mend a map by; comparing all of a map that is wrong throughout takes minutes. */
const FINDINGS_MAX = 100;

export interface GridMapFindings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

interface BoxedGrid {
  readonly grid: Grid;
  readonly box: BoundingBox;
}

/**
 * What is wrong with the boundaries of maps about to be published, beside maps that stay as they are. Boundaries must
 * be closed rings already (the domain's validation says so). Yields between checks: a whole city takes seconds.
 */
export async function gridMapFindings(
  changed: readonly Pick<GridMap, 'grids'>[],
  staying: readonly Pick<GridMap, 'grids'>[],
): Promise<GridMapFindings> {
  const own = boxed(changed);
  const basic = [...own, ...boxed(staying)].filter(({ grid }) => grid.kind === 'BASIC');
  const basicAt = searchable(basic);
  const brokenRings = new Map<Grid, readonly string[]>();
  const ringsOf = (grid: Grid): readonly string[] => {
    const known = brokenRings.get(grid) ?? ringProblems(grid);
    brokenRings.set(grid, known);
    return known;
  };
  const problems: string[] = [];
  const warnings: string[] = [];
  let heldUpSince = performance.now();
  const breathe = async (): Promise<void> => {
    if (performance.now() - heldUpSince <= SLICE_MS) return;
    await setImmediate();
    heldUpSince = performance.now();
  };
  for (const one of own) {
    if (problems.length >= FINDINGS_MAX) break;
    await breathe();
    const broken = ringsOf(one.grid);
    problems.push(...broken);
    // The area shared with a boundary that crosses itself means nothing.
    if (broken.length > 0) continue;
    const near = basicAt(one).filter(({ grid }) => grid !== one.grid && ringsOf(grid).length === 0);
    if (one.grid.kind === 'BASIC') problems.push(...(await overlapProblems(one, near, own, breathe)));
    else if (basic.length > 0) warnings.push(...outsideWarnings(one.grid, near));
  }
  return { problems, warnings };
}

function boxed(maps: readonly Pick<GridMap, 'grids'>[]): BoxedGrid[] {
  return maps.flatMap(({ grids }) =>
    grids.flatMap((grid) => {
      const box = boundingBoxOf(grid.boundary);
      return box ? [{ grid, box }] : [];
    }),
  );
}

/** Grids whose boxes have an area in common with that of the one asked for: sharing an edge is no overlap. */
function searchable(grids: readonly BoxedGrid[]): (one: BoxedGrid) => readonly BoxedGrid[] {
  if (grids.length === 0) return () => [];
  const index = new Flatbush(grids.length);
  for (const { box } of grids) index.add(...box);
  index.finish();
  return ({ box }) =>
    index
      .search(...box)
      .map((i) => grids[i]!)
      .filter(({ box: other }) => haveAreaInCommon(box, other));
}

function haveAreaInCommon(a: BoundingBox, b: BoundingBox): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

function ringProblems({ id, boundary }: Grid): string[] {
  return polygonsOf(boundary).flatMap(([outer = [], ...holes]) => {
    if (crossesItself(outer)) return [`grid ${id}: its boundary crosses or touches itself`];
    return holes.flatMap((hole) => {
      if (crossesItself(hole)) return [`grid ${id}: the boundary of a hole crosses or touches itself`];
      const inside = hole.every((point) => contains({ type: 'Polygon', coordinates: [outer] }, point));
      return inside ? [] : [`grid ${id}: a hole reaches out of the grid`];
    });
  });
}

async function overlapProblems(
  one: BoxedGrid,
  near: readonly BoxedGrid[],
  own: readonly BoxedGrid[],
  breathe: () => Promise<void>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const other of near) {
    // Of two new grids each meets the other: told once.
    if (own.includes(other) && other.grid.id < one.grid.id) continue;
    await breathe();
    problems.push(...overlapOf(one.grid, other.grid));
  }
  return problems;
}

function overlapOf(one: Grid, other: Grid): string[] {
  if (crossOftenerThan(CROSSINGS_MAX, one.boundary, other.boundary)) {
    return [`grids ${one.id} and ${other.id}, both BASIC, cross in more than ${CROSSINGS_MAX} places`];
  }
  const shared = sharedArea(one.boundary, other.boundary);
  const smaller = Math.min(areaOf(one.boundary), areaOf(other.boundary));
  if (shared <= smaller * TOLERATED_SHARE) return [];
  return [`grids ${one.id} and ${other.id}, both BASIC, overlap by ${Math.round(shared)} m²`];
}

function outsideWarnings({ id, kind, boundary }: Grid, basic: readonly BoxedGrid[]): string[] {
  const tangled = basic.find(({ grid }) => crossOftenerThan(CROSSINGS_MAX, boundary, grid.boundary));
  if (tangled)
    return [`grid ${id} (${kind}) and ${tangled.grid.id} cross in more than ${CROSSINGS_MAX} places`];
  const whole = areaOf(boundary);
  const inside = basic.reduce((sum, other) => sum + sharedArea(boundary, other.grid.boundary), 0);
  const outside = whole - inside;
  if (outside <= whole * TOLERATED_SHARE) return [];
  return [`grid ${id} (${kind}) reaches out of the BASIC grids by ${Math.round(outside)} m²`];
}
