import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const commandLine = pathToFileURL(resolve(__dirname, 'command-line.mjs')).href;

/** A benchmark that opens two things, of which the last one cannot be closed, and then does something. */
function run(what: string): {
  readonly status: number | null;
  readonly closed: string;
  readonly told: string;
} {
  const program = `
    import { runAsCommand } from '${commandLine}';
    const closing = (name) => () => void process.stdout.write(name + ' ');
    await runAsCommand(() => ({}), async (_, opened) => {
      opened.push(closing('first'), closing('second'), () => Promise.reject(new Error('cannot be closed')));
      ${what}
    });`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    ...{ encoding: 'utf8', timeout: 60_000 },
  });
  return { status, closed: stdout, told: stderr };
}

test.each([
  ['ends', 'cannot be closed', ''],
  ['fails', 'failed', `throw new Error('failed');`],
  [
    'is told to end',
    'ended by SIGTERM',
    `process.kill(process.pid, 'SIGTERM'); await new Promise((ok) => setTimeout(ok, 30_000));`,
  ],
  [
    'fails where nobody waits',
    'lost',
    `void Promise.reject(new Error('lost')); await new Promise((ok) => setTimeout(ok, 30_000));`,
  ],
  [
    'fails in an event',
    'lost',
    `setTimeout(() => { throw new Error('lost'); }); await new Promise((ok) => setTimeout(ok, 30_000));`,
  ],
])('a benchmark that %s closes all it has opened, whatever one of them says', (_, said, what) => {
  const { status, closed, told } = run(what);
  expect(closed).toBe('second first ');
  expect(status).toBe(1);
  expect(told).toContain(said);
});
