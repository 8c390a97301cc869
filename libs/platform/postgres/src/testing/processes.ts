import { readFile, readdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * True also for a zombie, which nobody may ever reap. Wait for it with {@link until}: a process that ends has given up its
 * memory, and with it its name, a moment before it is gone.
 */
export async function processIsGone(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null || / Z /.test(text);
}

/** Waits for what has to happen; 30 s, for the machine may be busy. @throws Error when it does not */
export async function until(condition: () => Promise<boolean> | boolean, withinMs = 30_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await condition());) {
    if (Date.now() > deadline) throw new Error(`did not happen within ${withinMs} ms`);
    await sleep(20);
  }
}

export async function childrenOf(pid: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    pids.map(async (child) => {
      const text = await readFile(`/proc/${child}/stat`, 'utf8').catch(() => '');
      // The command name may hold spaces and brackets: count the fields from its closing bracket.
      return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
    }),
  );
  return pids.map(Number).filter((_, index) => parents[index] === pid);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Files of shared memory that a server has made and mapped. Its next start would remove them, which there may never be. */
export async function sharedMemoryOf(pid: number): Promise<string[]> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
  return [...new Set(maps.match(/\/dev\/shm\/PostgreSQL\.\d+/g))];
}

/**
 * `kill -9` of a PostgreSQL server and all its children, as an out-of-memory killer with a grudge would do it; resolves
 * when all are gone, with the shared memory that they have left. Linux only.
 */
export async function killPostgres(pid: number): Promise<void> {
  // Held still first: it must not start another child between the look and the blow.
  kill(pid, 'SIGSTOP');
  const all = [pid, ...(await childrenOf(pid))];
  const left = (await Promise.all(all.map(sharedMemoryOf))).flat();
  for (const one of all) kill(one, 'SIGKILL');
  await until(async () => (await Promise.all(all.map(processIsGone))).every(Boolean));
  await Promise.all(left.map((file) => rm(file, { force: true })));
}
