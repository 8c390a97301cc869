import { randomBytes } from 'node:crypto';
import files from 'node:fs/promises';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOrCreateSecretFile } from './secret-file.js';

describe('readOrCreateSecretFile', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'secret-file-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('lets any number of starters agree on one content', async () => {
    const path = join(folder, 'keys', 'one.key');
    const contents = await Promise.all(
      Array.from({ length: 20 }, () => readOrCreateSecretFile(path, () => randomBytes(32))),
    );
    expect(new Set(contents.map((content) => content.toString('hex'))).size).toBe(1);
    expect(await readdir(join(folder, 'keys'))).toEqual(['one.key']);
  });

  it('keeps what is there and asks for nothing new', async () => {
    const path = join(folder, 'two.key');
    await readOrCreateSecretFile(path, () => Buffer.from('first'));
    const again = await readOrCreateSecretFile(path, () => Promise.reject(new Error('must not be called')));
    expect(again.toString()).toBe('first');
  });

  it('is readable by its owner alone', async () => {
    const path = join(folder, 'keys', 'three.key');
    await readOrCreateSecretFile(path, () => randomBytes(32));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
  });

  describe('is there after a power cut', () => {
    /** Folders that were opened, which is what syncing one takes. */
    async function syncedBy(work: () => Promise<unknown>): Promise<unknown[]> {
      const opened = jest.spyOn(files, 'open');
      try {
        await work();
        return opened.mock.calls.filter(([, flags]) => flags === 'r').map(([path]) => path);
      } finally {
        opened.mockRestore();
      }
    }

    it('with the folders that were made for it, once it was made', async () => {
      const [data, keys] = [join(folder, 'data'), join(folder, 'data', 'keys')];
      const synced = await syncedBy(() =>
        readOrCreateSecretFile(join(keys, 'four.key'), () => randomBytes(32)),
      );
      expect(synced).toEqual([keys, data, folder]);
    });

    it('also where it was found: whoever has made it may have died before', async () => {
      const [data, keys] = [join(folder, 'data'), join(folder, 'data', 'keys')];
      const path = join(keys, 'five.key');
      await readOrCreateSecretFile(path, () => randomBytes(32));
      expect(await syncedBy(() => readOrCreateSecretFile(path, () => randomBytes(32)))).toEqual([keys, data]);
    });

    it.each(['EACCES', 'EROFS', 'EINVAL'])(
      'where that is for others to see to, it is taken: %s',
      async (code) => {
        const path = join(folder, 'six.key');
        await readOrCreateSecretFile(path, () => Buffer.from('six'));
        const opened = jest.spyOn(files, 'open').mockRejectedValue(Object.assign(new Error(code), { code }));
        try {
          const content = await readOrCreateSecretFile(path, () => randomBytes(32));
          expect(content.toString()).toBe('six');
        } finally {
          opened.mockRestore();
        }
      },
    );

    it('is not taken where the device fails', async () => {
      const path = join(folder, 'seven.key');
      await readOrCreateSecretFile(path, () => randomBytes(32));
      const failure = Object.assign(new Error('EIO'), { code: 'EIO' });
      const opened = jest.spyOn(files, 'open').mockRejectedValue(failure);
      try {
        await expect(readOrCreateSecretFile(path, () => randomBytes(32))).rejects.toBe(failure);
      } finally {
        opened.mockRestore();
      }
    });
  });
});
