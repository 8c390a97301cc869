import { setTimeout as sleep } from 'node:timers/promises';
import { START } from '@shaoying/event-store';
import type { RecordedEvent } from '@shaoying/event-store';
import { sampleEvent, sampleEvents, sampleStreamId } from '@shaoying/event-store/testing';
import { createTestDatabase, openProxy } from '@shaoying/postgres/testing';
import type { TestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';
import type { PostgresEventStoreOptions } from './postgres-event-store.js';
import { seededChance } from './testing/index.js';

let database: TestDatabase;
let admin: Client;
const stores: PostgresEventStore[] = [];
const warnings: string[] = [];

async function open(options: Partial<PostgresEventStoreOptions> = {}): Promise<PostgresEventStore> {
  const onWarning = (message: string): void => void warnings.push(message);
  const store = await PostgresEventStore.open({ url: database.url, poolSize: 3, onWarning, ...options });
  stores.push(store);
  return store;
}

beforeEach(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.url });
  await admin.connect();
  warnings.length = 0;
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await admin.end();
  await database.drop();
});

/** Collects until `stop` aborts. */
function collect(store: PostgresEventStore, stop: AbortController) {
  const seen: RecordedEvent[] = [];
  const ended = (async () => {
    for await (const batch of store.subscribe(START, { signal: stop.signal })) seen.push(...batch);
  })();
  return { seen, ended };
}

