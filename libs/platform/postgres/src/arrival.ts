import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import {
  PostgresClusterUnusable,
  PostgresPortLost,
  PostgresStartTimeout,
} from './embedded-postgres.errors.js';
import type { Log } from './log-line.js';
import { type Place, enter } from './occupancy.js';
import { isPassing } from './passing.js';
import { type Postmaster, findPostmaster, lastPort, startPostmaster, stopPostmaster } from './postmaster.js';
import { StartPatience } from './start-patience.js';

/** A running server, and this process counted among its users. */
export interface Arrival {
  readonly cluster: Cluster;
  readonly postmaster: Postmaster;
  readonly place: Place;
  readonly startedHere: boolean;
}

export interface ArrivalOptions {
  /** When to give up, as `Date.now()` counts. */
  readonly deadline: number;
  readonly log: Log;
  /** The only port that is of use: that of the URLs this process has given out. Default: any. */
  readonly port?: number;
  readonly signal?: AbortSignal;
}

const CANNOT_CONNECT_NOW = '57P03';
const RETRY_MS = 50;
const RETRY_MS_MAX = 1_000;
const PROGRESS_MS = 5_000;

/**
 * Starts the cluster's server or joins the one that runs. Call under the start lock. What was started is stopped again
 * when it cannot be entered.
 * @throws PostgresStartTimeout, PostgresStartFailed, PostgresClusterUnusable, PostgresPortLost; the signal's reason
 */
export async function arriveAt(cluster: Cluster, options: ArrivalOptions): Promise<Arrival> {
  const started: Postmaster[] = [];
  try {
    return await startOrJoin(cluster, started, options);
  } catch (error) {
    // Nobody else can have entered what was started here: they would have needed the start lock, which we hold.
    for (const postmaster of started) await stopPostmaster(postmaster, cluster, options.log);
    throw error;
  }
}

/** Adds what it starts to `started`. */
async function startOrJoin(
  cluster: Cluster,
  started: Postmaster[],
  { deadline, log, port, signal }: ArrivalOptions,
): Promise<Arrival> {
  const portPreferred = await lastPort(cluster);
  const start = {
    log,
    portPreferred,
    ...(port === undefined ? {} : { port }),
    ...(signal ? { signal } : {}),
  };
  const patience = new StartPatience(deadline);
  let nextReport = Date.now() + PROGRESS_MS;
  for (let retryMs = RETRY_MS; ; retryMs = Math.min(RETRY_MS_MAX, retryMs * 1.5)) {
    signal?.throwIfAborted();
    let postmaster = await findPostmaster(cluster);
    if (!postmaster) {
      postmaster = await startPostmaster(cluster, start);
      if (postmaster) started.push(postmaster);
    }
    if (postmaster) {
      requirePort(postmaster, port);
      const place = await enter(cluster, postmaster).catch((error: unknown) => {
        if (!isPassing(error)) throw refusal(error, cluster);
        if ((error as { code?: unknown }).code === CANNOT_CONNECT_NOW) patience.heardRecovering();
        return null;
      });
      const { pid } = postmaster;
      if (place) return { cluster, postmaster, place, startedHere: started.some((one) => one.pid === pid) };
    }
    if (patience.isOver) throw new PostgresStartTimeout(`PostgreSQL in ${cluster.dir} does not answer`);
    if (Date.now() > nextReport) {
      log({ level: 'info', msg: 'waiting for PostgreSQL to recover or to make room' });
      nextReport = Date.now() + PROGRESS_MS;
    }
    await sleep(retryMs);
  }
}

function requirePort(postmaster: Postmaster, port: number | undefined): void {
  if (port === undefined || postmaster.port === port) return;
  throw new PostgresPortLost(`PostgreSQL runs on port ${postmaster.port} now, and no longer on ${port}`);
}

function refusal(error: unknown, cluster: Cluster): unknown {
  if ((error as { code?: unknown }).code !== '28P01') return error;
  return new PostgresClusterUnusable(`postgres.password does not belong to ${cluster.dir}`, { cause: error });
}
