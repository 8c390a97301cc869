import { PostgresEventStore } from '@shaoying/event-store-postgres';
import type { EventStore } from '@shaoying/event-store';
import { copyFreshCluster, killPostgres } from '@shaoying/postgres/testing';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { expectAsRebuilt } from './as-rebuilt.js';
import { Guardian } from './guardian.js';
import { repositoryRoot, ServerProcess } from './running-server.js';
import { waitFor } from './wait-for.js';

const prefix = 'shaoying-e2e-';
const loggedCharsTold = 8_000;

/** Settings of a server, by their variables. */
export type Settings = Readonly<Record<string, string>>;

/**
 * For specs that ask what a server answers, not how its processes live: one process starts in half the time of two, and
 * starting is most of what such a spec takes.
 */
export const inOneProcess: Settings = { PROCESSES: '1' };

/**
 * Specs ask more of a server within a minute than anybody does; how much is taken of whom has a spec of its own. Refused in
 * production.
 */
const unlimited: Settings = {
  // Many specs count the events of what they do; checkpoints have a spec of their own.
  CHECKPOINT_SECONDS: '0',
  ...{ RATE_LIMIT_TOKEN: '0', RATE_LIMIT_ADDRESS: '0', RATE_LIMIT_ANONYMOUS: '0' },
  ...{ RATE_LIMIT_ANONYMOUS_TOTAL: '0', RATE_LIMIT_RECEIPT_MISSES: '0' },
};

export interface HomeOptions {
  /** Changes the text of the sample, such as its deadlines. */
  readonly jurisdiction?: (yaml: string) => string;
  /** Without a PostgreSQL cluster: the first server makes one, as on a new machine. */
  readonly empty?: boolean;
}

export interface Started {
  readonly process: ServerProcess;
  readonly url: string;
}

/** A folder with everything one server keeps: data, keys, its own embedded PostgreSQL, and the jurisdiction it reads. */
export class ServerHome {
  /** Every server started here, in order. */
  readonly servers: ServerProcess[] = [];
  private readonly logs: EventStore[] = [];
  private readonly launched = new Map<ServerProcess, Settings>();
  /** Read models that a spec stops on purpose. */
  readonly stoppedOnPurpose = new Set<string>();

  private constructor(
    private readonly dir: string,
    private readonly guardian: Guardian,
    private readonly settings: Settings,
  ) {}

  static async create(
    guardian: Guardian,
    settings: Settings,
    { jurisdiction = (yaml) => yaml, empty = false }: HomeOptions,
  ): Promise<ServerHome> {
    const dir = await mkdtemp(join(tmpdir(), prefix));
    guardian.minds('dir', dir);
    const sample = await readFile(join(repositoryRoot, 'samples/lindong.yaml'), 'utf8');
    await writeFile(join(dir, 'jurisdiction.yaml'), jurisdiction(sample));
    const home = new ServerHome(dir, guardian, settings);
    if (!empty) await copyFreshCluster(home.dataDir);
    return home;
  }

  get dataDir(): string {
    return join(this.dir, 'data');
  }

  /** Starts a server and does not wait for it. */
  launch(env: Settings = {}): ServerProcess {
    const production = [this.settings, env].some(({ NODE_ENV }) => NODE_ENV === 'production');
    const process = ServerProcess.launch({
      ...(production ? {} : unlimited),
      // An eighth is taken when it starts, and most of what that costs is for the size.
      POSTGRES_MEMORY_MB: '1024',
      PORT: '0',
      DATA_DIR: this.dataDir,
      JURISDICTION_FILE: join(this.dir, 'jurisdiction.yaml'),
      // Nobody's calendar: what depends on the zone of the machine shows.
      TZ: 'America/St_Johns',
      ...this.settings,
      ...env,
    });
    this.guardian.minds('pid', process.pid);
    this.servers.push(process);
    this.launched.set(process, { ...this.settings, ...env });
    return process;
  }

  /** Starts a server and waits until it listens. @throws ServerDidNotStart */
  async start(env: Settings = {}): Promise<Started> {
    const process = this.launch(env);
    return { process, url: await process.listening() };
  }

  /** Process id of the embedded PostgreSQL; null when there is no `postmaster.pid`. */
  async postgresPid(): Promise<number | null> {
    const pid = Number((await this.postmasterFile())[0]);
    return pid > 0 ? pid : null;
  }

