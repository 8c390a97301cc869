import { EMBEDDED } from '@shaoying/config';
import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireDataDir } from './data-dir.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'data-dir-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const embedded = { eventStoreUrl: EMBEDDED, readModelUrl: EMBEDDED, timersUrl: EMBEDDED };
const elsewhere = {
  eventStoreUrl: 'postgres://db/shaoying',
  readModelUrl: 'postgres://db/shaoying',
  timersUrl: 'redis://queue',
};

test('it is made with the folders above it, and left empty', async () => {
  const dataDir = join(folder, 'a', 'b', 'data');
  await requireDataDir({ dataDir, ...embedded });
  expect(await readdir(dataDir)).toEqual([]);
  await requireDataDir({ dataDir, ...embedded });
  await requireDataDir({ dataDir, ...elsewhere });
});

test('a file in its place, or above it, is told', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(requireDataDir({ dataDir: file, ...embedded })).rejects.toMatchObject({
    ...{ code: 'CONFIG_INVALID', problems: [`DATA_DIR: ${file} is a file, not a folder.`] },
  });
  const below = join(file, 'data');
  await expect(requireDataDir({ dataDir: below, ...elsewhere })).rejects.toMatchObject({
    problems: [`DATA_DIR: ${below} lies below a file, not a folder.`],
  });
});

const isLinux = process.platform === 'linux';
const onLinux = isLinux ? test : test.skip;

onLinux.each([
  ['/proc/shaoying', embedded],
  ['/proc/shaoying/data', elsewhere],
  ['/proc', embedded],
])(
  `a file system that can hold nothing is told within seconds: %s${isLinux ? '' : ' (skipped: needs /proc)'}`,
  async (dataDir, urls) => {
    const begunMs = performance.now();
    await expect(requireDataDir({ dataDir, ...urls })).rejects.toMatchObject({
      problems: [`DATA_DIR: ${dataDir} lies on a file system that holds no files of ours.`],
    });
    expect(performance.now() - begunMs).toBeLessThan(5_000);
    await expect(access('/proc/shaoying')).rejects.toThrow();
  },
);
