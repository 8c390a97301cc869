import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EventStore, NewEvent, Position, RecordedEvent } from '@shaoying/event-store';
import { sampleEvent, sampleEvents } from '@shaoying/event-store/testing';
import { findDumpPrograms, OwnCluster, until } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';
import { AppendLoad, expectLogInOrder, expectSameEvents, wholeLog } from './testing/index.js';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function ownCluster(options: Parameters<typeof OwnCluster.start>[0] = {}): Promise<OwnCluster> {
  const cluster = await OwnCluster.start(options);
  closers.push(() => cluster.remove());
  return cluster;
}

async function open(url: string): Promise<EventStore> {
  const store = await PostgresEventStore.open({ url, onWarning: () => undefined });
  closers.push(() => store.close());
  return store;
}

/** One append that every log of this spec begins with, so that its ids are known afterwards. */
interface Known {
  readonly streamId: string;
  readonly events: readonly NewEvent[];
}

async function fill(store: EventStore): Promise<Known> {
  const known = { streamId: 'incident-known', events: sampleEvents(3) };
  await store.append(known.streamId, 'none', known.events);
  const data = ['井盖缺失 🕳️', '\u0000\n"\\', 'x'.repeat(1_000_000), { 国: ['e\u0301', 'é'] }, 1e21, null];
  for (const [index, value] of data.entries()) {
    const expected = index === 0 ? 'none' : index - 1;
    await store.append('incident-odd', expected, [sampleEvent({ data: value })]);
  }
  for (let stream = 0; stream < 50; stream += 1) {
    await store.append(`incident-${stream}`, 'none', sampleEvents(1 + (stream % 5)));
  }
  return known;
}

/** Every column of every row as the database itself prints it. */
async function fingerprint(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT count(*)::int AS rows, md5(string_agg(md5(e::text), '' ORDER BY position)) AS sum FROM log.events e`,
    );
    await expect(client.query('UPDATE log.events SET revision = 1')).rejects.toThrow('append-only');
    return rows[0];
  } finally {
    await client.end();
  }
}

/** As if nothing had happened: a reader goes on after what it had seen, writers after the last event. */
async function expectGoesOn(url: string, before: readonly RecordedEvent[], known: Known): Promise<void> {
  const store = await open(url);
  expectSameEvents(await wholeLog(store), before);
  const middle = Math.floor(before.length / 2);
  const seen = before[middle - 1]?.position ?? '0';
  expectSameEvents(await following(store, seen, before.length - middle), before.slice(middle));

  const again = await store.append(known.streamId, 'none', known.events);
  expect(again).toEqual({ revision: 2, position: '3', duplicate: true });
  await expect(store.append(known.streamId, 1, [sampleEvent()])).rejects.toMatchObject({ actual: 2 });
  const head = BigInt(before.at(-1)?.position ?? '0');
  const next = await store.append(known.streamId, 2, sampleEvents(2));
  expect(next).toEqual({ revision: 4, position: (head + 2n).toString(), duplicate: false });
  const log = await wholeLog(store);
  expectLogInOrder(log);
  expect(log).toHaveLength(before.length + 2);
}

async function following(store: EventStore, after: Position, count: number): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  const stop = new AbortController();
  for await (const batch of store.subscribe(after, { signal: stop.signal })) {
    events.push(...batch);
    if (events.length >= count) stop.abort();
  }
  return events;
}

test('the copied directory of a stopped cluster goes on in a new one: positions, revisions, bytes, ids', async () => {
  const original = await ownCluster();
  const url = await original.createDatabase('shaoying');
  const store = await open(url);
  const known = await fill(store);
  const before = await wholeLog(store);
  const sum = await fingerprint(url);
  await original.stop();
  const copy = await ownCluster({ data: original.data });
  expect(await fingerprint(copy.url('shaoying'))).toEqual(sum);
  await expectGoesOn(copy.url('shaoying'), before, known);
}, 120_000);

const found = findDumpPrograms();
const describeWithDump = found ? describe : describe.skip;
const skipped = found ? '' : ' (skipped: no pg_dump and pg_restore with a server of their major version)';

describeWithDump(`pg_dump and pg_restore${skipped}`, () => {
  const programs = found ?? { initdb: '', postgres: '', pgDump: '', pgRestore: '', major: 0 };
  const runProgram = promisify(execFile);

  const dump = async (cluster: OwnCluster): Promise<string> => {
    const file = join(cluster.home, 'shaoying.dump');
    await runProgram(programs.pgDump, ['-Fc', `--dbname=${cluster.url('shaoying')}`, `--file=${file}`]);
    return file;
  };
  const restore = async (file: string): Promise<string> => {
    const cluster = await ownCluster({ programs });
    const url = await cluster.createDatabase('shaoying');
    await runProgram(programs.pgRestore, ['--exit-on-error', `--dbname=${url}`, file]);
    return url;
  };

  test('into a new cluster: positions, revisions, bytes, ids go on', async () => {
    const original = await ownCluster({ programs });
    const url = await original.createDatabase('shaoying');
    const store = await open(url);
    const known = await fill(store);
    const before = await wholeLog(store);
    const restored = await restore(await dump(original));
    expect(await fingerprint(restored)).toEqual(await fingerprint(url));
    await expectGoesOn(restored, before, known);
  }, 120_000);

  test('taken under load: what is restored is the beginning of the log, without a gap', async () => {
    const original = await ownCluster({ programs });
    const store = await open(await original.createDatabase('shaoying'));
    const known = await fill(store);
    const load = new AppendLoad(store);
    await until('appends', () => load.acknowledged.length >= 100);
    const atLeast = BigInt(await store.head());
    const file = await dump(original);
    const sinceThen = load.acknowledged.length;
    await until('appends go on', () => load.acknowledged.length > sinceThen);
    await load.end();
    const url = await restore(file);
    const events = await wholeLog(await open(url));
    expect(BigInt(events.at(-1)?.position ?? '0')).toBeGreaterThanOrEqual(atLeast);
    expectSameEvents(events, (await wholeLog(store)).slice(0, events.length));
    await expectGoesOn(url, events, known);
  }, 120_000);
});
