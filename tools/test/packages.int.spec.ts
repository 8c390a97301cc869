import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

describe('licences of the production packages', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'shaoying-licenses-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const licenses = (args: readonly string[] = []) =>
    run(process.execPath, ['tools/packages/licenses.mjs', ...args]);

  async function withPackage(entry: object): Promise<string[]> {
    const lock = join(dir, 'package-lock.json');
    await writeFile(lock, JSON.stringify({ packages: { 'node_modules/a/node_modules/planted': entry } }));
    return ['--lock', lock];
  }

  it('are all allowed', async () => {
    const { stdout } = await licenses();
    expect(stdout).toMatch(/^Apache-2\.0 .*rxjs@/m);
    // Not what only the build and the tests need.
    expect(stdout).not.toMatch(/ jest@/);
  });

  it.each([
    'GPL-3.0-only',
    'MIT AND AGPL-3.0',
    '(LGPL-2.1 OR SSPL-1.0)',
    'SEE LICENSE IN LICENSE',
    undefined,
  ])('are refused by name where one is %s', async (license) => {
    const failing = licenses(await withPackage({ version: '1.0.0', license }));
    await expect(failing).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('planted@1.0.0'),
    });
  });

  it.each(['MIT', '(GPL-3.0 OR MIT)', 'MIT AND ISC'])('are taken where one is %s', async (license) => {
    await expect(licenses(await withPackage({ version: '1.0.0', license }))).resolves.toBeDefined();
  });
});
