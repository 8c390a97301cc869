import { type TestDatabase, createTestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import type { Projection } from './projection.js';
import { ProjectionEngine } from './projection-engine.js';
import { ReadModelGate } from './read-model-gate.js';
import { RecordingLog } from './testing/recording-log.js';
import { ReplaceableLog } from './testing/replaceable-log.js';
import { tally } from './testing/sample-projections.js';

let database: TestDatabase;
let admin: Client;
let store: ReplaceableLog;
let engines: ProjectionEngine[];
let log: RecordingLog;

beforeEach(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.url });
  admin.on('error', () => undefined);
  await admin.connect();
  store = new ReplaceableLog();
  log = new RecordingLog();
  engines = [];
});

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.stop()));
  await store.close();
  await admin.end();
  await database.drop();
});

function engine(projections: readonly Projection[] = [tally()]): ProjectionEngine {
  const sizes = { batchSize: 50, rebuildBatchSize: 50 };
  const created = new ProjectionEngine({ store, url: database.url, projections, ...sizes, log });
  engines.push(created);
  return created;
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface Row {
  position: string;
  status: string;
  error: string | null;
  event_id: string | null;
  generation: string;
}

const checkpoint = async () =>
  (await admin.query<Row>(`select * from projections.checkpoints where name = 'tally'`)).rows[0];
const reached = (position: number) =>
  until(`position ${position}`, async () => {
    const row = await checkpoint();
    return row?.position === String(position) && row.status === 'running';
  });
const stopped = () => until('stopped', async () => (await checkpoint())?.status === 'stopped');
const idAt = async (position: number) => (await store.eventAt(String(position)))?.eventId;

async function seen(): Promise<number[]> {
  const { rows } = await admin.query<{ position: string }>(
    'select position from tally.seen order by position',
  );
  return rows.map(({ position }) => Number(position));
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** A projector has been at 120 and is gone. */
async function projectedUpTo120(): Promise<void> {
  await store.grow(120);
  const first = engine();
  first.start();
  await reached(120);
  await first.stop();
}

describe('a checkpoint', () => {
  it('says which event it is at, also when that was not for the projection', async () => {
    await store.grow(30);
    engine().start();
    await reached(30);
    expect((await checkpoint())?.event_id).toBe(await idAt(30));
    await store.grow(1, 'Ignored');
    await reached(31);
    expect((await checkpoint())?.event_id).toBe(await idAt(31));
    await engine().rebuild('tally');
    expect(await checkpoint()).toMatchObject({ position: '31', event_id: await idAt(31) });
  });
});

describe('a log restored from an older copy', () => {
  it.each([
    ['ends before the checkpoint', 50, 0, 'at 120, the log ends at 50'],
    ['was emptied', 0, 0, 'at 120, the log ends at 0'],
    ['has grown up to the checkpoint with other events', 50, 70, 'at 120, the log holds another event there'],
    ['has grown past the checkpoint', 50, 150, 'at 120, the log holds another event there'],
  ])('that %s stops the projection loudly until it is rebuilt', async (_what, kept, grown, words) => {
    await projectedUpTo120();
    await store.restore(kept);
    if (grown > 0) await store.grow(grown);
    const second = engine();
    second.start();
    await stopped();
    await until('shown', async () => (await second.status())[0]?.activity === 'stopped');
    const [status] = await second.status();
    expect(status).toMatchObject({ status: 'stopped', position: '120', errorPosition: null });
    expect(status?.error).toMatch('the log was replaced');
    expect(status?.error).toMatch(words);
    expect(log.lines.filter((line) => line.level === 'error')).not.toHaveLength(0);
    // Trying again is no help.
    expect(await second.retry('tally')).toBe(true);
    await stopped();
    await second.rebuild('tally');
    await store.grow(10);
    await reached(kept + grown + 10);
    expect(await seen()).toEqual(upTo(kept + grown + 10));
  });

  it('that ends exactly at the checkpoint is gone on with', async () => {
    await projectedUpTo120();
    await store.grow(30);
    await store.restore(120);
    engine().start();
    await store.grow(5);
    await reached(125);
    expect(await seen()).toEqual(upTo(125));
  });

  it('is noticed by a projection that runs on without losing its connection', async () => {
    await store.grow(120);
    engine().start();
    await reached(120);
    await store.restore(50);
    await stopped();
    expect((await checkpoint())?.error).toMatch('at 120, the log ends at 50');
  });

  it('is read anew by a process that lives on, also what it had read before', async () => {
    let hold: Promise<void> | undefined;
    let letGo: () => void = () => undefined;
    await store.grow(40);
    // The second batch is read and not written when the database goes away.
    const subject = engine([
      tally({ onApply: async (events) => (events[0]?.position === '51' ? hold : undefined) }),
    ]);
    hold = new Promise((resolve) => (letGo = resolve));
    subject.start();
    await reached(40);
    await store.grow(10);
    await reached(50);
    await store.grow(30);
    await until('the tail has read on', async () => {
      const { rowCount } = await admin.query(
        `select from pg_stat_activity where application_name = 'shaoying-projection-tally' and datname = current_database() and state = 'idle in transaction'`,
      );
      return rowCount === 1;
    });
    const applied = (await checkpoint())?.position;
    await store.restore(50);
    const ofThatLog = await idAt(50);
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shaoying-projection-tally' and datname = current_database()`,
    );
    hold = undefined;
    letGo();
    await store.grow(7, 'Ignored');
    await reached(57);
    expect(applied).toBe('50');
    expect((await checkpoint())?.event_id).toBe(await idAt(57));
    expect(await idAt(50)).toBe(ofThatLog);
    expect(await seen()).toEqual(upTo(50));
  });

  it('makes a rebuild that was left unfinished begin anew', async () => {
    await projectedUpTo120();
    const kill = new AbortController();
    const killed = engine().rebuild('tally', {
      signal: kill.signal,
      onProgress: ({ events }) => events === 100 && kill.abort(),
    });
    await expect(killed).rejects.toMatchObject({ code: 'REBUILD_ABORTED' });
    await store.restore(50);
    await store.grow(100, 'Ignored');
    expect(await engine().rebuild('tally')).toMatchObject({
      ...{ from: '0', thrownAway: { version: 1, position: '100', reason: 'OTHER_LOG' } },
    });
    expect(await checkpoint()).toMatchObject({
      position: '150',
      status: 'running',
      event_id: await idAt(150),
    });
    expect(await seen()).toEqual(upTo(50));
  });
});

describe('checkpoints of an older release', () => {
  const ofOldRelease = `
    create schema projections;
    create table projections.checkpoints (
      name text primary key, version integer not null, position text not null, updated_at timestamptz not null,
      status text not null, error_position text, error text);
    create table projections.shadows (
      name text primary key, version integer not null, position text not null, started_at timestamptz not null,
      updated_at timestamptz not null);
    create schema tally;
    comment on schema tally is 'projection tally';
    set search_path to tally;
    ${tally().schema}
    insert into tally.seen select n, 'Counted' from generate_series(1, 20) n;
    insert into projections.checkpoints values ('tally', 1, '20', now(), 'running', null, null)`;

  it('are completed, gone on with, and know their event after the next batch', async () => {
    await admin.query(ofOldRelease);
    await store.grow(20);
    engine().start();
    await until('active', async () => (await engines[0]?.status())?.[0]?.activity === 'active');
    expect(await checkpoint()).toMatchObject({ position: '20', event_id: null });
    await store.grow(5);
    await reached(25);
    expect((await checkpoint())?.event_id).toBe(await idAt(25));
    expect(await seen()).toEqual(upTo(25));
  });

  it('stop where the log ends before them, as they did', async () => {
    await admin.query(ofOldRelease);
    await store.grow(19);
    engine().start();
    await stopped();
    expect((await checkpoint())?.error).toMatch('at 20, the log ends at 19');
  });

  it('are not taken for those of a replaced log when the older release has moved them since', async () => {
    await projectedUpTo120();
    await store.grow(10);
    await admin.query(`update projections.checkpoints set position = '130'`);
    engine().start();
    await store.grow(1);
    await reached(131);
    expect((await checkpoint())?.event_id).toBe(await idAt(131));
  });
});

describe('a gate that has waited for the old log', () => {
  it('follows the rebuilt read model back, and waits for the new one', async () => {
    await projectedUpTo120();
    const gate = new ReadModelGate({ url: database.url, log, pollMs: 20 });
    gate.start();
    try {
      expect(await gate.waitFor('tally', '120', 20_000)).toBe(true);
      await store.restore(50);
      const projector = engine();
      projector.start();
      await stopped();
      await projector.rebuild('tally');
      await until('followed back', async () => gate.positions().get('tally') === '50');
      expect(await gate.waitFor('tally', '60', 50)).toBe(false);
      const waiting = gate.waitFor('tally', '60', 20_000);
      await store.grow(10);
      expect(await waiting).toBe(true);
      expect(await seen()).toEqual(upTo(60));
    } finally {
      await gate.stop();
    }
  });
});
