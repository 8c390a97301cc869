import { ConfigError, loadConfig, type Config } from '@shaoying/config';
import { lossySettings } from '@shaoying/postgres';
import { createTestDatabase, OwnCluster, type TestDatabase } from '@shaoying/postgres/testing';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { refuseUnsafeStart } from './safe-start.js';
import { openStores } from './stores.js';

let database: TestDatabase;
let dataDir: string;

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'safe-start-'));
});
afterAll(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true });
});

/** As in production; of the settings themselves nothing is asked here. */
const production = (url = database.url): Config => ({
  ...loadConfig({ DATA_DIR: dataDir, EVENT_STORE_URL: url, READ_MODEL_URL: url, TIMERS_URL: url }),
  production: true,
});

async function problemsOf(config: Config): Promise<readonly string[]> {
  try {
    await refuseUnsafeStart(config);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

async function withDefaults(synchronousCommit: string, work: () => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
    const name = rows[0]?.name ?? '';
    await client.query(`ALTER DATABASE ${name} SET synchronous_commit = ${synchronousCommit}`);
    await work();
    await client.query(`ALTER DATABASE ${name} RESET synchronous_commit`);
  } finally {
    await client.end();
  }
}

test('a database that loses nothing, and files that nobody else may touch, are no problem', async () => {
  expect(await problemsOf(production())).toEqual([]);
  await withDefaults('remote_apply', async () => expect(await problemsOf(production())).toEqual([]));
});

test('a database whose own default acknowledges too early is refused for each part that it is given for', async () => {
  await withDefaults('off', async () => {
    const problems = await problemsOf(production());
    expect(problems).toEqual([
      expect.stringMatching(/^EVENT_STORE_URL: synchronous_commit is off there: .+ Turn it on\.$/),
      expect.stringMatching(/^READ_MODEL_URL: synchronous_commit is off there: .+ Turn it on\.$/),
    ]);
    // Not even a table is made there.
    const opening = openStores(production(), { readModels: [], log: () => undefined });
    await expect(opening).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await problemsOf({ ...production(), production: false })).toEqual([]);
  });
});

test('key files are judged in the same breath', async () => {
  await mkdir(join(dataDir, 'keys'), { mode: 0o700 });
  await writeFile(join(dataDir, 'keys', 'master.key'), 'x', { mode: 0o644 });
  await withDefaults('off', async () => {
    expect(await problemsOf(production())).toEqual([
      expect.stringMatching(/keys.master\.key can be read or changed by other accounts .+chmod 600/),
      expect.stringContaining('EVENT_STORE_URL: synchronous_commit'),
      expect.stringContaining('READ_MODEL_URL: synchronous_commit'),
    ]);
  });
  await rm(join(dataDir, 'keys'), { recursive: true });
});

test('a database that cannot be reached is not called unsafe', async () => {
  expect(await problemsOf(production('postgres://u:p@127.0.0.1:1/db'))).toEqual([]);
});

test('a PostgreSQL that does not sync is found out', async () => {
  const settings = { fsync: 'off', full_page_writes: 'off' };
  const cluster = await OwnCluster.start({ settings });
  try {
    expect(await lossySettings(cluster.url())).toEqual([
      expect.stringMatching(/^fsync is off there: .+ Turn it on\.$/),
      expect.stringMatching(/^full_page_writes is off there: .+ Turn it on\.$/),
    ]);
  } finally {
    await cluster.remove();
  }
}, 60_000);
