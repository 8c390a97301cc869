import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Arrival, arriveAt } from './arrival.js';
import { prepareCluster } from './cluster.js';
import { type Log, logToStderr } from './log-line.js';
import { urlOf } from './occupancy.js';
import { RESTART_LIMITS, RestartBudget } from './restart-budget.js';
import { withStartLock } from './start-lock.js';
import { Stay } from './stay.js';

export interface EmbeddedPostgresOptions {
  /** Home of all data. The cluster is in `<dataDir>/postgres`, made when missing. */
  readonly dataDir: string;
  readonly log?: Log;
  /**
   * Called once when PostgreSQL has ended without having been asked to by us, and could not be brought back on its port.
   * Pools cannot recover then: the next start may have another port.
   */
  readonly onExit?: () => void;
  /** Longest wait until PostgreSQL answers, crash recovery included. Default 120,000 ms. */
  readonly startTimeoutMs?: number;
  /** Restarts of a PostgreSQL that died, within 30 minutes. Default 20; 0: it is given up at once. */
  readonly restartsMax?: number;
  /** What PostgreSQL may count on of the machine's memory; all of it by default. See `sizesFor`. */
  readonly memoryBytes?: number | undefined;
}

export interface EmbeddedPostgres {
  /** Superuser on database `shaoying`. Carries the password: not for logs. Good for as long as it is open. */
  readonly url: string;
  /** Of the server that runs now: another one after a restart. */
  readonly pid: number;
  readonly port: number;
  /** False when it was running already: for another process of ours, or left over by one that was killed. */
  readonly startedHere: boolean;
  /** Leaves; the last one to leave stops PostgreSQL. Close the pools first. May be called again. */
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;

/**
 * Starts PostgreSQL 18 on `<dataDir>/postgres`, or joins the one that runs there. Any number of processes may hold it
 * open; it stops when the last one closes, and survives the death of all of them until the next one adopts it. When it
 * dies itself, one of its users starts it again on the same port and the others join; connections are lost, pools make
 * new ones.
 *
 * @throws PostgresStartTimeout, PostgresStartFailed, PostgresClusterUnusable, PostgresAccountMissing,
 *   PostgresBinariesMissing
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const log = options.log ?? logToStderr;
  const startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
  const restartsMax = options.restartsMax ?? RESTART_LIMITS.restartsMax;
  const lockFile = join(dataDir, 'postgres.lock');
  const arrival = await withStartLock(lockFile, startTimeoutMs, () =>
    firstArrival(dataDir, Date.now() + startTimeoutMs, log, options.memoryBytes),
  );
  const budget = new RestartBudget({ ...RESTART_LIMITS, restartsMax });
  const stay = new Stay(arrival, { log, lockFile, startTimeoutMs, budget, onExit: options.onExit });
  const { cluster, postmaster, startedHere } = arrival;
  return {
    url: urlOf(cluster, postmaster),
    get pid() {
      return stay.pid;
    },
    port: postmaster.port,
    startedHere,
    close: () => stay.end(),
  };
}

async function firstArrival(
  dataDir: string,
  deadline: number,
  log: Log,
  memoryBytes?: number,
): Promise<Arrival> {
  return arriveAt(await prepareCluster(dataDir, log, memoryBytes), { deadline, log });
}
