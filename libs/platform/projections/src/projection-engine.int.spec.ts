import { InMemoryEventStore, type NewEvent, type RecordedEvent } from '@shaoying/event-store';
import { spoilInMemory } from '@shaoying/event-store/testing';
import { type TestDatabase, createTestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import type { Projection } from './projection.js';
import { ProjectionEngine } from './projection-engine.js';
import { isSame } from './table-comparison.js';
import { newEvent } from './testing/index.js';
import { RecordingLog } from './testing/recording-log.js';
import { type OnApply, tally } from './testing/sample-projections.js';

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

function engine(projections: readonly Projection[], batchSize = 100): ProjectionEngine {
  const created = new ProjectionEngine({ store, url: database.url, projections, batchSize, log });
  engines.push(created);
  return created;
}

async function append(streamId: string, count: number, type = 'Counted'): Promise<void> {
  for (let left = count; left > 0; left -= 500) {
    const events: NewEvent[] = Array.from({ length: Math.min(left, 500) }, () => newEvent(type, {}));
    await store.append(streamId, 'any', events);
  }
}

async function rows<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await admin.query(sql, values)).rows as Row[];
}

async function seen(schema = 'tally'): Promise<number[]> {
  const found = await rows<{ position: string }>(`select position from ${schema}.seen order by position`);
  return found.map(({ position }) => Number(position));
}

async function checkpoint(name = 'tally') {
  const [row] = await rows<{ position: string; version: number; status: string; error: string | null }>(
    'select position, version, status, error, error_position from projections.checkpoints where name = $1',
    [name],
  );
  return row;
}

