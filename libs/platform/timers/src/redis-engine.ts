import { Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { AlarmClockUnavailable, RedisEvictsKeys } from './alarm-clock.errors.js';
import { BullMqEngine, WORKER_OPTIONS, type OwnConnections } from './bullmq-engine.js';
import type { AlarmJob, QueueEngine } from './queue-engine.js';

/** Braces make it a hash tag: all keys of the queue fall into one slot, as Redis Cluster wants of a script. */
export const REDIS_PREFIX = '{shaoying}';

const CONNECTION: RedisOptions = {
  maxRetriesPerRequest: null,
  connectTimeout: 5_000,
  keepAlive: 10_000,
  // Default 2 s: a timer that outlives `disconnect` and keeps the process from ending.
  disconnectTimeout: 100,
  retryStrategy: (times) => Math.min(times * 100, 2_000),
};

/**
 * BullMQ on Redis through ioredis. One connection for arming, whose commands give up after 5 s so that a Redis that is
 * down or frozen does not hang the caller; two for the worker, which wait for ever.
 * @throws AlarmClockUnavailable, RedisEvictsKeys
 */
export async function openRedisEngine(
  url: string,
  name: string,
  onError: (error: Error) => void,
): Promise<QueueEngine> {
  const clients: Redis[] = [];
  // Whoever connects hears no more than that the connection is closed.
  let reason: Error | undefined;
  const connect = async (options: RedisOptions) => {
    const client = new Redis(url, { ...CONNECTION, ...options, lazyConnect: true });
    clients.push(client);
    client.on('error', (error: Error) => {
      reason = error;
      onError(error);
    });
    await client.connect();
    return client;
  };
  const connections: OwnConnections = {
    areUp: () => clients.every(({ status }) => status === 'ready'),
    disconnect: () => clients.forEach((client) => client.disconnect()),
  };
  try {
    const producing = await connect({ commandTimeout: 5_000 });
    await refuseEviction(producing);
    const consuming = await connect({});
    const queue = new Queue<AlarmJob>(name, { connection: producing, prefix: REDIS_PREFIX, ...EVENT_STREAM });
    queue.on('error', onError);
    await queue.waitUntilReady();
    return new BullMqEngine(
      queue,
      (process, concurrency) => {
        const options = { ...WORKER_OPTIONS, connection: consuming, prefix: REDIS_PREFIX, concurrency };
        const worker = new Worker<AlarmJob, void>(name, process, options);
        worker.on('error', onError);
        return worker;
      },
      connections,
    );
  } catch (error) {
    connections.disconnect();
    if (error instanceof RedisEvictsKeys) throw error;
    throw new AlarmClockUnavailable('Redis for the timers cannot be used', { cause: reason ?? error });
  }
}

/** Nobody reads BullMQ's event stream here; its default of 10,000 entries would only cost memory. */
const EVENT_STREAM = { streams: { events: { maxLen: 100 } } };

/** From INFO and not CONFIG GET, which hosted Redis often forbids. */
async function refuseEviction(client: Redis): Promise<void> {
  const policy = /^maxmemory_policy:(.+?)\r?$/m.exec(await client.info('memory'))?.[1];
  if (policy !== undefined && policy !== 'noeviction') throw new RedisEvictsKeys(policy);
}
