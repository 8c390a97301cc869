import { randomBytes } from 'node:crypto';
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
});
