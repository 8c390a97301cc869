import { SubjectKeyReserve } from './subject-key-reserve.js';
import { unsealJson } from './sealing.js';
import type { SubjectKey } from './subject-key-table.js';

/** A table that says what was stored in each statement, and can be away. */
class NotedTable {
  readonly keys = new Map<string, Buffer>();
  readonly statements: number[] = [];
  readonly discarded: string[] = [];
  away = false;

  add(fresh: readonly SubjectKey[]): Promise<void> {
    if (this.away) return Promise.reject(new Error('connection lost'));
    this.statements.push(fresh.length);
    for (const { subjectId, key } of fresh) this.keys.set(subjectId, key);
    return Promise.resolve();
  }

  discard(unused: readonly Pick<SubjectKey, 'subjectId'>[]): Promise<void> {
    this.discarded.push(...unused.map(({ subjectId }) => subjectId));
    return Promise.resolve();
  }
}

let table: NotedTable;
let nowMs: number;
let reserve: SubjectKeyReserve;

beforeEach(() => {
  table = new NotedTable();
  nowMs = 1_000_000;
  reserve = new SubjectKeyReserve(table, () => nowMs);
});

it('stores many at once where many are used, and gives none twice', async () => {
  const taken = new Set<string>();
  for (let n = 0; n < 2_000; n += 1) taken.add((await reserve.take()).subjectId);
  expect(taken.size).toBe(2_000);
  expect(table.statements.length).toBeLessThan(25);
  expect(Math.max(...table.statements)).toBe(256);
});

it('stores for all who wait in one statement', async () => {
  const taken = await Promise.all(Array.from({ length: 30 }, () => reserve.take()));
  expect(new Set(taken.map(({ keyId }) => keyId)).size).toBe(30);
  expect(table.statements).toEqual([30]);
});

it('makes one where one is used from time to time, and uses none that was kept for long', async () => {
  for (let n = 0; n < 100; n += 1) await reserve.take();
  const before = table.statements.length;
  for (let n = 0; n < 20; n += 1) {
    nowMs += 60_000;
    await reserve.take();
  }
  const later = table.statements.slice(before);
  expect(later.at(-1)).toBe(1);
  const made = table.statements.reduce((sum, count) => sum + count, 0);
  expect(table.discarded.length).toBe(made - 120);
});

it('deletes what is left when it is closed', async () => {
  for (let n = 0; n < 100; n += 1) await reserve.take();
  await reserve.close();
  expect(table.discarded.length).toBe(table.statements.reduce((sum, count) => sum + count, 0) - 100);
});

it('tells whoever waits when the table is away, and goes on afterwards', async () => {
  table.away = true;
  await expect(Promise.all([reserve.take(), reserve.take()])).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
  });
  table.away = false;
  expect((await reserve.take()).seal({ n: 1 })).toMatchObject({ ciphertext: expect.any(String) });
});

it('gives a seal for one message, under the key that was stored', async () => {
  const seals = await Promise.all(Array.from({ length: 600 }, () => reserve.take()));
  for (const [n, seal] of seals.entries()) {
    const sealed = seal.seal({ n });
    expect(unsealJson(table.keys.get(sealed.subjectId)!, sealed)).toEqual({ n });
  }
  expect(() => seals[0]!.seal({})).toThrow(/state/);
});
