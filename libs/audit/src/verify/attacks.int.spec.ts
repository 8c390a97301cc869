import { randomUUID } from 'node:crypto';
import type { RecordedEvent, StoredRecord } from '@shaoying/event-store';
import { openDouble } from '@shaoying/event-store-eventstoredb/testing';
import { newEvent } from '@shaoying/projections/testing';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { parseCheckpoint, checkpointText } from '../checkpoints/checkpoint.js';
import { parseNote, signNote, type NoteSigner } from '../checkpoints/signed-note.js';
import { KeptExport, origin, otherKey, realKey, SignedLog } from '../testing/signed-log.js';
import { storedLeaf } from '../tree/leaf.js';
import { MerkleTree } from '../tree/merkle-tree.js';
import { LogSource } from './log.source.js';
import { verifyLog } from './verify-log.js';

// 30 events, a checkpoint over them (index 30), 20 more, a checkpoint over 51 (index 51), and 10 that nobody has signed.
const [firstSize, secondSize, total] = [30, 51, 62];
const kept = new KeptExport(async (note) => parseCheckpoint(parseNote(note).text));

let database: TestDatabase;
let log: SignedLog;
/** Of the log as it was: by index. */
let events: readonly RecordedEvent[];

const tables = [
  'log.events',
  ...['tree', 'tiles', 'leaf_places', 'checkpoints'].map((name) => `audit_tree.${name}`),
];
const copyOf = (table: string): string => `kept."${table}"`;

beforeAll(async () => {
  database = await createTestDatabase();
  log = await SignedLog.open(database.url);
  for (const count of [30, 20]) {
    for (let at = 0; at < count; at += 5) await log.append(`incident-${at % 4}`, 5);
    await log.build();
    expect((await log.look(kept)).outcome.state).toBe('signed');
    log.clock.advanceMs(120_000);
    await log.build();
    await log.look(kept);
  }
  await log.append('incident-9', 10);
  await log.build();
  events = await log.store.readAll('0', { limit: 100 });
  expect(events).toHaveLength(total);
  expect(kept.notes.map((note) => parseCheckpoint(parseNote(note).text).size)).toEqual([
    firstSize,
    secondSize,
  ]);
  const keep = tables.map((table) => `create table ${copyOf(table)} as table ${table};`).join('\n');
  await log.pool.query(`create schema kept; ${keep}; alter table log.events disable trigger append_only`);
}, 60_000);

afterAll(async () => {
  await log.close();
  await database.drop();
}, 60_000);

/** The log and its tree as they were signed, after somebody with every right in the database was at them. */
async function attacked(sql: string): Promise<SignedLog> {
  const restore = tables
    .map((table) => `truncate ${table}; insert into ${table} table ${copyOf(table)};`)
    .join('\n');
  const reached = `update projections.checkpoints set position = ${total}, event_position = ${total},
    event_id = '${events.at(-1)?.eventId}'`;
  await log.pool.query(`${restore} ${reached}; ${sql}`);
  log.restart();
  return log;
}

const at = (index: number) => {
  const { eventId, streamId, revision, type } = events[index] as RecordedEvent;
  return { index, eventId, streamId, revision, type };
};
const position = (index: number): number => index + 1;
const alter = (index: number) =>
  `update log.events set data = replace(data, 'repair', 'repaid') where position = ${position(index)};`;

/** A tree that is made anew is made of the bytes: nothing that has it is signed. */
async function expectRefusedWhenBuiltAnew(log: SignedLog): Promise<void> {
  await log.build();
  expect((await log.look(kept)).outcome).toEqual({
    state: 'refusing',
    reason: expect.stringContaining('the first 51 events are not those'),
  });
}

