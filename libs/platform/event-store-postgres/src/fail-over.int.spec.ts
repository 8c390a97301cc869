import { START } from '@shaoying/event-store';
import { sampleEvent, sampleStreamId } from '@shaoying/event-store/testing';
import { type OwnCluster, TwoServers, until } from '@shaoying/postgres/testing';
import { PostgresEventStore } from './postgres-event-store.js';
import { Follower } from './testing/index.js';

/*
 * Two servers, the second following the first until it is promoted, and the address of the log before them. Whoever is connected to the
 * first stays connected: it lives, answers, and never hears of anything new.
 */

const onLinux = process.platform === 'linux';
const describeOnLinux = onLinux ? describe : describe.skip;

describeOnLinux(`a fail-over to a standby${onLinux ? '' : ' (skipped: needs /proc)'}`, () => {
  let servers: TwoServers;
  const stores: PostgresEventStore[] = [];

  const open = async (url: string, pollIntervalMs?: number): Promise<PostgresEventStore> => {
    const store = await PostgresEventStore.open({
      url,
      poolSize: 3,
      onWarning: () => undefined,
      ...(pollIntervalMs !== undefined && { pollIntervalMs }),
    });
    stores.push(store);
    return store;
  };

  /** What is connected to a server for the log, by its part. */
  const partsOn = async (server: OwnCluster): Promise<string[]> =>
    (await servers.connectedTo(server))
      .filter((name) => name.startsWith('shaoying log '))
      .map((name) => name.slice('shaoying log '.length));

  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'fulfilled',
      (error: { code?: string }) => error.code,
    );

  /** More often than a pool has connections, at once. */
  const nineTimes = <T>(ask: () => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: 9 }, () => ask()));
  const lengthsOf = async (ask: () => Promise<readonly unknown[]>): Promise<Set<number>> =>
    new Set((await nineTimes(ask)).map(({ length }) => length));

  beforeEach(async () => {
    servers = await TwoServers.start();
  }, 120_000);

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await servers.remove();
  }, 120_000);

  test('readers leave the server that can only be read, as writers do: nobody is told what was, and subscribers go on, woken by notifications', async () => {
    const store = await open(servers.address.url, 500);
    const sleeper = await open(servers.address.url, 60_000);
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    const followers = [new Follower(store), new Follower(sleeper)];
    await until('the first event seen', () => followers.every(({ seen }) => seen.length === 1));
    // So that more than one connection of each pool is made, and stays where it is.
    await nineTimes(() => store.readAll(START));
    await servers.failOver();

    const elsewhere = await open(servers.secondUrl);
    await elsewhere.append(streamId, 0, [sampleEvent()]);
    await until('the second event seen', () => followers[0]?.seen.length === 2);
    for (let times = 0; times < 9; times += 1) expect(await store.readStream(streamId)).toHaveLength(2);
    await until('nobody on the first', async () =>
      (await partsOn(servers.first)).every((part) => part === 'writer'),
    );
    await until('a listener on the second', async () => (await partsOn(servers.second)).includes('listener'));
    await elsewhere.append(streamId, 1, [sampleEvent()]);
    await until('the third event seen', () => followers.every(({ seen }) => seen.length === 3), 20_000);
    await Promise.all(followers.map((follower) => follower.stop()));
  }, 120_000);

  test('an answer of the server that can only be read is not told, however short the time since it was the primary', async () => {
    const store = await open(servers.address.url);
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    await nineTimes(() => store.readAll(START));
    await until('the second has the event', async () => {
      const [row] = await servers.ask<{ there: boolean }>(
        servers.second,
        'SELECT EXISTS (SELECT FROM log.events) AS there',
      );
      return row?.there === true;
    });
    await servers.ask(servers.second, 'SELECT pg_promote()');
    servers.address.leadTo(servers.secondUrl);
    const elsewhere = await open(servers.secondUrl);
    await elsewhere.append(streamId, 0, [sampleEvent()]);
    // All connections of the pool, seen to be to a server that can be written in this very moment.
    expect(await lengthsOf(() => store.readAll(START))).toEqual(new Set([1]));
    await servers.fence();
    const [streams, pages, heads] = await Promise.all([
      lengthsOf(() => store.readStream(streamId)),
      lengthsOf(() => store.readAll(START)),
      nineTimes(() => store.head()),
    ]);
    expect([streams, pages]).toEqual([new Set([2]), new Set([2])]);
    expect(new Set(heads)).toEqual(new Set([await elsewhere.head()]));
  }, 120_000);

  test('a conflict, or a first answer, is told by the server that can be written alone', async () => {
    const store = await open(servers.address.url);
    const streamId = sampleStreamId();
    const event = sampleEvent();
    await store.append(streamId, 'none', [event]);
    await servers.failOver();
    const elsewhere = await open(servers.secondUrl);
    await elsewhere.append(streamId, 0, [sampleEvent()]);
    // The first has the stream at revision 0, and would tell a conflict with that.
    expect(await store.append(streamId, 1, [sampleEvent()])).toMatchObject({ revision: 2, duplicate: false });
    expect(await partsOn(servers.first)).not.toContain('writer');
    expect(await store.append(streamId, 'none', [event])).toMatchObject({ revision: 0, duplicate: true });
  }, 120_000);

  test('who is led to a standby is told to come back, and finds everything once it is led to the primary', async () => {
    const store = await open(servers.address.url);
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    servers.address.refuse();
    servers.address.leadTo(servers.secondUrl);
    servers.address.accept();
    await until('the second has the event', async () => {
      const [row] = await servers.ask<{ there: boolean }>(
        servers.second,
        'SELECT EXISTS (SELECT FROM log.events) AS there',
      );
      return row?.there === true;
    });
    expect(await codeOf(store.readStream(streamId))).toBe('STORE_UNAVAILABLE');
    expect(await codeOf(store.readAll(START))).toBe('STORE_UNAVAILABLE');
    expect(await codeOf(store.append(streamId, 0, [sampleEvent()]))).toBe('STORE_UNAVAILABLE');
    const follower = new Follower(store);
    servers.address.leadTo(servers.first.url('shaoying'));
    expect(await store.append(streamId, 0, [sampleEvent()])).toMatchObject({ revision: 1 });
    expect(await store.readStream(streamId)).toHaveLength(2);
    await until('both events seen', () => follower.seen.length === 2);
    await follower.stop();
  }, 120_000);
});
