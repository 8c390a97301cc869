// A Redis of the benchmark's own, as a clock wants it: nothing is evicted. It keeps nothing on disk.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const startMsMax = 10_000;

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The server and a client to it; null where no `redis-server` is on the path. `dir` must exist. */
export async function startRedis(dir) {
  const port = await freePort();
  const where = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir];
  const what = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
  const server = spawn('redis-server', [...where, ...what], { stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve).once('error', resolve));
  const started = await Promise.race([once(server, 'spawn').catch(() => null), ended.then(() => null)]);
  if (started === null) return null;
  const client = new Redis({ port, disconnectTimeout: 100, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  const stop = async () => {
    client.disconnect();
    server.kill('SIGKILL');
    await ended;
  };
  const answer = await Promise.race([client.ping(), ended, sleep(startMsMax)]);
  if (answer !== 'PONG') {
    await stop();
    throw new Error('redis-server did not start');
  }
  const version = /^redis_version:(.+?)\r?$/m.exec(await client.info('server'))?.[1] ?? 'unknown';
  return { url: `redis://127.0.0.1:${port}`, version, client, stop };
}
