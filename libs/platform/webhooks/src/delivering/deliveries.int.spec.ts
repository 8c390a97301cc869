import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { Sender } from '../sending/sender.js';
import {
  answers,
  commandOf,
  deafAlarms,
  DeliveryPlace,
  HASTY,
  Receiver,
  until,
  verified,
} from '../testing/index.js';
import { attemptsOf, deliveryStateOf } from './delivery-log.js';
import { DeliveryStore, redeliveriesKept } from './delivery-store.js';

describe('deliveries to an endpoint', () => {
  let database: TestDatabase;
  let pool: Pool;
  let place: DeliveryPlace;
  let receiver: Receiver;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, { max: 8 });
  });
  beforeEach(async () => {
    place = await DeliveryPlace.open(pool);
    receiver = await Receiver.start();
  });
  afterEach(async () => {
    await place.close();
    await receiver.close();
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const isDone = async (id: string): Promise<boolean> => {
    const state = await deliveryStateOf(pool, id);
    const more = await place.feed.read(place.department, state?.position ?? '0', 1);
    return state !== null && state.waiting === 0 && more.length === 0;
  };
  const idsAbout = (incident: string): string[] =>
    receiver.received
      .filter(({ body }) => (JSON.parse(body) as { subject: string }).subject === `incidents/${incident}`)
      .map(({ headers }) => String(headers['webhook-id']));
  const outcomesOf = async (id: string): Promise<string[]> =>
    (await attemptsOf(pool, id, null, 500)).map(({ outcome }) => outcome).toReversed();

  it('are the items of its feed, signed, each logged without a word of what it said', async () => {
    const before = place.add('a');
    const { id, secret } = await place.register(receiver.url);
    await place.notifier(deafAlarms());
    const ids = [...before, ...place.add('b', 'a', 'a', 'c')];
    await until('all are delivered', () => isDone(id));
    expect(new Set(receiver.ids)).toEqual(new Set(ids));
    expect(receiver.ids).toHaveLength(5);
    expect(idsAbout('a')).toEqual(['event-1', 'event-3', 'event-4']);
    const [first] = receiver.received;
    expect(first && verified(secret, first)).toEqual({ id: 'event-1', subject: 'incidents/a', data: {} });
    expect(await attemptsOf(pool, id, null, 1)).toEqual([
      {
        ...{ id: expect.stringMatching(/^\d+$/), position: expect.any(String), eventId: expect.any(String) },
        ...{ attempt: 1, at: expect.any(String), tookMs: expect.any(Number), outcome: 'DELIVERED' },
        ...{ status: 204, error: null },
      },
    ]);
    expect(await deliveryStateOf(pool, id)).toEqual({
      ...{ position: '5', waiting: 0, givenUp: 0, failuresInARow: 0, failingSince: null },
      deliveredAt: expect.any(String),
    });
  });

  it('that fail come again under the same id, signed anew, and hold back what concerns the same incident only', async () => {
    const { id, secret } = await place.register(receiver.url);
    let refusals = 3;
    receiver.behaviour = ({ body }, response) => {
      const isFirst = body.includes('event-1');
      response.writeHead(isFirst && (refusals -= 1) >= 0 ? 500 : 204).end();
    };
    await place.notifier(deafAlarms());
    place.add('bad', 'bad', 'good', 'good', 'bad');
    await until('all are delivered', () => isDone(id));
    expect(idsAbout('bad')).toEqual([...Array<string>(4).fill('event-1'), 'event-2', 'event-5']);
    expect(idsAbout('good')).toEqual(['event-3', 'event-4']);
    const tries = receiver.received.filter(({ headers }) => headers['webhook-id'] === 'event-1');
    for (const received of tries) expect(verified(secret, received)).toMatchObject({ id: 'event-1' });
    expect((await outcomesOf(id)).filter((outcome) => outcome === 'FAILED')).toHaveLength(3);
  });

  it('carry the time of the attempt: a receiver that tolerates five minutes takes the last one as the first', async () => {
    const { id, secret } = await place.register(receiver.url);
    receiver.behaviour = (_received, response) => {
      response.writeHead(receiver.received.length === 1 ? 500 : 204).end();
    };
    // A delivery that was first tried an hour ago.
    let hoursAgo = 1;
    await place.notifier(deafAlarms(), {
      clock: { now: () => new Date(Date.now() - hoursAgo * 3_600_000) },
      // An hour is not sustained yet.
      retries: { ...HASTY, firstMs: 300, longestMs: 300, giveUpAfterMs: 72 * 3_600_000 },
    });
    place.add('a');
    await until('the first attempt', () => receiver.received.length === 1);
    hoursAgo = 0;
    await until('it is delivered', () => isDone(id));
    const [stale, fresh] = receiver.received;
    expect(() => stale && verified(secret, stale)).toThrow(/too old/);
    expect(fresh && verified(secret, fresh)).toMatchObject({ id: 'event-1' });
  });

  it('end with 410, on record, and go on where they were when it is enabled', async () => {
    const { id } = await place.register(receiver.url, { concurrency: 1 });
    receiver.behaviour = answers(410);
    await place.notifier(deafAlarms());
    const ids = place.add('a', 'b', 'c');
    await until('it is disabled', async () => (await place.webhooks.find(id)).disabled === 'GONE');
    await sleep(200);
    expect(receiver.ids).toEqual(['event-1']);
    receiver.behaviour = answers(200);
    await place.webhooks.enable(id, commandOf());
    await place.store.setEnabled(id);
    await until('all are delivered', () => isDone(id));
    expect(receiver.ids).toEqual(['event-1', ...ids]);
    expect(await outcomesOf(id)).toEqual(['GONE', 'DELIVERED', 'DELIVERED', 'DELIVERED']);
  });

  it('that fail for three days disable it, with notice, and nothing is given up', async () => {
    const { id } = await place.register(receiver.url);
    receiver.behaviour = answers(500);
    const notices: unknown[] = [];
    const log = { info: () => undefined, warn: (details: object) => void notices.push(details) };
    await place.notifier(deafAlarms(), { retries: { ...HASTY, giveUpAfterMs: 400 }, log });
    const ids = place.add('a', 'b');
    await until('it is disabled', async () => (await place.webhooks.find(id)).disabled === 'FAILING');
    await until('it is told', () => notices.length > 0 && JSON.stringify(notices).includes('FAILING'));
    const { steps } = await place.webhooks.find(id);
    expect(steps.at(-1)).toMatchObject({ what: 'DISABLED', by: 'system:notifier' });
    expect(await deliveryStateOf(pool, id)).toMatchObject({ waiting: 2, givenUp: 0 });
    receiver.received.length = 0;
    receiver.behaviour = answers(204);
    await place.webhooks.enable(id, commandOf());
    await place.store.setEnabled(id);
    await until('all are delivered', () => isDone(id));
    expect(new Set(receiver.ids)).toEqual(new Set(ids));
  });

  it.each([
    ['the endpoint is disabled', []],
    ['one is given up', ['b', 'c']],
  ])(
    'that failed before a server was down for four days are tried often enough before %s',
    async (_, others) => {
      const { id } = await place.register(receiver.url);
      let refused = 0;
      let refusals = Infinity;
      receiver.behaviour = ({ body }, response) => {
        const isRefused = body.includes('event-1') && refused < refusals;
        if (isRefused) refused += 1;
        response.writeHead(isRefused ? 500 : 204).end();
      };
      const retries = { ...HASTY, giveUpAfterMs: 72 * 3_600_000 };
      const fourDaysAgo = { now: () => new Date(Date.now() - 96 * 3_600_000) };
      const before = await place.notifier(deafAlarms(), { clock: fourDaysAgo, retries });
      place.add('a', ...others);
      await until('it has failed', async () => (await outcomesOf(id)).includes('FAILED'));
      await before.stop();
      refusals = refused + 1;
      await place.notifier(deafAlarms(), { retries: { ...retries, giveUpAfterAttempts: refused + 2 } });
      await until('all are delivered', () => isDone(id));
      expect((await place.webhooks.find(id)).disabled).toBeNull();
      const outcomes = await outcomesOf(id);
      expect(outcomes.filter((outcome) => outcome === 'DELIVERED')).toHaveLength(1 + others.length);
      expect(outcomes).not.toContain('GIVEN_UP');
    },
  );

  it('give up one item that never gets through where others do, and let the next of its incident pass', async () => {
    const { id } = await place.register(receiver.url);
    receiver.behaviour = ({ body }, response) =>
      void response.writeHead(body.includes('"event-1"') ? 400 : 204).end();
    await place.notifier(deafAlarms(), { retries: { ...HASTY, giveUpAfterMs: 300 } });
    place.add('bad', 'bad');
    const others = setInterval(() => place.add('good'), 30);
    await until('the second one passes', () => receiver.ids.includes('event-2'));
    clearInterval(others);
    expect(await deliveryStateOf(pool, id)).toMatchObject({ givenUp: 1 });
    expect(await outcomesOf(id)).toContain('GIVEN_UP');
    expect((await place.webhooks.find(id)).disabled).toBeNull();
  });

  it('are as many at once, and as many in a second, as it takes', async () => {
    const { id } = await place.register(receiver.url, { concurrency: 2, perSecond: 40 });
    receiver.behaviour = (_received, response) => void setTimeout(() => response.writeHead(204).end(), 30);
    place.add(...Array.from({ length: 20 }, (_, n) => `inc-${n}`));
    await place.notifier(deafAlarms());
    await until('all are delivered', () => isDone(id));
    expect(receiver.openMax).toBe(2);
    const times = receiver.received.map(({ atMs }) => atMs);
    // Nineteen gaps of 25 ms, less what may be made up for, and what a busy machine shifts.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(19 * 25 - 60);
  });

  it('wait as long as it asks for', async () => {
    const { id } = await place.register(receiver.url);
    receiver.behaviour = (received, response) => {
      const isFirst = received === receiver.received[0];
      response.writeHead(isFirst ? 429 : 204, isFirst ? { 'retry-after': '86400' } : {}).end();
    };
    await place.notifier(deafAlarms());
    place.add('a', 'a');
    await until('all are delivered', () => isDone(id));
    const [first, second] = receiver.received;
    // A day was asked for; the most that is granted here are 300 ms.
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(290);
  });

  it('to one that hangs keep nobody else waiting', async () => {
    const silent = await Receiver.start(() => undefined);
    await Promise.all(Array.from({ length: 12 }, () => place.register(silent.url)));
    const { id } = await place.register(receiver.url);
    await place.notifier(deafAlarms(), { retries: { ...HASTY, restMs: 3_000, longestRestMs: 3_000 } });
    place.add(...Array.from({ length: 30 }, (_, n) => `inc-${n}`));
    await until('all are delivered', () => isDone(id));
    expect(receiver.ids).toHaveLength(30);
    await place.close();
    await silent.close();
  });

  it('are shared by several processes: nothing twice, nothing missing, nothing out of order', async () => {
    const { id } = await place.register(receiver.url);
    await Promise.all([
      place.notifier(deafAlarms()),
      place.notifier(deafAlarms()),
      place.notifier(deafAlarms()),
    ]);
    const incidents = Array.from({ length: 150 }, (_, n) => `inc-${n % 20}`);
    const ids: string[] = [];
    for (let start = 0; start < incidents.length; start += 10) {
      ids.push(...place.add(...incidents.slice(start, start + 10)));
      await sleep(10);
    }
    await until('all are delivered', () => isDone(id));
    expect(receiver.ids.toSorted()).toEqual(ids.toSorted());
    for (const incident of new Set(incidents)) {
      const wanted = ids.filter((_, index) => incidents[index] === incident);
      expect(idsAbout(incident)).toEqual(wanted);
    }
  });

  it('that a dying process has sent and not settled come again under the same id, in order', async () => {
    const { id } = await place.register(receiver.url);
    receiver.behaviour = (_received, response) => void setTimeout(() => response.writeHead(204).end(), 20);
    const incidents = Array.from({ length: 60 }, (_, n) => `inc-${n % 6}`);
    const ids = place.add(...incidents);
    for (let life = 0; life < 3; life += 1) {
      const notifier = await place.notifier(deafAlarms());
      await until('some are delivered', () => receiver.ids.length >= 10 * (life + 1));
      await notifier.stop();
    }
    await place.notifier(deafAlarms());
    await until('all are delivered', () => isDone(id));
    expect(new Set(receiver.ids)).toEqual(new Set(ids));
    for (const incident of new Set(incidents)) {
      const wanted = ids.filter((_, index) => incidents[index] === incident);
      expect([...new Set(idsAbout(incident))]).toEqual(wanted);
    }
  });

  it('that are under way when a process stops are ended in time, and are no failures', async () => {
    const { id } = await place.register(receiver.url);
    receiver.behaviour = () => undefined;
    const sender = new Sender({
      addresses: { localAddresses: ['127.0.0.1'], httpsOnly: false },
      resolve: () => Promise.reject(new Error('no names here')),
    });
    const notifier = await place.notifier(deafAlarms(), { sender });
    place.add('a', 'b');
    await until('both are under way', () => receiver.open === 2);
    const began = performance.now();
    await notifier.stop();
    expect(performance.now() - began).toBeLessThan(3_500);
    expect(await deliveryStateOf(pool, id)).toMatchObject({ waiting: 2, failuresInARow: 0 });
    expect(await attemptsOf(pool, id, null, 10)).toEqual([]);
    receiver.behaviour = answers(204);
    await place.notifier(deafAlarms());
    // At once: what stops in order lets go of what it has in hand.
    await until('both are delivered', () => isDone(id), 3_000);
  });

  it('are listed page by page, the newest first, of which ids as texts are not', async () => {
    const { id } = await place.register(receiver.url);
    await place.store.begin(await place.webhooks.find(id));
    await pool.query(
      `insert into webhooks.attempts (webhook_id, position, event_id, attempt, at, took_ms, outcome, status, error)
       select $1, n, 'event-' || n, 1, now(), 5, 'DELIVERED', 204, null from generate_series(1, 120) as n order by n`,
      [id],
    );
    const listed: string[] = [];
    for (let before: string | null | undefined = null; before !== undefined;) {
      const page = await attemptsOf(pool, id, before, 50);
      listed.push(...page.map(({ eventId }) => eventId));
      before = page.at(-1)?.id;
    }
    expect(listed).toEqual(Array.from({ length: 120 }, (_, n) => `event-${120 - n}`));
  });

  it('go on after a process that died with it in hand', async () => {
    const { id } = await place.register(receiver.url);
    await place.store.begin(await place.webhooks.find(id));
    expect(await place.store.claim(id)).not.toBeNull();
    place.add('a');
    await place.notifier(deafAlarms());
    await sleep(200);
    expect(receiver.ids).toEqual([]);
    // Ten seconds later.
    await pool.query(`update webhooks.endpoints set claimed_until = now() where webhook_id = $1`, [id]);
    await until('it is delivered', () => isDone(id));
    expect(receiver.ids).toEqual(['event-1']);
  });

  it('that were put off, claimed or let rest by a clock of the database that was two days ahead do not wait for it', async () => {
    const { id } = await place.register(receiver.url);
    receiver.behaviour = answers(500);
    const before = await place.notifier(deafAlarms());
    place.add('a');
    await until('it has failed', async () => (await attemptsOf(pool, id, null, 1)).length === 1);
    await before.stop();
    const ahead = `interval '2 days'`;
    await pool.query(`update webhooks.items set due_at = now() + ${ahead}`);
    await pool.query(
      `update webhooks.endpoints set claimed_until = now() + ${ahead}, rests_until = now() + ${ahead}`,
    );
    receiver.behaviour = answers(204);
    await place.notifier(deafAlarms());
    await until('it is delivered', () => isDone(id));
  });

  it('that came while the clock of the database was ten minutes ahead are sent at once', async () => {
    const { id } = await place.register(receiver.url);
    const webhook = await place.webhooks.lookUp(id);
    if (webhook === undefined) throw new Error('it was registered');
    await place.store.begin(webhook);
    place.add('a');
    await place.store.takeIn(id, place.department);
    await pool.query(`update webhooks.items set due_at = due_at + interval '10 minutes'`);
    await place.notifier(deafAlarms());
    await until('it is delivered', () => isDone(id));
  });

  it('begin anew where the tables are lost', async () => {
    const { id } = await place.register(receiver.url);
    await place.notifier(deafAlarms());
    place.add('a', 'b');
    await until('all are delivered', () => isDone(id));
    await pool.query('delete from webhooks.endpoints');
    await until('all are delivered again', () => receiver.ids.length === 4);
    expect(new Set(receiver.ids)).toEqual(new Set(['event-1', 'event-2']));
  });

  it('by hand are those of a range once more, under their ids, and none that it has not come to', async () => {
    const { id } = await place.register(receiver.url);
    await place.notifier(deafAlarms());
    place.add('a', 'b', 'a', 'c');
    await until('all are delivered', () => isDone(id));
    receiver.received.length = 0;
    const webhook = await place.webhooks.find(id);
    const redeliver = (from: string, to: string) =>
      place.store.redeliver(webhook, { fromPosition: from, toPosition: to });
    expect(await redeliver('2', '3')).toEqual({ redelivered: 2, next: null });
    await until('both are delivered', () => isDone(id));
    expect(receiver.ids.toSorted()).toEqual(['event-2', 'event-3']);
    expect(await redeliver('0', '9223372036854775807')).toEqual({ redelivered: 4, next: null });
    expect(await redeliver('5', '99')).toEqual({ redelivered: 0, next: null });
  });

  it('asked for by hand with a key come again once, by whichever processes it is asked for at the same moment', async () => {
    const { id } = await place.register(receiver.url);
    const notifier = await place.notifier(deafAlarms());
    place.add('a', 'b');
    await until('all are delivered', () => isDone(id));
    await notifier.stop();
    const webhook = await place.webhooks.find(id);
    const other = await DeliveryStore.open(place.pool, place.feed);
    const range = { fromPosition: '1', toPosition: '2' };
    const command = { commandId: randomUUID(), requestHash: 'this body' };
    const told = await Promise.all(
      [place.store, other, place.store, other].map((store) => store.redeliver(webhook, range, command)),
    );
    for (const answer of told) expect(answer).toMatchObject({ redelivered: 2, next: null });
    expect(told.filter(({ replayed }) => replayed !== true)).toHaveLength(1);
    expect(await other.redelivered(command)).toEqual({ redelivered: 2, next: null, replayed: true });
    const { rows } = await place.pool.query(
      'select distinct asked from webhooks.items where webhook_id = $1',
      [id],
    );
    // As often as whoever has it under way would deliver it for.
    expect(rows).toEqual([{ asked: 0 }]);
    const reused = { ...command, requestHash: 'another body' };
    await expect(place.store.redelivered(reused)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await expect(other.redeliver(webhook, range, reused)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    // For a day, and the newest.
    await place.pool.query(
      `insert into webhooks.redeliveries (command_id, webhook_id, request_hash, redelivered, at)
       select gen_random_uuid(), $1, '', 0, now() - interval '1 hour' - n * interval '1 second' from generate_series(1, $2::integer) n
       union all select gen_random_uuid(), $1, '', 0, now() - interval '25 hours'`,
      [id, redeliveriesKept + 3],
    );
    await place.store.forgetOldAttempts(id);
    const { rows: kept } = await place.pool.query(
      'select 1 from webhooks.redeliveries where webhook_id = $1',
      [id],
    );
    expect(kept).toHaveLength(redeliveriesKept);
    expect(await other.redelivered(command)).toMatchObject({ replayed: true });
  });

  it('asked for by hand while one is under way come again, whatever becomes of that one', async () => {
    const { id } = await place.register(receiver.url);
    const held: (() => void)[] = [];
    receiver.behaviour = (_request, response) => void held.push(() => response.writeHead(204).end());
    await place.notifier(deafAlarms());
    place.add('a');
    await until('the first is under way', () => held.length === 1);
    const range = { fromPosition: '1', toPosition: '1' };
    expect(await place.store.redeliver(await place.webhooks.find(id), range)).toMatchObject({
      redelivered: 1,
    });
    held[0]?.();
    await until('it comes again', () => held.length === 2);
    held[1]?.();
    await until('all are delivered', () => isDone(id));
    expect(receiver.ids).toEqual(['event-1', 'event-1']);
    expect(await outcomesOf(id)).toEqual(['DELIVERED', 'DELIVERED']);
  });

  it('end when it is deleted, and its rows with it', async () => {
    const { id } = await place.register(receiver.url);
    receiver.behaviour = answers(500);
    await place.notifier(deafAlarms());
    place.add('a');
    await until('it fails', () => receiver.ids.length > 0);
    await place.webhooks.remove(id, commandOf());
    place.ids.length = 0;
    await until('its rows are gone', async () => (await deliveryStateOf(pool, id)) === null);
    const count = receiver.ids.length;
    await sleep(200);
    expect(receiver.ids).toHaveLength(count);
  });
});
