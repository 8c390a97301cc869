import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliProcess } from './testing/index.js';

const root = resolve(__dirname, '../../..');
const script = join(root, 'bundle/cli.js');

/** More than a pipe holds: 64 KiB on Linux. */
const chatty = ['policy', '--json'];

let cli: CliProcess;

beforeAll(async () => {
  // No command here asks the log for anything.
  cli = await CliProcess.over(root, 'postgres://127.0.0.1:1/none');
});
afterAll(() => cli.remove());

async function ended(child: ReturnType<typeof spawn>): Promise<{ exitCode: number | null; stderr: string }> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exitCode = await new Promise<number | null>((done) => child.once('close', done));
  return { exitCode, stderr };
}

test('a command whose reader has gone ends without a stack, and not as done', async () => {
  const child = spawn(process.execPath, [script, ...chatty], { cwd: root, env: cli.env });
  child.stdout.destroy();
  expect(await ended(child)).toEqual({ exitCode: 1, stderr: '' });
});

const isLinux = process.platform === 'linux';
const onLinux = isLinux ? test : test.skip;
onLinux(
  `output that a full disk does not take is told, and is not taken for done${isLinux ? '' : ' (skipped: needs /dev/full)'}`,
  async () => {
    const disk = openSync('/dev/full', 'w');
    try {
      const child = spawn(process.execPath, [script, 'policy'], {
        ...{ cwd: root, env: cli.env, stdio: ['ignore', disk, 'pipe'] },
      });
      const { exitCode, stderr } = await ended(child);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^standard output cannot be written: ENOSPC[^\n]*\n$/);
    } finally {
      closeSync(disk);
    }
  },
);

test('a command whose remarks nobody reads goes on to its end', async () => {
  const child = spawn(process.execPath, [script, 'policy', '--nonsense'], { cwd: root, env: cli.env });
  child.stderr.destroy();
  child.stdout.resume();
  expect((await ended(child)).exitCode).toBe(2);
});