async function until(what: string, check: () => Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const reached = (position: number, name = 'tally') =>
  until(`${name} at ${position}`, async () => (await checkpoint(name))?.position === String(position));

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('an engine', () => {
  it('catches up with what was there and follows what comes, each event once and in order', async () => {
    await append('a', 250);
    const subject = engine([tally()]);
    subject.start();
    await reached(250);
    await append('b', 3);
    await append('a', 1, 'Ignored');
    await reached(254);
    expect(await seen()).toEqual(upTo(253));
    expect(await rows('select * from tally.totals order by 1')).toEqual([
      { stream_id: 'a', events: 250 },
      { stream_id: 'b', events: 3 },
    ]);
  });

  it('passes by what concerns nobody in few transactions where it may wait, and what is its own comes in order', async () => {
    const busy = { ...tally({ name: 'busy' }), eventTypes: ['Ignored', 'Counted'] };
    engine([tally({ longestPassingMs: 3_000 }), busy]).start();
    await reached(0);
    const notices: string[] = [];
    admin.on('notification', ({ payload = '' }) => notices.push(payload.split(' ')[0] ?? ''));
    await admin.query('listen projections');
    for (let round = 0; round < 40; round += 1) {
      await append('a', 5, 'Ignored');
      if (round === 20) await append('a', 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await append('a', 3);
    await reached(204);
    await reached(204, 'busy');
    expect(await seen()).toEqual([106, 202, 203, 204]);
    const moves = (name: string) => notices.filter((notice) => notice === name).length;
    await admin.query(`notify projections, 'end of the test'`);
    await until('every move was told', () => Promise.resolve(moves('end') > 0));
    expect(moves('tally') * 2).toBeLessThan(moves('busy'));
  });

  it('continues after a restart where it ended', async () => {
    await append('a', 120);
    const first = engine([tally()]);
    first.start();
    await reached(120);
    await first.stop();
    await append('a', 30);
    engine([tally()]).start();
    await reached(150);
    expect(await seen()).toEqual(upTo(150));
  });

  it('writes rows and checkpoint together or not at all', async () => {
    let crashes = 3;
    const crashAfterWriting: OnApply = async (_events, tx) => {
      // The rows of this batch are written, the transaction is not committed: its connection dies.
      if (crashes-- > 0) await tx.query('select pg_terminate_backend(pg_backend_pid())');
    };
    await append('a', 250);
    engine([tally({ onApply: crashAfterWriting })]).start();
    await reached(250);
    expect(crashes).toBeLessThan(0);
    expect(await seen()).toEqual(upTo(250));
    expect(log.lines.filter((line) => line.level === 'warn')).not.toHaveLength(0);
    expect((await checkpoint())?.status).toBe('running');
  });

  it('does not take a swallowed SQL error for success', async () => {
    await append('a', 3);
    const swallow: OnApply = async (_events, tx) => {
      await tx.query('select 1 / 0').catch(() => undefined);
    };
    engine([tally({ onApply: swallow })]).start();
    await until('stopped', async () => (await checkpoint())?.status === 'stopped');
    expect((await checkpoint())?.position).toBe('0');
    expect(await seen()).toEqual([]);
  });

  it('reads the log once for six projections', async () => {
    await append('a', 3_000);
    const readAll = jest.spyOn(store, 'readAll');
    const names = ['one', 'two', 'three', 'four', 'five', 'six'];
    engine(names.map((name) => tally({ name }))).start();
    for (const name of names) await reached(3_000, name);
    for (const name of names) expect(await seen(name)).toEqual(upTo(3_000));
    const pages = await Promise.all(readAll.mock.results.map((result) => result.value));
    const eventsRead = pages.reduce((sum, page) => sum + page.length, 0);
    expect(eventsRead).toBeLessThan(2 * 3_000);
  });

  it('stops within two seconds in the middle of a batch that does not end', async () => {
    await append('a', 5);
    let applying = false;
    const hang: OnApply = async (_events, tx) => {
      applying = true;
      await tx.query('select pg_sleep(60)');
    };
    const subject = engine([tally({ onApply: hang })]);
    subject.start();
    await until('applying', async () => applying);
    const startedMs = performance.now();
    await subject.stop();
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    await until('no connection left', async () => {
      const left = await rows(
        `select from pg_stat_activity where datname = current_database() and application_name = 'shaoying-projection-tally'`,
      );
      return left.length === 0;
    });
    expect(await seen()).toEqual([]);
  });

  it('is ready once the tables of every projection exist', async () => {
    const subject = engine([tally(), tally({ name: 'second' })]);
    expect(await subject.ready(150)).toBe(false);
    expect((await subject.status())[0]).toMatchObject({ status: 'absent', held: false, activity: null });
    subject.start();
    expect(await subject.ready(10_000)).toBe(true);
    expect(await rows('select from tally.totals')).toEqual([]);
    expect(await rows('select from second.totals')).toEqual([]);
  });

  it('does its work once the database it did not find is there', async () => {
    const later = new URL(database.url);
    later.pathname += '_later';
    const subject = new ProjectionEngine({ store, url: later.href, projections: [tally()], log });
    engines.push(subject);
    subject.start();
    await until('a failure is shown', async () => log.lines.length > 0);
    await admin.query(`create database "${later.pathname.slice(1)}"`);
    expect(await subject.ready(10_000)).toBe(true);
    await subject.stop();
    await admin.query(`drop database "${later.pathname.slice(1)}" with (force)`);
  });

  it('leaves a schema alone that it did not make', async () => {
    await admin.query(
      'create schema tally; create table tally.precious (id int); insert into tally.precious values (1)',
    );
    engine([tally()]).start();
    await until('refused', async () => log.lines.some((line) => line.level === 'error'));
    expect(await rows('select * from tally.precious')).toEqual([{ id: 1 }]);
  });
});

describe('two engines on one database', () => {
  const lockHolders = () =>
    rows<{ pid: number }>(
      `select a.pid from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.granted and a.datname = current_database() and a.application_name = 'shaoying-projection-tally'`,
    );

  it('only one writes, and the other takes over within seconds when the first is cut off', async () => {
    await append('a', 100);
    const first = engine([tally()]);
    first.start();
    await reached(100);
    const second = engine([tally()]);
    second.start();
    await until('standby', async () => (await second.status())[0]?.activity === 'standby');
    expect(await lockHolders()).toHaveLength(1);
    await append('a', 100);
    await reached(200);

    // The process dies: its lock connection goes, and it does not come back.
    const [holder] = await lockHolders();
    const startedMs = performance.now();
    await Promise.all([first.stop(), admin.query('select pg_terminate_backend($1)', [holder?.pid])]);
    await append('a', 100);
    await reached(300);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect((await second.status())[0]).toMatchObject({ activity: 'active', held: true, lagEvents: 0 });
    expect(await seen()).toEqual(upTo(300));
  });

  it('lose and repeat nothing while their connections are cut again and again under load', async () => {
    engine([tally()], 10).start();
    engine([tally()], 10).start();
    for (let round = 0; round < 8; round += 1) {
      await append(`stream-${round}`, 60);
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'shaoying-projection-tally'`,
      );
    }
    await reached(480);
    expect(await seen()).toEqual(upTo(480));
  });
});

describe('whoever asks how it stands, again and again', () => {
  const asking = `from pg_stat_activity where datname = current_database() and application_name = 'shaoying-projections'`;
  const pids = async (): Promise<number[]> =>
    (await rows<{ pid: number }>(`select pid ${asking}`)).map(({ pid }) => pid);

  it('does so over one connection, and over another once that is lost', async () => {
    const subject = engine([tally()]);
    subject.start();
    await subject.ready();
    await subject.status();
    await until('one is kept', async () => (await pids()).length === 1);
    const [first] = await pids();
    for (let round = 0; round < 5; round += 1) await subject.status();
    await until('the others have left', async () => (await pids()).length === 1);
    expect(await pids()).toEqual([first]);
    await rows(`select pg_terminate_backend(pid) ${asking}`);
    await until('it answers again', async () => (await subject.status())[0]?.status === 'running');
    await until('another one', async () => (await pids()).length === 1);
    expect(await pids()).not.toEqual([first]);
  });

  it('waits for nobody else who asks, and leaves no connection behind', async () => {
    const subject = engine([tally()]);
    subject.start();
    await subject.ready();
    await Promise.all(Array.from({ length: 5 }, () => subject.status()));
    await until('one is kept', async () => (await pids()).length === 1);
    await subject.stop();
    await until('none is', async () => (await pids()).length === 0);
    expect((await subject.status())[0]).toMatchObject({ status: 'running', activity: null });
    await until('nor after it', async () => (await pids()).length === 0);
  });
});

describe('an event that cannot be applied', () => {
  const refuse: OnApply = (events) => {
    if (events.some((event) => event.type === 'Poison')) throw new Error('no such category');
  };

  it('stops its own projection at exactly that event, loudly, and no other', async () => {
    await append('a', 137);
    await append('a', 1, 'Poison');
    await append('a', 62);
    const subject = engine([tally({ onApply: refuse }), tally({ name: 'unmoved' })]);
    subject.start();
    await reached(200, 'unmoved');
    await until('stopped', async () => (await checkpoint())?.status === 'stopped');
    expect(await checkpoint()).toMatchObject({
      position: '137',
      error_position: '138',
      error: expect.stringContaining('no such category') as string,
    });
    expect(await seen()).toEqual(upTo(137));
    expect(log.lines.filter((line) => line.level === 'error')).toMatchObject([
      { fields: { projection: 'tally', position: '138', eventType: 'Poison' } },
    ]);
    const [status] = await subject.status();
    expect(status).toMatchObject({
      status: 'stopped',
      errorPosition: '138',
      lagEvents: 63,
      activity: 'stopped',
    });
    expect(status?.lagSeconds).toBeGreaterThan(0);
  });

  it('stays stopped over a restart, and goes on after retry once the cause is gone', async () => {
    await append('a', 10);
    await append('a', 1, 'Poison');
    const first = engine([tally({ onApply: refuse })]);
    first.start();
    await until('stopped', async () => (await checkpoint())?.status === 'stopped');
    await first.stop();
    const repaired = engine([tally()]);
    repaired.start();
    await until('seen stopped', async () => (await repaired.status())[0]?.activity === 'stopped');
    // Asked from a third place, as the CLI would.
    expect(await engine([tally()]).retry('tally')).toBe(true);
    await reached(11);
    expect(await checkpoint()).toMatchObject({ status: 'running', error: null });
    expect(await repaired.retry('tally')).toBe(false);
  });
});

describe('an event of the log that is no JSON any more', () => {
  const stopped = (name: string) =>
    until(`${name} stopped`, async () => (await checkpoint(name))?.status === 'stopped');
  const standing = { position: '137', status: 'stopped', error_position: '138' };

  it('stops every projection there, by its place, and they go on once it is what it was', async () => {
    await append('a', 200);
    const putBack = spoilInMemory(store, '138');
    const subject = engine([tally(), tally({ name: 'other' })]);
    subject.start();
    for (const name of ['tally', 'other']) {
      await stopped(name);
      expect(await checkpoint(name)).toMatchObject({
        ...standing,
        error: expect.stringContaining('at position 138, revision 137 of stream a, is no JSON') as string,
      });
    }
    const [status] = await subject.status();
    expect(status).toMatchObject({ activity: 'stopped', errorPosition: '138', lagEvents: 63 });
    expect(status?.lagSeconds).toBeGreaterThan(0);
    expect(await seen()).toEqual(upTo(137));
    await expect(engine([tally()]).rebuild('tally')).rejects.toMatchObject({
      ...{ code: 'POISON_EVENT', position: '138', cause: { code: 'UNREADABLE_EVENT' } },
    });
    putBack();
    for (const name of ['tally', 'other']) expect(await subject.retry(name)).toBe(true);
    await reached(200);
    expect(await seen()).toEqual(upTo(200));
  });

  it('stops one that follows the head as well, and is not asked for again and again', async () => {
    await append('a', 10);
    const subject = engine([tally()]);
    subject.start();
    await reached(10);
    const event = newEvent('Counted', {});
    const appended = store.append('a', 'any', [event, newEvent('Counted', {})]);
    // Before anybody reads it: an append in memory is one turn.
    const putBack = spoilInMemory(store, '12');
    await appended;
    await stopped('tally');
    expect(await checkpoint()).toMatchObject({ position: '11', error_position: '12' });
    const interrupted = (): number =>
      log.lines.filter(({ message }) => message === 'tail of the log interrupted').length;
    const before = interrupted();
    expect(before).toBeLessThanOrEqual(1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(interrupted()).toBe(before);
    putBack();
    expect(await subject.retry('tally')).toBe(true);
    await reached(12);
    await append('a', 3);
    await reached(15);
    expect(await seen()).toEqual(upTo(15));
  });
});

describe('an event that nobody can read, passed by', () => {
  const why = { by: 'u-1001', reason: '存储损坏，见工单 78' };
  const stopped = (name: string) =>
    until(`${name} stopped`, async () => (await checkpoint(name))?.status === 'stopped');
  const without138 = (last: number) => upTo(last).filter((position) => position !== 138);

  async function stoppedAt138(): Promise<ProjectionEngine> {
    await append('a', 200);
    spoilInMemory(store, '138');
    const subject = engine([tally(), tally({ name: 'other' })]);
    subject.start();
    for (const name of ['tally', 'other']) await stopped(name);
    return subject;
  }

  it('is passed by by the one that was told, live, after a restart and by a rebuild, and by no other', async () => {
    const subject = await stoppedAt138();
    expect(await subject.skip('tally', '138', why)).toMatchObject({
      eventType: 'Counted',
      projectionVersion: 1,
    });
    await reached(201);
    expect(await seen()).toEqual(without138(200));
    expect(await subject.skipped('tally')).toMatchObject([{ ...why, position: '138' }]);
    await append('a', 3);
    await reached(204);
    expect(await checkpoint('other')).toMatchObject({ position: '137', status: 'stopped' });
    const rebuilt = await engine([tally()]).rebuild('tally');
    expect(rebuilt).toMatchObject({ swapped: true, leftOut: [] });
    expect(rebuilt.comparison?.every(isSame)).toBe(true);
    await expect(engine([tally({ name: 'other' })]).rebuild('other')).rejects.toMatchObject({
      ...{ code: 'POISON_EVENT', position: '138', cause: { code: 'UNREADABLE_EVENT' } },
    });
    await subject.stop();
    engine([tally()]).start();
    await append('a', 2);
    await reached(206);
    expect(await seen()).toEqual([...without138(200), 202, 203, 204, 205, 206]);
  });

  it('is passed by by all that are stopped there at once, and by none that has not come to it', async () => {
    const late = tally({ name: 'late' });
    const subject = await stoppedAt138();
    const asked = engine([tally(), tally({ name: 'other' }), late]);
    await expect(asked.skipAll('137', why)).rejects.toMatchObject({ code: 'NOT_STOPPED_THERE' });
    let hold = true;
    const slow: OnApply = async () => {
      if (hold) throw Object.assign(new Error('not yet'), { code: '57P03' });
    };
    const latecomer = engine([tally({ name: 'late', onApply: slow })]);
    latecomer.start();
    await latecomer.ready();
    expect(await asked.skipAll('138', why)).toMatchObject({
      skipped: [{ projection: 'tally' }, { projection: 'other' }],
      ...{ toRebuild: [], notThereYet: ['late'] },
    });
    for (const name of ['tally', 'other']) await reached(202, name);
    for (const name of ['tally', 'other']) expect(await seen(name)).toEqual(without138(200));
    hold = false;
    await stopped('late');
    expect(await asked.skipAll('138', why)).toMatchObject({ skipped: [{ projection: 'late' }] });
    await reached(203, 'late');
    await subject.stop();
  }, 20_000);

  it('is taken as it is stored by a rebuild of one that is about texts; all the others are told to pass it by', async () => {
    const texts: Projection = {
      ...tally({ name: 'texts' }),
      alsoHandles: () => true,
      stored: {
        take: ({ eventId, type, position }) => ({ eventId, type, position }),
        apply: async (events, tx) => {
          const positions = events.map(({ position }) => position);
          await tx.query(`insert into seen select p, 'Stored' from unnest($1::bigint[]) as p`, [positions]);
        },
      },
    };
    await append('a', 5);
    spoilInMemory(store, '5');
    const subject = engine([tally(), texts]);
    subject.start();
    for (const name of ['tally', 'texts']) await stopped(name);
    expect(await subject.skipAll('5', why)).toMatchObject({
      ...{ skipped: [{ projection: 'tally' }], toRebuild: ['texts'], notThereYet: [] },
    });
    await subject.rebuild('texts');
    expect(await seen('texts')).toEqual(upTo(6));
    await append('a', 1);
    await reached(7, 'texts');
    await reached(7);
  });

  it('that was applied before it was spoilt holds nobody up who stands there, also after a restart', async () => {
    await append('a', 10);
    const first = engine([tally()]);
    first.start();
    await reached(10);
    await first.stop();
    spoilInMemory(store, '10');
    const subject = engine([tally()]);
    subject.start();
    await until('active', async () => (await subject.status())[0]?.activity === 'active');
    expect((await subject.status())[0]).toMatchObject({ status: 'running', failure: null });
    await append('a', 2);
    await reached(12);
    expect(await seen()).toEqual(upTo(12));
  });
});

describe('an event that is to be passed by', () => {
  const refuse = (events: readonly RecordedEvent[]) => {
    if (events.some((event) => event.type === 'Poison')) throw new Error('no such category');
  };
  const why = { by: 'u-1001', reason: '导入错误，见工单 77' };

  async function stoppedAt11(): Promise<ProjectionEngine> {
    await append('a', 10);
    await append('a', 1, 'Poison');
    await append('a', 9);
    const subject = engine([tally({ onApply: refuse })]);
    subject.start();
    await until('stopped', async () => (await checkpoint())?.status === 'stopped');
    return subject;
  }

  it('is passed by when somebody answers for it, on record, also after a restart and by a rebuild', async () => {
    const subject = await stoppedAt11();
    const recorded = await engine([tally({ version: 2 })]).skip('tally', '11', why);
    // Of what has stopped there, whatever release is asked to record it.
    expect(recorded).toMatchObject({ projectionVersion: 1 });
    await reached(21);
    const without11 = upTo(20).filter((position) => position !== 11);
    expect(await seen()).toEqual(without11);
    const told = (await store.readStream('projection-tally'))[0];
    expect(told).toMatchObject({
      ...{ type: 'ProjectionEventSkipped', actor: { id: 'system:cli' } },
      data: { ...why, projection: 'tally', position: '11', eventType: 'Poison' },
    });
    expect(await subject.skipped('tally')).toMatchObject([{ ...why, skippedAt: told?.recordedAt }]);
    expect((await subject.rebuild('tally')).comparison?.every(isSame)).toBe(true);
    await subject.stop();
    const restarted = engine([tally({ onApply: refuse })]);
    restarted.start();
    await append('a', 1);
    await reached(22);
    expect(await seen()).toEqual([...without11, 22]);
  });

  it('is the one the projection is stopped at, and no other', async () => {
    const subject = await stoppedAt11();
    await expect(subject.skip('tally', '12', why)).rejects.toMatchObject({
      ...{ code: 'NOT_STOPPED_THERE', stoppedAt: '11' },
    });
    await expect(subject.skip('tally', '11', { ...why, by: '张 三' })).rejects.toMatchObject({
      code: 'INVALID_SKIP',
    });
    await expect(subject.skip('tally', '11', { ...why, reason: '' })).rejects.toMatchObject({
      code: 'INVALID_SKIP',
    });
    expect(await store.head()).toBe('20');
    await subject.skip('tally', '11', why);
    await reached(21);
    await expect(subject.skip('tally', '11', why)).rejects.toMatchObject({ code: 'NOT_STOPPED_THERE' });
  });
});

describe('projections that cannot be registered', () => {
  it.each([
    ['a name that is not kebab-case', [tally({ name: 'Tally_1' })]],
    ['a reserved schema', [tally({ name: 'public' })]],
    ['its own control schema', [tally({ name: 'projections' })]],
    ['two of one name', [tally(), tally()]],
    ['version 0', [tally({ version: 0 })]],
    ['a name without room for its shadow', [tally({ name: 'x'.repeat(49) })]],
  ])('%s is refused', (_what, projections) => {
    expect(() => engine(projections)).toThrow(expect.objectContaining({ code: 'INVALID_PROJECTION' }));
  });
});
