import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import type { EmbeddedPostgres, EmbeddedPostgresOptions, LogLine } from './index.js';
import { openEmbeddedPostgres } from './index.js';
import { copyFreshCluster } from './testing/fresh-cluster.js';
import { Neighbour } from './testing/neighbour.js';
import { processIsGone, until } from './testing/processes.js';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const library = resolve(__dirname, '../dist/index.js');

async function ask<T>(url: string, sql: string): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  let home: string;
  let dataDir: string;
  const lines: LogLine[] = [];
  const open = (options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> =>
    openEmbeddedPostgres({ dataDir, memoryBytes: 1024 ** 3, log: (line) => lines.push(line), ...options });

  beforeEach(async () => {
    lines.length = 0;
    // mkdtemp makes it 0700 and ours: as root, every test here runs in a place the account of PostgreSQL cannot enter.
    home = await mkdtemp(join(tmpdir(), 'shaoying-postgres-spec-'));
    dataDir = join(home, 'data');
  });

  afterEach(async () => {
    // A test that failed half-way has left a server running; the last close stops it.
    if (await stat(join(dataDir, 'postgres', 'postmaster.pid')).catch(() => null)) {
      await (await open()).close().catch(() => undefined);
    }
    await rm(home, { recursive: true, force: true });
  });

  it('keeps what was written when it is closed and opened again', async () => {
    const first = await open();
    expect(first.startedHere).toBe(true);
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.close();
    await until(() => processIsGone(first.pid));
    const second = await open();
    expect(await ask(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.close();
    await second.close();
  });

  it('lets nobody in without the password, which only we can read', async () => {
    const postgres = await open();
    const url = new URL(postgres.url);
    url.password = 'guess';
    await expect(ask(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600);
    await postgres.close();
  });

  it('runs until the last of several users has left', async () => {
    await copyFreshCluster(dataDir);
    const first = await open();
    const neighbour = await Neighbour.start(library, dataDir);
    expect(neighbour.opened).toMatchObject({ startedHere: false, pid: first.pid, url: first.url });
    await first.close();
    expect(await ask(neighbour.opened.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await neighbour.close();
    await until(() => processIsGone(first.pid));
  });

  it('is started by one of several processes that come at once, and joined by the others', async () => {
    const all = await Promise.all([
      Neighbour.start(library, dataDir),
      Neighbour.start(library, dataDir),
      Neighbour.start(library, dataDir),
    ]);
    expect(all.filter(({ opened }) => opened.startedHere)).toHaveLength(1);
    expect(new Set(all.map(({ opened }) => opened.pid)).size).toBe(1);
    await Promise.all(all.map((neighbour) => neighbour.close()));
    await until(() => processIsGone(all[0]?.opened.pid ?? 0));
  });

  it('serves whoever opens while the last one is closing', async () => {
    await copyFreshCluster(dataDir);
    for (let round = 0; round < 5; round += 1) {
      const leaving = await open();
      const [, arriving] = await Promise.all([leaving.close(), open()]);
      expect(await ask(arriving.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await arriving.close();
    }
  });

  it('is adopted after its starter was killed', async () => {
    await copyFreshCluster(dataDir);
    const neighbour = await Neighbour.start(library, dataDir);
    await ask(neighbour.opened.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await neighbour.signalGroup('SIGKILL');
    const adopted = await open();
    expect(adopted).toMatchObject({ startedHere: false, pid: neighbour.opened.pid });
    expect(await ask(adopted.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await adopted.close();
    await until(() => processIsGone(neighbour.opened.pid));
  });

  it('is not reached by the Ctrl-C that ends its starter', async () => {
    await copyFreshCluster(dataDir);
    const neighbour = await Neighbour.start(library, dataDir);
    await neighbour.signalGroup('SIGINT');
    expect(await ask(neighbour.opened.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await (await open()).close();
  });

  it('recovers what was committed when it was killed together with its starter', async () => {
    await copyFreshCluster(dataDir);
    const neighbour = await Neighbour.start(library, dataDir);
    await ask(neighbour.opened.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await neighbour.signalGroup('SIGKILL');
    process.kill(neighbour.opened.pid, 'SIGKILL');
    const recovered = await open();
    expect(recovered.startedHere).toBe(true);
    expect(await ask(recovered.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await recovered.close();
  });

  it('stays counted when PostgreSQL drops its connections', async () => {
    await copyFreshCluster(dataDir);
    const postgres = await open();
    await ask(
      postgres.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shaoying occupancy'`,
    );
    await until(() => lines.some(({ msg }) => msg.includes('is back')));
    const neighbour = await Neighbour.start(library, dataDir);
    await neighbour.close();
    expect(await ask(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await postgres.close();
  });

  it('starts over when the first start was cut short in initdb', async () => {
    await mkdir(join(dataDir, 'postgres.init-killed', 'cluster'), { recursive: true });
    await mkdir(join(dataDir, 'postgres'));
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '18\n');
    const postgres = await open();
    expect(await ask(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await postgres.close();
    const left = await readdir(dataDir);
    expect(left).not.toContain('postgres.init-killed');
    expect(left.some((name) => name.startsWith('postgres.incomplete-'))).toBe(true);
  });

  it('starts when the pid of a crashed run belongs to another process by now', async () => {
    await copyFreshCluster(dataDir);
    const { uid, gid } = await stat(join(dataDir, 'postgres'));
    const bystander = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
    const file = join(dataDir, 'postgres', 'postmaster.pid');
    await writeFile(file, `${bystander.pid}\n${dataDir}/postgres\n1700000000\n55555\n\n127.0.0.1\n`, {
      mode: 0o600,
    });
    if (isRoot) await chown(file, uid, gid);
    try {
      const postgres = await open();
      expect(postgres.startedHere).toBe(true);
      await postgres.close();
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  it('does not take the server of the original for that of a copy', async () => {
    await copyFreshCluster(dataDir);
    const original = await open();
    const copy = join(home, 'copy');
    await cp(dataDir, copy, { recursive: true, preserveTimestamps: true });
    const opened = await openEmbeddedPostgres({ dataDir: copy }).catch((error: unknown) => error);
    await original.close();
    if (opened instanceof Error) throw opened;
    expect((opened as EmbeddedPostgres).pid).not.toBe(original.pid);
    await (opened as EmbeddedPostgres).close();
  });

  it('takes over the lock of a starter that died', async () => {
    await mkdir(dataDir, { recursive: true });
    const dead = spawn('true');
    await once(dead, 'exit');
    await writeFile(join(dataDir, 'postgres.lock'), `${dead.pid} 1 x`);
    await (await open()).close();
    expect(await readdir(dataDir)).not.toContain('postgres.lock');
  });

  it('refuses a cluster of another major version and leaves it as it is', async () => {
    await copyFreshCluster(dataDir);
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(open()).rejects.toMatchObject({ code: 'POSTGRES_CLUSTER_UNUSABLE' });
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '18\n');
    await (await open()).close();
  });

  it('refuses a password that is not the one of the cluster, and stops what it started', async () => {
    await copyFreshCluster(dataDir);
    const file = join(dataDir, 'postgres.password');
    const right = await readFile(file, 'utf8');
    await writeFile(file, 'wrong\n');
    await expect(open()).rejects.toMatchObject({ code: 'POSTGRES_CLUSTER_UNUSABLE' });
    expect(await stat(join(dataDir, 'postgres', 'postmaster.pid')).catch(() => null)).toBeNull();
    await writeFile(file, right);
  });

  const asRoot = isRoot ? describe : describe.skip;
  asRoot(isRoot ? 'as root' : 'as root (skipped: not root)', () => {
    it('runs as another user, in a directory that user may not enter by its path', async () => {
      const postgres = await open();
      const { uid } = await stat(`/proc/${postgres.pid}`);
      expect(uid).not.toBe(0);
      expect((await stat(home)).mode & 0o777).toBe(0o700);
      expect(await ask(postgres.url, 'SHOW data_directory')).toEqual([{ data_directory: '/proc/self/cwd' }]);
      await postgres.close();
    });

    it('uses plain paths in a directory open to all', async () => {
      await chmod(home, 0o755);
      const postgres = await open();
      expect(await ask(postgres.url, 'SHOW data_directory')).toEqual([
        { data_directory: join(dataDir, 'postgres') },
      ]);
      await postgres.close();
    });

    it('takes a cluster that was copied as root', async () => {
      await copyFreshCluster(dataDir);
      await (await open()).close();
      await cp(dataDir, join(home, 'copy'), { recursive: true });
      const postgres = await openEmbeddedPostgres({ dataDir: join(home, 'copy') });
      await postgres.close();
    });
  });

  const blocked = isRoot ? (closedAncestor(process.execPath) ?? closedAncestor(library)) : 'not root';
  (blocked ? describe.skip : describe)(
    blocked ? `as an ordinary user (skipped: ${blocked})` : 'as an ordinary user',
    () => {
      it('runs as that user, and root later joins in without taking the files away', async () => {
        await chmod(home, 0o755);
        await mkdir(dataDir);
        await chown(dataDir, NOBODY, NOBODY);
        const neighbour = await Neighbour.start(library, dataDir, { uid: NOBODY, gid: NOBODY });
        expect((await stat(`/proc/${neighbour.opened.pid}`)).uid).toBe(NOBODY);
        const joined = await open();
        expect(joined.pid).toBe(neighbour.opened.pid);
        await neighbour.close();
        await joined.close();
        await (await open()).close();
        await (await Neighbour.start(library, dataDir, { uid: NOBODY, gid: NOBODY })).close();
      });

      it('refuses a cluster that root made, and says whose it is', async () => {
        await chmod(home, 0o777);
        await (await open()).close();
        await chmod(dataDir, 0o777);
        const opening = Neighbour.start(library, dataDir, { uid: NOBODY, gid: NOBODY });
        await expect(opening).rejects.toThrow('belongs to another user');
      });
    },
  );
});

/** The first directory above `file` that others may not enter: a user other than root cannot run what is below it. */
function closedAncestor(file: string): string | null {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0) return `${directory} is closed to other users`;
    if (dirname(directory) === directory) return null;
  }
}
