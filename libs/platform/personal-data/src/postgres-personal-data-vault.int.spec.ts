import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import { FORGOTTEN } from './personal-data-vault.js';
import type { SealedData } from './sealing.js';
import { PostgresPersonalDataVault } from './postgres-personal-data-vault.js';
import { personalDataVaultContract } from './testing/index.js';

const masterKey = randomBytes(32);
let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

personalDataVaultContract('PostgreSQL', () => PostgresPersonalDataVault.open(database.url, masterKey));

describe('the vault on PostgreSQL', () => {
  it('is opened by many processes at once, on an empty database', async () => {
    const empty = await createTestDatabase();
    const vaults = await Promise.all(
      Array.from({ length: 6 }, () =>
        PostgresPersonalDataVault.open(empty.url, masterKey, { connectionsMax: 1 }),
      ),
    );
    const subjectId = randomUUID();
    const sealed = await Promise.all(vaults.map((vault) => vault.seal(subjectId, { phone: '1' })));
    expect(new Set(sealed.map(({ keyId }) => keyId)).size).toBe(1);
    for (const [index, vault] of vaults.entries()) {
      expect(await vault.unseal(sealed.at(-1 - index)!)).toEqual({ phone: '1' });
    }
    await Promise.all(vaults.map((vault) => vault.close()));
    await empty.drop();
  });

  it('forgets in every process at once', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => PostgresPersonalDataVault.open(pool, masterKey)));
    const sealed = await one!.seal(randomUUID(), { phone: '1' });
    expect(await two!.unseal(sealed)).toEqual({ phone: '1' });
    await one!.forget(sealed.subjectId);
    expect(await two!.unseal(sealed)).toBe(FORGOTTEN);
    const { rows } = await pool.query(
      'SELECT wrapped_key FROM personal_data.subject_keys WHERE subject_id = $1',
      [sealed.subjectId],
    );
    expect(rows).toEqual([{ wrapped_key: null }]);
  });

  describe('says that it is unavailable, whatever is asked of it, and works again afterwards,', () => {
    let away: TestDatabase;
    let vault: PostgresPersonalDataVault;
    let sealed: SealedData;
    beforeEach(async () => {
      away = await createTestDatabase();
      vault = await PostgresPersonalDataVault.open(away.url, masterKey);
      sealed = await vault.seal(randomUUID(), { phone: '1' });
    });
    afterEach(async () => {
      await vault.close();
      await away.drop();
    });

    const ofTheVault = `FROM pg_stat_activity WHERE datname = $1 AND application_name = 'shaoying personal-data'`;
    const cutConnections = () =>
      pool.query(`SELECT pg_terminate_backend(pid, 10000) ${ofTheVault}`, [away.name]);
    const refuseConnections = (refused: boolean) =>
      pool.query(`ALTER DATABASE ${away.name} ALLOW_CONNECTIONS ${!refused}`);

    async function untilWaiting(statements: number): Promise<void> {
      const waiting = async () => {
        const found = await pool.query(`SELECT ${ofTheVault} AND wait_event_type = 'Lock'`, [away.name]);
        return found.rowCount;
      };
      for (let left = 1_000; left > 0 && (await waiting()) !== statements; left -= 1) await sleep(10);
      expect(await waiting()).toBe(statements);
    }

    async function expectUnavailable(): Promise<void> {
      const answers = await Promise.allSettled([
        vault.seal(randomUUID(), { phone: '1' }),
        vault.seal(randomUUID(), { phone: '2' }),
        vault.unseal(sealed),
        vault.forget(randomUUID()),
      ]);
      for (const answer of answers) {
        expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'SERVICE_UNAVAILABLE' } });
      }
    }

    async function expectWorking(): Promise<void> {
      expect(await vault.unseal(sealed)).toEqual({ phone: '1' });
      await expect(vault.seal(randomUUID(), { phone: '1' })).resolves.toBeDefined();
    }

    it('when its connections are cut in the middle of a statement', async () => {
      const blocker = new Client({ connectionString: away.url });
      await blocker.connect();
      await blocker.query('BEGIN; LOCK TABLE personal_data.subject_keys');
      const asked = expectUnavailable();
      // Both seals share a statement.
      await untilWaiting(3);
      await cutConnections();
      await asked;
      await blocker.end();
      await expectWorking();
    });

    it('when its idle connections were cut and every new one is refused', async () => {
      await refuseConnections(true);
      await cutConnections();
      await expectUnavailable();
      // By now the pool has thrown the old ones away.
      await expectUnavailable();
      await refuseConnections(false);
      await expectWorking();
    });

    it('when its database is gone', async () => {
      await away.drop();
      await expectUnavailable();
    });
  });

  it('hides no fault of its own statements behind that', async () => {
    const broken = await createTestDatabase();
    const vault = await PostgresPersonalDataVault.open(broken.url, masterKey);
    const sealed = await vault.seal(randomUUID(), {});
    const admin = createPool(broken.url, { max: 1 });
    await admin.query('DROP SCHEMA personal_data CASCADE');
    await admin.end();
    for (const asked of [vault.seal(randomUUID(), {}), vault.unseal(sealed), vault.forget(randomUUID())]) {
      await expect(asked).rejects.toMatchObject({ code: '42P01' });
    }
    await vault.close();
    await broken.drop();
  });

  it('has the key on disk, committed, before a seal returns', async () => {
    const vault = await PostgresPersonalDataVault.open(pool, masterKey);
    const sealed = await vault.seal(randomUUID(), {});
    const { rows } = await pool.query(
      `SELECT key_id, current_setting('synchronous_commit') AS synchronous_commit, current_setting('fsync') AS fsync
       FROM personal_data.subject_keys WHERE subject_id = $1`,
      [sealed.subjectId],
    );
    expect(rows).toEqual([{ key_id: sealed.keyId, synchronous_commit: 'on', fsync: 'on' }]);
  });

  it('keeps no key in the clear', async () => {
    const vault = await PostgresPersonalDataVault.open(pool, masterKey);
    const sealed = await vault.seal(randomUUID(), {});
    const { rows } = await pool.query<{ wrapped_key: Buffer }>(
      'SELECT wrapped_key FROM personal_data.subject_keys WHERE subject_id = $1',
      [sealed.subjectId],
    );
    expect(rows[0]?.wrapped_key).toHaveLength(1 + 12 + 16 + 32);
  });

  it('refuses another master key at once, and one of the wrong length', async () => {
    await PostgresPersonalDataVault.open(pool, masterKey);
    for (const other of [randomBytes(32), randomBytes(16)]) {
      const opened = PostgresPersonalDataVault.open(pool, other);
      await expect(opened).rejects.toMatchObject({ code: 'MASTER_KEY_REFUSED' });
    }
  });

  it('puts seals of the same moment into few statements', async () => {
    const vault = await PostgresPersonalDataVault.open(pool, masterKey);
    const spy = jest.spyOn(pool, 'query');
    await Promise.all(Array.from({ length: 200 }, () => vault.seal(randomUUID(), { phone: '1' })));
    expect(spy.mock.calls.length).toBeLessThanOrEqual(2);
    spy.mockRestore();
  });

  it('has keys of new subjects on disk before they are asked for, in few statements', async () => {
    const vault = await PostgresPersonalDataVault.open(pool, masterKey);
    const spy = jest.spyOn(pool, 'query');
    const sealed = [];
    for (let n = 0; n < 1_000; n += 1) sealed.push(await vault.sealNew({ phone: '1' }));
    expect(spy.mock.calls.length).toBeLessThan(20);
    spy.mockRestore();
    const { rows } = await pool.query(
      'SELECT FROM personal_data.subject_keys WHERE subject_id = ANY($1::uuid[]) AND wrapped_key IS NOT NULL',
      [sealed.map(({ subjectId }) => subjectId)],
    );
    expect(rows).toHaveLength(1_000);
    const others = await PostgresPersonalDataVault.open(pool, masterKey);
    expect(await others.unseal(sealed[500]!)).toEqual({ phone: '1' });
  });

  it('leaves no key that nobody uses when it is closed', async () => {
    const empty = await createTestDatabase();
    const vault = await PostgresPersonalDataVault.open(empty.url, masterKey);
    for (let n = 0; n < 100; n += 1) await vault.sealNew({ phone: '1' });
    await vault.close();
    const admin = createPool(empty.url, { max: 1 });
    const { rows } = await admin.query('SELECT count(*)::integer AS keys FROM personal_data.subject_keys');
    expect(rows).toEqual([{ keys: 100 }]);
    await admin.end();
    await empty.drop();
  });

  it('tells every waiting seal when the database is lost, and works again afterwards', async () => {
    const vault = await PostgresPersonalDataVault.open(pool, masterKey);
    const failing = jest
      .spyOn(pool, 'query')
      .mockImplementation(() => Promise.reject(new Error('connection lost')));
    const seals = await Promise.allSettled([1, 2].map(() => vault.seal(randomUUID(), {})));
    expect(seals.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    failing.mockRestore();
    expect(await vault.unseal(await vault.seal(randomUUID(), { a: 1 }))).toEqual({ a: 1 });
  });
});
