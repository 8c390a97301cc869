import { START } from '@shaoying/event-store';
import { sampleEvent, sampleStreamId } from '@shaoying/event-store/testing';
import { OwnCluster } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';
import { Follower, openProxy, until } from './testing/index.js';
import type { Proxy } from './testing/index.js';

/*
 * Two servers, the second following the first until it is promoted, and the address of the log before them. Whoever is connected to the
 * first stays connected: it lives, answers, and never hears of anything new.
 */

const onLinux = process.platform === 'linux';
const describeOnLinux = onLinux ? describe : describe.skip;

describeOnLinux(`a fail-over to a standby${onLinux ? '' : ' (skipped: needs /proc)'}`, () => {
  let first: OwnCluster;
  let second: OwnCluster;
  let address: Proxy;
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

  async function ask<Row extends object>(cluster: OwnCluster, question: string): Promise<Row[]> {
    const client = new Client({ connectionString: cluster.url('shaoying') });
    await client.connect();
    try {
      return (await client.query<Row>(question)).rows;
    } finally {
      await client.end();
    }
  }

  /** What is connected to a server for the log, by its part. */
  const connectedTo = async (cluster: OwnCluster): Promise<string[]> => {
    const rows = await ask<{ name: string }>(
      cluster,
      `SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE application_name LIKE 'shaoying log %' ORDER BY 1`,
    );
    return rows.map(({ name }) => name.slice('shaoying log '.length));
  };

  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'fulfilled',
      (error: { code?: string }) => error.code,
    );

  /** The first can only be read from now on, which it also tells who is connected; the second takes its place. */
  async function failOver(): Promise<void> {
    await ask(first, 'ALTER SYSTEM SET default_transaction_read_only = on');
    await ask(first, 'SELECT pg_reload_conf()');
    await until('the first can only be read', async () => {
      const [row] = await ask<{ on: boolean }>(
        first,
        `SELECT current_setting('transaction_read_only') = 'on' AS on`,
      );
      return row?.on === true;
    });
    const [written] = await ask<{ lsn: string }>(first, 'SELECT pg_current_wal_flush_lsn()::text AS lsn');
    await until('the second has everything', async () => {
      const [row] = await ask<{ all: boolean }>(
        second,
        `SELECT pg_last_wal_replay_lsn() >= '${written?.lsn}' AS all`,
      );
      return row?.all === true;
    });
    await ask(second, 'SELECT pg_promote()');
    address.leadTo(second.url('shaoying'));
  }

  beforeEach(async () => {
    first = await OwnCluster.start();
    await first.createDatabase('shaoying');
    second = await OwnCluster.start({ follows: first });
    address = await openProxy(first.url('shaoying'));
  }, 120_000);

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await address.close();
    await Promise.all([first.remove(), second.remove()]);
  }, 120_000);

  test('readers leave the server that can only be read, as writers do: nobody is told what was, and subscribers go on, woken by notifications', async () => {
    const store = await open(address.url, 500);
    const sleeper = await open(address.url, 60_000);
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    const followers = [new Follower(store), new Follower(sleeper)];
    await until('the first event seen', () => followers.every(({ seen }) => seen.length === 1));
    // So that more than one connection of each pool is made, and stays where it is.
    await Promise.all(Array.from({ length: 9 }, () => store.readAll(START)));
    await failOver();

    const elsewhere = await open(second.url('shaoying'));
    await elsewhere.append(streamId, 0, [sampleEvent()]);
    await until('the second event seen', () => followers[0]?.seen.length === 2);
    for (let times = 0; times < 9; times += 1) expect(await store.readStream(streamId)).toHaveLength(2);
    await until('nobody on the first', async () =>
      (await connectedTo(first)).every((part) => part === 'writer'),
    );
    await until('a listener on the second', async () => (await connectedTo(second)).includes('listener'));
    await elsewhere.append(streamId, 1, [sampleEvent()]);
    await until('the third event seen', () => followers.every(({ seen }) => seen.length === 3), 20_000);
    await Promise.all(followers.map((follower) => follower.stop()));
  }, 120_000);

  test('a conflict, or a first answer, is told by the server that can be written alone', async () => {
    const store = await open(address.url);
    const streamId = sampleStreamId();
    const event = sampleEvent();
    await store.append(streamId, 'none', [event]);
    await failOver();
    const elsewhere = await open(second.url('shaoying'));
    await elsewhere.append(streamId, 0, [sampleEvent()]);
    // The first has the stream at revision 0, and would tell a conflict with that.
    expect(await store.append(streamId, 1, [sampleEvent()])).toMatchObject({ revision: 2, duplicate: false });
    expect(await connectedTo(first)).not.toContain('writer');
    expect(await store.append(streamId, 'none', [event])).toMatchObject({ revision: 0, duplicate: true });
  }, 120_000);

  test('who is led to a standby is told to come back, and finds everything once it is led to the primary', async () => {
    const store = await open(address.url);
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    address.refuse();
    address.leadTo(second.url('shaoying'));
    address.accept();
    await until('the second has the event', async () => {
      const [row] = await ask<{ there: boolean }>(second, 'SELECT EXISTS (SELECT FROM log.events) AS there');
      return row?.there === true;
    });
    expect(await codeOf(store.readStream(streamId))).toBe('STORE_UNAVAILABLE');
    expect(await codeOf(store.readAll(START))).toBe('STORE_UNAVAILABLE');
    expect(await codeOf(store.append(streamId, 0, [sampleEvent()]))).toBe('STORE_UNAVAILABLE');
    const follower = new Follower(store);
    address.leadTo(first.url('shaoying'));
    expect(await store.append(streamId, 0, [sampleEvent()])).toMatchObject({ revision: 1 });
    expect(await store.readStream(streamId)).toHaveLength(2);
    await until('both events seen', () => follower.seen.length === 2);
    await follower.stop();
  }, 120_000);
});
