// A Redis of the benchmark's own, as a clock wants it: nothing is evicted. It keeps nothing on disk.
import { Redis } from 'ioredis';
import { hasRedisServer, OwnRedis } from '../../../libs/platform/timers/dist/testing/own-redis.js';

/** The server and a client to it; null where no `redis-server` is on the path. `dir` must exist. */
export async function startRedis(dir) {
  if (!hasRedisServer()) return null;
  const server = await OwnRedis.start({ dir });
  const client = new Redis(server.url, { disconnectTimeout: 100, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  const version = /^redis_version:(.+?)\r?$/m.exec(await client.info('server'))?.[1] ?? 'unknown';
  const stop = async () => {
    client.disconnect();
    await server.kill();
  };
  return { url: server.url, version, client, stop };
}
