import { statfsSync } from 'node:fs';
import { totalmem } from 'node:os';

const MIB = 1024 * 1024;

/** What the machine has, in bytes. */
export interface Room {
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

const clamp = (value: number, min: number, max: number): number =>
  Math.round(Math.min(max, Math.max(min, value)));

/**
 * Memory of the machine or of the container, whichever is less, and the size of the file system that holds `dir`.
 * @param memoryBytesMax what may be counted on where others live on the machine too
 */
export function roomAt(dir: string, memoryBytesMax = Number.POSITIVE_INFINITY): Room {
  // 0 where there is no limit or the system does not tell.
  const limit = process.constrainedMemory();
  const { blocks, bsize } = statfsSync(dir);
  return {
    memoryBytes: Math.min(memoryBytesMax, limit > 0 ? limit : Number.POSITIVE_INFINITY, totalmem()),
    diskBytes: blocks * bsize,
  };
}

/**
 * Settings that follow the machine. Ids are random, so every append changes index pages anywhere; the larger the log,
 * the less often the same page twice. Pages that are not in `shared_buffers` are written out again and again, and the
 * first change of each after a checkpoint is logged with the whole page: rarer checkpoints make that rarer. At 5 million
 * events: 64 µs of processor time per event with PostgreSQL's own 128 MB and 1 GB, 49 µs with 1 GB and 4 GB.
 *
 * An eighth of the memory, since the server beside us needs some too; a sixteenth of the disk, which is what the log
 * itself must not find taken. Recovery after a crash reads at most that much again.
 */
export function sizesFor({ memoryBytes, diskBytes }: Room): { shared_buffers: string; max_wal_size: string } {
  return {
    shared_buffers: `${clamp(memoryBytes / 8 / MIB, 128, 1024)}MB`,
    max_wal_size: `${clamp(diskBytes / 16 / MIB, 64, 4096)}MB`,
  };
}

/**
 * What each connection may keep, in bytes, of what a statement has used, for the next one: by glibc's own rules it goes back to the system as the
 * statement ends and is taken again, page by page, which is 65 ms of a question that sorts 13 MB on a virtual machine. 32 MiB is what the largest
 * questions may sort in; on a small machine all of a server's 40 connections together are to keep no more than a third of the memory.
 */
export function keptMemory({ memoryBytes }: Pick<Room, 'memoryBytes'>): number {
  return clamp(memoryBytes / 128 / MIB, 1, 32) * MIB;
}