  async postgresUrl(): Promise<string> {
    const port = (await this.postmasterFile())[3];
    const password = await readFile(join(this.dataDir, 'postgres.password'), 'utf8');
    return `postgres://shaoying:${encodeURIComponent(password.trim())}@127.0.0.1:${port}/shaoying`;
  }

  /** The log itself, past the server; closed with the home. PostgreSQL must be running. */
  async openLog(): Promise<EventStore> {
    const log = await PostgresEventStore.open({ url: await this.postgresUrl() });
    this.logs.push(log);
    return log;
  }

  async closeLogs(): Promise<void> {
    await Promise.all(this.logs.splice(0).map((log) => log.close()));
  }

  /** The end of what each of its servers has logged, for whoever looks for the reason of a failure. */
  tellLogs(): void {
    for (const { pid, stderr, exitTold } of this.servers)
      process.stderr.write(
        `server ${pid} (${exitTold}), the end of its log:\n${stderr.slice(-loggedCharsTold)}\n`,
      );
  }

  /** Where a server still runs on the PostgreSQL of this folder: its read models have what a rebuild from scratch gives. */
  async expectAsRebuilt(): Promise<void> {
    const running = this.servers
      .filter(({ ended }) => !ended)
      .map((server) => this.launched.get(server) ?? {});
    const filling = running.filter(({ ROLES }) => ROLES === undefined || ROLES.includes('projector'));
    const elsewhere = filling.some(
      (settings) => 'EVENT_STORE_URL' in settings || 'READ_MODEL_URL' in settings,
    );
    if (elsewhere || filling.length === 0 || (await this.postgresPid()) === null) return;
    await expectAsRebuilt(await this.postgresUrl(), await this.openLog(), { stopped: this.stoppedOnPurpose });
    await this.closeLogs();
  }

  /** Processes other than servers that work in this folder: PostgreSQL and its children. Linux only; else none. */
  async processesInside(): Promise<number[]> {
    const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
    const inside = await Promise.all(
      pids.map(async (pid) =>
        (await readlink(`/proc/${pid}/cwd`).catch(() => '')).startsWith(this.dir + sep),
      ),
    );
    return pids.filter((_, index) => inside[index]).map(Number);
  }

  /** Ends what still runs here, and removes the folder. */
  async remove(): Promise<void> {
    await this.closeLogs();
    const running = this.servers.filter((process) => !process.ended);
    await Promise.all(running.map((process) => process.stop('SIGTERM')));
    const pid = await this.postgresPid();
    if (pid !== null) await killPostgres(pid);
    await waitFor('PostgreSQL is gone', async () => (await this.processesInside()).length === 0);
    await rm(this.dir, { recursive: true, force: true });
  }

  private async postmasterFile(): Promise<string[]> {
    const file = join(this.dataDir, 'postgres', 'postmaster.pid');
    return (await readFile(file, 'utf8').catch(() => '')).split('\n');
  }
}

/**
 * A net under a machine that does other things too, not an expectation: what must happen in time is measured and expected
 * by itself. A test may start five servers, each of which takes 3 to 20 s.
 */
const testMsMax = 300_000;

export type NewHome = (options?: HomeOptions) => Promise<ServerHome>;

/**
 * Homes for the servers of one spec file; all removed after its last test, whatever happened. Whatever was done to a server
 * that still runs then, its read models are those of its log.
 * @param settings of every server in them, unless it is started with others
 */
export function useServerHomes(settings: Settings = {}): NewHome {
  jest.setTimeout(testMsMax);
  const guardian = new Guardian();
  const homes: ServerHome[] = [];
  afterAll(() => {
    if ((globalThis as { testsFailed?: number }).testsFailed !== undefined)
      for (const home of homes) home.tellLogs();
  });
  afterAll(async () => {
    for (const home of homes) await home.expectAsRebuilt();
  });
  afterAll(async () => {
    const removals = await Promise.allSettled(homes.map((home) => home.remove()));
    const failed = removals.find((removal) => removal.status === 'rejected');
    // Otherwise the guardian, which tries it the hard way once the run is over.
    if (failed) throw failed.reason;
    await guardian.dismiss();
  });
  return async (options = {}) => {
    const home = await ServerHome.create(guardian, settings, options);
    homes.push(home);
    return home;
  };
}
