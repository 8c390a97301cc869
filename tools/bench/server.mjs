// A server of its own for a benchmark: started as `npm start` does, on a free port and an empty folder, and gone after.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LocalIssuer } from '@shaoying/identity';
import { openEmbeddedPostgres } from '@shaoying/postgres';
import { Client } from 'pg';
import { copyClusterOfTest } from './own-postgres.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const startMsMax = 120_000;
/** The server promises to end within 5 s. */
const stopMsMax = 8_000;
const answerMsMax = 10_000;
const goneMsMax = 30_000;
const settleMsMax = 120_000;
const outputCharsMax = 20_000;

/** What would point the server at other engines, ports or identities than the embedded default. */
const settings = [
  'PORT',
  'HOST',
  'DATA_DIR',
  'ROLES',
  'PROCESSES',
  'EVENT_STORE_URL',
  'READ_MODEL_URL',
  'TIMERS_URL',
];
const identity = ['OIDC_ISSUER', 'OIDC_AUDIENCE', 'NODE_ENV', 'JURISDICTION_FILE', 'ALLOW_ANONYMOUS_REPORTS'];
/** Counted as always, and never used up: one token sends everything here. */
const limits = { RATE_LIMIT_TOKEN: '100000000' };

function environment(extra) {
  const foreign = new Set([...settings, ...identity]);
  const isForeign = (name) => foreign.has(name) || name.startsWith('RATE_LIMIT_');
  const kept = Object.entries(process.env).filter(([name]) => !isForeign(name));
  return { ...Object.fromEntries(kept), ...limits, ...extra };
}

/** Thrown when the server does not start, or not in time; carries the end of what it printed. */
export class ServerNotStarted extends Error {
  code = 'SERVER_NOT_STARTED';
}

/** The address that the server prints once it listens. */
async function listening(child, output) {
  const deadline = AbortSignal.timeout(startMsMax);
  while (!deadline.aborted && child.exitCode === null && child.signalCode === null) {
    const address = /listening on (http:\/\/\S+)/.exec(output())?.[1];
    if (address && output().includes('Ctrl-C')) return address;
    await sleep(20);
  }
  throw new ServerNotStarted(`the server did not start:\n${output().slice(-4_000)}`);
}

/** A running server. Make one with {@link startServer}, end it with `stop()`, whatever happened in between. */
class BenchServer {
  #child;
  #embedded;
  #client;
  #issuer;
  #output;

  constructor(child, output, url, dataDir) {
    this.#child = child;
    this.#output = output;
    this.url = url;
    this.dataDir = dataDir;
    this.pid = child.pid;
  }

  async join() {
    const quiet = () => undefined;
    this.#embedded = await openEmbeddedPostgres({ dataDir: this.dataDir, log: quiet });
    this.postgresPid = this.#embedded.pid;
    this.#client = new Client({ connectionString: this.#embedded.url, application_name: 'shaoying bench' });
    this.#client.on('error', quiet);
    await this.#client.connect();
    this.#issuer = await LocalIssuer.open(this.dataDir);
    return this;
  }

  /** Processes of the other roles stand beside this one. */
  get besideOf() {
    return this.pid;
  }