/** Signs the checkpoints of an altered log anew, as if they had always been over it, and makes its tree anew. */
async function signAnew(log: SignedLog, key: NoteSigner): Promise<void> {
  const tree = new MerkleTree();
  const copied = (record: StoredRecord) => ({
    ...record,
    metadata: Buffer.from(record.metadata),
    data: Buffer.from(record.data),
  });
  for (const event of await log.store.readAllStored('0', 100, copied)) {
    const { size } = JSON.parse(event.data.toString()) as { size?: number };
    let { data } = event;
    if (event.streamId === 'audit-checkpoints' && size !== undefined) {
      const root = tree.root(size);
      const note = signNote(checkpointText({ origin, size, root, algorithm: 'sha256' }), [key]);
      const keys = [key.verifierKey];
      const signed = {
        ...{ origin, size, root: Buffer.from(root).toString('base64'), algorithm: 'sha256', note, keys },
      };
      data = Buffer.from(JSON.stringify(signed));
      await log.pool.query('update log.events set data = $1 where position = $2', [
        data.toString(),
        event.position,
      ]);
    }
    tree.append(tree.hasher.leaf(storedLeaf({ ...event, data })));
  }
  await log.build();
}

test('the log as it was signed is whole, and the last ten events are told to be unsigned', async () => {
  const log = await attacked('select 1');
  const report = await log.verify({ keys: [realKey.verifierKey], notes: kept.notes });
  expect(report).toMatchObject({
    ...{ outcome: 'WHOLE', leaves: total, signedLeaves: secondSize, keysFromOutside: true, fault: null },
    checkpoints: { inLog: 2, fromOutside: 2 },
  });
}, 30_000);

test('one byte of an old event is changed', async () => {
  const { fault } = await (await attacked(alter(7))).verify();
  expect(fault).toMatchObject({ code: 'ALTERED', event: at(7), checkpoint: { size: firstSize } });
}, 30_000);

test('one byte is added that changes nothing of what the event means', async () => {
  const spaced = `update log.events set data = replace(data, '{"nth"', '{ "nth"') where position = ${position(33)}`;
  const log = await attacked(spaced);
  const { fault } = await log.verify();
  expect(fault).toMatchObject({ code: 'ALTERED', event: at(33), checkpoint: { size: secondSize } });
  await expectRefusedWhenBuiltAnew(log);
}, 30_000);

test.each([
  ['has a member that readers pass by', `left(metadata, -1) || ',"data":"anything"}'`],
  ['is no JSON', `left(metadata, -1) || ',"data":'`],
])(
  'the metadata of an old event %s',
  async (_what, value) => {
    const log = await attacked(`update log.events set metadata = ${value} where position = ${position(33)}`);
    const { fault } = await log.verify();
    expect(fault).toMatchObject({
      code: 'MALFORMED_LEAF',
      event: { index: 33, position: `${position(33)}` },
    });
    await expectRefusedWhenBuiltAnew(log);
  },
  30_000,
);

test.each([
  ['an old event', 33, "replace(data, '{\"nth\"', '{\"nth')"],
  ['a checkpoint', firstSize, `'x'`],
])(
  'the data of %s are no JSON any more',
  async (_what, index, value) => {
    const log = await attacked(`update log.events set data = ${value} where position = ${position(index)}`);
    const { fault } = await log.verify();
    expect(fault).toMatchObject({ code: 'ALTERED', event: at(index), checkpoint: { size: secondSize } });
    await expectRefusedWhenBuiltAnew(log);
  },
  30_000,
);

test.each([
  ['"size":30', '"size":1e300'],
  ['"note":"', '"note":"\\u0000'],
])(
  'a checkpoint says %s as %s, which the tables of the tree cannot hold',
  async (said, says) => {
    const log = await attacked(
      `update log.events set data = replace(data, '${said}', '${says}') where position = ${position(firstSize)}`,
    );
    const { fault } = await log.verify();
    expect(fault).toMatchObject({ code: 'ALTERED', event: at(firstSize), checkpoint: { size: secondSize } });
    await expectRefusedWhenBuiltAnew(log);
  },
  30_000,
);

