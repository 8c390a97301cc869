import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arriveAt } from './arrival.js';
import { prepareCluster } from './cluster.js';
import type { LogLine } from './index.js';
import { createPool, openEmbeddedPostgres } from './index.js';
import { RESTART_LIMITS, RestartBudget } from './restart-budget.js';
import { Stay } from './stay.js';
import { childrenOf, processIsGone, until } from './testing/processes.js';

const onLinux = process.platform === 'linux';
const describeOnLinux = onLinux ? describe : describe.skip;

describeOnLinux(
  `a process's place in the embedded PostgreSQL${onLinux ? '' : ' (skipped: needs /proc)'}`,
  () => {
    let dataDir: string;
    beforeEach(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'shaoying-stay-spec-'));
    });
    afterEach(() => rm(dataDir, { recursive: true, force: true }));

    test('is taken again also when it was lost before anyone watched over it', async () => {
      const lines: LogLine[] = [];
      const log = (line: LogLine): void => void lines.push(line);
      const arrival = await arriveAt(await prepareCluster(dataDir, log), {
        deadline: Date.now() + 120_000,
        log,
      });
      await arrival.place.client
        .query('SELECT pg_terminate_backend(pg_backend_pid())')
        .catch(() => undefined);
      await arrival.place.ended;
      const stay = new Stay(arrival, {
        log,
        lockFile: join(dataDir, 'postgres.lock'),
        startTimeoutMs: 120_000,
        budget: new RestartBudget(RESTART_LIMITS),
        onExit: undefined,
      });
      await until(() => lines.some(({ msg }) => msg.includes('is back')));
      await stay.end();
      await until(() => processIsGone(stay.pid));
    }, 120_000);

    test('is given up, within half a minute, when the server is held still', async () => {
      const postgres = await openEmbeddedPostgres({ dataDir, log: () => undefined });
      const all = [postgres.pid, ...(await childrenOf(postgres.pid))];
      for (const pid of all) process.kill(pid, 'SIGSTOP');
      try {
        await postgres.close();
      } finally {
        for (const pid of all) process.kill(pid, 'SIGCONT');
      }
      const again = await openEmbeddedPostgres({ dataDir, log: () => undefined });
      expect(again.pid).toBe(postgres.pid);
      // The server counts who left while it was held still until it has read that they did.
      const pool = createPool(again.url, { log: () => undefined });
      await until(async () => {
        const { rows } = await pool.query<{ users: number }>(
          `SELECT count(*)::int AS users FROM pg_stat_activity WHERE application_name = 'shaoying occupancy'`,
        );
        return rows[0]?.users === 1;
      });
      await pool.end();
      await again.close();
      await until(() => processIsGone(postgres.pid));
    }, 120_000);
  },
);
