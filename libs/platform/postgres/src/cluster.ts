import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdtemp,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, canReach, postgresAccount, run } from './account.js';
import { type Binaries, findBinaries, publicCopyOf } from './binaries.js';
import { PostgresClusterUnusable, PostgresStartFailed } from './embedded-postgres.errors.js';
import type { Log } from './log-line.js';

/** Superuser of the embedded cluster and owner of {@link DATABASE}. */
export const ROLE = 'shaoying';
export const DATABASE = 'shaoying';
const MAJOR = '18';
const STAGING = 'postgres.init-';

/** A complete cluster on disk and all that is needed to start it. */
export interface Cluster {
  readonly dir: string;
  readonly binaries: Binaries;
  readonly account: Account | null;
  /** What `-D` says; see {@link dataArgument}. */
  readonly dataArgument: string;
  /** Recognises the cluster's processes in the process table. */
  readonly name: string;
  readonly password: string;
  /** See `EmbeddedPostgresOptions`. */
  readonly memoryBytes: number | undefined;
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/**
 * Finds the cluster in `<dataDir>/postgres`, or makes it. Call under the start lock.
 * @throws PostgresClusterUnusable, PostgresStartFailed, PostgresAccountMissing, PostgresBinariesMissing
 */
export async function prepareCluster(dataDir: string, log: Log, memoryBytes?: number): Promise<Cluster> {
  const dir = join(dataDir, 'postgres');
  await clearLeftovers(dataDir);
  const complete = await isComplete(dir, log);
  const account = await accountFor(complete ? dir : null);
  const found = await findBinaries();
  const password = await readPassword(dataDir, complete);
  const binaries =
    account && !(await canReach(account, found.postgres, '/')) ? await publicCopyOf(found) : found;
  if (!complete) await initialise(dataDir, dir, binaries, account, password, log);
  return {
    dir,
    binaries,
    account,
    password,
    dataArgument: await dataArgument(dir, account),
    name: await clusterName(dir),
    memoryBytes,
  };
}

/** What an initdb cut short left behind. Nobody else can be at it: the caller holds the start lock. */
async function clearLeftovers(dataDir: string): Promise<void> {
  for (const entry of await readdir(dataDir)) {
    if (entry.startsWith(STAGING)) await rm(join(dataDir, entry), { recursive: true, force: true });
  }
}

async function isComplete(dir: string, log: Log): Promise<boolean> {
  if (!(await exists(dir))) return false;
  const version = await readFile(join(dir, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new PostgresClusterUnusable(`${dir} cannot be read: ${error.message}. It belongs to another user?`);
  });
  if (version !== null && (await exists(join(dir, 'global', 'pg_control')))) {
    if (version.trim() === MAJOR) return true;
    throw new PostgresClusterUnusable(`${dir} was made by PostgreSQL ${version.trim()}, this is ${MAJOR}`);
  }
  if ((await readdir(dir)).length === 0) return false;
  // Without pg_control there never was a database in it. Set aside all the same: deleting is for people.
  const aside = `${dir}.incomplete-${new Date().toISOString().replace(/\D/g, '')}`;
  await rename(dir, aside);
  log({ level: 'warn', msg: `${dir} was never completely initialised; set aside as ${aside}` });
  return false;
}

/**
 * PostgreSQL insists on owning its files and on not being root. Root therefore runs it as whoever owns the cluster,
 * so that a cluster made by an ordinary user stays usable for that user.
 */
async function accountFor(dir: string | null): Promise<Account | null> {
  const self = process.getuid?.();
  if (self === undefined) return null;
  const owner = dir === null ? null : await stat(dir);
  if (self !== 0) {
    if (owner === null || owner.uid === self) return null;
    throw new PostgresClusterUnusable(`${dir} belongs to user id ${owner.uid}, this process runs as ${self}`);
  }
  if (dir === null || owner === null) return postgresAccount();
  if (owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const account = await postgresAccount();
  await giveTo(account, dir);
  return account;
}

/** A cluster copied by root belongs to root: hand it over, links themselves and not what they point to. */
async function giveTo(account: Account, dir: string): Promise<void> {
  const done = await run('chown', ['-R', '-h', `${account.uid}:${account.gid}`, dir], null);
  if (done.exitCode !== 0)
    throw new PostgresClusterUnusable(`${dir} cannot be chowned: ${done.output.trim()}`);
}

async function readPassword(dataDir: string, clusterExists: boolean): Promise<string> {
  const file = join(dataDir, 'postgres.password');
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new PostgresClusterUnusable(`${file} cannot be read: ${error.message}`);
  });
  if (known.trim() !== '') return known.trim();
  if (clusterExists) throw new PostgresClusterUnusable(`${file} is gone, and the cluster beside it needs it`);
  const password = randomBytes(24).toString('base64url');
  await writeDurably(file, `${password}\n`);
  await syncDirectory(dataDir);
  return password;
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a rename or a new name in it survive a power cut. Windows cannot open directories and needs no such step. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** initdb into a folder of its own, then one rename: `<dataDir>/postgres` is there completely or not at all. */
async function initialise(
  dataDir: string,
  dir: string,
  binaries: Binaries,
  account: Account | null,
  password: string,
  log: Log,
): Promise<void> {
  const staging = await mkdtemp(join(dataDir, STAGING));
  try {
    const fresh = join(staging, 'cluster');
    await mkdir(fresh, { mode: 0o700 });
    await writeDurably(join(staging, 'password'), `${password}\n`);
    if (account) {
      for (const path of [staging, fresh, join(staging, 'password')])
        await chown(path, account.uid, account.gid);
    }
    await chmod(staging, 0o700);
    const args = [
      `--pgdata=${await dataArgument(fresh, account)}`,
      `--username=${ROLE}`,
      // Relative: the working directory is reachable even when its absolute path is not.
      '--pwfile=../password',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The built-in provider sorts by code point, the same on every system and after every libc upgrade: an index
      // on text never goes wrong because the machine below was renewed.
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
    ];
    const done = await run(binaries.initdb, args, account, fresh);
    if (done.exitCode !== 0)
      throw new PostgresStartFailed(`initdb failed: ${done.output.slice(-2_000).trim()}`);
    await rename(fresh, dir);
    await syncDirectory(dataDir);
    log({ level: 'info', msg: `new PostgreSQL cluster in ${dir}` });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * The `-D` of initdb and postgres, both started with the cluster as working directory. Normally its path; under a
 * directory the account may not traverse (a clone in /root, mode 0700) `/proc/self/cwd`, which leads there without
 * asking the parents. PostgreSQL changes into `-D` and uses relative paths from then on; `.` does not do, because it
 * is made absolute first. The alternatives are in docs/adr/0003-embedded-postgres-supervision.md.
 */
async function dataArgument(dir: string, account: Account | null): Promise<string> {
  if (account === null || (await canReach(account, '/bin/sh', dir))) return dir;
  if (process.platform === 'linux') return '/proc/self/cwd';
  throw new PostgresClusterUnusable(
    `user id ${account.uid}, under whom PostgreSQL runs, cannot enter ${dir}: choose another DATA_DIR`,
  );
}

/**
 * From device and inode, not from the path: a copy of a data directory carries the original's `postmaster.pid` and
 * password along, and must not take the original's server for its own.
 */
async function clusterName(dir: string): Promise<string> {
  const { dev, ino } = await stat(dir, { bigint: true });
  return `shaoying-${dev.toString(36)}-${ino.toString(36)}`;
}
