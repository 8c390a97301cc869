import { admitAppend } from '@shaoying/event-store';
import { sampleEvent, sampleStreamId } from '@shaoying/event-store/testing';
import { createTestDatabase, openProxy } from '@shaoying/postgres/testing';
import { AppendWriter } from './append.writer.js';
import { writerConfig } from './log.connection.js';
import { PostgresEventStore } from './postgres-event-store.js';

const oneAppend = () => [admitAppend(sampleStreamId(), 'none', [sampleEvent()])];

test('a server that takes connections and says nothing: no new attempt after 30 s; those who wait hear so after 10 s', async () => {
  const database = await createTestDatabase();
  const schema = await PostgresEventStore.open({ url: database.url });
  await schema.close();
  const proxy = await openProxy(database.url);
  const config = { ...writerConfig(proxy.url) };
  const attemptMs = 11_000;
  let nowMs = 0;
  const waits: number[] = [];
  const told: { readonly atMs: number; readonly message: string }[] = [];
  const pause = async (ms: number): Promise<void> => {
    proxy.fallSilent();
    // Of the 11 s after which each attempt is given up so many are real.
    config.connectionTimeoutMillis = 50;
    waits.push(ms);
    nowMs += ms + attemptMs;
  };
  const writer = new AppendWriter(
    config,
    () => undefined,
    ({ message }) => told.push({ atMs: Math.floor(nowMs / 1_000), message }),
    { nowMs: () => nowMs, pause },
  );
  expect(await writer.write(oneAppend())).toMatchObject([{ revision: 0, duplicate: false }]);

  const cut = proxy.cutAtNextAnswer();
  expect(await writer.write(oneAppend())).toMatchObject([{ code: 'UNKNOWN_OUTCOME' }]);
  await cut;
  // At 0, 11 and 22 s; at 33 s there is none.
  expect(waits).toHaveLength(3);
  waits.forEach((ms, index) => {
    expect(ms).toBeGreaterThanOrEqual(25 * 2 ** index);
    expect(ms).toBeLessThanOrEqual(50 * 2 ** index);
  });
  expect(told).toEqual([
    { atMs: 11, message: 'the event log does not answer' },
    { atMs: 22, message: 'the event log does not answer' },
    { atMs: 33, message: 'the event log cannot be reached' },
  ]);

  // Nothing of it was sent: nobody waits that long.
  waits.length = 0;
  expect(await writer.write(oneAppend())).toMatchObject([{ code: 'STORE_UNAVAILABLE' }]);
  expect(waits).toHaveLength(2);
  await writer.close();
  await proxy.close();
  await database.drop();
});
