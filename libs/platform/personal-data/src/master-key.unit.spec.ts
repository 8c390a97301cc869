import files from 'node:fs/promises';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MasterKeyFolder, masterKeyFingerprint } from './master-key.js';

describe('the folder of master keys', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'master-key-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('makes one key, for its owner alone, and finds it again', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => MasterKeyFolder.open(dataDir)));
    expect(keys[0]?.first).toHaveLength(32);
    expect(new Set(keys.map(({ first }) => first.toString('hex'))).size).toBe(1);
    expect((await stat(join(dataDir, 'keys', 'master.key'))).mode & 0o777).toBe(0o600);
  });

  it('never replaces a file that is no key', async () => {
    await mkdir(join(dataDir, 'keys'));
    await writeFile(join(dataDir, 'keys', 'master.key'), 'half a k');
    await expect(MasterKeyFolder.open(dataDir)).rejects.toMatchObject({ code: 'MASTER_KEY_REFUSED' });
  });

  it('has a fingerprint that is not part of the key', async () => {
    const { first: key } = await MasterKeyFolder.open(dataDir);
    expect(masterKeyFingerprint(key)).toMatch(/^[0-9a-f]{32}$/);
    expect(key.toString('hex')).not.toContain(masterKeyFingerprint(key));
  });

  it('takes a key that was added elsewhere once it is durable: whoever has added it may have died before', async () => {
    const [one, other] = [await MasterKeyFolder.open(dataDir), await MasterKeyFolder.open(dataDir)];
    const fingerprint = await one.add();
    const opened = jest.spyOn(files, 'open');
    try {
      await other.find(fingerprint);
      expect(opened.mock.calls.map(([path]) => path)).toEqual([join(dataDir, 'keys'), dataDir]);
    } finally {
      opened.mockRestore();
    }
  });

  it('finds a key that was added elsewhere, and not one that was removed', async () => {
    const [one, other] = [await MasterKeyFolder.open(dataDir), await MasterKeyFolder.open(dataDir)];
    const fingerprint = await one.add();
    const key = await other.find(fingerprint);
    expect(key && masterKeyFingerprint(key)).toBe(fingerprint);
    expect(await other.find(masterKeyFingerprint(one.first))).toEqual(one.first);
    await one.remove(fingerprint);
    expect(await one.find(fingerprint)).toBeUndefined();
    expect((await MasterKeyFolder.open(dataDir)).first).toEqual(one.first);
  });
});
