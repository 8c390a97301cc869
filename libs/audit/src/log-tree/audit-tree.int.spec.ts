import { InMemoryEventStore, type RecordedEvent } from '@shaoying/event-store';
import { openDouble } from '@shaoying/event-store-eventstoredb/testing';
import {
  projectionSpec,
  expectSameTablesForAnyBatching,
  expectSameTablesWhenDeliveredTwice,
  newEvent,
  recordedEvents,
} from '@shaoying/projections/testing';
import { Pool } from 'pg';
import { leafOf, storedLeaf } from '../tree/leaf.js';
import { MerkleTree } from '../tree/merkle-tree.js';
import { isConsistent, isIncluded } from '../tree/tree-proofs.js';
import { OutsideTree } from '../tree/tree-shape.js';
import { auditTree, OtherAlgorithm } from './audit-tree.projection.js';
import { AuditTreeQuery } from './audit-tree.query.js';

const spec = projectionSpec(auditTree('sha256'));
let pool: Pool;
let query: AuditTreeQuery;

beforeAll(() => {
  pool = new Pool({ connectionString: spec.url, max: 2 });
  // The database goes before the pool does.
  pool.on('error', () => undefined);
  query = new AuditTreeQuery(pool);
});

afterAll(() => pool.end());

const signed = {
  ...{ origin: 'a/log', size: 1, root: `${'A'.repeat(43)}=`, algorithm: 'sha256', note: 'n', keys: ['k'] },
};
const history = (count: number): RecordedEvent[] =>
  recordedEvents(
    Array.from({ length: count }, (_, index) =>
      index % 100 === 50
        ? { streamId: 'audit-checkpoints', type: 'AuditCheckpointSigned', data: signed }
        : { streamId: `incident-${index % 7}`, type: 'Anything', data: { index } },
    ),
  );

function treeOf(events: readonly RecordedEvent[]): MerkleTree {
  const tree = new MerkleTree();
  for (const event of events) tree.append(tree.hasher.leaf(leafOf(event)));
  return tree;
}

it('is the same, checkpoints and all, for any batching', async () => {
  await expectSameTablesForAnyBatching(spec, history(270));
}, 60_000);

it('has each event as one leaf when all are delivered again, in whatever batches', async () => {
  const events = history(270);
  await expectSameTablesWhenDeliveredTwice(spec, events);
  const once = await spec.tables();
  // Back to where a checkpoint of an older copy is, and on from there.
  await spec.reset();
  await spec.givenEvents(events.slice(0, 200), 64);
  await spec.givenEvents(events.slice(100), 64);
  expect(await spec.tables()).toEqual(once);
  expect(await query.root(270, 'sha256')).toEqual(treeOf(events).root());
}, 60_000);

it('tells an event of the same id at another position from one that comes again', async () => {
  const [first, second, ...others] = history(10) as [RecordedEvent, RecordedEvent, ...RecordedEvent[]];
  await spec.givenEvents([first, { ...second, eventId: first.eventId }]);
  await spec.givenEvents([{ ...second, eventId: first.eventId }, ...others]);
  expect(await query.state()).toMatchObject({ size: 10 });
});

it('gives the roots and proofs of the tree of RFC 6962, at the edges of tiles and beyond them', async () => {
  const events = history(1_000);
  const tree = treeOf(events);
  await spec.givenEvents(events, 300);
  expect(await query.state()).toEqual({ size: 1_000, algorithm: 'sha256' });
  for (const size of [1, 255, 256, 257, 512, 1_000]) {
    const root = tree.root(size);
    expect([size, await query.root(size, 'sha256')]).toEqual([size, root]);
    for (const index of [0, Math.floor(size / 3), size - 1]) {
      const proof = await query.inclusionProof(index, size, 'sha256');
      const event = events[index] as RecordedEvent;
      const leafHash = tree.hasher.leaf(leafOf(event));
      expect(isIncluded(tree.hasher, { index, size, leafHash, proof, root })).toBe(true);
      const place = { index, position: event.position };
      expect(await query.inclusionOf(event.eventId, size, 'sha256')).toEqual({ place, proof });
    }
    const proof = await query.consistencyProof(size, 1_000, 'sha256');
    const to = { size: 1_000, root: tree.root() };
    expect(isConsistent(tree.hasher, { from: { size, root }, to, proof })).toBe(true);
  }
  await expect(query.root(1_001, 'sha256')).rejects.toThrow(OutsideTree);
}, 60_000);

