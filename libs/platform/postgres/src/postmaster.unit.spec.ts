import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from './cluster.js';
import { lastWords } from './postmaster.js';

test('the last words of a log are read from its end alone, however long it is', async () => {
  const home = await mkdtemp(join(tmpdir(), 'shaoying-postmaster-spec-'));
  try {
    await mkdir(join(home, 'postgres'));
    const cluster = { dir: join(home, 'postgres') } as Cluster;
    expect(await lastWords(cluster)).toBe('');
    const file = await open(join(home, 'postgres.log'), 'w');
    // Sparse: takes no room on the disk, and is more than Node reads at once.
    const size = 3 * 1024 ** 3;
    await file.write('PANIC:  磁盘已满\n', size);
    await file.close();
    expect((await lastWords(cluster)).slice(-12)).toBe('PANIC:  磁盘已满');
    expect(await lastWords(cluster, size)).toBe('PANIC:  磁盘已满');
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
