// npm itself, for what it knows of packages: the one that started us, else the one on PATH.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** @returns `{ status, stdout, stderr }` of npm with these arguments, at the root of the workspace */
export function npm(args) {
  const cli = process.env.npm_execpath ?? '';
  const known = /npm-cli\.js$/.test(cli) && existsSync(cli);
  const [command, before] = known ? [process.execPath, [cli]] : ['npm', []];
  // What npm put into the environment of the script that called us is not for the npm we call.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/.test(name)));
  const done = spawnSync(command, [...before, ...args], {
    ...{ cwd: root, env, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX },
    shell: !known && process.platform === 'win32',
  });
  if (done.error) throw done.error;
  return done;
}