it('rebuilt from stored texts is the one that followed the log, from whichever engine', async () => {
  const store = new InMemoryEventStore();
  for (const { streamId, type, data } of history(270))
    await store.append(streamId, 'any', [newEvent(type, data)]);
  await spec.givenEvents(await store.readAll('0', { limit: 500 }), 100);
  const followed = await spec.tables();
  const { stored } = auditTree('sha256');
  if (!stored) throw new Error('the tree is rebuilt from stored texts');
  await spec.reset();
  for (let at = 0; at < 270; at += 90) {
    const leaves = await store.readAllStored(String(at), 90, (record) => stored.take(record));
    await spec.inTransaction((tx) => stored.apply(leaves, tx));
  }
  expect(await spec.tables()).toEqual(followed);
  expect(followed['checkpoints']).toHaveLength(3);
}, 60_000);

it('finds the leaf of an event by its id, and the checkpoint that covers it', async () => {
  const events = history(120);
  await spec.givenEvents(events);
  const ids = [events[7], events[119]].map((event) => event?.eventId ?? '');
  expect(await query.placesOf(ids)).toEqual([
    { eventId: ids[0], index: 7, position: '8' },
    { eventId: ids[1], index: 119, position: '120' },
  ]);
  const unknown = '00000000-0000-4000-8000-000000000000';
  expect(await query.placesOf([unknown])).toEqual([]);
  expect(await query.inclusionOf(unknown, 120, 'sha256')).toBeNull();
  for (const size of [0, 7]) {
    const place = { index: 7, position: '8' };
    expect(await query.inclusionOf(ids[0] ?? '', size, 'sha256')).toEqual({ place, proof: null });
  }
  await expect(query.inclusionOf(ids[0] ?? '', 1_000, 'sha256')).rejects.toThrow(OutsideTree);
  expect(await query.firstCheckpointOver(0)).toMatchObject({
    revision: 0,
    leafIndex: 50,
    size: 1,
    origin: 'a/log',
  });
  expect(await query.firstCheckpointOver(1)).toBeNull();
});

it('does not mix two algorithms', async () => {
  await spec.givenEvents(history(3));
  const other = spec.inTransaction((tx) => auditTree('sm3').apply(history(1), tx));
  await expect(other).rejects.toThrow(OtherAlgorithm);
});

it('has the same leaves on either engine, from what readers get and from stored texts', async () => {
  const events = history(60).map((event) =>
    newEvent(event.type, { ...Object(event.data), text: '井盖 "\\u2028"', n: 1e21 }),
  );
  const other = newEvent('Anything', { last: true });
  const memory = new InMemoryEventStore();
  const double = await openDouble();
  try {
    for (const store of [memory, double.store]) {
      await store.append('incident-1', 'any', events);
      await store.append('incident-2', 'none', [other]);
    }
    const logs = await Promise.all([memory, double.store].map((store) => store.readAll('0', { limit: 100 })));
    const [inMemory = [], overTheWire = []] = logs;
    expect(overTheWire.map(({ position }) => position)).not.toEqual(inMemory.map(({ position }) => position));
    expect(overTheWire.map(leafOf)).toEqual(inMemory.map(leafOf));
    expect(treeOf(overTheWire).root()).toEqual(treeOf(inMemory).root());
    for (const store of [memory, double.store]) {
      const bytes = await store.readAllStored('0', 100, (record) => ({
        leaf: storedLeaf(record).toString(),
      }));
      expect(bytes.map(({ leaf }) => leaf)).toEqual(inMemory.map(leafOf));
    }
  } finally {
    await double.close();
  }
});
