import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyFilesOpenToOthers } from './open-key-files.js';
import { readOrCreateSecretFile } from './secret-file.js';

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'key-files-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

it('finds nothing in a new folder, nor among the files that are made here', async () => {
  expect(await keyFilesOpenToOthers(dataDir)).toEqual([]);
  await readOrCreateSecretFile(join(dataDir, 'keys', 'master.key'), () => Buffer.from('x'));
  expect(await keyFilesOpenToOthers(dataDir)).toEqual([]);
});

it.each([0o640, 0o604, 0o620, 0o700 | 0o001])('names each key file of mode %o', async (mode) => {
  const key = join(dataDir, 'keys', 'master.key');
  const password = join(dataDir, 'postgres.password');
  await readOrCreateSecretFile(key, () => Buffer.from('x'));
  await writeFile(password, 'x', { mode: 0o600 });
  await chmod(key, mode);
  expect(await keyFilesOpenToOthers(dataDir)).toEqual([key]);
  await chmod(password, mode);
  expect(await keyFilesOpenToOthers(dataDir)).toEqual([key, password]);
});
