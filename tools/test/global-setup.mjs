// Before the first spec: one PostgreSQL and, where there is one, one Redis for the whole run, both in a folder of
// their own. Set for the specs: TMPDIR (where all of them lay their data), TEST_POSTGRES_URL (superuser, fsync on),
// TEST_POSTGRES_PID, TEST_POSTGRES_TEMPLATE (a data folder to be copied), TEST_REDIS_URL or TEST_REDIS_SKIP_REASON,
// TEST_PROCESSOR_TIME (a file, see processor-time.cjs), and for the servers they start NODE_COMPILE_CACHE: the same program is
// compiled a hundred times and more.
import { statfsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

const PREFIX = 'shaoying-test-';

/** Linux's folder in memory. */
const MEMORY = '/dev/shm';
const TMPFS = 0x01021994;
/** The write-ahead log of the shared PostgreSQL alone may grow to a sixteenth of the folder, 4 GiB at most (`sizesFor`). */
const ROOM_BYTES_MIN = 8 * 1024 ** 3;

/**
 * Where a run keeps its data: in memory, where there is room. PostgreSQL syncs there as anywhere (`fsync` stays on), which on a disk
 * is most of the time of a command, and three quarters of what a commit takes of the processor. What the specs prove of death is
 * proved by killing processes; none cuts the power. Whoever sets TMPDIR has decided otherwise.
 */
function base() {
  if (process.env.TMPDIR || process.platform !== 'linux') return tmpdir();
  try {
    const { type, bavail, bsize } = statfsSync(MEMORY);
    const room = Math.min(bavail * bsize, process.availableMemory());
    return type === TMPFS && room >= ROOM_BYTES_MIN ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

export default async function setUp() {
  const { openEmbeddedPostgres } = await built('postgres/dist/index.js');
  const redis = await built('timers/dist/testing/own-redis.js');
  const bases = new Set([tmpdir(), base()]);
  for (const dir of bases) await sweep(dir, openEmbeddedPostgres);
  const home = await mkdtemp(join([...bases].at(-1), PREFIX));
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
    process.env.TMPDIR = join(home, 'tmp');
    await mkdir(process.env.TMPDIR);
    // As any folder for what is temporary: some specs have other accounts work there.
    await chmod(home, 0o711);
    await chmod(process.env.TMPDIR, 0o1777);
    process.env.TEST_PROCESSOR_TIME = join(home, 'processor-time');
    process.env.NODE_COMPILE_CACHE = join(home, 'compiled');
    const template = join(home, 'template');
    await makeTemplate(openEmbeddedPostgres, template);
    process.env.TEST_POSTGRES_TEMPLATE = template;
    const postgres = await openEmbeddedPostgres({ dataDir: join(home, 'data') });
    closers.push(() => postgres.close());
    process.env.TEST_POSTGRES_URL = postgres.url;
    process.env.TEST_POSTGRES_PID = String(postgres.pid);
    await findRedis(redis, home, closers);
  } catch (error) {
    await tearDown();
    throw error;
  }
}

/** A data folder as a first start leaves it, but for three databases that nobody opens: it is copied a hundred times and more. */
async function makeTemplate(openEmbeddedPostgres, dataDir) {
  const postgres = await openEmbeddedPostgres({ dataDir });
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`UPDATE pg_database SET datistemplate = false`);
  for (const name of ['postgres', 'template1', 'template0']) await client.query(`DROP DATABASE ${name}`);
  await client.end();
  await postgres.close();
}

async function built(file) {
  return import(`../../libs/platform/${file}`).catch((cause) => {
    throw new Error('the libraries are not built: run `npm test`, or `node tools/build.mjs` first', {
      cause,
    });
  });
}

/** Stops and removes what a killed run left behind. */
async function sweep(dir, openEmbeddedPostgres) {
  for (const name of await readdir(dir)) {
    if (!name.startsWith(PREFIX)) continue;
    const home = join(dir, name);
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

async function findRedis({ OwnRedis, answersPing, hasRedisServer }, home, closers) {
  // Cleared first: a nested run must not inherit the answer of the outer one.
  delete process.env.TEST_REDIS_URL;
  delete process.env.TEST_REDIS_SKIP_REASON;
  const url = process.env.REDIS_URL;
  if (url && (await answersPing(url))) {
    process.env.TEST_REDIS_URL = url;
  } else if (hasRedisServer()) {
    const redis = await OwnRedis.start({ dir: home });
    closers.push(() => redis.stop());
    await writeFile(join(home, 'redis.pid'), String(redis.pid));
    process.env.TEST_REDIS_URL = redis.url;
  } else {
    process.env.TEST_REDIS_SKIP_REASON = url
      ? 'no redis-server on PATH and nothing answers at REDIS_URL'
      : 'no redis-server on PATH and no REDIS_URL';
  }
}
