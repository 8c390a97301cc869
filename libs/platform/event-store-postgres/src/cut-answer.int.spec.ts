import { START } from '@shaoying/event-store';
import type { ExpectedRevision, RecordedEvent } from '@shaoying/event-store';
import { sampleEvent, sampleEvents, sampleStreamId } from '@shaoying/event-store/testing';
import { createTestDatabase, openProxy } from '@shaoying/postgres/testing';
import type { Cut, Proxy, TestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';

let database: TestDatabase;
let admin: Client;
let proxy: Proxy;
let store: PostgresEventStore;

beforeEach(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.url });
  await admin.connect();
  proxy = await openProxy(database.url);
  store = await PostgresEventStore.open({ url: proxy.url, poolSize: 1, onWarning: () => undefined });
  // The writer is connected: the next answer is that of an append.
  await store.append(sampleStreamId(), 'none', [sampleEvent()]);
});

afterEach(async () => {
  await store.close();
  await proxy.close();
  await admin.end();
  await database.drop();
});

const cuts: Readonly<Record<string, Cut>> = {
  'before its answer': {},
  'in the middle of its answer': { leaving: (answer) => answer.subarray(0, answer.length >> 1) },
  'one byte before the end of its answer': { leaving: (answer) => answer.subarray(0, -1) },
};

async function expectWholeLog(events: number): Promise<void> {
  const log: RecordedEvent[] = await store.readAll(START, { limit: 5_000 });
  expect(log.map((event) => event.position)).toEqual(log.map((_, index) => String(index + 1)));
  expect(log).toHaveLength(events);
}

describe.each(Object.keys(cuts))('the connection cut after an append was written, %s', (when) => {
  test.each<ExpectedRevision>(['none', 'any'])(
    'the first append to a stream, expecting %s: settled by a retry, written once, and answered as the first that it is',
    async (expected) => {
      const streamId = sampleStreamId();
      const cut = proxy.cutAtNextAnswer(cuts[when]);
      expect(await store.append(streamId, expected, sampleEvents(2))).toMatchObject({
        revision: 1,
        duplicate: false,
      });
      await cut;
      expect(await store.readStream(streamId)).toHaveLength(2);
      await expectWholeLog(3);
    },
  );

  test('an append to a stream at a revision: the same', async () => {
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    const cut = proxy.cutAtNextAnswer(cuts[when]);
    expect(await store.append(streamId, 0, sampleEvents(2))).toMatchObject({ revision: 2, duplicate: false });
    await cut;
    expect(await store.readStream(streamId)).toHaveLength(3);
  });

  test('an append whose event ids another call had written: no first answer, however often it is sent', async () => {
    const streamId = sampleStreamId();
    const events = sampleEvents(2);
    await store.append(streamId, 'none', events);
    const [first, last] = events;
    // The same command once more: decided at another moment, or with a secret of its own, or asked for by another request.
    for (const again of [
      { recordedAt: '2026-02-13T08:00:05.000Z' },
      { data: { secret: 2 } },
      { correlationId: 'c' },
    ]) {
      const cut = proxy.cutAtNextAnswer(cuts[when]);
      expect(await store.append(streamId, 'none', [first!, { ...last!, ...again }])).toMatchObject({
        revision: 1,
        duplicate: true,
      });
      await cut;
    }
    await expectWholeLog(3);
  });

  test('a batch of several, one of them in conflict: each gets its own answer', async () => {
    const streamIds = Array.from({ length: 20 }, sampleStreamId);
    const cut = proxy.cutAtNextAnswer(cuts[when]);
    const settled = await Promise.allSettled(
      streamIds.map((streamId, index) =>
        store.append(streamId, index === 7 ? 41 : 'none', sampleEvents(1 + (index % 3))),
      ),
    );
    await cut;
    const repeated = settled.filter((one) => one.status === 'fulfilled' && one.value.duplicate);
    expect(repeated).toEqual([]);
    const revisions = settled.map((one) => (one.status === 'fulfilled' ? one.value.revision : one.reason));
    expect(revisions).toEqual(
      streamIds.map((_, index) =>
        index === 7 ? expect.objectContaining({ code: 'REVISION_CONFLICT', actual: -1 }) : index % 3,
      ),
    );
    const written = streamIds.reduce((sum, _, index) => sum + (index === 7 ? 0 : 1 + (index % 3)), 0);
    await expectWholeLog(1 + written);
  });
});

/** A message of the PostgreSQL protocol that tells an error: fields of a letter and a text, and a zero at the end. */
function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const body = Object.entries(fields).map(([letter, text]) => `${letter}${text}\0`);
  const text = Buffer.from(`${body.join('')}\0`);
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(text.length + 4, 1);
  return Buffer.concat([head, text]);
}

test.each(['PANIC', 'PANIK', 'ERROR'])(
  'an error (%s) with which the connection ends is no answer: the append may be written, and was',
  async (severity) => {
    const streamId = sampleStreamId();
    const fields = { S: severity, C: '53100', M: 'could not write to the write-ahead log: No space left' };
    const cut = proxy.cutAtNextAnswer({ leaving: () => errorResponse(fields) });
    expect(await store.append(streamId, 'none', [sampleEvent()])).toMatchObject({
      revision: 0,
      duplicate: false,
    });
    await cut;
    await expectWholeLog(2);
  },
);

test('written, its answer lost, and refused when sent again: unknown, and never called not written', async () => {
  const streamId = sampleStreamId();
  await admin.query(`ALTER DATABASE ${database.name} SET lock_timeout = '100ms'`);
  const event = sampleEvent();
  const cut = proxy.cutAtNextAnswer({ thenRefuse: true });
  const appended = store.append(streamId, 'none', [event]);
  const code = appended.then(
    () => 'fulfilled',
    (error: { code: string }) => error.code,
  );
  await cut;
  await admin.query('BEGIN');
  await admin.query('LOCK TABLE log.events IN ACCESS EXCLUSIVE MODE');
  proxy.accept();
  expect(await code).toBe('UNKNOWN_OUTCOME');
  await admin.query('ROLLBACK');
  expect(await store.append(streamId, 'none', [event])).toMatchObject({ revision: 0, duplicate: true });
  await expectWholeLog(2);
});
