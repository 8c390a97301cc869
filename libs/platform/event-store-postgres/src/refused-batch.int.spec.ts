import { START } from '@shaoying/event-store';
import type { AppendResult } from '@shaoying/event-store';
import { sampleEvent, sampleStreamId } from '@shaoying/event-store/testing';
import { createTestDatabase } from '@shaoying/postgres/testing';
import type { TestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';

const appends = 100;

let database: TestDatabase;
let admin: Client;
let store: PostgresEventStore;
const warnings: string[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.url });
  await admin.connect();
  warnings.length = 0;
  store = await PostgresEventStore.open({
    url: database.url,
    poolSize: 1,
    onWarning: (message) => warnings.push(message),
  });
});

afterEach(async () => {
  await store.close();
  await admin.end();
  await database.drop();
});

/** From now on PostgreSQL refuses, with this code, every statement that writes an event of type `Poison`. */
async function refusePoison(code: string): Promise<void> {
  await admin.query(`
    CREATE SEQUENCE refusals;
    CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.type = 'Poison' THEN
        -- A sequence remembers what a rolled-back statement forgets.
        PERFORM nextval('public.refusals');
        RAISE EXCEPTION 'refused' USING ERRCODE = '${code}';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse_poison BEFORE INSERT ON log.events FOR EACH ROW EXECUTE FUNCTION refuse_poison()`);
}

async function refusals(): Promise<number> {
  const { rows } = await admin.query<{ n: string }>(
    'SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS n FROM refusals',
  );
  return Number(rows[0]?.n);
}

/** One batch, with poison at these places. */
async function appendWith(poison: readonly number[]): Promise<PromiseSettledResult<AppendResult>[]> {
  return Promise.allSettled(
    Array.from({ length: appends }, (_, index) =>
      store.append(sampleStreamId(), 'none', [sampleEvent(poison.includes(index) ? { type: 'Poison' } : {})]),
    ),
  );
}

const codesOf = (settled: readonly PromiseSettledResult<AppendResult>[]): string[] =>
  settled.map((one) => (one.status === 'fulfilled' ? 'written' : (one.reason as { code: string }).code));

test.each(['22023', '23514', '54000', 'P0001'])(
  'a fault of the data (%s): the guilty fail alone, found by halving and not one by one',
  async (code) => {
    await refusePoison(code);
    const poison = [0, 41, 42, 99];
    const codes = codesOf(await appendWith(poison));
    expect(codes).toEqual(
      codes.map((_, index) => (poison.includes(index) ? 'STORE_UNAVAILABLE' : 'written')),
    );
    expect((await store.readAll(START)).map((event) => event.position)).toEqual(
      Array.from({ length: appends - poison.length }, (_, index) => String(index + 1)),
    );
    // Four guilty among a hundred: the batch, and at the most four refused halves at each of seven levels.
    expect(await refusals()).toBeLessThanOrEqual(1 + 4 * 7);
  },
);

test.each(['53100', '53200', '57014', '55P03', '40P01', '42501', 'XX001'])(
  'a fault of the server (%s) is told to the whole batch at once',
  async (code) => {
    await refusePoison(code);
    expect(new Set(codesOf(await appendWith([41])))).toEqual(new Set(['STORE_UNAVAILABLE']));
    expect(await refusals()).toBe(1);
    expect(await store.head()).toBe(START);
    expect(warnings).toEqual([`PostgreSQL cannot append now (${code})`]);
    await store.append(sampleStreamId(), 'none', [sampleEvent()]);
  },
);

test('a lock that is held too long costs one wait, for the batch and for those behind it', async () => {
  await admin.query(`ALTER DATABASE ${database.name} SET lock_timeout = '500ms'`);
  const streamId = sampleStreamId();
  await admin.query('BEGIN');
  await admin.query('LOCK TABLE log.events IN ACCESS EXCLUSIVE MODE');
  const events = Array.from({ length: appends }, () => sampleEvent());
  // All to one stream: one of them is in the batch, and the others wait behind it.
  const settled = await Promise.allSettled(events.map((event) => store.append(streamId, 'any', [event])));
  expect(new Set(codesOf(settled))).toEqual(new Set(['STORE_UNAVAILABLE']));
  expect(warnings).toEqual(['PostgreSQL cannot append now (55P03)']);
  await admin.query('ROLLBACK');
  for (const event of events) await store.append(streamId, 'any', [event]);
  expect(await store.readStream(streamId)).toMatchObject(events.map(({ eventId }) => ({ eventId })));
});
