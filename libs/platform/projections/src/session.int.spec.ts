import { type TestDatabase, createTestDatabase, until } from '@shaoying/postgres/testing';
import { isTransient } from './projections.errors.js';
import { Session } from './session.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function lostWithin(session: Session, ms: number): Promise<boolean> {
  for (let leftMs = ms; leftMs > 0 && !session.lost.aborted; leftMs -= 20) await sleep(20);
  return session.lost.aborted;
}

test('a session that shows no life loses its lock, so that a frozen process does not keep it', async () => {
  const frozen = await Session.open(database.url, 'frozen', { idleMsMax: 1_000, signOfLifeMs: 60_000 });
  const successor = await Session.open(database.url, 'successor');
  expect(await frozen.tryLock('projections/tally')).toBe(true);
  expect(await successor.tryLock('projections/tally')).toBe(false);
  expect(await lostWithin(frozen, 5_000)).toBe(true);
  // PostgreSQL says that it ends the session, and then ends it.
  await until('the lock is free', () => successor.tryLock('projections/tally'));
  const failure = await frozen.query('select 1').catch((error: unknown) => error);
  expect(isTransient(failure)).toBe(true);
  await Promise.all([frozen.close(), successor.close()]);
});

test('an idle session of a process that lives keeps its lock', async () => {
  const session = await Session.open(database.url, 'idle', { idleMsMax: 3_000, signOfLifeMs: 50 });
  expect(await session.tryLock('projections/tally')).toBe(true);
  expect(await lostWithin(session, 5_000)).toBe(false);
  await session.close();
});

test('what is asked while a transaction is under way waits for its end, and is no part of it', async () => {
  const session = await Session.open(database.url, 'asked in between');
  const order: string[] = [];
  const failing = session.inTransaction('public', async (tx) => {
    await tx.query('select pg_sleep(0.05)');
    order.push('transaction');
    await tx.query('select 1 / 0');
  });
  const between = session
    .query<{ id: string }>('select pg_current_xact_id_if_assigned()::text as id')
    .finally(() => order.push('question'));
  await expect(failing).rejects.toThrow('division by zero');
  expect(await between).toEqual([{ id: null }]);
  expect(order).toEqual(['transaction', 'question']);
  await session.close();
});

test('a long snapshot sees what was there when it began, and its statements may take hours', async () => {
  const [looking, writing] = await Promise.all(
    ['looking', 'writing'].map((name) => Session.open(database.url, name)),
  );
  await writing!.query('create table public.counted (n int)');
  const seen = await looking!.inLongSnapshot('public', async (tx) => {
    const count = async () => (await tx.query<{ n: number }>('select count(*)::int as n from counted'))[0]?.n;
    const before = await count();
    await writing!.query('insert into public.counted values (1)');
    const [limit] = await tx.query('show statement_timeout');
    return { before, after: await count(), limit };
  });
  expect(seen).toEqual({ before: 0, after: 0, limit: { statement_timeout: '6h' } });
  expect(await looking!.query('show statement_timeout')).toEqual([{ statement_timeout: '1min' }]);
  await Promise.all([looking!.close(), writing!.close()]);
});

test('a lock that is given back is free, and one that was never had stays with whoever has it', async () => {
  const [one, other] = await Promise.all(['one', 'other'].map((name) => Session.open(database.url, name)));
  expect(await one!.tryLock('given back')).toBe(true);
  await other!.unlock('given back');
  expect(await other!.tryLock('given back')).toBe(false);
  await one!.unlock('given back');
  expect(await other!.tryLock('given back')).toBe(true);
  await Promise.all([one!.close(), other!.close()]);
});

describe('a transaction', () => {
  let session: Session;
  let heard: string[];
  beforeEach(async () => {
    session = await Session.open(database.url, 'writer');
    await session.query('create schema if not exists one; create schema if not exists two');
    await session.query(
      'create table if not exists one.t (n int primary key); create table if not exists two.t (n int)',
    );
    heard = [];
    await session.listen('news', (payload) => heard.push(payload));
  });
  afterEach(() => session.close());

  const notice = (payload: string) => () => ({ channel: 'news', payload });
  /** What was told before this has been heard when this is. */
  async function heardByNow(): Promise<string[]> {
    await session.query(`select pg_notify('news', 'end')`);
    for (let left = 500; left > 0 && heard.at(-1) !== 'end'; left -= 1) await sleep(10);
    return heard.slice(0, -1);
  }

  test('tells its notice once it is committed, whatever characters are in it', async () => {
    const payload = `it's a "test" \\ 测试; rollback; --`;
    await session.inTransaction('one', (tx) => tx.query('select 1'), notice(payload));
    expect(await heardByNow()).toEqual([payload]);
  });

  test('that fails tells nothing, and leaves nothing', async () => {
    const failing = session.inTransaction(
      'one',
      async (tx) => {
        await tx.query('insert into t values (1)');
        await tx.query('insert into t values (1)');
      },
      notice('lie'),
    );
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect(await heardByNow()).toEqual([]);
    expect(await session.query('select * from one.t')).toEqual([]);
  });

  test('in which a failure was swallowed is not taken for committed, and tells nothing', async () => {
    const swallowing = session.inTransaction(
      'one',
      async (tx) => {
        await tx.query('insert into t values (2)');
        await tx.query('select 1 / 0').catch(() => undefined);
      },
      notice('lie'),
    );
    await expect(swallowing).rejects.toMatchObject({ code: 'BATCH_ROLLED_BACK' });
    expect(await heardByNow()).toEqual([]);
    expect(await session.query('select * from one.t')).toEqual([]);
  });

  test('may go on from a failure behind a savepoint', async () => {
    await session.inTransaction(
      'one',
      async (tx) => {
        await tx.query('savepoint before');
        await tx.query('select 1 / 0').catch(() => undefined);
        await tx.query('rollback to before');
        await tx.query('insert into t values (3)');
      },
      notice('truth'),
    );
    expect(await heardByNow()).toEqual(['truth']);
    expect(await session.query('select * from one.t')).toEqual([{ n: 3 }]);
  });

  test('writes into its own schema, whichever the one before it had', async () => {
    for (const schema of ['one', 'two', 'one', 'two']) {
      await session.inTransaction(schema, (tx) =>
        tx.query('insert into t values (40 + (select count(*) from t))'),
      );
    }
    expect(await session.query('select count(*)::int as rows from two.t')).toEqual([{ rows: 2 }]);
  });

  test('is on disk before anyone sees it, so that no crash takes back what was read', async () => {
    const [settings] = await session.query(
      `select current_setting('synchronous_commit') as own, current_setting('fsync') as fsync`,
    );
    expect(settings).toEqual({ own: 'on', fsync: 'on' });
  });
});
