import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresStartTimeout } from './embedded-postgres.errors.js';

const POLL_MS = 50;
/** A holder that cannot be recognised (other machine, foreign content) is given up on after this long. */
const UNKNOWN_HOLDER_MS = 120_000;

/** Start time of a process in clock ticks: with it a pid is a name, without it a number someone else may get next. */
async function startTicks(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The command name may hold spaces and brackets: count the fields from its closing bracket.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

async function holderIsGone(content: string, lockFile: string): Promise<boolean> {
  const [pidText, ticks] = content.split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) {
    const age = Date.now() - (await stat(lockFile).then((s) => s.mtimeMs)).valueOf();
    return age > UNKNOWN_HOLDER_MS;
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const now = await startTicks(pid);
  return now !== null && ticks !== '-' && now !== ticks;
}

/** Moves a dead holder's lock aside; puts it back when it turns out to be a living one taken in between. */
async function clearStale(lockFile: string, seen: string): Promise<void> {
  const aside = `${lockFile}.${randomUUID()}`;
  try {
    await rename(lockFile, aside);
    if ((await readFile(aside, 'utf8')) !== seen) await link(aside, lockFile).catch(() => undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await rm(aside, { force: true });
}

/**
 * Runs `work` while no other process of this machine does the same for `lockFile`. A lock whose holder died is taken
 * over. This is order, not safety: in the instant between two takeovers two processes may hold it, and then
 * PostgreSQL's own `postmaster.pid` and the atomic rename of a new cluster still admit one only.
 * @throws PostgresStartTimeout when the lock is not had within `timeoutMs`; the signal's reason when it aborts before.
 */
export async function withStartLock<T>(
  lockFile: string,
  timeoutMs: number,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const mine = `${process.pid} ${(await startTicks(process.pid)) ?? '-'} ${randomUUID()}`;
  const draft = `${lockFile}.${randomUUID()}`;
  const deadline = Date.now() + timeoutMs;
  await writeFile(draft, mine, { flag: 'wx', mode: 0o600 });
  try {
    for (;;) {
      // link() puts the lock there with its content already in it: nobody can read a half-written holder.
      const taken = await link(draft, lockFile).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      if (taken) break;
      const holder = await readFile(lockFile, 'utf8').catch(() => null);
      if (holder !== null && (await holderIsGone(holder, lockFile).catch(() => false))) {
        await clearStale(lockFile, holder);
        continue;
      }
      signal?.throwIfAborted();
      if (Date.now() > deadline) throw new PostgresStartTimeout(`${lockFile} is held by process ${holder}`);
      await sleep(POLL_MS);
    }
  } finally {
    await rm(draft, { force: true });
  }
  try {
    return await work();
  } finally {
    if ((await readFile(lockFile, 'utf8').catch(() => null)) === mine) await rm(lockFile, { force: true });
  }
}
