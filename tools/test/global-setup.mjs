// Before the first spec: one PostgreSQL and, where there is one, one Redis for the whole run, both in a folder of
// their own. Set for the specs: TEST_POSTGRES_URL (superuser, fsync on), TEST_POSTGRES_TEMPLATE (a data folder to be
// copied), TEST_REDIS_URL or TEST_REDIS_SKIP_REASON.
import { Redis } from 'ioredis';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PREFIX = 'shaoying-test-';
const REDIS_START_MS = 10_000;
const REDIS_ANSWER_MS = 2_000;

export default async function setUp() {
  const { openEmbeddedPostgres } = await import('../../libs/platform/postgres/dist/index.js').catch(
    (cause) => {
      throw new Error('the libraries are not built: run `npm test`, or `node tools/build.mjs` first', {
        cause,
      });
    },
  );
  await sweep(openEmbeddedPostgres);
  const home = await mkdtemp(join(tmpdir(), PREFIX));
  const closers = [() => rm(home, { recursive: true, force: true })];
  let closing;
  // Once, in reverse order, and to the end even when one step fails.
  const tearDown = () =>
    (closing ??= (async () => {
      for (const close of closers.reverse()) await close().catch((error) => console.error(error));
    })());
  globalThis.shaoyingTearDown = tearDown;
  // Jest leaves on a signal without its global teardown.
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ]) {
    process.once(signal, () => void tearDown().finally(() => process.exit(128 + number)));
  }
  try {
    await writeFile(join(home, 'owner.pid'), String(process.pid));
    const template = join(home, 'template');
    await (await openEmbeddedPostgres({ dataDir: template })).close();
    process.env.TEST_POSTGRES_TEMPLATE = template;
    const postgres = await openEmbeddedPostgres({ dataDir: join(home, 'data') });
    closers.push(() => postgres.close());
    process.env.TEST_POSTGRES_URL = postgres.url;
    await findRedis(home, closers);
  } catch (error) {
    await tearDown();
    throw error;
  }
}

/** Stops and removes what a killed run left behind. */
async function sweep(openEmbeddedPostgres) {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const home = join(tmpdir(), name);
    const owner = Number(await readFile(join(home, 'owner.pid'), 'utf8').catch(() => '0'));
    if (owner === 0 || isAlive(owner)) continue;
    try {
      await (await openEmbeddedPostgres({ dataDir: join(home, 'data') })).close();
      await stopLeftoverRedis(home);
      await rm(home, { recursive: true, force: true });
    } catch {
      // Another user's, or another run sweeps it at this moment: none of our business.
    }
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function stopLeftoverRedis(home) {
  const pid = Number(await readFile(join(home, 'redis.pid'), 'utf8').catch(() => '0'));
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (pid > 0 && command.includes('redis-server')) process.kill(pid, 'SIGKILL');
}

async function findRedis(home, closers) {
  // Cleared first: a nested run must not inherit the answer of the outer one.
  delete process.env.TEST_REDIS_URL;
  delete process.env.TEST_REDIS_SKIP_REASON;
  const url = process.env.REDIS_URL;
  if (url && (await answersPing(url))) {
    process.env.TEST_REDIS_URL = url;
  } else if (isOnPath('redis-server')) {
    process.env.TEST_REDIS_URL = await startRedis(home, closers);
  } else {
    process.env.TEST_REDIS_SKIP_REASON = url
      ? 'no redis-server on PATH and nothing answers at REDIS_URL'
      : 'no redis-server on PATH and no REDIS_URL';
  }
}

function isOnPath(command) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((dir) => dir !== '' && existsSync(join(dir, command)));
}

async function answersPing(url) {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: REDIS_ANSWER_MS,
    commandTimeout: REDIS_ANSWER_MS,
    // Otherwise a timer of 2 s outlives the connection and Jest says that it cannot end.
    disconnectTimeout: 100,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function startRedis(home, closers) {
  const port = await freePort();
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: home,
    save: '',
    appendonly: 'no',
    // BullMQ loses jobs when Redis evicts keys.
    'maxmemory-policy': 'noeviction',
    logfile: join(home, 'redis.log'),
  };
  const child = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: 'ignore', detached: true },
  );
  let failure = null;
  const ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve((failure ??= `exit ${code ?? signal}`)));
    child.once('error', (error) => resolve((failure ??= error.message)));
  });
  closers.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  child.unref();
  await writeFile(join(home, 'redis.pid'), String(child.pid ?? 0));
  const url = `redis://127.0.0.1:${port}`;
  for (const deadline = Date.now() + REDIS_START_MS; Date.now() < deadline; await sleep(50)) {
    if (failure) break;
    if (await answersPing(url)) return url;
  }
  const log = await readFile(join(home, 'redis.log'), 'utf8').catch(() => '');
  throw new Error(`redis-server did not start (${failure ?? 'no answer'}): ${log.slice(-1_000)}`);
}
