import { ConfigError, EMBEDDED, makeFolder, type Config } from '@shaoying/config';
import { randomUUID } from 'node:crypto';
import { access, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A disk that does not answer, such as a share whose server is away, is waited for no longer. */
const answerMsMax = 10_000;
/** A new cluster takes some 40 MiB, and as much again with the first events. */
const newClusterBytes = 80 * 1024 * 1024;
/** More than a file system keeps within the entry of a file. */
const probeBytes = 8_192;

const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'is a file, not a folder',
  ENOTDIR: 'lies below a file, not a folder',
  ENOENT: 'lies on a file system that holds no files of ours',
  EROFS: 'lies on a file system that can only be read',
  EACCES: 'may not be written by this account',
  EPERM: 'may not be written by this account, or lies on a file system that holds no files of ours',
  ENOSPC: 'lies on a disk that is full',
  EDQUOT: 'lies on a disk of which this account has used up its part',
};

/**
 * Sees to it, within seconds, that the data folder is there and can hold what is put there: PostgreSQL, and whoever makes keys, would say so later, in words
 * of theirs, or not at all. Where no PostgreSQL is in it, it may be one that is only read.
 * @throws ConfigError
 */
export async function requireDataDir(
  config: Pick<Config, 'dataDir' | 'eventStoreUrl' | 'readModelUrl' | 'timersUrl'>,
): Promise<void> {
  const { dataDir, eventStoreUrl, readModelUrl, timersUrl } = config;
  const isHome = [eventStoreUrl, readModelUrl, timersUrl].includes(EMBEDDED);
  const given = new AbortController();
  const silence = sleep(answerMsMax, 'does not answer', { signal: given.signal }).catch(() => null);
  try {
    const problem = await Promise.race([problemOf(dataDir, isHome), silence]);
    if (problem !== null) throw new ConfigError([`DATA_DIR: ${dataDir} ${problem}.`]);
  } finally {
    given.abort();
  }
}

async function problemOf(dataDir: string, isHome: boolean): Promise<string | null> {
  try {
    await makeFolder(dataDir);
    if (!isHome) return null;
    const probe = join(dataDir, `probe.${randomUUID()}.tmp`);
    try {
      await writeFile(probe, Buffer.alloc(probeBytes), { flag: 'wx', flush: true });
    } finally {
      await rm(probe, { force: true });
    }
    return await roomProblem(dataDir);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return reasons[code] ?? `cannot be used: ${message}`;
  }
}

/** Only of a new one: what is there already goes on, and says itself what it lacks. */
async function roomProblem(dataDir: string): Promise<string | null> {
  const isThere = await access(join(dataDir, 'postgres', 'PG_VERSION')).then(
    () => true,
    () => false,
  );
  if (isThere) return null;
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  if (free >= newClusterBytes) return null;
  const mib = (bytes: number): number => Math.floor(bytes / 1024 / 1024);
  return `lies on a disk with ${mib(free)} MiB to spare; a new database takes ${mib(newClusterBytes)}`;
}
