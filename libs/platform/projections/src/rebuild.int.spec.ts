import { InMemoryEventStore } from '@shaoying/event-store';
import { type TestDatabase, createTestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import type { Projection } from './projection.js';
import { ProjectionEngine } from './projection-engine.js';
import type { RebuildProgress } from './rebuild.js';
import { newEvent } from './testing/index.js';
import { RecordingLog } from './testing/recording-log.js';
import { tally } from './testing/sample-projections.js';

let database: TestDatabase;
let admin: Client;
let store: InMemoryEventStore;
let log: RecordingLog;
let engines: ProjectionEngine[];

beforeEach(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.url });
  admin.on('error', () => undefined);
  await admin.connect();
  store = new InMemoryEventStore();
  log = new RecordingLog();
  engines = [];
});

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.stop()));
  await store.close();
  await admin.end();
  await database.drop();
});

function engine(projections: readonly Projection[], batchSize = 50): ProjectionEngine {
  const created = new ProjectionEngine({ store, url: database.url, projections, batchSize, log });
  engines.push(created);
  return created;
}

const append = (count: number, type = 'Counted') =>
  store.append(
    'a',
    'any',
    Array.from({ length: count }, () => newEvent(type, {})),
  );

async function rows<Row>(sql: string): Promise<Row[]> {
  return (await admin.query(sql)).rows as Row[];
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const checkpoint = async () =>
  (
    await rows<{ position: string; version: number; status: string }>('select * from projections.checkpoints')
  )[0];
const reached = (position: number) =>
  until(`position ${position}`, async () => (await checkpoint())?.position === String(position));
const seen = async () =>
  (await rows<{ position: string }>('select position from tally.seen order by 1')).map((row) =>
    Number(row.position),
  );
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const schemas = async () =>
  (
    await rows<{ name: string }>(
      `select nspname as name from pg_namespace where nspname like 'tally%' order by 1`,
    )
  ).map((row) => row.name);

/** Damage that only a rebuild repairs; it tells old tables from new. */
const damage = () => admin.query(`delete from tally.seen where position <= 10`);

describe('a rebuild', () => {
  it('fills new tables while the old serve and go on, then swaps without losing what came meanwhile', async () => {
    await append(400);
    const server = engine([tally()]);
    server.start();
    await reached(400);
    await damage();
    const progress: RebuildProgress[] = [];
    const appended: Promise<unknown>[] = [];
    await engine([tally()]).rebuild('tally', {
      onProgress: (step) => {
        progress.push(step);
        // The log grows under the rebuild, and the serving projection follows.
        if (progress.length < 5) appended.push(append(20));
      },
    });
    await Promise.all(appended);
    await reached(480);
    expect(await seen()).toEqual(upTo(480));
    expect(progress.length).toBeGreaterThan(5);
    expect(progress.at(-1)).toMatchObject({ name: 'tally' });
    expect(await schemas()).toEqual(['tally']);
    await append(7);
    await reached(487);
    expect(await seen()).toEqual(upTo(487));
    expect((await server.status())[0]).toMatchObject({
      activity: 'active',
      rebuild: null,
      status: 'running',
    });
  });

  it('shows the old tables until the very swap', async () => {
    await append(200);
    engine([tally()]).start();
    await reached(200);
    await damage();
    const servedRows: number[] = [];
    const watching = tally({ onApply: async () => void servedRows.push((await seen()).length) });
    await engine([watching]).rebuild('tally');
    expect(servedRows).toEqual([190, 190, 190, 190]);
    expect(await seen()).toEqual(upTo(200));
  });

  it('does not make readers of a long query fail', async () => {
    await append(100);
    engine([tally()]).start();
    await reached(100);
    const reading = admin.query('select count(*)::int as n, pg_sleep(1) from tally.seen');
    await engine([tally()]).rebuild('tally');
    expect((await reading).rows).toMatchObject([{ n: 100 }]);
    expect(await schemas()).toEqual(['tally']);
  });

  it.each([
    ['over again', false, 300],
    ['from where it was', true, 200],
  ])('that was killed can be started %s', async (_how, resume, eventsReadAgain) => {
    await append(300);
    engine([tally()]).start();
    await reached(300);
    await damage();
    const kill = new AbortController();
    const killed = engine([tally()]).rebuild('tally', {
      signal: kill.signal,
      onProgress: ({ events }) => events === 100 && kill.abort(),
    });
    await expect(killed).rejects.toMatchObject({ code: 'REBUILD_ABORTED' });
    expect(await schemas()).toEqual(['tally', 'tally__shadow']);
    const progress: RebuildProgress[] = [];
    await engine([tally()]).rebuild('tally', { resume, onProgress: (step) => progress.push(step) });
    expect(progress.at(-1)?.events).toBe(eventsReadAgain);
    expect(await seen()).toEqual(upTo(300));
    expect(await schemas()).toEqual(['tally']);
  });

  it('excludes a second one', async () => {
    await append(200);
    engine([tally()]).start();
    await reached(200);
    await admin.query(`select pg_advisory_lock(hashtextextended('projections/tally/rebuild', 0))`);
    await expect(engine([tally()]).rebuild('tally')).rejects.toMatchObject({ code: 'REBUILD_UNDER_WAY' });
    await admin.query('select pg_advisory_unlock_all()');
    await engine([tally()]).rebuild('tally');
    expect(await seen()).toEqual(upTo(200));
  });

  it('that meets a poison event leaves the serving tables alone', async () => {
    await append(60);
    await append(1, 'Poison');
    engine([tally()]).start();
    await reached(61);
    const stricter = tally({
      onApply: (events) => {
        if (events.some((event) => event.type === 'Poison')) throw new Error('refused');
      },
    });
    await expect(engine([stricter]).rebuild('tally')).rejects.toMatchObject({
      code: 'POISON_EVENT',
      position: '61',
    });
    expect(await seen()).toEqual(upTo(61));
    expect(await checkpoint()).toMatchObject({ status: 'running', position: '61' });
  });

  it('repairs a projection that poison has stopped', async () => {
    await append(10);
    await append(1, 'Poison');
    let refusing = true;
    const subject = engine([
      tally({
        onApply: (events) => {
          if (refusing && events.some((event) => event.type === 'Poison')) throw new Error('refused');
        },
      }),
    ]);
    subject.start();
    await until('stopped', async () => (await checkpoint())?.status === 'stopped');
    refusing = false;
    await subject.rebuild('tally');
    await append(5);
    await reached(16);
    expect(await seen()).toEqual(upTo(16));
  });
});

describe('a raised version', () => {
  const second = (): Projection => ({
    ...tally({ version: 2 }),
    schema: `${tally().schema} create table added (id int);`,
  });

  it('is built beside the old tables, which an older process goes on filling, then replaces them', async () => {
    await append(200);
    const older = engine([tally()]);
    older.start();
    await reached(200);
    const newer = engine([second()]);
    newer.start();
    await until('version 2', async () => (await checkpoint())?.version === 2);
    await append(20);
    await reached(220);
    expect(await seen()).toEqual(upTo(220));
    expect(await rows('select * from tally.added')).toEqual([]);
    await until('older steps back', async () => (await older.status())[0]?.activity === 'superseded');
    await until('newer takes over', async () => (await newer.status())[0]?.activity === 'active');
  });

  it('that cannot apply an event stops loudly, but not an older process that still can', async () => {
    await append(60);
    await append(1, 'Poison');
    const older = engine([tally()]);
    older.start();
    await reached(61);
    let refusing = true;
    const refuse: Projection = {
      ...second(),
      async apply(events, tx) {
        if (refusing && events.some((event) => event.type === 'Poison')) throw new Error('refused');
        await second().apply(events, tx);
      },
    };
    const newer = engine([refuse]);
    newer.start();
    await until('loud', async () => log.lines.some((line) => line.level === 'error'));
    await append(9);
    await reached(70);
    expect(await checkpoint()).toMatchObject({ version: 1, status: 'running' });
    await Promise.all([older.stop(), newer.stop()]);

    const alone = engine([refuse]);
    alone.start();
    await until('stopped', async () => (await checkpoint())?.status === 'stopped');
    expect(await seen()).toEqual(upTo(70));
    refusing = false;
    await alone.retry('tally');
    await until('version 2', async () => (await checkpoint())?.version === 2);
    await reached(70);
    expect(await seen()).toEqual(upTo(70));
  });

  it('is not undone by an older process that starts later', async () => {
    await append(10);
    const newer = engine([second()]);
    newer.start();
    await reached(10);
    await newer.stop();
    const older = engine([tally()]);
    older.start();
    await until('superseded', async () => (await older.status())[0]?.activity === 'superseded');
    await append(5);
    expect(await checkpoint()).toMatchObject({ version: 2, position: '10' });
    expect((await older.status())[0]?.held).toBe(false);
  });
});
