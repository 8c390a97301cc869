import fc from 'fast-check';
import gcoord from 'gcoord';
import { propertyParameters } from '@shaoying/event-store/testing';
import type { CoordinateSystem, LonLat } from '@shaoying/jurisdiction-domain';
import { areaOf, contains, crossesItself, sharedArea, toWgs84 } from './grid-geometry.js';

const systems = gcoord as unknown as typeof gcoord.default;
const fromWgs84 = ([lon, lat]: LonLat, crs: CoordinateSystem): LonLat => {
  const [x, y] = systems.transform<[number, number]>([lon, lat], systems.WGS84, systems[crs]);
  return [x, y];
};
/** Good to a centimetre over a few kilometres. */
const metres = ([lonA, latA]: LonLat, [lonB, latB]: LonLat): number =>
  Math.hypot((lonA - lonB) * 111_320 * Math.cos((latA * Math.PI) / 180), (latA - latB) * 110_574);

describe('coordinate systems', () => {
  // Left what a GPS says, right what the makers of the systems answered for it, or what others' programs compute.
  test.each<[string, LonLat, CoordinateSystem, LonLat, number]>([
    [
      'AMap, its conversion service',
      [116.481499, 39.990475],
      'GCJ02',
      [116.487585177952, 39.991754014757],
      0.1,
    ],
    [
      'Baidu, its conversion service',
      [114.21892734521, 29.575429778924],
      'BD09',
      [114.2307519546763, 29.57908428837437],
      1,
    ],
    [
      'Shanghai, eviltransform',
      [121.5272106, 31.1774276],
      'GCJ02',
      [121.531541859215, 31.17530398364597],
      0.01,
    ],
    [
      'Shenzhen, eviltransform',
      [113.912316, 22.543847],
      'GCJ02',
      [113.9171764808363, 22.540796131694766],
      0.01,
    ],
    [
      'Beijing, eviltransform',
      [116.377817, 39.911954],
      'GCJ02',
      [116.38404722455657, 39.91334545536069],
      0.01,
    ],
  ])('%s: brought back to what the GPS said', (_of, gps, crs, [lon, lat], metresMax) => {
    // The inverse is found by steps to within a decimetre.
    expect(metres(toWgs84({ lon, lat, crs }), gps)).toBeLessThan(metresMax + 0.2);
  });

  test('edge case 17: a point told in the wrong system lies about 500 m off, in BD-09 a kilometre', () => {
    const gps: LonLat = [120.43, 31.83];
    const [lon, lat] = fromWgs84(gps, 'GCJ02');
    expect(metres(toWgs84({ lon, lat, crs: 'WGS84' }), gps)).toBeGreaterThan(400);
    expect(metres(toWgs84({ lon, lat, crs: 'WGS84' }), gps)).toBeLessThan(700);
    const [bdLon, bdLat] = fromWgs84(gps, 'BD09');
    expect(metres(toWgs84({ lon: bdLon, lat: bdLat, crs: 'WGS84' }), gps)).toBeGreaterThan(900);
  });

  test('there and back is within a metre, everywhere in China', () => {
    const inChina = fc.tuple(
      fc.double({ min: 73.5, max: 135.1, noNaN: true }),
      fc.double({ min: 3.5, max: 53.6, noNaN: true }),
    );
    fc.assert(
      fc.property(inChina, fc.constantFrom<CoordinateSystem>('GCJ02', 'BD09'), (gps, crs) => {
        const [lon, lat] = fromWgs84(gps, crs);
        expect(metres(toWgs84({ lon, lat, crs }), gps)).toBeLessThan(1);
      }),
      propertyParameters({ numRuns: 500 }),
    );
  });

  test('far from China the systems are one, and the search for the inverse ends everywhere', () => {
    // At 72.005 the library's own search never ends: a request that could hang the server.
    for (const [lon, lat] of [
      [72.005, 40],
      [137.834, 40],
      [100, 0.83],
      [100, 55.82],
      [-0.1, 51.5],
      [180, 90],
    ] as const) {
      for (const crs of ['GCJ02', 'BD09'] as const) expect(toWgs84({ lon, lat, crs })).toEqual([lon, lat]);
    }
    const anywhere = fc.tuple(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: -90, max: 90, noNaN: true }),
    );
    fc.assert(
      fc.property(anywhere, fc.constantFrom<CoordinateSystem>('GCJ02', 'BD09'), ([lon, lat], crs) => {
        expect(metres(toWgs84({ lon, lat, crs }), [lon, lat])).toBeLessThan(2_500);
      }),
      propertyParameters({ numRuns: 500 }),
    );
  });
});

const square = (west: number, south: number, size: number): LonLat[] => [
  [west, south],
  [west + size, south],
  [west + size, south + size],
  [west, south + size],
  [west, south],
];

describe('boundaries', () => {
  const holed = {
    type: 'Polygon',
    coordinates: [square(120, 31, 0.04), square(120.01, 31.01, 0.01)],
  } as const;
  const twoParts = {
    type: 'MultiPolygon',
    coordinates: [[square(120, 31, 0.01)], [square(120.02, 31, 0.01)]],
  } as const;

  test('a point lies inside, in a hole it does not, and on a boundary it does', () => {
    expect(contains(holed, [120.005, 31.005])).toBe(true);
    expect(contains(holed, [120.015, 31.015])).toBe(false);
    expect(contains(holed, [120.04, 31.02])).toBe(true);
    expect(contains(holed, [120.01, 31.015])).toBe(true);
    expect(contains(holed, [120, 31])).toBe(true);
    expect(contains(holed, [120.0400001, 31.02])).toBe(false);
  });

  test('of several parts each counts, the gap between does not', () => {
    expect(contains(twoParts, [120.005, 31.005])).toBe(true);
    expect(contains(twoParts, [120.025, 31.005])).toBe(true);
    expect(contains(twoParts, [120.015, 31.005])).toBe(false);
  });

  test('areas leave holes out', () => {
    // 0.04 degrees at 31° north: 4.45 km by 3.82 km; the hole is the sixteenth part.
    const whole = areaOf({ type: 'Polygon', coordinates: [square(120, 31, 0.04)] });
    expect(whole / 1e6).toBeCloseTo(17, 0);
    expect(areaOf(holed) / whole).toBeCloseTo(15 / 16, 3);
  });

  test('neighbours along an edge share no area, the same place all of it', () => {
    const a = { type: 'Polygon', coordinates: [square(120, 31, 0.01)] } as const;
    expect(sharedArea(a, { type: 'Polygon', coordinates: [square(120.01, 31, 0.01)] })).toBe(0);
    expect(sharedArea(a, a) / areaOf(a)).toBeCloseTo(1, 6);
    const shifted = { type: 'Polygon', coordinates: [square(120.005, 31, 0.01)] } as const;
    expect(sharedArea(a, shifted) / areaOf(a)).toBeCloseTo(0.5, 3);
  });

  test('a figure of eight crosses itself, a pinched ring touches itself, a plain one does neither', () => {
    expect(crossesItself(square(120, 31, 0.01))).toBe(false);
    expect(
      crossesItself([
        [0, 0],
        [2, 2],
        [2, 0],
        [0, 2],
        [0, 0],
      ]),
    ).toBe(true);
    expect(
      crossesItself([
        [0, 0],
        [4, 0],
        [4, 2],
        [2, 0],
        [0, 2],
        [0, 0],
      ]),
    ).toBe(true);
    expect(
      crossesItself([
        [0, 0],
        [3, 0],
        [3, 3],
        [1, 1],
        [0, 3],
        [0, 0],
      ]),
    ).toBe(false);
  });
});
