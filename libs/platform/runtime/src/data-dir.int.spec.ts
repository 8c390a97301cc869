import { EMBEDDED } from '@shaoying/config';
import { noSmallDisk, SmallDisk } from '@shaoying/postgres/testing';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireDataDir } from './data-dir.js';

const reason = noSmallDisk();
const describeOnDisk = reason === null ? describe : describe.skip;

const embedded = { eventStoreUrl: EMBEDDED, readModelUrl: EMBEDDED, timersUrl: EMBEDDED };

describeOnDisk(`a data folder on a disk of its own${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let disk: SmallDisk;
  beforeEach(async () => {
    disk = await SmallDisk.mount(100);
  });
  afterEach(() => disk.remove());

  const problem = (): Promise<unknown> =>
    requireDataDir({ dataDir: disk.path, ...embedded }).then(
      () => null,
      ({ problems }: { problems: readonly string[] }) => problems.join().replace(disk.path, '<folder>'),
    );

  test('with room is taken', async () => {
    expect(await problem()).toBeNull();
    expect(await readdir(disk.path)).toEqual([]);
  });

  test('that is too small for a new database is told; one that is there already goes on', async () => {
    await disk.fill(20 * 1024 * 1024);
    expect(await problem()).toBe(
      'DATA_DIR: <folder> lies on a disk with 20 MiB to spare; a new database takes 80.',
    );
    await mkdir(join(disk.path, 'postgres'));
    await writeFile(join(disk.path, 'postgres', 'PG_VERSION'), '18\n');
    expect(await problem()).toBeNull();
  });

  test('that is full is told', async () => {
    await disk.fill();
    expect(await problem()).toBe('DATA_DIR: <folder> lies on a disk that is full.');
  });

  test('that can only be read is told', async () => {
    expect(spawnSync('mount', ['-o', 'remount,ro', disk.path]).status).toBe(0);
    expect(await problem()).toBe('DATA_DIR: <folder> lies on a file system that can only be read.');
  });
});