test.each([
  ['recorded_at', `recorded_at + interval '1 ms'`],
  ['occurred_at', `occurred_at - interval '1 day'`],
  ['type', `'IncidentClosed'`],
  ['stream_id', `'incident-x'`],
  ['schema_version', '2'],
  ['metadata', `replace(metadata, 'system:test', 'somebody')`],
])(
  '%s of an old event is changed',
  async (column, value) => {
    const changed = `update log.events set ${column} = ${value} where position = ${position(3)}`;
    const { fault } = await (await attacked(changed)).verify();
    expect(fault).toMatchObject({ code: 'ALTERED', event: { index: 3, eventId: at(3).eventId } });
  },
  30_000,
);

test('an event is deleted', async () => {
  const { fault } = await (await attacked(`delete from log.events where position = ${position(7)}`)).verify();
  expect(fault).toMatchObject({ code: 'REMOVED', event: { ...at(8), index: 7 } });
  expect(fault?.message).toContain(at(7).eventId);
}, 30_000);

const swap = (a: number, b: number): string =>
  `update log.events set position = -1 where position = ${position(a)};
   update log.events set position = ${position(a)} where position = ${position(b)};
   update log.events set position = ${position(b)} where position = -1;`;

test('two events have changed places', async () => {
  const neighbours = await (await attacked(swap(7, 8))).verify();
  expect(neighbours.fault).toMatchObject({ code: 'SWAPPED', event: { ...at(8), index: 7 } });
  const apart = await (await attacked(swap(7, 20))).verify();
  expect(apart.fault).toMatchObject({ code: 'MOVED', event: { ...at(20), index: 7 } });
}, 30_000);

test('an event is inserted late', async () => {
  const eventId = randomUUID();
  const { fault } = await (
    await attacked(
      `update log.events set position = -position where position >= ${position(9)};
       update log.events set position = 1 - position where position < 0;
       insert into log.events select ${position(9)}, '${eventId}', 0, schema_version, occurred_at, recorded_at, 'incident-late', type,
         metadata, data from log.events where position = 1;`,
    )
  ).verify();
  expect(fault).toMatchObject({ code: 'INSERTED', event: { index: 9, eventId, streamId: 'incident-late' } });
}, 30_000);

test('the log is cut off, with or without its checkpoints', async () => {
  const cut = `delete from log.events where position > ${position(40)};`;
  const noticed = await (await attacked(cut)).verify();
  expect(noticed.fault).toMatchObject({ code: 'TRUNCATED', event: { index: 41, eventId: at(41).eventId } });
  const proved = await log.verify({ notes: kept.notes, known: null });
  expect(proved.fault).toMatchObject({
    code: 'TRUNCATED',
    event: { index: 41 },
    checkpoint: { size: secondSize },
  });
}, 30_000);

test('the log and the tree are rewritten, and signed with another key', async () => {
  const log = await attacked(alter(7));
  await signAnew(log, otherKey);
  const byKey = await log.verify({ keys: [realKey.verifierKey] });
  expect(byKey.fault).toMatchObject({
    code: 'UNKNOWN_KEY',
    event: { index: 30, type: 'AuditCheckpointSigned' },
  });
  const byCheckpoint = await log.verify({ notes: kept.notes });
  expect(byCheckpoint.fault).toMatchObject({
    ...{ code: 'CONTRADICTS_CHECKPOINT', event: at(0), checkpoint: { size: firstSize } },
    message: expect.stringContaining('index 0 to 29'),
  });
  // Who brings nothing of his own learns that the log agrees with itself, and that this is all.
  expect(await log.verify()).toMatchObject({ outcome: 'WHOLE', keysFromOutside: false });
}, 30_000);

test('the log is rewritten with the real key after a checkpoint was exported', async () => {
  const log = await attacked(alter(33));
  await signAnew(log, realKey);
  const { fault } = await log.verify({ keys: [realKey.verifierKey], notes: kept.notes });
  expect(fault).toMatchObject({
    ...{ code: 'CONTRADICTS_CHECKPOINT', checkpoint: { size: secondSize } },
    message: expect.stringContaining('index 30 to 50'),
  });
  await log.append('incident-1', 1);
  await log.build();
  log.clock.advanceMs(600_000);
  const { outcome } = await log.look(kept);
  expect(outcome).toEqual({
    state: 'refusing',
    reason: expect.stringContaining('the first 51 events are not those'),
  });
}, 30_000);

