import { type ChildProcess, spawn } from 'node:child_process';
import { access, chown, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type Account, bareEnvironment, canReach, postgresAccount, run } from '../account.js';
import { findBinaries, publicCopyOf } from '../binaries.js';
import { Caretaker } from './caretaker.js';
import { killPostgres, processIsGone } from './processes.js';

/** Where `initdb` and `postgres` of one PostgreSQL are. */
export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

export interface OwnClusterOptions {
  /** Folder in which the cluster's own folder is made. Default: one under the system's temporary folder. */
  readonly parent?: string;
  /** Default: those of the embedded PostgreSQL. */
  readonly programs?: Programs;
  /** Settings beside fsync, which stays on. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** A cluster directory to take over instead of making a new one: a copy, or a restored backup. */
  readonly data?: string;
  /** A cluster of the same programs that this one begins as a copy of and follows, until it is promoted. It is restarted for it. */
  readonly follows?: OwnCluster;
}

const startMsMax = 60_000;
const stopMsMax = 30_000;

/**
 * A PostgreSQL cluster that one test owns, to be killed, filled up, copied and restored. It keeps its port over restarts.
 * It trusts whoever connects from this machine: nothing but a test's data is in it, for as long as the test runs.
 */
export class OwnCluster {
  private child: ChildProcess | undefined;

  private constructor(
    readonly home: string,
    /** The data directory. */
    readonly data: string,
    readonly port: number,
    private readonly programs: Programs,
    private readonly account: Account | null,
    private readonly settings: Readonly<Record<string, string | number>>,
    private readonly caretaker: Caretaker,
  ) {}

  /** Makes a cluster and starts it. */
  static async start(options: OwnClusterOptions = {}): Promise<OwnCluster> {
    const home = await mkdtemp(join(options.parent ?? tmpdir(), 'shaoying-own-cluster-'));
    const caretaker = Caretaker.of('cluster', home);
    const account = process.getuid?.() === 0 ? await postgresAccount() : null;
    const programs = options.programs ?? (await embeddedPrograms(account));
    const data = join(home, 'data');
    const { follows } = options;
    const settings = {
      ...(follows && { primary_conninfo: `host=127.0.0.1 port=${follows.port} user=postgres` }),
      ...options.settings,
    };
    const cluster = new OwnCluster(home, data, await freePort(), programs, account, settings, caretaker);
    try {
      if (account) await chown(home, account.uid, account.gid);
      const template = options.programs === undefined ? templateOfRun() : null;
      if (follows) await cluster.copyToFollow(follows);
      else if (options.data === undefined) await cluster.initialise(template);
      else await copyCluster(options.data, data);
      await cluster.start();
    } catch (error) {
      await cluster.remove();
      throw error;
    }
    return cluster;
  }

  url(database = 'postgres'): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  get running(): boolean {
    return this.child !== undefined;
  }

  /** What the server has logged since the cluster was made. */
  log(): Promise<string> {
    return readFile(join(this.home, 'postgres.log'), 'utf8');
  }

  async createDatabase(name: string): Promise<string> {
    const client = new Client({ connectionString: this.url() });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    } finally {
      await client.end();
    }
    return this.url(name);
  }

  /** Starts the server and waits until it answers, crash recovery included. @throws Error with its last words */
  async start(): Promise<void> {
    for (const deadline = Date.now() + startMsMax; ;) {
      const child = await this.spawn();
      if (await this.answers(child, deadline)) {
        this.child = child;
        return;
      }
      if (child.exitCode === null) await killPostgres(child.pid ?? 0);
      // A child of the server that was killed may hold its memory for a moment; a full disk may become empty.
      if (Date.now() > deadline)
        throw new Error(`postgres did not start: ${(await this.log()).slice(-2_000)}`);
      await sleep(200);
    }
  }

  /** Orderly: everything is written to the data directory, which may then be copied. */
  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    const impatience = setTimeout(() => child.kill('SIGQUIT'), stopMsMax);
    await ended;
    clearTimeout(impatience);
  }

  /** `kill -9` of the server and all its children. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child?.pid !== undefined) await killPostgres(child.pid);
  }

  /** True when the server ended without having been asked to. */
  async died(): Promise<boolean> {
    return this.child?.pid !== undefined && processIsGone(this.child.pid);
  }

  /** Ends what runs and removes everything, whatever happened before. */
  async remove(): Promise<void> {
    await this.kill();
    await this.caretaker.clearUp();
  }

  /** @param template what the first of a test run leaves for the others: `initdb` takes seconds of processor time */
  private async initialise(template: string | null): Promise<void> {
    if (template !== null && (await isThere(template))) return copyCluster(template, this.data);
    await this.makeFolder(this.data);
    const args = [
      `--pgdata=${this.data}`,
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
    ];
    const done = await run(this.programs.initdb, args, this.account, this.home);
    if (done.exitCode !== 0) throw new Error(`initdb failed: ${done.output}`);
    if (template === null) return;
    const draft = await mkdtemp(`${template}-`);
    await copyCluster(this.data, join(draft, 'data'));
    // Another worker of the run may have been first.
    await rename(join(draft, 'data'), template).catch(() => undefined);
    await rm(draft, { recursive: true, force: true });
  }

  /** Copied as it lies there stopped: the embedded PostgreSQL has no `pg_basebackup`. */
  private async copyToFollow(leader: OwnCluster): Promise<void> {
    await leader.stop();
    await copyCluster(leader.data, this.data);
    await writeFile(join(this.data, 'standby.signal'), '');
    await leader.start();
  }

  private async makeFolder(path: string): Promise<void> {
    await mkdir(path, { mode: 0o700 });
    if (this.account) await chown(path, this.account.uid, this.account.gid);
  }

  private async spawn(): Promise<ChildProcess> {
    const given: Readonly<Record<string, string | number>> = {
      listen_addresses: '127.0.0.1',
      port: this.port,
      unix_socket_directories: '',
      fsync: 'on',
      lc_messages: 'C',
      ...this.settings,
    };
    const args = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const output = await open(join(this.home, 'postgres.log'), 'a', 0o600);
    try {
      const options = { cwd: this.home, env: bareEnvironment, ...(this.account ?? {}) };
      return spawn(this.programs.postgres, [...args, '-D', this.data], {
        ...options,
        stdio: ['ignore', output.fd, output.fd],
      });
    } finally {
      await output.close();
    }
  }

  private async answers(child: ChildProcess, deadline: number): Promise<boolean> {
    while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
      const client = new Client({ connectionString: this.url(), connectionTimeoutMillis: 5_000 });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return true;
      } catch {
        await sleep(20);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
    return false;
  }
}

/** Beside the cluster that the test run has made, and removed with it. */
function templateOfRun(): string | null {
  const template = process.env['TEST_POSTGRES_TEMPLATE'];
  return template === undefined ? null : join(dirname(template), 'own-cluster');
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Files keep their owner, who is not root. */
async function copyCluster(from: string, to: string): Promise<void> {
  const copy = await run('cp', ['-a', from, to], null);
  if (copy.exitCode !== 0) throw new Error(`copying failed: ${copy.output}`);
}

async function embeddedPrograms(account: Account | null): Promise<Programs> {
  const found = await findBinaries();
  return account && !(await canReach(account, found.postgres, '/')) ? publicCopyOf(found) : found;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free TCP port');
  return address.port;
}
