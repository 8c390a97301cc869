// Under which conditions figures were taken: without them no figure can be compared with another.
import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { median, rounded } from './figures.mjs';

const TMPFS = 0x01021994;
const SYNC_SAMPLES = 64;

/** Median milliseconds of writing 8 KiB and having it on disk, in `dir`: what every commit waits for at least. */
export function diskSyncMs(dir) {
  const file = join(dir, `sync-probe-${process.pid}`);
  const block = Buffer.alloc(8192, 1);
  const fd = openSync(file, 'w');
  try {
    const samples = Array.from({ length: SYNC_SAMPLES }, () => {
      const startedMs = performance.now();
      writeSync(fd, block, 0, block.length, 0);
      fdatasyncSync(fd);
      return performance.now() - startedMs;
    });
    return median(samples);
  } finally {
    closeSync(fd);
    rmSync(file, { force: true });
  }
}

/** True for a file system in memory, where fsync costs nothing and proves nothing. */
export function isInMemory(dir) {
  return statfsSync(dir).type === TMPFS;
}

export function loadAverage() {
  return loadavg().map((value) => rounded(value));
}

/** The machine and the server it ran. `postgres` answers `show <setting>`. */
export async function conditionsOf(dataDir, show) {
  const settings = ['server_version', 'fsync', 'synchronous_commit', 'wal_sync_method', 'shared_buffers'];
  const postgres = {};
  for (const setting of settings) postgres[setting] = await show(setting);
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: rounded(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    postgres,
    diskSyncMs: rounded(diskSyncMs(dataDir)),
    inMemoryFileSystem: isInMemory(dataDir),
    user: process.getuid?.() === 0 ? 'root' : 'ordinary',
  };
}

/** @throws Error when the server acknowledges before the disk has it: such figures would be worth nothing */
export function requireDurable({ postgres: { fsync, synchronous_commit: commit } }) {
  if (fsync !== 'on' || commit === 'off')
    throw new Error('the server does not wait for the disk: nothing to measure');
}

/** One sentence for the end of a table. */
export function told(conditions) {
  const { postgres } = conditions;
  return (
    `${conditions.cores} cores (${conditions.processor}) shared by all processes of the run; ` +
    `Node ${conditions.node.slice(1)}; PostgreSQL ${postgres.server_version}, fsync ${postgres.fsync}, ` +
    `synchronous_commit ${postgres.synchronous_commit}, one synced write ${rounded(conditions.diskSyncMs)} ms; ` +
    `load average ${conditions.loadAverageBefore.join(' ')} before, ${conditions.loadAverageAfter.join(' ')} after.` +
    (conditions.inMemoryFileSystem ? ' The data was kept in memory: fsync cost nothing here.' : '')
  );
}
