import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { OpenedStore } from './postgres-points.js';

/** Beside the alarms, under names of their own. Every key ends by itself with its window. */
const PREFIX = 'shaoying-limits';

/**
 * Counters in Redis. It is not waited for: who cannot be reached now is tried again for ever, and until then every
 * question fails at once, for the insurance to answer.
 */
export async function openRedisStore(url: string): Promise<OpenedStore> {
  const client = new Redis(url, {
    ...{ lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0, keepAlive: 10_000 },
    ...{ connectTimeout: 2_000, commandTimeout: 5_000, disconnectTimeout: 100 },
    retryStrategy: (times) => Math.min(times * 100, 2_000),
  });
  // Told once by the insurance, and not at every attempt.
  client.on('error', () => undefined);
  await client.connect().catch(() => undefined);
  return {
    limiterOf: ({ name, points, windowSeconds }) =>
      new RateLimiterRedis({
        ...{ storeClient: client, rejectIfRedisNotReady: true },
        ...{ keyPrefix: `${PREFIX}:${name}`, points, duration: windowSeconds },
      }),
    close: () => {
      client.disconnect();
      return Promise.resolve();
    },
  };
}
