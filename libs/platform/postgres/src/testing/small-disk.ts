import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caretaker } from './caretaker.js';

const mib = 1024 * 1024;

/** Why no small disk can be had here; null when it can. Tried once, by mounting and unmounting one. */
export function noSmallDisk(): string | null {
  if (process.platform !== 'linux') return 'tmpfs is of Linux';
  if (process.getuid?.() !== 0) return 'mounting needs root';
  const place = mkdtempSync(join(tmpdir(), 'shaoying-small-disk-'));
  try {
    const mounted = mount(place, 1);
    if (mounted.status !== 0) return 'this machine lets nobody mount a tmpfs';
    return spawnSync('umount', [place]).status === 0 ? null : 'a tmpfs could not be unmounted';
  } finally {
    rmdirSync(place);
  }
}

const mount = (place: string, sizeMib: number) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m,mode=0755`, 'tmpfs', place]);

/** A disk of few MiB, in memory, to be filled up. */
export class SmallDisk {
  private readonly ballast: string;

  private constructor(
    readonly path: string,
    private readonly caretaker: Caretaker,
  ) {
    this.ballast = join(path, 'ballast');
  }

  /** `path`: an empty folder or none, default one of its own. Gone, with all that is on it, after `remove`. */
  static async mount(sizeMib: number, path?: string): Promise<SmallDisk> {
    const place = path ?? (await mkdtemp(join(tmpdir(), 'shaoying-small-disk-')));
    await mkdir(place, { recursive: true });
    const caretaker = Caretaker.of('disk', place);
    const mounted = mount(place, sizeMib);
    if (mounted.status !== 0) {
      await caretaker.clearUp();
      throw new Error(`mount failed: ${mounted.stderr.toString()}`);
    }
    await chmod(place, 0o755);
    return new SmallDisk(place, caretaker);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize;
  }

  /** Fills the disk but for `leaveBytes`. */
  async fill(leaveBytes = 0): Promise<void> {
    const chunk = Buffer.alloc(mib);
    for (;;) {
      const bytes = Math.min(mib, (await this.freeBytes()) - leaveBytes);
      if (bytes <= 0) return;
      try {
        await writeFile(this.ballast, chunk.subarray(0, bytes), { flag: 'a' });
      } catch (error) {
        // Others fill it at the same time, and were quicker.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        return;
      }
    }
  }

  /** Gives the space of the ballast back. */
  async relieve(): Promise<void> {
    await rm(this.ballast, { force: true });
  }

  /** Whatever still runs there keeps its files, and nobody finds them any more. */
  async remove(): Promise<void> {
    await this.caretaker.clearUp();
  }
}
