import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

describe('licences of the production packages', () => {
  const licenses = (args: readonly string[] = []) =>
    run(process.execPath, ['tools/packages/licenses.mjs', ...args]);

  it('are all allowed', async () => {
    const { stdout } = await licenses();
    expect(stdout).toMatch(/^Apache-2\.0 .*rxjs@/m);
    // Not what only the build and the tests need.
    expect(stdout).not.toMatch(/ jest@/);
  });

  const planted = {
    good: ['MIT', '(GPL-3.0 OR MIT)', 'MIT AND ISC'],
    bad: ['GPL-3.0-only', 'MIT AND AGPL-3.0', '(LGPL-2.1 OR SSPL-1.0)', 'SEE LICENSE IN LICENSE', undefined],
  };

  it('are refused by name where one is not: several together, none of several, none at all', async () => {
    const packages = Object.entries(planted).flatMap(([kind, all]) =>
      all.map((license, index) => [
        `node_modules/a/node_modules/${kind}-${index}`,
        { version: '1.0.0', license },
      ]),
    );
    const dir = await mkdtemp(join(tmpdir(), 'shaoying-licenses-'));
    try {
      const lock = join(dir, 'package-lock.json');
      await writeFile(lock, JSON.stringify({ packages: Object.fromEntries(packages) as object }));
      const refusal = (await licenses(['--lock', lock]).catch((error: unknown) => error)) as {
        code: number;
        stderr: string;
      };
      expect(refusal.code).toBe(1);
      for (const index of planted.bad.keys()) expect(refusal.stderr).toContain(`bad-${index}@1.0.0`);
      expect(refusal.stderr).not.toContain('good-');
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

test('every package is fixed by its hash, so that npm takes no other under its name', async () => {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
    packages: Record<string, { link?: boolean; integrity?: string }>;
  };
  const others = Object.entries(packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && !link,
  );
  expect(others.length).toBeGreaterThan(100);
  const loose = others.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''));
  expect(loose.map(([path]) => path)).toEqual([]);
});
