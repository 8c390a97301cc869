import { InMemoryEventStore } from '@shaoying/event-store';
import { type TestDatabase, createTestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import type { Projection } from './projection.js';
import { type ProjectionEngineOptions, ProjectionEngine } from './projection-engine.js';
import type { RebuildBeginning, RebuildProgress } from './rebuild.js';
import { isSame } from './table-comparison.js';
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

function engine(
  projections: readonly Projection[],
  batchSize = 50,
  other: Partial<ProjectionEngineOptions> = {},
): ProjectionEngine {
  const sizes = { batchSize, rebuildBatchSize: batchSize };
  const created = new ProjectionEngine({ store, url: database.url, projections, ...sizes, log, ...other });
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

/** The same where nothing that comes looks an earlier row up. */
const indexedAfter = (onApply?: Parameters<typeof tally>[0]): Projection => ({
  ...tally(onApply),
  schema: `
    create table totals (stream_id text primary key, events integer not null);
    create table seen (position bigint not null, type text not null);
  `,
  indexes: 'create index if not exists seen_position on seen (position)',
});
const indexesOfSeen = async () =>
  (
    await rows<{ of: string }>(
      `select schemaname as of from pg_indexes where indexname = 'seen_position' order by 1`,
    )
  ).map((row) => row.of);

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

/** A rebuild that ends in the middle, as if it were killed there. */
async function killedAt100(projection: Projection): Promise<void> {
  const kill = new AbortController();
  const killed = engine([projection]).rebuild('tally', {
    signal: kill.signal,
    onProgress: ({ events }) => events === 100 && kill.abort(),
  });
  await expect(killed).rejects.toMatchObject({ code: 'REBUILD_ABORTED' });
}

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
    expect(await schemas()).toEqual(['tally', 'tally__retired']);
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
  });

  const leftAt100 = { version: 1, position: '100' };
  it.each([
    ['goes on from where it was', {}, { from: '100', thrownAway: null }, 200],
    [
      'starts over where it is told to',
      { fromStart: true },
      { from: '0', thrownAway: { ...leftAt100, reason: 'ASKED_FOR' } },
      300,
    ],
  ])('that was killed %s', async (_how, options, beginning, eventsReadAgain) => {
    await append(300);
    engine([tally()]).start();
    await reached(300);
    await damage();
    await killedAt100(tally());
    expect(await schemas()).toEqual(['tally', 'tally__shadow']);
    const told: RebuildBeginning[] = [];
    const outcome = await engine([tally()]).rebuild('tally', {
      ...options,
      onBeginning: (begun) => told.push(begun),
    });
    expect(told).toEqual([beginning]);
    expect(outcome).toMatchObject({ ...beginning, events: eventsReadAgain, swapped: true });
    expect(await seen()).toEqual(upTo(300));
    expect(await schemas()).toEqual(['tally', 'tally__retired']);
  });

  it.each([
    ['of another version', 'OTHER_VERSION', tally({ version: 2 })],
    ['of other tables of the same version', 'OTHER_DEFINITION', indexedAfter()],
    ['of another setting', 'OTHER_DEFINITION', { ...tally(), madeBy: 'sm3' }],
  ])('throws away what one has left that is %s, and says so', async (_which, reason, other) => {
    await append(300);
    await killedAt100(other);
    const outcome = await engine([tally()]).rebuild('tally');
    expect(outcome).toMatchObject({
      ...{ from: '0', events: 300, swapped: true },
      thrownAway: { version: other.version, position: '100', reason },
    });
    expect(await seen()).toEqual(upTo(300));
  });

  it('throws away what a release has left that does not say of what it is, also over one that did', async () => {
    await append(300);
    await killedAt100(tally());
    // As a release does that knows no definitions: it begins its own, and leaves what it does not know.
    await admin.query(`update projections.shadows set started_at = started_at + interval '1 minute'`);
    expect(await engine([tally()]).rebuild('tally')).toMatchObject({
      thrownAway: { ...leftAt100, reason: 'OTHER_DEFINITION' },
    });
    await killedAt100(tally());
    await admin.query('update projections.shadows set definition = null');
    expect(await engine([tally()]).rebuild('tally')).toMatchObject({
      thrownAway: { ...leftAt100, reason: 'OTHER_DEFINITION' },
    });
    expect(await seen()).toEqual(upTo(300));
  });

  it('makes the indexes that its rows do not need after them, and once, also where they were made before it was killed', async () => {
    await append(300);
    engine([indexedAfter()]).start();
    await reached(300);
    expect(await indexesOfSeen()).toEqual(['tally']);
    const whileFilled: string[][] = [];
    const kill = new AbortController();
    const watching = indexedAfter({ onApply: async () => void whileFilled.push(await indexesOfSeen()) });
    const killed = engine([watching]).rebuild('tally', {
      signal: kill.signal,
      onProgress: ({ events }) => events === 100 && kill.abort(),
    });
    await expect(killed).rejects.toMatchObject({ code: 'REBUILD_ABORTED' });
    expect(whileFilled).toEqual([['tally'], ['tally']]);
    await admin.query('create index seen_position on tally__shadow.seen (position)');
    const { comparison } = await engine([indexedAfter()]).rebuild('tally');
    expect(comparison).toMatchObject([{ table: 'seen', different: 0 }, { table: 'totals' }]);
    expect(await seen()).toEqual(upTo(300));
    expect(await indexesOfSeen()).toEqual(['tally', 'tally__retired']);
    await engine([indexedAfter()]).rebuild('tally');
    expect(await indexesOfSeen()).toEqual(['tally', 'tally__retired']);
  });

  it('ends in the middle of an index where it is told to, and goes on from there', async () => {
    await append(100);
    const kill = new AbortController();
    // Slow the first time only: another text would be another definition.
    await admin.query('create table pace as select 60 as seconds');
    const slow = {
      ...indexedAfter(),
      indexes: `select pg_sleep(seconds) from public.pace; ${indexedAfter().indexes}`,
    };
    const killed = engine([slow]).rebuild('tally', { signal: kill.signal });
    await until(
      'it makes the index',
      async () =>
        (
          await rows(
            "select from pg_stat_activity where query like '%pg_sleep(seconds)%' and state = 'active'",
          )
        ).length > 1,
    );
    kill.abort();
    await expect(killed).rejects.toMatchObject({ code: 'REBUILD_ABORTED' });
    await admin.query('update pace set seconds = 0');
    // PostgreSQL looks once a second whether anybody is there to hear of it.
    await until('its lock is given back', async () => {
      const { events } = await engine([slow]).rebuild('tally');
      return events === 0;
    });
    expect(await seen()).toEqual(upTo(100));
    expect(await indexesOfSeen()).toEqual(['tally']);
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

describe('an event that only a rebuild cannot apply', () => {
  const why = { by: 'u-1001', reason: '导入错误，见工单 77' };
  const stricter = (version = 1): Projection =>
    tally({
      version,
      onApply: (events) => {
        if (events.some((event) => event.type === 'Poison')) throw new Error('no such category');
      },
    });
  const without61 = (last: number) => upTo(last).filter((position) => position !== 61);

  /** The tables that serve have the event. */
  async function refusedAt61(version = 1): Promise<{ server: ProjectionEngine; beside: ProjectionEngine }> {
    await append(60);
    await append(1, 'Poison');
    await append(60);
    const server = engine([tally()]);
    server.start();
    await reached(121);
    const beside = engine([stricter(version)]);
    await expect(beside.rebuild('tally')).rejects.toMatchObject({ code: 'POISON_EVENT', position: '61' });
    return { server, beside };
  }

  it('is shown with what it says, and is tried again when the rebuild is run again: from there', async () => {
    const { server, beside } = await refusedAt61();
    expect((await server.status())[0]).toMatchObject({
      ...{ status: 'running', error: null },
      rebuild: {
        ...{ version: 1, position: '60', lagEvents: 61, errorPosition: '61' },
        error: 'tally cannot apply Poison at position 61: no such category',
      },
    });
    await expect(beside.rebuild('tally')).rejects.toMatchObject({ code: 'POISON_EVENT', position: '61' });
    expect((await server.status())[0]?.rebuild).toMatchObject({ position: '60', errorPosition: '61' });
    // Mended, under the same version.
    expect(await engine([tally()]).rebuild('tally')).toMatchObject({ from: '60', events: 61, leftOut: [] });
    expect((await server.status())[0]).toMatchObject({ status: 'running', rebuild: null });
    expect(await seen()).toEqual(upTo(121));
  });

  it('is passed by when somebody answers for it: by the rebuild, by what it swaps in, and the difference is told', async () => {
    const { server, beside } = await refusedAt61();
    await expect(beside.skip('tally', '60', why)).rejects.toMatchObject({
      ...{ code: 'NOT_STOPPED_THERE', stoppedAt: null, rebuildStoppedAt: '61' },
    });
    expect(await beside.skip('tally', '61', why)).toMatchObject({
      projectionVersion: 1,
      eventType: 'Poison',
    });
    expect((await server.status())[0]?.rebuild).toMatchObject({ position: '60', error: null });
    const outcome = await beside.rebuild('tally', { comparedRowsMax: null });
    expect(outcome).toMatchObject({ from: '60', swapped: true, leftOut: [{ ...why, position: '61' }] });
    expect(outcome.comparison).toMatchObject([
      { table: 'seen', serving: 121, rebuilt: 120, different: 1 },
      { table: 'totals', different: 2 },
    ]);
    expect(await seen()).toEqual(without61(121));
    // Behind the event that says what is passed by.
    await append(9);
    await reached(131);
    const now = [...without61(121), ...upTo(131).slice(122)];
    expect(await seen()).toEqual(now);
    // What serves now lacks it as well: nothing is left out any more that the other side has.
    const again = await beside.rebuild('tally', { compareOnly: true, comparedRowsMax: null });
    expect(again).toMatchObject({ leftOut: [] });
    expect(again.comparison?.every(isSame)).toBe(true);
    // What served before had it, and is known to when it serves again.
    await beside.rollBack('tally');
    await reached(131);
    expect(await beside.rebuild('tally')).toMatchObject({ leftOut: [{ position: '61' }] });
  });

  it('is passed by for the version that cannot, and for those after it: an earlier one may', async () => {
    const { server, beside } = await refusedAt61(2);
    expect(await beside.skip('tally', '61', why)).toMatchObject({ projectionVersion: 2 });
    expect((await server.rebuild('tally')).comparison?.every(isSame)).toBe(true);
    expect(await seen()).toEqual(upTo(121));
    expect(await engine([stricter(3)]).rebuild('tally')).toMatchObject({ version: 3, swapped: true });
    expect(await seen()).toEqual(without61(121));
  });

  it('has a rebuild start over that had applied it before it was passed by', async () => {
    await append(60);
    await append(1, 'Poison');
    await append(239);
    await killedAt100(tally());
    const live = engine([stricter()]);
    live.start();
    await until('stopped', async () => (await checkpoint())?.status === 'stopped');
    await live.skip('tally', '61', why);
    await reached(301);
    expect(await engine([tally()]).rebuild('tally')).toMatchObject({
      ...{ from: '0', leftOut: [] },
      thrownAway: { position: '100', reason: 'OTHER_EVENTS_PASSED_BY' },
    });
    expect(await seen()).toEqual(without61(300));
  });

  it('is found also where it comes while the tables are compared', async () => {
    await append(200);
    engine([tally()]).start();
    await reached(200);
    const slow = { ...stricter(), completion: 'select pg_sleep(1)' };
    let appended: Promise<unknown> | undefined;
    const rebuilding = engine([slow]).rebuild('tally', {
      onPhase: (phase) => {
        if (phase === 'COMPLETING') appended ??= append(1, 'Poison').then(() => append(5));
      },
    });
    await expect(rebuilding).rejects.toMatchObject({ code: 'POISON_EVENT', position: '201' });
    await appended;
    expect(await checkpoint()).toMatchObject({ status: 'running', position: '206' });
  });

  it('has stopped an upgrade that goes on once it is passed by; the release before can still apply it', async () => {
    const { server } = await refusedAt61(2);
    await server.stop();
    const upgraded = engine([stricter(2)]);
    upgraded.start();
    await until('stopped', async () => (await checkpoint())?.status === 'stopped');
    await engine([stricter(2)]).skip('tally', '61', why);
    await until('version 2', async () => (await checkpoint())?.version === 2);
    expect(await seen()).toEqual(without61(121));
    // The older release, and its tables, can apply it.
    await upgraded.stop();
    const older = engine([tally()]);
    await older.rollBack('tally');
    expect(await older.rebuild('tally')).toMatchObject({ version: 1, leftOut: [] });
    expect(await seen()).toEqual(upTo(121));
  });
});

describe('what a rebuild finds', () => {
  const served = { table: 'seen', shape: 'EQUAL', serving: 190, rebuilt: 200 };

  it.each([
    ['by their primary key', tally],
    ['by an index', indexedAfter],
    ['by all that they say', () => ({ ...indexedAfter(), indexes: '' })],
  ])(
    'is told: rows of either side, and those of a sample that differ, found %s',
    async (_how, projection) => {
      await append(200);
      engine([projection()]).start();
      await reached(200);
      await damage();
      await admin.query(`update tally.seen set type = 'Other' where position > 195`);
      const compared = await engine([projection()]).rebuild('tally', { comparedRowsMax: null });
      expect(compared).toMatchObject({ name: 'tally', version: 1, events: 200, swapped: true });
      // Ten rows that one side lacks, and five that both have otherwise.
      expect(compared.comparison).toEqual([
        { ...served, compared: 390, different: 20 },
        { table: 'totals', shape: 'EQUAL', serving: 1, rebuilt: 1, compared: 2, different: 0 },
      ]);
      const again = await engine([projection()]).rebuild('tally', { comparedRowsMax: 30 });
      expect(again.comparison).toMatchObject([
        { table: 'seen', serving: 200, rebuilt: 200, different: 0 },
        { table: 'totals', serving: 1, rebuilt: 1, different: 0 },
      ]);
      expect(again.comparison?.[0]?.compared).toBeGreaterThan(10);
      expect(again.comparison?.[0]?.compared).toBeLessThan(200);
    },
  );

  it('can be all of it: the tables that serve stay as they are, under load too', async () => {
    await append(200);
    engine([tally()]).start();
    await reached(200);
    await damage();
    const appended: Promise<unknown>[] = [];
    const compared = await engine([tally()]).rebuild('tally', {
      ...{ compareOnly: true, comparedRowsMax: null },
      onProgress: () => {
        if (appended.length < 5) appended.push(append(20));
      },
    });
    await Promise.all(appended);
    expect(compared).toMatchObject({ swapped: false });
    const [rows] = compared.comparison ?? [];
    expect((rows?.rebuilt ?? 0) - (rows?.serving ?? 0)).toBe(10);
    expect(rows?.different).toBe(10);
    expect(await schemas()).toEqual(['tally']);
    expect((await seen())[0]).toBe(11);
  });

  /** A table that no event concerns: whoever counts its rows can be held up there, and nobody else. */
  const withAside = (): Projection => ({
    ...tally(),
    schema: `${tally().schema} create table aside (id int);`,
  });

  it('is found while the tables that serve go on: nothing of theirs is held', async () => {
    await append(200);
    engine([withAside()]).start();
    await reached(200);
    await damage();
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query('begin; lock table tally.aside in access exclusive mode');
      const phases: string[] = [];
      const comparing = engine([withAside()]).rebuild('tally', {
        ...{ compareOnly: true, comparedRowsMax: null },
        onPhase: (phase) => phases.push(phase),
      });
      await until(
        'it compares',
        async () =>
          (
            await rows(
              `select from pg_stat_activity where application_name = 'shaoying-rebuild-tally' and wait_event_type = 'Lock'`,
            )
          ).length === 1,
      );
      expect(phases.at(-1)).toBe('COMPARING');
      await append(20);
      await reached(220);
      await holder.query('rollback');
      // What was committed meanwhile is on neither side.
      expect(await comparing).toMatchObject({
        comparedWith: { version: 1, position: '200' },
        comparison: [{ table: 'aside' }, served, { table: 'totals', different: 0 }],
      });
    } finally {
      await holder.end();
    }
    expect(await schemas()).toEqual(['tally']);
  });

  it('is found where the tables that serve stand, when nobody fills them', async () => {
    await append(75);
    const stopped = engine([tally()]);
    stopped.start();
    await reached(75);
    await stopped.stop();
    await damage();
    await append(125);
    const found = {
      comparedWith: { version: 1, position: '75' },
      comparison: [
        { ...served, serving: 65, rebuilt: 75, different: 10 },
        { table: 'totals', different: 0 },
      ],
    };
    const compared = await engine([tally()]).rebuild('tally', { compareOnly: true });
    expect(compared).toMatchObject({ ...found, swapped: false, events: 75 });
    expect(await engine([tally()]).rebuild('tally')).toMatchObject({ ...found, swapped: true, events: 200 });
    expect(await seen()).toEqual(upTo(200));
  });

  it('is looked for at the end where the tables that serve have nothing yet', async () => {
    const stopped = engine([indexedAfter()]);
    stopped.start();
    await until('it is active', async () => (await stopped.status())[0]?.activity === 'active');
    await stopped.stop();
    await append(200);
    const whileFilled: string[][] = [];
    const watching = indexedAfter({ onApply: async () => void whileFilled.push(await indexesOfSeen()) });
    const { comparison } = await engine([watching]).rebuild('tally');
    expect(comparison).toBeNull();
    expect(whileFilled).toEqual([['tally'], ['tally'], ['tally'], ['tally']]);
  });

  it('is nothing where a rebuild that goes on had come further than the tables that serve', async () => {
    await append(40);
    const stopped = engine([tally()]);
    stopped.start();
    await reached(40);
    await stopped.stop();
    await append(160);
    await killedAt100(tally());
    expect(await engine([tally()]).rebuild('tally')).toMatchObject({
      ...{ from: '100', events: 100, comparison: null, comparedWith: null, swapped: true },
    });
    expect(await seen()).toEqual(upTo(200));
  });
});

describe('the tables that a rebuild has replaced', () => {
  async function rebuiltOnce(): Promise<ProjectionEngine> {
    await append(100);
    const server = engine([tally()]);
    server.start();
    await reached(100);
    await admin.query(`update tally.seen set type = 'As it was'`);
    await server.rebuild('tally');
    return server;
  }
  const asTheyWere = async () =>
    (await rows<{ n: number }>(`select count(*)::int as n from tally.seen where type = 'As it was'`))[0]?.n;

  it('serve again when told to, go on from where they were, and may be exchanged back', async () => {
    const server = await rebuiltOnce();
    await append(20);
    await reached(120);
    expect(await asTheyWere()).toBe(0);
    expect(await engine([tally()]).rollBack('tally')).toMatchObject({ version: 1, position: '100' });
    await reached(120);
    expect(await asTheyWere()).toBe(100);
    expect(await seen()).toEqual(upTo(120));
    expect((await server.status())[0]).toMatchObject({ status: 'running', retired: { position: '120' } });
    await server.rollBack('tally');
    await append(5);
    await reached(125);
    expect(await asTheyWere()).toBe(0);
    expect(await seen()).toEqual(upTo(125));
  });

  it('serve again after a version that turned out wrong, for the release that knows them', async () => {
    await append(10);
    const older = engine([tally()]);
    older.start();
    await reached(10);
    const newer = engine([tally({ version: 2 })]);
    newer.start();
    await until('version 2', async () => (await checkpoint())?.version === 2);
    await newer.stop();
    expect(await older.rollBack('tally')).toMatchObject({ version: 1 });
    await append(5);
    await until('older is active', async () => (await checkpoint())?.position === '15');
    expect(await checkpoint()).toMatchObject({ version: 1 });
    expect(await seen()).toEqual(upTo(15));
  }, 20_000);

  it('are dropped when told to, or when the next ones are replaced', async () => {
    const server = await rebuiltOnce();
    await server.rebuild('tally');
    await server.rollBack('tally');
    expect(await asTheyWere()).toBe(0);
    expect(await server.dropRetired('tally')).toBe(true);
    expect(await schemas()).toEqual(['tally']);
    expect(await server.dropRetired('tally')).toBe(false);
    await expect(server.rollBack('tally')).rejects.toMatchObject({ code: 'NOTHING_RETIRED' });
    expect((await server.status())[0]).toMatchObject({ retired: null });
  });

  it('are dropped of themselves once they are a day old, and not before', async () => {
    const server = await rebuiltOnce();
    const lookingAfter = async (hours: number): Promise<ProjectionEngine> => {
      const now = () => new Date(Date.now() + hours * 3_600_000);
      const later = engine([tally()], 50, { now, lookForOutdatedMs: 20 });
      later.start();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return later;
    };
    await (await lookingAfter(23.9)).stop();
    expect((await server.status())[0]?.retired).not.toBeNull();
    await lookingAfter(24.1);
    await until('they are dropped', async () => (await schemas()).length === 1);
    expect(await schemas()).toEqual(['tally']);
    expect((await server.status())[0]).toMatchObject({ status: 'running', retired: null });
    expect(await seen()).toEqual(upTo(100));
  });

  it('are left alone while a rebuild is under way', async () => {
    const server = await rebuiltOnce();
    await admin.query(`select pg_advisory_lock(hashtextextended('projections/tally/rebuild', 0))`);
    await expect(server.rollBack('tally')).rejects.toMatchObject({ code: 'REBUILD_UNDER_WAY' });
    await expect(server.dropRetired('tally')).rejects.toMatchObject({ code: 'REBUILD_UNDER_WAY' });
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

  /** As `second`, with tables that are gone, and others of the same columns in another order, or of other columns. */
  const third = (): Projection => ({
    ...tally({ version: 3 }),
    schema: `
      create table totals (events integer not null, stream_id text primary key);
      create table seen (position bigint primary key, type text not null, extra integer);
      create table added (id int);
    `,
    async apply(events, tx) {
      const counted =
        'insert into totals values ($1, $2) on conflict (stream_id) do update set events = totals.events + $1';
      await tx.query(counted, [events.length, 'a']);
      const positions = events.map(({ position }) => position);
      await tx.query(`insert into seen select p, 'Counted' from unnest($1::bigint[]) as p`, [positions]);
    },
  });
  const old = (): Projection => ({ ...tally(), schema: `${tally().schema} create table left_off (id int);` });
  const found = [
    { table: 'added', shape: 'NEW', serving: null, rebuilt: 0, compared: 0, different: 0 },
    { table: 'left_off', shape: 'GONE', serving: 0, rebuilt: null, compared: 0, different: 0 },
    { table: 'seen', shape: 'OTHER_COLUMNS', serving: 75, rebuilt: 75, compared: 0, different: 0 },
    { table: 'totals', shape: 'EQUAL', serving: 1, rebuilt: 1, compared: 2, different: 2 },
  ];
  const told = () => log.lines.find(({ message }) => message === 'rebuild swapped in')?.fields;

  it('is compared where the tables stand that nobody fills any more, and swapped in whatever is found', async () => {
    await append(75);
    const server = engine([old()]);
    server.start();
    await reached(75);
    await server.stop();
    await admin.query('update tally.totals set events = events + 1');
    await append(125);
    const upgraded = engine([third()]);
    upgraded.start();
    await until('version 3', async () => (await checkpoint())?.version === 3);
    expect(told()).toMatchObject({
      version: 3,
      comparedWith: { version: 1, position: '75' },
      different: found,
    });
    await reached(200);
    expect(await seen()).toEqual(upTo(200));
    expect(await rows('select * from tally.totals')).toEqual([{ stream_id: 'a', events: 200 }]);
    // The tables of before are those to go back to.
    await upgraded.stop();
    const back = engine([old()]);
    await back.rollBack('tally');
    expect(await seen()).toEqual(upTo(75));
  });

  it('is compared at the end with tables that an older process goes on filling', async () => {
    await append(75);
    engine([old()]).start();
    await reached(75);
    const outcome = await engine([third()]).rebuild('tally', { comparedRowsMax: null });
    expect(outcome).toMatchObject({
      ...{ version: 3, swapped: true, comparedWith: { version: 1, position: '75' } },
      comparison: found.map((table) => (table.shape === 'EQUAL' ? { ...table, different: 0 } : table)),
    });
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
