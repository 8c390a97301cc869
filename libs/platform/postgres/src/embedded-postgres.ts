import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { type Cluster, prepareCluster } from './cluster.js';
import { PostgresClusterUnusable, PostgresStartTimeout } from './embedded-postgres.errors.js';
import { type Log, logToStderr } from './log-line.js';
import { enter, isPassing, leave, urlOf } from './occupancy.js';
import { type Postmaster, findPostmaster, isAlive, startPostmaster, stopPostmaster } from './postmaster.js';
import { withStartLock } from './start-lock.js';

export interface EmbeddedPostgresOptions {
  /** Home of all data. The cluster is in `<dataDir>/postgres`, made when missing. */
  readonly dataDir: string;
  readonly log?: Log;
  /** Called once when PostgreSQL ends without having been asked to by us. Its pools cannot recover: the next start has another port. */
  readonly onExit?: () => void;
  /** Longest wait until PostgreSQL answers, crash recovery included. Default 120,000 ms. */
  readonly startTimeoutMs?: number;
}

export interface EmbeddedPostgres {
  /** Superuser on database `shaoying`. Carries the password: not for logs. */
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  /** False when it was running already: for another process of ours, or left over by one that was killed. */
  readonly startedHere: boolean;
  /** Leaves; the last one to leave stops PostgreSQL. Close the pools first. May be called again. */
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;
const RETRY_MS = 50;
const PROGRESS_MS = 5_000;

interface Arrival {
  readonly cluster: Cluster;
  readonly postmaster: Postmaster;
  readonly client: Client;
  readonly startedHere: boolean;
}

/**
 * Starts PostgreSQL 18 on `<dataDir>/postgres`, or joins the one that runs there. Any number of processes may hold it
 * open; it stops when the last one closes, and survives the death of all of them until the next one adopts it.
 *
 * @throws PostgresStartTimeout, PostgresStartFailed, PostgresClusterUnusable, PostgresAccountMissing,
 *   PostgresBinariesMissing
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const log = options.log ?? logToStderr;
  const timeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
  const arrival = await withStartLock(join(dataDir, 'postgres.lock'), timeoutMs, () =>
    arrive(dataDir, Date.now() + timeoutMs, log),
  );
  const stay = new Stay(arrival, log, options.onExit);
  return {
    url: urlOf(arrival.cluster, arrival.postmaster),
    pid: arrival.postmaster.pid,
    port: arrival.postmaster.port,
    startedHere: arrival.startedHere,
    close: () => stay.end(),
  };
}

async function arrive(dataDir: string, deadline: number, log: Log): Promise<Arrival> {
  const cluster = await prepareCluster(dataDir, log);
  const started: Postmaster[] = [];
  try {
    return await startOrJoin(cluster, started, deadline, log);
  } catch (error) {
    // Nobody else can have entered what was started here: they would have needed the start lock, which we hold.
    for (const postmaster of started) await stopPostmaster(postmaster, cluster, log);
    throw error;
  }
}

/** Adds what it starts to `started`. */
async function startOrJoin(
  cluster: Cluster,
  started: Postmaster[],
  deadline: number,
  log: Log,
): Promise<Arrival> {
  let nextReport = Date.now() + PROGRESS_MS;
  for (;;) {
    let postmaster = await findPostmaster(cluster);
    if (!postmaster) {
      postmaster = await startPostmaster(cluster, log);
      if (postmaster) started.push(postmaster);
    }
    if (postmaster) {
      const client = await enter(cluster, postmaster).catch((error: unknown) => {
        if (isPassing(error)) return null;
        throw refusal(error, cluster);
      });
      const { pid } = postmaster;
      if (client) return { cluster, postmaster, client, startedHere: started.some((one) => one.pid === pid) };
    }
    if (Date.now() > deadline) throw new PostgresStartTimeout(`PostgreSQL in ${cluster.dir} does not answer`);
    if (Date.now() > nextReport) {
      log({ level: 'info', msg: 'waiting for PostgreSQL to recover or to make room' });
      nextReport = Date.now() + PROGRESS_MS;
    }
    await sleep(RETRY_MS);
  }
}

function refusal(error: unknown, cluster: Cluster): unknown {
  if ((error as { code?: unknown }).code !== '28P01') return error;
  return new PostgresClusterUnusable(`postgres.password does not belong to ${cluster.dir}`, { cause: error });
}

/** One process's presence: keeps the place counted, notices the end of PostgreSQL, leaves once. */
class Stay {
  private client: Client;
  private ending: Promise<void> | null = null;
  private returning: Promise<void> | null = null;
  private lost = false;

  constructor(
    private readonly arrival: Arrival,
    private readonly log: Log,
    private readonly onExit: (() => void) | undefined,
  ) {
    this.client = arrival.client;
    this.watch();
  }

  end(): Promise<void> {
    this.ending ??= this.leaveOnce();
    return this.ending;
  }

  private watch(): void {
    this.client.once('end', () => {
      if (!this.ending) this.returning = this.comeBack();
    });
  }

  /** The connection broke. Either PostgreSQL restarted its backends after one crashed, or it is gone. */
  private async comeBack(): Promise<void> {
    const { cluster, postmaster } = this.arrival;
    while (!this.ending && (await isAlive(postmaster.pid, cluster))) {
      try {
        this.client = await enter(cluster, postmaster);
        this.watch();
        this.log({
          level: 'warn',
          msg: 'PostgreSQL dropped its connections and is back',
          pid: postmaster.pid,
        });
        return;
      } catch {
        await sleep(RETRY_MS);
      }
    }
    if (this.ending) return;
    this.lost = true;
    this.log({ level: 'error', msg: `PostgreSQL (process ${postmaster.pid}) ended; nothing can be stored` });
    this.onExit?.();
  }

  private async leaveOnce(): Promise<void> {
    await this.returning;
    if (this.lost) return;
    const { cluster, postmaster } = this.arrival;
    try {
      if (await leave(this.client)) await stopPostmaster(postmaster, cluster, this.log);
    } catch (error) {
      // PostgreSQL went away before we could. If others are in it, they will turn off the light.
      if (!isPassing(error)) throw error;
    } finally {
      await this.client.end().catch(() => undefined);
    }
  }
}
