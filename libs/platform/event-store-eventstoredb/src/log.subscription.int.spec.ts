import { START } from '@shaoying/event-store';
import { sampleEvents, sampleStreamId } from '@shaoying/event-store/testing';
import { LogClient } from './eventstoredb.client.js';
import { LogReader } from './log.reader.js';
import { follow } from './log.subscription.js';
import { openDouble } from './testing/index.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/**
 * Follows a log that goes away before it is found and again after a batch, for so many lost calls each.
 * @returns the milliseconds waited before each new call, and how many events had been seen by then
 */
async function waitsOf(lostCalls: number): Promise<{ readonly ms: number; readonly seen: number }[]> {
  const double = await openDouble();
  const { server, store } = double;
  await store.append(sampleStreamId(), 'none', sampleEvents(3));
  await server.goAway();
  const stop = new AbortController();
  const client = new LogClient(server.url, 1_000);
  const reader = new LogReader(client, 1_000, () => undefined, stop.signal);
  const waits: { ms: number; seen: number }[] = [];
  let seen = 0;
  const pause = async (ms: number): Promise<void> => {
    waits.push({ ms, seen });
    if (waits.length === lostCalls) await server.comeBack();
    if (waits.length === 2 * lostCalls) stop.abort();
  };
  const bounds = { limit: 10, types: undefined, silenceMsMax: 1_000 };
  const following = { client, reader, warn: () => undefined, ...bounds, ended: stop.signal, pause };
  for await (const batch of follow(START, following)) {
    seen += batch.length;
    await server.goAway();
  }
  client.close();
  await double.close();
  return waits;
}

test.each([
  ['half of it at the least', 0, [25, 50, 100, 200, 400, 800, 1_600, 2_500, 2_500]],
  ['all of it at the most', 1 - Number.EPSILON, [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]],
])(
  'a lost subscription is made again after a time that doubles up to 5 s, %s by chance, and begins anew once something has come',
  async (_part, chance, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance);
    const waits = await waitsOf(expected.length);
    expect(waits.map(({ ms }) => Math.round(ms))).toEqual([...expected, ...expected]);
    expect(waits.map(({ seen }) => seen)).toEqual([...expected.map(() => 0), ...expected.map(() => 3)]);
  },
  60_000,
);