  /** A token of the server's own issuer, as `shaoying token` prints it. */
  token(role, org) {
    return this.#issuer.issue({
      sub: `bench-${role}-${org ?? 'none'}`,
      roles: [role],
      org,
      ttlSeconds: 86_400,
    });
  }

  /** `postgres://…` of the server's own database. */
  get postgresUrl() {
    return this.#embedded.url;
  }

  async query(text, values = []) {
    return (await this.#client.query(text, values)).rows;
  }

  /** The value of a setting as the server's own connections see it. */
  async show(setting) {
    const [row] = await this.query('select current_setting($1) as value', [setting]);
    return row.value;
  }

  /** Resolves when every read model has reached the end of the log: work left over must not burden the next round. */
  async settled() {
    const startedMs = performance.now();
    while (performance.now() - startedMs < settleMsMax) {
      const [row] = await this.query(
        `select (select max(position) from log.events) as head, min(position::bigint) as reached from projections.checkpoints`,
      );
      if (row.head === null || BigInt(row.reached ?? 0) >= BigInt(row.head))
        return performance.now() - startedMs;
      await sleep(20);
    }
    throw new Error(`the read models did not reach the end of the log within ${settleMsMax / 1000} s`);
  }

  /** The last of what the server printed, to tell why something went wrong. */
  get output() {
    return this.#output();
  }

  /**
   * Starts the API without a door on the same log, for `principal` to send everything.
   * @returns what a round needs of a server, `encrypt(whether)` for the reporters of what comes from then on, and `stop()`
   */
  async openBeside(principal) {
    const program = join(root, 'tools/bench/open-server.process.mjs');
    const { child, output } = launch([program, JSON.stringify(principal)], { DATA_DIR: this.dataDir }, [
      'ipc',
    ]);
    const encrypt = async (encrypts) => {
      child.send({ encrypts });
      const [answer] = await once(child, 'message', { signal: AbortSignal.timeout(answerMsMax) });
      if (answer.encrypts !== encrypts) throw new Error('the API without a door has not heard');
    };
    try {
      const url = await listening(child, output);
      const { postgresPid, pid: besideOf } = this;
      return { url, pid: child.pid, postgresPid, besideOf, encrypt, stop: () => endChild(child) };
    } catch (error) {
      await endChild(child);
      throw error;
    }
  }

  async stop() {
    await this.#client?.end().catch(() => undefined);
    await this.#embedded?.close().catch(() => undefined);
    await endChild(this.#child);
    if (this.#embedded === undefined) await adoptAndStop(this.dataDir);
    await remove(this.dataDir);
  }
}

async function endChild(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
  await gone;
  clearTimeout(timer);
}

/** A process that was beside the server may outlive it by seconds on a busy machine, and write into the folder meanwhile. */
async function remove(dir) {
  for (const endMs = Date.now() + goneMsMax; existsSync(dir); await sleep(200)) {
    try {
      rmSync(dir, { recursive: true, force: true });
    } catch (error) {
      if (Date.now() > endMs) throw error;
    }
    if (Date.now() > endMs) throw new Error(`${dir} cannot be removed: somebody still writes into it`);
  }
}

/** A server killed while it started may leave its PostgreSQL behind: whoever joins last stops it. */
async function adoptAndStop(dataDir) {
  const orphan = await openEmbeddedPostgres({ dataDir, log: () => undefined }).catch(() => null);
  await orphan?.close().catch(() => undefined);
}

/** Starts a program of ours, and keeps the end of what it prints. */
function launch(args, env, channels = []) {
  const child = spawn(process.execPath, ['--enable-source-maps', ...args], {
    cwd: root,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe', ...channels],
    // Ctrl-C is ours to handle: a server that ends first would show as errors of the load.
    detached: process.platform !== 'win32',
  });
  let text = '';
  const keep = (chunk) => (text = (text + chunk).slice(-outputCharsMax));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return { child, output: () => text };
}

/**
 * Starts the built server on an empty data folder below `tmp/` of the workspace: on the disk that `npm start` would
 * use, not on a /tmp that may be memory.
 * @param nodeOptions extra options of Node, e.g. for a profile
 * @param name of the benchmark, in that of its folder: others may run beside it
 */
export async function startServer({ nodeOptions = [], env = {}, name }) {
  const tmp = join(root, 'tmp');
  mkdirSync(tmp, { recursive: true });
  const dataDir = await mkdtemp(join(tmp, `bench-${name}-`));
  await copyClusterOfTest(dataDir);
  const main = join(root, 'bundle/server.js');
  const { child, output } = launch([...nodeOptions, main], { PORT: '0', DATA_DIR: dataDir, ...env });
  const server = new BenchServer(child, output, null, dataDir);
  try {
    server.url = await listening(child, output);
    return await server.join();
  } catch (error) {
    await server.stop();
    throw error;
  }
}
