import { spawn } from 'node:child_process';
import { PostgresAccountMissing } from './embedded-postgres.errors.js';

/** Under whom PostgreSQL runs. `null`: under ourselves. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface Outcome {
  readonly exitCode: number;
  readonly output: string;
}

const OUTPUT_BYTES_MAX = 64 * 1024;

/** Environment of every process we start here: no `PG*` variable of the user's may reach initdb or postgres. */
export const bareEnvironment: NodeJS.ProcessEnv =
  process.platform === 'win32'
    ? { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'], TZ: 'UTC' }
    : { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Runs a command to its end and gives back the tail of what it said. Never throws: a missing command is code 127. */
export function run(
  command: string,
  args: readonly string[],
  as: Account | null,
  cwd = '/',
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd, env: bareEnvironment, ...(as ?? {}) };
    const child = spawn(command, [...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_BYTES_MAX);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ exitCode: 127, output: error.message }));
    child.on('close', (exitCode, signal) =>
      resolve({ exitCode: exitCode ?? 128, output: output || `${signal}` }),
    );
  });
}

async function lookUp(name: string): Promise<Account | null> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name], null), run('id', ['-g', name], null)]);
  if (uid.exitCode !== 0 || gid.exitCode !== 0) return null;
  return { uid: Number(uid.output.trim()), gid: Number(gid.output.trim()) };
}

// shadow-utils (most distributions), Debian's adduser, BusyBox.
const creators: readonly (readonly [string, readonly string[]])[] = [
  ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']],
  ['adduser', ['--system', '--group', '--no-create-home', 'postgres']],
  ['adduser', ['-S', '-D', '-H', 'postgres']],
];

/**
 * The system user `postgres`, made when it is missing.
 * @throws PostgresAccountMissing when it can be neither found nor made.
 */
export async function postgresAccount(): Promise<Account> {
  const failures: string[] = [];
  for (const creator of [null, ...creators]) {
    if (creator) {
      const made = await run(creator[0], creator[1], null);
      if (made.exitCode !== 0) failures.push(`${creator[0]}: ${made.output.trim()}`);
    }
    // Looked up even after a failure: another process may have made the user in the meantime.
    const account = await lookUp('postgres');
    if (account) return account;
  }
  throw new PostgresAccountMissing(
    `PostgreSQL does not run as root, and there is no user "postgres" and none could be made ` +
      `(${failures.join('; ')}). Create that user, or start Shaoying as an ordinary user.`,
  );
}

/** Whether `account` can read `file` and enter `directory`, asked of the system itself: modes alone omit ACLs. */
export async function canReach(account: Account, file: string, directory: string): Promise<boolean> {
  const test = 'test -x "$1" && test -r "$1" && cd "$2"';
  return (await run('/bin/sh', ['-c', test, 'sh', file, directory], account)).exitCode === 0;
}
