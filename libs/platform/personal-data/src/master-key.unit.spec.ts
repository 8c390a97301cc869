import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadMasterKey, masterKeyFingerprint } from './master-key.js';

describe('loadMasterKey', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'master-key-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('makes one key, for its owner alone, and finds it again', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadMasterKey(dataDir)));
    expect(keys[0]).toHaveLength(32);
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect((await stat(join(dataDir, 'keys', 'master.key'))).mode & 0o777).toBe(0o600);
  });

  it('never replaces a file that is no key', async () => {
    await mkdir(join(dataDir, 'keys'));
    await writeFile(join(dataDir, 'keys', 'master.key'), 'half a k');
    await expect(loadMasterKey(dataDir)).rejects.toMatchObject({ code: 'MASTER_KEY_REFUSED' });
  });

  it('has a fingerprint that is not part of the key', async () => {
    const key = await loadMasterKey(dataDir);
    expect(masterKeyFingerprint(key)).toMatch(/^[0-9a-f]{32}$/);
    expect(key.toString('hex')).not.toContain(masterKeyFingerprint(key));
  });
});
