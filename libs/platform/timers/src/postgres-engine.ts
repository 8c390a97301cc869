import { PrimaryClient } from '@shaoying/postgres';
import { withBackend, type PostgresConnectionOptions } from 'bullmq';
import { AlarmClockUnavailable } from './alarm-clock.errors.js';
import { BullMqEngine, WORKER_OPTIONS } from './bullmq-engine.js';
import { primaryBackend } from './postgres-backend.js';
import type { AlarmJob, QueueEngine } from './queue-engine.js';

/** Own schema, so that `TRUNCATE`, back-ups and other users of the same database stay apart from the clock's tables. */
export const TIMERS_SCHEMA = 'shaoying_timers';

/**
 * BullMQ on PostgreSQL. The worker holds one more connection for LISTEN/NOTIFY, so the URL must lead to the server
 * itself or to a pooler in session mode. Never `moveToDelayed` here (see JOB_OPTIONS in bullmq-engine.ts).
 * @throws AlarmClockUnavailable
 */
export async function openPostgresEngine(
  url: string,
  name: string,
  onError: (error: Error) => void,
): Promise<QueueEngine> {
  const { Queue, Worker } = withBackend(primaryBackend);
  const queue = new Queue<AlarmJob>(name, { connection: connectionTo(url, { max: 2, migrate: true }) });
  queue.on('error', onError);
  try {
    await queue.waitUntilReady();
  } catch (error) {
    await queue.close().catch(onError);
    throw new AlarmClockUnavailable('PostgreSQL for the timers cannot be used', { cause: error });
  }
  return new BullMqEngine(
    queue,
    (process, concurrency) => {
      // Completing a job and fetching the next is one short transaction: half as many connections as handlers keep
      // every handler fed.
      const max = Math.min(8, Math.ceil(concurrency / 2) + 1);
      const connection = connectionTo(url, { max, migrate: false });
      const worker = new Worker<AlarmJob, void>(name, process, {
        ...WORKER_OPTIONS,
        connection,
        concurrency,
      });
      worker.on('error', onError);
      return worker;
    },
    // All connections are BullMQ's.
    { areUp: () => true, disconnect: () => {} },
  );
}

/**
 * Commits here do not wait for the disk. Each also notifies the worker, which PostgreSQL lets one transaction do at a
 * time: with 4 ms a sync only 150 alarms a second got through. What a crash takes was not the truth: an alarm that was
 * armed is swept, one that was done rings again and finds nothing open.
 */
const NO_SYNC = '-c synchronous_commit=off';

/** BullMQ pins its schema through `options`, which the same parameter in the URL would silently replace: merge them. */
function connectionTo(url: string, pool: { max: number; migrate: boolean }): PostgresConnectionOptions {
  const target = new URL(url);
  const options = target.searchParams.get('options');
  target.searchParams.delete('options');
  return {
    Client: PrimaryClient,
    connectionString: target.toString(),
    schema: TIMERS_SCHEMA,
    connectionTimeoutMillis: 5_000,
    // A hung server must not hang the caller of `arm` with it.
    query_timeout: 10_000,
    keepAlive: true,
    ...pool,
    // Those of the URL last: what an operator asks for wins.
    options: options ? `${NO_SYNC} ${options}` : NO_SYNC,
  };
}
