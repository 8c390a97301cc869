import { metresBetween } from './file-captures.js';

const tower = { lon: 116.397, lat: 39.909 };

test('metres along the earth, whatever system the claim is in', () => {
  const near = (metres: number) => ({ asymmetricMatch: (found: number) => Math.abs(found - metres) < 5 });
  const claim = (lon: number, lat: number, crs: 'WGS84' | 'GCJ02' | 'BD09' = 'WGS84') =>
    metresBetween(tower, { lon, lat, crs, address: null });
  expect(claim(116.397, 39.909)).toBe(0);
  expect(claim(116.397, 39.919)).toEqual(near(1_112));
  expect(claim(116.407, 39.909)).toEqual(near(853));
  // The same tower as AMap writes it: 500 to 700 m away for whoever takes it for GPS.
  expect(claim(116.40324, 39.9104, 'GCJ02')).toBeLessThan(30);
  expect(claim(116.40324, 39.9104)).toBeGreaterThan(500);
  expect(claim(-63.603, -39.909)).toBeGreaterThan(19_900_000);
});

test('an address in words has no distance', () => {
  expect(metresBetween(tower, { lon: null, lat: null, crs: 'WGS84', address: '柳荫花园' })).toBeNull();
});