async function until(what: string, isSo: () => boolean, withinMs = 10_000): Promise<number> {
  const start = performance.now();
  while (!isSo()) {
    if (performance.now() - start > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(5);
  }
  return performance.now() - start;
}

async function terminate(applicationNameLike: string): Promise<number> {
  const { rowCount } = await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE $1 AND pid <> pg_backend_pid()`,
    [applicationNameLike],
  );
  return rowCount ?? 0;
}

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'fulfilled',
    (error: { code?: string }) => error.code,
  );

describe('a batch', () => {
  test('an append that PostgreSQL itself refuses fails alone', async () => {
    const store = await open();
    await admin.query(`ALTER TABLE log.events ADD CONSTRAINT no_poison CHECK (type <> 'Poison')`);
    const codes = await Promise.all(
      Array.from({ length: 9 }, (_, index) =>
        codeOf(store.append(sampleStreamId(), 'none', [sampleEvent(index === 4 ? { type: 'Poison' } : {})])),
      ),
    );
    expect(codes).toEqual(codes.map((_, index) => (index === 4 ? 'STORE_UNAVAILABLE' : 'fulfilled')));
    const positions = (await store.readAll(START)).map((event) => event.position);
    expect(positions).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  });

  test('concurrent appends share transactions', async () => {
    const store = await open();
    await Promise.all(
      Array.from({ length: 200 }, () => store.append(sampleStreamId(), 'none', [sampleEvent()])),
    );
    const { rows } = await admin.query<{ n: string }>(
      'SELECT count(DISTINCT xmin::text) AS n FROM log.events',
    );
    expect(Number(rows[0]?.n)).toBeLessThanOrEqual(5);
  });

  test('a full queue refuses with Overloaded, and what it admitted is written', async () => {
    const store = await open({ queueMax: 10 });
    const codes = await Promise.all(
      Array.from({ length: 50 }, () => codeOf(store.append(sampleStreamId(), 'none', [sampleEvent()]))),
    );
    expect(codes.filter((code) => code === 'fulfilled')).toHaveLength(10);
    expect(codes.filter((code) => code === 'OVERLOADED')).toHaveLength(40);
    expect(await store.head()).toBe('10');
  });
});

describe('a subscriber', () => {
  test('is not stalled by a transaction left open elsewhere', async () => {
    const store = await open();
    await admin.query('CREATE TABLE elsewhere (n int)');
    await admin.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await admin.query('INSERT INTO elsewhere VALUES (1)');
    await admin.query('SELECT count(*) FROM log.events');
    const stop = new AbortController();
    const { seen, ended } = collect(store, stop);
    await store.append(sampleStreamId(), 'none', sampleEvents(3));
    await until('3 events seen', () => seen.length === 3, 10_000);
    await admin.query('ROLLBACK');
    stop.abort();
    await ended;
  });

  test('hears of an append by notification, long before it would poll', async () => {
    const store = await open({ pollIntervalMs: 60_000 });
    const writer = await open();
    const stop = new AbortController();
    const { seen, ended } = collect(store, stop);
    await sleep(200);
    await writer.append(sampleStreamId(), 'none', [sampleEvent()]);
    expect(await until('1 event seen', () => seen.length === 1)).toBeLessThan(20_000);
    stop.abort();
    await ended;
  });

  test('finds by polling what no notification announced', async () => {
    const store = await open({ pollIntervalMs: 100 });
    const stop = new AbortController();
    const { seen, ended } = collect(store, stop);
    await store.append(sampleStreamId(), 'none', [sampleEvent()]);
    await until('the first event seen', () => seen.length === 1);
    await sleep(150);
    // A row as a restored backup or a lost notification would leave it: there, and nobody was told.
    await admin.query(`INSERT INTO log.events
      SELECT position + 1, gen_random_uuid(), revision + 1, schema_version, occurred_at, recorded_at, stream_id,
             type, metadata, data FROM log.events`);
    await until('the second event seen', () => seen.length === 2);
    stop.abort();
    await ended;
  });
});

describe('a lost connection', () => {
  test('backends terminated over and over under load: appends carry on, nothing is lost or doubled', async () => {
    const store = await open();
    const stop = new AbortController();
    const { seen, ended } = collect(store, stop);
    const acknowledged: string[] = [];
    const chance = seededChance();
    let killed = 0;
    let writing = true;
    const streamIds = Array.from({ length: 8 }, sampleStreamId);
    const writers = streamIds.map(async (streamId) => {
      for (let revision = -1; writing;) {
        const event = sampleEvent();
        ({ revision } = await store.append(streamId, revision, [event]));
        acknowledged.push(event.eventId);
      }
    });
    for (let round = 0; round < 12; round += 1) {
      await sleep(chance() * 60);
      killed += await terminate('shaoying log %');
      // Not a count over a time, which a busy machine would miss: after every cut the appends have to go on.
      const sinceThen = acknowledged.length;
      await until(`appends after cut ${round}`, () => acknowledged.length >= sinceThen + 5, 30_000);
    }
    writing = false;
    await Promise.all(writers);
    await until('every acknowledged event seen', () => seen.length >= acknowledged.length);
    stop.abort();
    await ended;
    expect(killed).toBeGreaterThanOrEqual(12);
    expect(seen.map((event) => event.eventId).sort()).toEqual([...acknowledged].sort());
    expect(seen.map((event) => event.position)).toEqual(seen.map((_, index) => String(index + 1)));
  }, 120_000);

  describe('a server that can only be read, as after a fail-over, is left once there is one that can be written', () => {
    const writerPid = async (): Promise<number | undefined> => {
      const { rows } = await admin.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity
         WHERE application_name = 'shaoying log writer' AND datname = current_database()`,
      );
      return rows[0]?.pid;
    };

    test('by who connects to it', async () => {
      const store = await open();
      const streamId = sampleStreamId();
      await store.append(streamId, 'none', [sampleEvent()]);
      await admin.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
      await terminate('shaoying log writer');
      // What is sent to a connection that is gone, and nobody has noticed yet, would be in doubt.
      await until('its end noticed', () => warnings.includes('the idle writer lost its connection'));
      expect(await codeOf(store.append(streamId, 0, [sampleEvent()]))).toBe('STORE_UNAVAILABLE');
      await admin.query(`ALTER DATABASE ${database.name} RESET default_transaction_read_only`);
      expect(await store.append(streamId, 0, [sampleEvent()])).toMatchObject({ revision: 1 });
    });

    test('by who is connected to it as it becomes one', async () => {
      const store = await open();
      const streamId = sampleStreamId();
      await store.append(streamId, 'none', [sampleEvent()]);
      const before = await writerPid();
      // What such a server answers to whatever would write.
      await admin.query(`
        CREATE FUNCTION log.is_read_only() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'read-only' USING ERRCODE = '25006'; END $$;
        CREATE TRIGGER is_read_only BEFORE INSERT ON log.events EXECUTE FUNCTION log.is_read_only()`);
      expect(await codeOf(store.append(streamId, 0, [sampleEvent()]))).toBe('STORE_UNAVAILABLE');
      await admin.query('DROP TRIGGER is_read_only ON log.events');
      expect(await store.append(streamId, 0, [sampleEvent()])).toMatchObject({ revision: 1 });
      expect(await writerPid()).not.toBe(before);
    });
  });

  test('the server gone for good after an append was sent: unknown outcome', async () => {
    const proxy = await openProxy(database.url);
    const store = await open({ url: proxy.url });
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    await admin.query('BEGIN');
    await admin.query('LOCK TABLE log.events IN ACCESS EXCLUSIVE MODE');
    const append = codeOf(store.append(streamId, 0, [sampleEvent()]));
    await sleep(100);
    proxy.refuse();
    expect(await append).toBe('UNKNOWN_OUTCOME');
    await admin.query('ROLLBACK');
    await store.close();
    await proxy.close();
  });

  test('a server that hangs: who waits behind an append in doubt hears so while that is still being settled', async () => {
    const proxy = await openProxy(database.url);
    const store = await open({ url: proxy.url });
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    await admin.query('BEGIN');
    await admin.query('LOCK TABLE log.events IN ACCESS EXCLUSIVE MODE');
    const inDoubt = codeOf(store.append(streamId, 0, [sampleEvent()]));
    await sleep(100);
    proxy.fallSilent();
    expect(await codeOf(store.append(sampleStreamId(), 'none', [sampleEvent()]))).toBe('STORE_UNAVAILABLE');
    expect(await Promise.race([inDoubt, sleep(500, 'still being settled')])).toBe('still being settled');
    proxy.refuse();
    expect(await inDoubt).toBe('UNKNOWN_OUTCOME');
    await admin.query('ROLLBACK');
    await store.close();
    await proxy.close();
  }, 120_000);

  test('the server gone before anything was sent: unavailable soon, for all who wait; back: as if nothing was', async () => {
    const proxy = await openProxy(database.url);
    const store = await open({ url: proxy.url });
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    const stop = new AbortController();
    const { seen, ended } = collect(store, stop);
    proxy.refuse();
    await until('the loss noticed', () => warnings.includes('the idle writer lost its connection'));
    const start = performance.now();
    const codes = await Promise.all(
      Array.from({ length: 3 }, () => codeOf(store.append(streamId, 0, [sampleEvent()]))),
    );
    expect(codes).toEqual(['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
    expect(await codeOf(store.readStream(streamId))).toBe('STORE_UNAVAILABLE');
    expect(performance.now() - start).toBeLessThan(10_000);
    proxy.accept();
    await store.append(streamId, 0, [sampleEvent()]);
    await until('both events seen', () => seen.length === 2);
    stop.abort();
    await ended;
    await store.close();
    await proxy.close();
  });

  test('closing while the connections are being made anew to a server that says nothing does not wait for it', async () => {
    const proxy = await openProxy(database.url);
    const store = await open({ url: proxy.url });
    await store.append(sampleStreamId(), 'none', [sampleEvent()]);
    const { ended } = collect(store, new AbortController());
    await sleep(100);
    proxy.fallSilent();
    await sleep(300);
    const start = performance.now();
    await store.close();
    await ended;
    expect(performance.now() - start).toBeLessThan(10_000);
    await proxy.close();
  });

  test('opening where no server is: unavailable', async () => {
    expect(await codeOf(PostgresEventStore.open({ url: 'postgres://127.0.0.1:1/none' }))).toBe(
      'STORE_UNAVAILABLE',
    );
  });
});

