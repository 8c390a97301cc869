import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import {
  type Grid,
  type GridKind,
  type GridMap,
  type LonLat,
  polygonsOf,
} from '@shaoying/jurisdiction-domain';
import { contains } from './grid-geometry.js';
import { locateIn } from './grid-locator.js';

const box = (west: number, south: number, east: number, north: number): LonLat[] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
const grid = (id: string, kind: GridKind, ...rings: LonLat[][]): Grid => ({
  ...{ id, kind, name: id, orgUnitId: 'co-x' },
  boundary: { type: 'Polygon', coordinates: rings },
});
const map = (...grids: Grid[]): GridMap => ({ gridMapId: 'default', name: 'm', version: 3, grids });

describe('edge case 17', () => {
  const west = grid('gr-west', 'BASIC', box(0, 0, 1, 1));
  const east = grid('gr-east', 'BASIC', box(1, 0, 2, 1));

  test('outside every grid is no grid', () => {
    expect(locateIn([map(west, east)], [3, 3])).toBeNull();
    expect(locateIn([], [0.5, 0.5])).toBeNull();
    expect(locateIn([map()], [0.5, 0.5])).toBeNull();
  });

  test('on the boundary of two it is one of them, always the same, and says the other', () => {
    const answer = {
      gridId: 'gr-east',
      orgUnitId: 'co-x',
      gridMapId: 'default',
      gridMapVersion: 3,
      others: ['gr-west'],
    };
    expect(locateIn([map(west, east)], [1, 0.5])).toEqual(answer);
    expect(locateIn([map(east, west)], [1, 0.5])).toEqual(answer);
    expect(locateIn([map(west), map(east)], [1, 0.5])).toMatchObject({
      gridId: 'gr-east',
      others: ['gr-west'],
    });
  });

  test('of overlapping grids 专属 wins over 单元 and that over 基础, of one kind the smaller one', () => {
    const cell = grid('gr-cell', 'UNIT', box(0.2, 0.2, 0.8, 0.8));
    const mall = grid('gr-mall', 'DEDICATED', box(0.4, 0.4, 0.6, 0.6));
    const campus = grid('gr-campus', 'DEDICATED', box(0.3, 0.3, 0.7, 0.7));
    expect(locateIn([map(west, campus, cell, mall)], [0.5, 0.5])).toMatchObject({
      gridId: 'gr-mall',
      others: ['gr-campus', 'gr-cell', 'gr-west'],
    });
    expect(locateIn([map(west, campus, cell, mall)], [0.25, 0.25])).toMatchObject({ gridId: 'gr-cell' });
  });

  test('in a hole of a grid it is not in that grid', () => {
    const ring = grid('gr-ring', 'BASIC', box(0, 0, 1, 1), box(0.4, 0.4, 0.6, 0.6));
    expect(locateIn([map(ring)], [0.5, 0.5])).toBeNull();
    expect(locateIn([map(ring)], [0.2, 0.2])).toMatchObject({ gridId: 'gr-ring' });
  });
});

/** Even-odd rule over all rings, which for points off the boundary is what the library must say. */
function containsNaively({ boundary }: Grid, [lon, lat]: LonLat): boolean {
  let inside = false;
  for (const ring of polygonsOf(boundary).flat()) {
    for (let i = 1; i < ring.length; i += 1) {
      const [[ax, ay], [bx, by]] = [ring[i - 1]!, ring[i]!];
      if (ay > lat !== by > lat && lon < ((bx - ax) * (lat - ay)) / (by - ay) + ax) inside = !inside;
    }
  }
  return inside;
}

/** A star-shaped ring around a centre: never crosses itself, and is seldom convex. */
const star = fc
  .tuple(
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 40 }),
    fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 3, maxLength: 12 }),
  )
  .map(([x, y, radii]) => {
    const points = radii.map((radius, i): LonLat => {
      const angle = ((i + 0.5) / radii.length) * 2 * Math.PI;
      return [x / 4 + (radius / 30) * Math.cos(angle), y / 4 + (radius / 30) * Math.sin(angle)];
    });
    return [...points, points[0]!];
  });

test('locating agrees with asking every grid by the naive rule', () => {
  const kinds = fc.constantFrom<GridKind>('BASIC', 'UNIT', 'DEDICATED');
  const grids = fc
    .array(fc.tuple(star, kinds), { maxLength: 30 })
    .map((given) => given.map(([ring, kind], i) => grid(`gr-${i}`, kind, ring)));
  // Odd fractions: no point lies on a boundary, where the naive rule has no opinion.
  const coordinate = fc.integer({ min: -500, max: 1_500 }).map((n) => n / 100 + 0.000_137_1);
  fc.assert(
    fc.property(grids, coordinate, coordinate, (all, lon, lat) => {
      const found = locateIn([map(...all)], [lon, lat]);
      const expected = all.filter((one) => containsNaively(one, [lon, lat])).map(({ id }) => id);
      const answered = found ? [found.gridId, ...found.others] : [];
      expect(answered.toSorted()).toEqual(expected.toSorted());
      const rank = { DEDICATED: 0, UNIT: 1, BASIC: 2 };
      const best = Math.min(...expected.map((id) => rank[all.find((one) => one.id === id)!.kind]));
      if (found) expect(rank[all.find((one) => one.id === found.gridId)!.kind]).toBe(best);
    }),
    propertyParameters({ numRuns: 300 }),
  );
});

test('among 5,000 grids a point is found without asking them all', () => {
  const side = 71;
  const many = Array.from({ length: 5_000 }, (_, i) => {
    const [x, y] = [(i % side) / 100, Math.floor(i / side) / 100];
    return grid(`gr-${i}`, 'BASIC', box(120 + x, 31 + y, 120.01 + x, 31.01 + y));
  });
  const maps = [map(...many)];
  const points = Array.from({ length: 2_000 }, (_, i): [number, number] => [i % side, (i * 7) % 70]);
  const at = ([x, y]: [number, number]): LonLat => [120.005 + x / 100, 31.005 + y / 100];
  locateIn(maps, [120, 31]);
  const indexed = timed(() => points.map((point) => locateIn(maps, at(point))?.gridId));
  expect(indexed.result).toEqual(points.map(([x, y]) => `gr-${y * side + x}`));
  const few = points.slice(0, 20);
  const naive = timed(() => few.map((point) => many.filter((one) => contains(one.boundary, at(point)))));
  // A ratio, since both wait alike for a busy machine.
  expect(naive.ms / few.length / (indexed.ms / points.length)).toBeGreaterThan(20);
});

function timed<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const startedAt = performance.now();
  const result = work();
  return { result, ms: performance.now() - startedAt };
}
