import type { EvidenceFiles, FileRecord } from '@shaoying/files';
import { FileCaptures, metresBetween } from './file-captures.js';

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

describe('a store of photos', () => {
  const sender = { id: 'worker', orgUnitId: 'dp-water' };
  const [known, unknown, foreign] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];
  const record = { sha256: known, capturedAt: '2026-02-13T08:00:00.000Z', place: null };
  const warnings: string[] = [];
  const capturesOver = (files: Partial<EvidenceFiles>) =>
    new FileCaptures(files as EvidenceFiles, {
      warn: (_: unknown, text?: string) => void warnings.push(text ?? ''),
    });

  test('tells what it has and what the sender has sent, each once, and nothing of the rest', async () => {
    const captures = capturesOver({
      isFrom: async (sha256) => sha256 !== foreign,
      placeOf: async () => null,
      find: async (sha256) => (sha256 === unknown ? null : (record as FileRecord)),
    });
    const claimed = { lon: 120, lat: 31, crs: 'WGS84', address: null } as const;
    expect(await captures.factsOf([known, unknown, foreign, known], sender, claimed)).toEqual([
      { sha256: known, capturedAt: record.capturedAt, metresFromClaim: null },
    ]);
  });

  test('that is away, or does not answer, keeps nobody from anything: it is waited for a moment', async () => {
    const away = capturesOver({ isFrom: () => Promise.reject(new Error('away')) });
    expect(await away.factsOf([known, unknown], sender, null)).toEqual([]);
    expect(warnings).toHaveLength(2);
    const silent = capturesOver({ isFrom: () => new Promise(() => undefined) });
    const begunMs = performance.now();
    expect(await silent.factsOf([known, unknown], sender, null)).toEqual([]);
    expect(performance.now() - begunMs).toBeGreaterThan(1_000);
  });
});
