import { once } from 'node:events';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EmbeddedPostgres, EmbeddedPostgresOptions, LogLine } from './index.js';
import { createPool, openEmbeddedPostgres } from './index.js';
import { copyFreshCluster } from './testing/fresh-cluster.js';
import { Neighbour } from './testing/neighbour.js';
import { killPostgres, processIsGone, until } from './testing/processes.js';

const library = resolve(__dirname, '../dist/index.js');

/** A busy machine starts PostgreSQL late; nothing here depends on how soon. */
const patienceMs = 120_000;

const onLinux = process.platform === 'linux';
const describeOnLinux = onLinux ? describe : describe.skip;

describeOnLinux(`an embedded PostgreSQL that dies${onLinux ? '' : ' (skipped: needs /proc)'}`, () => {
  let home: string;
  let dataDir: string;
  let exits: number;
  const lines: LogLine[] = [];
  const open = (options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> =>
    openEmbeddedPostgres({
      dataDir,
      // Small: what a start takes goes by the size.
      memoryBytes: 1024 ** 3,
      log: (line) => lines.push(line),
      onExit: () => (exits += 1),
      ...options,
    });
  const said = (words: string): LogLine[] => lines.filter(({ msg }) => msg.includes(words));

  beforeEach(async () => {
    lines.length = 0;
    exits = 0;
    home = await mkdtemp(join(tmpdir(), 'shaoying-postgres-spec-'));
    dataDir = join(home, 'data');
    await copyFreshCluster(dataDir);
  });

  afterEach(async () => {
    if (await stat(join(dataDir, 'postgres', 'postmaster.pid')).catch(() => null)) {
      await (await open()).close().catch(() => undefined);
    }
    await rm(home, { recursive: true, force: true });
  });

  it(
    'is started again on its port, loudly; a pool from before carries on with all that was committed',
    async () => {
      const postgres = await open();
      const pool = createPool(postgres.url, { log: () => undefined });
      await pool.query('CREATE TABLE kept AS SELECT 42 AS answer');
      const pids = [postgres.pid];
      for (let death = 1; death <= 3; death += 1) {
        await killPostgres(postgres.pid);
        await until(() => said('is back').length === death);
        expect((await pool.query('SELECT answer FROM kept')).rows).toEqual([{ answer: 42 }]);
        pids.push(postgres.pid);
      }
      expect(new Set(pids).size).toBe(4);
      expect(said('ended; it is started again').map(({ level }) => level)).toEqual([
        'error',
        'error',
        'error',
      ]);
      expect(exits).toBe(0);
      await pool.end();
      await postgres.close();
      await until(() => processIsGone(postgres.pid));
    },
    patienceMs,
  );

  it(
    'is waited for while it reads its write-ahead log, longer than for one that says nothing',
    async () => {
      const postgres = await open({ restartsMax: 0 });
      const pool = createPool(postgres.url, { log: () => undefined, max: 1 });
      await pool.query(
        'CREATE TABLE kept AS SELECT g, md5(g::text) AS hash FROM generate_series(1, 1500000) g',
      );
      await pool.query('CREATE INDEX ON kept (hash)');
      await killPostgres(postgres.pid);
      await Promise.all([pool.end(), postgres.close()]);
      // Recovery takes some seconds. A machine that does it in less than this proves nothing and fails nothing; one that
      // is so busy that not a word is heard in less fails for no reason.
      const recovered = await open({ startTimeoutMs: 1_500 });
      const again = createPool(recovered.url, { log: () => undefined });
      expect((await again.query('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 1_500_000 }]);
      await again.end();
      await recovered.close();
    },
    patienceMs,
  );

  it(
    'comes back when only its first process is killed and a child of it still works',
    async () => {
      const postgres = await open();
      const pool = createPool(postgres.url, { log: () => undefined });
      const slow = pool.query('SELECT pg_sleep(2)').catch(() => undefined);
      await until(async () => {
        const { rows } = await pool.query(`SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(2)%'`);
        return rows.length > 1;
      });
      process.kill(postgres.pid, 'SIGKILL');
      await until(() => said('is back').length === 1);
      await slow;
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      await pool.end();
      await postgres.close();
    },
    patienceMs,
  );

  it(
    'is started by one of several processes and joined by the others, which still count',
    async () => {
      const postgres = await open();
      const neighbours = [await Neighbour.start(library, dataDir), await Neighbour.start(library, dataDir)];
      await killPostgres(postgres.pid);
      await until(() => said('is back').length === 1);
      const pool = createPool(postgres.url, { log: () => undefined });
      await until(async () => {
        const { rows } = await pool.query<{ n: string }>(
          `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'shaoying occupancy'`,
        );
        return rows[0]?.n === '3';
      });
      await pool.end();
      const { pid } = postgres;
      await postgres.close();
      await neighbours[0]?.close();
      expect(await processIsGone(pid)).toBe(false);
      await neighbours[1]?.close();
      await until(() => processIsGone(pid));
      expect(exits).toBe(0);
    },
    patienceMs,
  );

  it(
    'is found on the same port by a process that comes while it is down',
    async () => {
      const postgres = await open();
      await killPostgres(postgres.pid);
      const neighbour = await Neighbour.start(library, dataDir);
      expect(neighbour.opened.url).toBe(postgres.url);
      await until(() => said('is back').length === 1);
      expect(postgres.pid).toBe(neighbour.opened.pid);
      await neighbour.close();
      await postgres.close();
    },
    patienceMs,
  );

  it(
    'that cannot start is tried again until it can',
    async () => {
      const postgres = await open();
      const control = join(dataDir, 'postgres', 'global', 'pg_control');
      await rename(control, `${control}.away`);
      await killPostgres(postgres.pid);
      await until(() => said('could not be started again').length >= 2);
      await rename(`${control}.away`, control);
      await until(() => said('is back').length === 1);
      expect(exits).toBe(0);
      await postgres.close();
    },
    patienceMs,
  );

  it(
    'is given up, once and loudly, when its restarts are used up',
    async () => {
      const postgres = await open({ restartsMax: 2 });
      for (let death = 1; death <= 2; death += 1) {
        await killPostgres(postgres.pid);
        await until(() => said('is back').length === death);
      }
      await killPostgres(postgres.pid);
      await until(() => exits > 0);
      expect(said('is gone; nothing can be stored')).toMatchObject([{ level: 'error' }]);
      await postgres.close();
      expect(exits).toBe(1);
    },
    patienceMs,
  );

  it(
    'is given up when another program has its port by then',
    async () => {
      const postgres = await open();
      const { port } = postgres;
      const control = join(dataDir, 'postgres', 'global', 'pg_control');
      await rename(control, `${control}.away`);
      await killPostgres(postgres.pid);
      const thief = await stealPort(port);
      await rename(`${control}.away`, control);
      await until(() => exits > 0);
      expect(said('is taken by another program')).not.toEqual([]);
      await postgres.close();
      // The next start has another port, and loses nothing but that.
      const again = await open();
      expect(again.port).not.toBe(port);
      await again.close();
      thief.close();
      await once(thief, 'close');
    },
    patienceMs,
  );

  it(
    'can be closed while it is down, and nothing is left running',
    async () => {
      const postgres = await open();
      const control = join(dataDir, 'postgres', 'global', 'pg_control');
      await rename(control, `${control}.away`);
      await killPostgres(postgres.pid);
      await until(() => said('could not be started again').length >= 1);
      await postgres.close();
      await rename(`${control}.away`, control);
      expect(exits).toBe(0);
      // Whoever was still to be started would be found by this one.
      const again = await open();
      expect(again.startedHere).toBe(true);
      await again.close();
    },
    patienceMs,
  );

  it(
    'can be closed in the very moment of its death',
    async () => {
      for (let round = 1; round <= 5; round += 1) {
        const postgres = await open();
        await Promise.all([killPostgres(postgres.pid), postgres.close()]);
      }
      expect(exits).toBe(0);
    },
    patienceMs,
  );
});

/** Retried: whoever wants to start PostgreSQL there looks from time to time whether the port is free. */
async function stealPort(port: number): Promise<Server> {
  for (const deadline = Date.now() + 10_000; ;) {
    const server = createServer((socket) => socket.destroy());
    server.listen({ host: '127.0.0.1', port, exclusive: true });
    try {
      await once(server, 'listening');
      return server;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
