import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bareEnvironment, run } from './account.js';
import type { Cluster } from './cluster.js';
import { PostgresPortLost, PostgresStartFailed } from './embedded-postgres.errors.js';
import type { Log } from './log-line.js';
import { keptMemory, roomAt, sizesFor } from './sizing.js';

/** A running PostgreSQL server, ours or one that an earlier process of ours started. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

const POLL_MS = 20;
const FAST_STOP_MS = 15_000;
const IMMEDIATE_STOP_MS = 5_000;

const settings = (cluster: Cluster, port: number): Readonly<Record<string, string | number>> => ({
  cluster_name: cluster.name,
  listen_addresses: '127.0.0.1',
  port,
  // No socket file: TCP with a password is the same on every system, and a socket's path is limited to 107 bytes.
  unix_socket_directories: '',
  // An event answered with 201 is on the disk. Stated here so that no postgresql.conf can say otherwise.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  ...sizesFor(roomAt(cluster.dir, cluster.memoryBytes)),
  max_connections: 200,
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  // Queries here are short; compiling one costs more than running it.
  jit: 'off',
  // ANALYZE copies 300 rows for each point of it, and the tables of a young log outgrow their statistics every minute: with
  // PostgreSQL's own 100 that took more processor time than writing the board (docs/adr/0028-what-analyze-reads.md).
  default_statistics_target: 30,
});

/** A log beyond this is renamed when PostgreSQL is started again under us; so two such files are the most there is. */
const LOG_BYTES_MAX = 10 * 1024 * 1024;
/** How long a port may be taken by others: a connection that happened to leave from it may end. */
const PORT_WAIT_MS = 10_000;

/** Lines 1 and 4 of `postmaster.pid`; null when there is none or it is only half written. */
async function readPidFile(dir: string): Promise<Postmaster | null> {
  const text = await readFile(join(dir, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  return pid > 0 && port > 0 ? { pid, port } : null;
}

async function commandLine(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    // Empty for a zombie, which the process table may hold for ever when process 1 of a container reaps nothing.
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text === '' ? null : text;
  }
  if (process.platform === 'win32') return isSignallable(pid) ? '' : null;
  const found = await run('ps', ['-ww', '-o', 'stat=,command=', '-p', String(pid)], null);
  return found.exitCode === 0 && !found.output.startsWith('Z') ? found.output : null;
}

function isSignallable(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether `pid` is this cluster's server, and not another process that got the number later. */
export async function isAlive(pid: number, cluster: Cluster): Promise<boolean> {
  const text = await commandLine(pid);
  return text !== null && (process.platform === 'win32' || text.includes(cluster.name));
}

/** The server that runs on this cluster now. A `postmaster.pid` that speaks of a dead one is not believed. */
export async function findPostmaster(cluster: Cluster): Promise<Postmaster | null> {
  const found = await readPidFile(cluster.dir);
  if (!found) return null;
  if (await isAlive(found.pid, cluster)) return found;
  await forgetRecycledPid(found.pid, cluster);
  return null;
}

/**
 * After a crash the number in `postmaster.pid` may belong to another process of the same user (often in containers,
 * where numbers are small) or to a zombie. PostgreSQL then refuses to start, for it only asks whether the number is
 * in use. We can ask more: when no process carries this cluster's name, the file is a leftover. When the number is
 * free the file stays, and PostgreSQL does its own, stricter check.
 */
async function forgetRecycledPid(pid: number, cluster: Cluster): Promise<void> {
  if (process.platform !== 'linux' || !isSignallable(pid)) return;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const other of pids) {
    if ((await commandLine(Number(other)))?.includes(cluster.name)) return;
  }
  await rm(join(cluster.dir, 'postmaster.pid'), { force: true });
}

async function canListenOn(port: number): Promise<number | null> {
  const probe = createServer();
  const listening = once(probe, 'listening');
  probe.listen({ host: '127.0.0.1', port, exclusive: true });
  try {
    await listening;
  } catch {
    return null;
  }
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return address === null || typeof address === 'string' ? null : address.port;
}

/** Port of the server that runs or, when it crashed, ran here last; null after an orderly end. */
export async function lastPort(cluster: Cluster): Promise<number | null> {
  return (await readPidFile(cluster.dir))?.port ?? null;
}

async function choosePort(preferred: number | null): Promise<number> {
  const port = (preferred && (await canListenOn(preferred))) ?? (await canListenOn(0));
  if (port === null) throw new PostgresStartFailed('no free TCP port');
  return port;
}

/** @throws PostgresPortLost when `port` cannot be had within {@link PORT_WAIT_MS}. */
async function waitForPort(port: number, signal?: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + PORT_WAIT_MS; (await canListenOn(port)) === null;) {
    signal?.throwIfAborted();
    if (Date.now() > deadline) throw new PostgresPortLost(`port ${port} is taken by another program`);
    await sleep(100);
  }
}

const logFileOf = (cluster: Cluster): string => join(dirname(cluster.dir), 'postgres.log');

/**
 * The log of the run before is kept once, for the question why it ended. Starts that follow a crash under us add to the
 * same file: the first of them says why.
 */
