import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { masterKeyFingerprint, MasterKeyFolder } from './master-key.js';
import { masterKeyStatus, rotateMasterKey } from './master-key-rotation.js';
import { FORGOTTEN } from './personal-data-vault.js';
import { PostgresPersonalDataVault } from './postgres-personal-data-vault.js';
import type { SealedData } from './sealing.js';

let database: TestDatabase;
let pool: Pool;
let dataDir: string;
let keys: MasterKeyFolder;

beforeEach(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  dataDir = await mkdtemp(join(tmpdir(), 'rotation-'));
  keys = await MasterKeyFolder.open(dataDir);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
  await rm(dataDir, { recursive: true });
});

/** A process of its own, as far as the keys go. */
const openVault = async (): Promise<PostgresPersonalDataVault> =>
  PostgresPersonalDataVault.open(pool, await MasterKeyFolder.open(dataDir));

async function sealMany(vault: PostgresPersonalDataVault, count: number): Promise<SealedData[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => vault.sealNew({ phone: String(n) })));
}

it('wraps every key anew while two processes seal, read and forget, and one does not learn of it before', async () => {
  const [vault, other] = [await openVault(), await openVault()];
  const before = await sealMany(vault, 300);
  const meanwhile: SealedData[] = [];
  const gone: SealedData[] = [];
  const rotation = rotateMasterKey(pool, keys, { batch: 20 });
  for (let n = 0; n < 40; n += 1) {
    meanwhile.push(...(await sealMany(other, 3)), await vault.sealNew({ phone: 'x' }));
    const forgotten = before[n * 7]!;
    gone.push(forgotten);
    await other.forget(forgotten.subjectId);
    expect(await other.unseal(before[n * 7 + 1]!)).toEqual({ phone: String(n * 7 + 1) });
  }
  const { previous, inUse, wrappedBy } = await rotation;
  expect(previous).toBeNull();
  expect(inUse).not.toBe(masterKeyFingerprint(keys.first));
  expect(Object.keys(wrappedBy)).toEqual([inUse]);
  // The file of the key before it is needed by no process that starts now.
  await keys.remove(masterKeyFingerprint(keys.first));
  const later = await openVault();
  for (const one of gone) expect(await later.unseal(one)).toBe(FORGOTTEN);
  for (const one of meanwhile) expect(await later.unseal(one)).toMatchObject({ phone: expect.any(String) });
  expect(await later.unseal(before[299]!)).toEqual({ phone: '299' });
  expect(await later.unseal(await later.sealNew({ phone: 'new' }))).toEqual({ phone: 'new' });
}, 60_000);

it('cut in the middle it serves with both keys, goes on with the next call, and makes no third one', async () => {
  const vault = await openVault();
  const sealed = await sealMany(vault, 200);
  const cut = rotateMasterKey(pool, keys, {
    batch: 50,
    onProgress: (rewrapped) => {
      if (rewrapped >= 100) throw new Error('cut');
    },
  });
  await expect(cut).rejects.toThrow('cut');
  const half = await masterKeyStatus(pool);
  expect(half.previous).toBe(masterKeyFingerprint(keys.first));
  expect(Object.keys(half.wrappedBy)).toHaveLength(2);
  const fresh = await openVault();
  for (const one of sealed) expect(await fresh.unseal(one)).toMatchObject({ phone: expect.any(String) });
  const rotated = await rotateMasterKey(pool, keys);
  expect(rotated).toMatchObject({ resumed: true, previous: null, inUse: half.inUse });
  expect(Object.keys(rotated.wrappedBy)).toEqual([half.inUse]);
  for (const one of sealed) expect(await vault.unseal(one)).toMatchObject({ phone: expect.any(String) });
});

it('is done by one process at a time, and only to a key that is there', async () => {
  await sealMany(await openVault(), 10);
  // So that whoever is first is not done before the other has begun.
  const holder = await pool.connect();
  await holder.query('BEGIN; SELECT FROM personal_data.subject_keys FOR UPDATE');
  const both = [1, 2].map(() => rotateMasterKey(pool, keys, { batch: 1 }));
  await expect(Promise.race(both)).rejects.toMatchObject({ code: 'MASTER_KEY_ROTATION_RUNNING' });
  await holder.query('ROLLBACK');
  holder.release();
  const statuses = (await Promise.allSettled(both)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual(['fulfilled', 'rejected']);
  const unknown = rotateMasterKey(pool, keys, { to: 'f'.repeat(32) });
  await expect(unknown).rejects.toMatchObject({ code: 'MASTER_KEY_REFUSED' });
  expect((await masterKeyStatus(pool)).previous).toBeNull();
});

it('takes over the keys of a release that had one master key for ever', async () => {
  const vault = await openVault();
  const sealed = await vault.sealNew({ phone: '1' });
  await pool.query(`ALTER TABLE personal_data.subject_keys DROP COLUMN master_key;
                    ALTER TABLE personal_data.master_key DROP COLUMN previous`);
  const upgraded = await openVault();
  expect(await upgraded.unseal(sealed)).toEqual({ phone: '1' });
  await rotateMasterKey(pool, keys);
  expect(await upgraded.unseal(sealed)).toEqual({ phone: '1' });
});