test('the database is set back to a backup: nothing more is signed, and who has a checkpoint sees it', async () => {
  const log = await attacked(`delete from log.events where position > ${position(31)};`);
  await log.build();
  const { outcome } = await log.look(kept);
  expect(outcome).toEqual({ state: 'refusing', reason: expect.stringContaining('events were taken away') });
  const { fault } = await log.verify({ notes: kept.notes });
  expect(fault).toMatchObject({ code: 'TRUNCATED', event: { index: 32 }, checkpoint: { size: secondSize } });
  // Grown past what was signed, with other events, it is still not that log.
  await log.append('incident-5', 40);
  await log.build();
  log.clock.advanceMs(600_000);
  expect((await log.look(kept)).outcome).toEqual({
    state: 'refusing',
    reason: expect.stringContaining('rewritten'),
  });
  expect((await log.verify({ notes: kept.notes })).fault).toMatchObject({
    ...{ code: 'CONTRADICTS_CHECKPOINT', event: { index: 30 } },
  });
}, 30_000);

test("only the tree's tables are altered", async () => {
  const log = await attacked(
    `update audit_tree.tiles set hashes = set_byte(hashes, 32 * 5, 0) where level = 0 and index = 0`,
  );
  const { fault } = await log.verify();
  expect(fault).toMatchObject({ code: 'TREE_DIFFERS', event: at(5), checkpoint: { size: firstSize } });
}, 30_000);

test('a signature is forged', async () => {
  const log = await attacked('select 1');
  const forged = kept.notes[0]!.replace(/\n30\n/, '\n29\n');
  const { fault } = await log.verify({ keys: [realKey.verifierKey], notes: [forged] });
  expect(fault).toMatchObject({ code: 'CONTRADICTS_CHECKPOINT', checkpoint: { size: 29 } });
  const resigned = signNote(parseNote(kept.notes[0]!).text, [otherKey]);
  const unknown = await log.verify({ keys: [realKey.verifierKey], notes: [resigned] });
  expect(unknown.fault).toMatchObject({ code: 'UNKNOWN_KEY', checkpoint: { size: firstSize } });
}, 30_000);

test('on EventStoreDB, an event whose data are no JSON any more is altered, and not one that is gone', async () => {
  const double = await openDouble();
  try {
    const nths = [0, 1, 2, 3].map((nth) => newEvent('IncidentProgressed', { nth }));
    await double.store.append('incident-1', 'none', nths);
    const leaves = await double.store.readAllStored('0', 10, (record) => ({ leaf: storedLeaf(record) }));
    const tree = new MerkleTree();
    const hashes = leaves.map(({ leaf }) => tree.hasher.leaf(leaf));
    for (const hash of hashes) tree.append(hash);
    const text = checkpointText({ origin, size: 4, root: tree.root(), algorithm: 'sha256' });
    const { records } = double.server.log;
    const altered = records.findLastIndex(({ type }) => type === 'IncidentProgressed') - 2;
    records[altered] = { ...records[altered]!, data: Buffer.from('{"nth:1}') };
    const known = {
      size: 4,
      hashes: async (from: number, count: number) => Buffer.concat(hashes.slice(from, from + count)),
      eventAt: async () => null,
      indexOf: async (eventId: string) => nths.findIndex((event) => event.eventId === eventId),
    };
    const source = new LogSource(double.store, null);
    const { fault } = await verifyLog(source, { keys: [], notes: [signNote(text, [realKey])], known });
    expect(fault).toMatchObject({ code: 'ALTERED', event: { index: 1, revision: 1 } });
  } finally {
    await double.close();
  }
}, 30_000);