async function openLogFile(cluster: Cluster, again: boolean): Promise<FileHandle> {
  const file = logFileOf(cluster);
  const size = again ? (await stat(file).catch(() => null))?.size : Infinity;
  if ((size ?? 0) > LOG_BYTES_MAX) await rename(file, `${file}.1`).catch(() => undefined);
  return open(file, 'a', 0o600);
}

const LAST_WORDS_BYTES = 8_000;

/**
 * The last words of the server, at the most 2,000 characters; of this run alone when `fromByte` is where it began. Only
 * the end is read: a server that ran for months may have said more than fits into memory.
 */
export async function lastWords(cluster: Cluster, fromByte = 0): Promise<string> {
  const file = await open(logFileOf(cluster), 'r').catch(() => null);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const position = Math.max(fromByte, size - LAST_WORDS_BYTES);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(LAST_WORDS_BYTES), position });
    return buffer.toString('utf8', 0, bytesRead).slice(-2_000).trim();
  } catch {
    return '';
  } finally {
    await file.close();
  }
}

/** What PostgreSQL says when it is only too early or the port was taken under our hands: try again. */
const passing =
  /could not bind|Address already in use|lock file "postmaster.pid" already exists|still in use/;

export interface StartOptions {
  readonly log: Log;
  /** The one port that is of use. Default: any. */
  readonly port?: number;
  /** Taken when it can be had and none is demanded: that of a crashed server, whose URL others may hold. */
  readonly portPreferred?: number | null;
  readonly signal?: AbortSignal;
}

/**
 * Starts the server. Null when it could not come up for a reason that passes: look again, then try again.
 * @throws PostgresStartFailed, PostgresPortLost
 */
export async function startPostmaster(cluster: Cluster, options: StartOptions): Promise<Postmaster | null> {
  const { log, port: wanted, portPreferred = null, signal } = options;
  if (wanted !== undefined) await waitForPort(wanted, signal);
  const port = wanted ?? (await choosePort(portPreferred));
  const output = await openLogFile(cluster, wanted !== undefined);
  try {
    const { size: logBytes } = await output.stat();
    const child = spawnPostgres(cluster, port, output.fd);
    let ended: string | null = null;
    child.on('error', (error) => (ended = error.message));
    child.on('exit', (code, signalName) => (ended = `exit ${code ?? signalName}`));
    child.unref();
    while (ended === null) {
      const seen = await readPidFile(cluster.dir);
      if (seen && seen.pid === child.pid) {
        log({ level: 'info', msg: `PostgreSQL started`, pid: seen.pid, port: seen.port });
        return seen;
      }
      await sleep(POLL_MS);
    }
    const words = await lastWords(cluster, logBytes);
    if (passing.test(words)) return null;
    throw new PostgresStartFailed(`postgres did not start (${String(ended)}): ${words}`);
  } finally {
    await output.close();
  }
}

/** By the names that glibc knows; other libraries do not. */
function memoryKept(cluster: Cluster): Readonly<Record<string, string>> {
  const bytes = keptMemory(roomAt(cluster.dir, cluster.memoryBytes));
  return { MALLOC_TRIM_THRESHOLD_: `${bytes}`, MALLOC_MMAP_THRESHOLD_: `${bytes / 2}` };
}

function spawnPostgres(cluster: Cluster, port: number, output: number): ChildProcess {
  const given = Object.entries(settings(cluster, port)).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  return spawn(cluster.binaries.postgres, [...given, '-D', cluster.dataArgument], {
    cwd: cluster.dir,
    env: { ...bareEnvironment, ...memoryKept(cluster) },
    stdio: ['ignore', output, output],
    // A session of its own: Ctrl-C in the terminal goes to the server's process group, and PostgreSQL has to
    // outlive the server's last transactions.
    detached: true,
    windowsHide: true,
    ...(cluster.account ?? {}),
  });
}

async function endedWithin(postmaster: Postmaster, cluster: Cluster, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (await isAlive(postmaster.pid, cluster)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Fast shutdown: rolls back what is open, writes a checkpoint, ends. Under 1 s unless the disk is very slow. */
export async function stopPostmaster(postmaster: Postmaster, cluster: Cluster, log: Log): Promise<void> {
  if (!(await isAlive(postmaster.pid, cluster))) return;
  if (process.platform === 'win32') {
    // Windows has no signals to send; pg_ctl speaks to the server over a named pipe.
    await run(cluster.binaries.pgCtl, ['stop', '-D', cluster.dir, '-m', 'fast'], null);
    return;
  }
  signal(postmaster.pid, 'SIGINT');
  if (await endedWithin(postmaster, cluster, FAST_STOP_MS)) return;
  // Immediate shutdown loses nothing: the next start recovers from the write-ahead log.
  log({ level: 'warn', msg: `PostgreSQL did not stop within ${FAST_STOP_MS} ms; stopping it at once` });
  signal(postmaster.pid, 'SIGQUIT');
  if (await endedWithin(postmaster, cluster, IMMEDIATE_STOP_MS)) return;
  log({ level: 'error', msg: `PostgreSQL process ${postmaster.pid} does not stop` });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