describe('the schema', () => {
  test('is made once by eight stores that open at once', async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => open()));
    await Promise.all(opened.map((store) => store.append(sampleStreamId(), 'none', [sampleEvent()])));
    expect(await opened[0]?.head()).toBe('8');
  });

  test('of a newer program is refused and left alone', async () => {
    await open();
    await admin.query('UPDATE log.layout SET version = 999');
    expect(await codeOf(PostgresEventStore.open({ url: database.url }))).toBe('STORE_UNAVAILABLE');
  });

  test.each(['UPDATE log.events SET revision = 1', 'DELETE FROM log.events', 'TRUNCATE log.events'])(
    'refuses %s',
    async (statement) => {
      const store = await open();
      await store.append(sampleStreamId(), 'none', [sampleEvent()]);
      await expect(admin.query(statement)).rejects.toThrow('append-only');
    },
  );

  test('with an event that cannot be read: a page with it is broken off, streams beside it are read, and so is what follows', async () => {
    const store = await open();
    const streamIds = Array.from({ length: 40 }, sampleStreamId);
    for (const streamId of streamIds) await store.append(streamId, 'none', sampleEvents(2));
    await admin.query('ALTER TABLE log.events DISABLE TRIGGER append_only');
    await admin.query(`UPDATE log.events SET data = '{"half' WHERE stream_id = $1`, [streamIds[0]]);
    const { rows } = await admin.query<{ position: string }>(
      'SELECT max(position)::text AS position FROM log.events WHERE stream_id = $1',
      [streamIds[0]],
    );
    for (let time = 0; time < 3; time += 1) {
      expect(await codeOf(store.readAll(START))).toBe('UNREADABLE_EVENT');
      expect(await store.readAll(rows[0]?.position ?? '')).toHaveLength(78);
      // Alone, in the company of few, and of many.
      for (const company of [1, 4, 40]) {
        const read = streamIds.slice(0, company).map((streamId) => store.readStream(streamId));
        const [first, ...others] = await Promise.allSettled(read);
        expect(first).toMatchObject({ status: 'rejected', reason: { code: 'UNREADABLE_EVENT' } });
        expect(others).toHaveLength(company - 1);
        for (const other of others)
          expect(other).toMatchObject({ value: [{ revision: 0 }, { revision: 1 }] });
      }
    }
  });

  test('keeps the JSON text byte for byte', async () => {
    const store = await open();
    const data = { b: 1, a: ['  ', '井盖', '\u0000'], n: 1e21 };
    await store.append(sampleStreamId(), 'none', [sampleEvent({ data })]);
    const { rows } = await admin.query<{ data: string }>('SELECT data FROM log.events');
    expect(rows[0]?.data).toBe(JSON.stringify(data));
  });

  test.each([
    ['', 'nothing'],
    ['?options=-c%20timezone%3DAsia/Shanghai%20-c%20enable_seqscan%3Don', 'options of its own'],
    ['?options=-c%20datestyle%3DGerman&statement_timeout=0&query_timeout=1&application_name=theirs', 'more'],
  ])('works where the database has other defaults, and the URL asks for %s (%s)', async (query) => {
    for (const setting of [
      `default_transaction_isolation = 'serializable'`,
      'synchronous_commit = off',
      `timezone = 'Asia/Shanghai'`,
      `datestyle = 'German'`,
    ]) {
      await admin.query(`ALTER DATABASE ${database.name} SET ${setting}`);
    }
    const store = await open({ url: database.url + query });
    const streamId = sampleStreamId();
    const event = sampleEvent({ occurredAt: '2026-02-13T23:59:59.987Z' });
    await store.append(streamId, 'none', [event]);
    expect(await store.readStream(streamId)).toEqual([expect.objectContaining(event)]);
    expect(await store.readAll(START)).toEqual([expect.objectContaining(event)]);
    expect(await store.readAll(START, { types: [event.type] })).toEqual([expect.objectContaining(event)]);
    const { rows } = await admin.query<{ name: string }>(
      `SELECT DISTINCT application_name AS name FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual(['shaoying log reader', 'shaoying log writer']);
  });
});
