import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useServerHomes } from './kit/server-home.js';

const newHome = useServerHomes({ PROCESSES: '1', NODE_ENV: 'production' });

const issuer = { OIDC_ISSUER: 'https://id.example.gov.cn/realms/street', OIDC_AUDIENCE: 'shaoying' };

async function refusal(settings: Readonly<Record<string, string>>, dataFile?: string) {
  const home = await newHome({ empty: true });
  if (dataFile !== undefined) {
    await mkdir(join(home.dataDir, 'keys'), { recursive: true });
    await writeFile(join(home.dataDir, dataFile), 'x'.repeat(64), { mode: 0o644 });
  }
  const process = home.launch(settings);
  const { code } = await process.exited;
  const made = await readdir(home.dataDir).catch(() => []);
  return { code, said: process.stderr, stdout: process.stdout, made };
}

test('in production, unsafe settings are all told at once, quote no secret, and start nothing', async () => {
  const { code, said, stdout, made } = await refusal({
    OIDC_ISSUER: 'http://id.local/realms/street',
    OIDC_AUDIENCE: 'shaoying',
    EVENT_STORE_URL: 'postgres://shaoying:change-me@db.internal/shaoying',
    READ_MODEL_URL: 'postgres://shaoying:hunter2hunter2@db.internal/shaoying?sslmode=no-verify',
    TIMERS_URL: 'redis://cache.internal',
  });
  expect({ code, stdout, made }).toEqual({ code: 2, stdout: '', made: [] });
  const lines = said.split('\n').filter((line) => line.startsWith('  - '));
  expect(lines).toEqual([
    expect.stringMatching(/OIDC_ISSUER .+https/),
    expect.stringMatching(/CHECKPOINT_KEY_FILE .+ production/),
    expect.stringMatching(/EVENT_STORE_URL .+ documentation .+Set a random one\.$/),
    expect.stringMatching(/EVENT_STORE_URL .+ without TLS.+sslmode=verify-full/),
    expect.stringMatching(/READ_MODEL_URL .+ who answers.+sslmode=verify-full/),
    expect.stringMatching(/TIMERS_URL .+ without TLS.+rediss:/),
  ]);
  expect(said).not.toMatch(/change-me|hunter2|internal/);
});

const ownersOnly = process.platform === 'win32' ? test.skip : test;
const noModes = process.platform === 'win32' ? ' (skipped: files have no such modes)' : '';

ownersOnly(
  `in production, a key file that others may read is refused before anything is opened${noModes}`,
  async () => {
    const { code, said, made } = await refusal(
      { ...issuer, CHECKPOINT_KEY_FILE: '/etc/shaoying/checkpoint.key' },
      'keys/master.key',
    );
    expect(code).toBe(2);
    expect(said).toMatch(/keys\/master\.key can be read or changed by other accounts/);
    expect(made).toEqual(['keys']);
  },
);

const isLinux = process.platform === 'linux';
const onLinux = isLinux ? test : test.skip;

onLinux(
  `a data folder that nothing can be put into ends the start within seconds, in one sentence${isLinux ? '' : ' (skipped: needs /proc)'}`,
  async () => {
    const begunMs = performance.now();
    const { code, said, stdout } = await refusal({ NODE_ENV: 'development', DATA_DIR: '/proc/shaoying' });
    expect(performance.now() - begunMs).toBeLessThan(20_000);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(said).toContain('DATA_DIR: /proc/shaoying lies on a file system that holds no files of ours.');
  },
);
