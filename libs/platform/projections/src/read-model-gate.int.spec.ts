import { InMemoryEventStore } from '@shaoying/event-store';
import { type TestDatabase, createTestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { ProjectionEngine } from './projection-engine.js';
import { ReadModelGate, type ReadModelGateOptions } from './read-model-gate.js';
import { newEvent } from './testing/index.js';
import { RecordingLog } from './testing/recording-log.js';
import { tally } from './testing/sample-projections.js';

let database: TestDatabase;
let admin: Client;
let store: InMemoryEventStore;
let engine: ProjectionEngine;
let gates: ReadModelGate[];

beforeEach(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.url });
  admin.on('error', () => undefined);
  await admin.connect();
  store = new InMemoryEventStore();
  engine = new ProjectionEngine({
    store,
    url: database.url,
    projections: [tally()],
    log: new RecordingLog(),
  });
  gates = [];
});

afterEach(async () => {
  await Promise.all([engine.stop(), ...gates.map((gate) => gate.stop())]);
  await store.close();
  await admin.end();
  await database.drop();
});

function open(options: Partial<ReadModelGateOptions> = {}): ReadModelGate {
  const gate = new ReadModelGate({ url: database.url, log: new RecordingLog(), ...options });
  gates.push(gate);
  gate.start();
  return gate;
}

const append = async () => (await store.append('a', 'any', [newEvent('Counted', {})])).position;

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

it('lets a query see what its caller has just written', async () => {
  const gate = open();
  engine.start();
  for (let round = 0; round < 20; round += 1) {
    const position = await append();
    expect(await gate.waitFor('tally', position, 5_000)).toBe(true);
    const { rows } = await admin.query('select from tally.seen where position = $1', [position]);
    expect(rows).toHaveLength(1);
  }
  expect(gate.positions()).toEqual(new Map([['tally', '20']]));
});

it('is told, and does not only poll', async () => {
  const gate = open({ pollMs: 60_000 });
  engine.start();
  await gate.waitFor('tally', await append(), 5_000);
  expect(await elapsed(async () => gate.waitFor('tally', await append(), 30_000))).toBeLessThan(20_000);
});

it('polls when a notice is lost', async () => {
  const gate = open({ pollMs: 50 });
  engine.start();
  await gate.waitFor('tally', await append(), 5_000);
  await engine.stop();
  // What a process leaves that dies between commit and notice.
  await admin.query(`update projections.checkpoints set position = '9'`);
  expect(await gate.waitFor('tally', '9', 2_000)).toBe(true);
});

it('comes back after its connection is cut', async () => {
  const gate = open();
  engine.start();
  await gate.waitFor('tally', await append(), 5_000);
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'shaoying-read-model-gate'`,
  );
  expect(await gate.waitFor('tally', await append(), 5_000)).toBe(true);
});

it('answers false when the read model does not get there in time', async () => {
  const gate = open();
  engine.start();
  await gate.waitFor('tally', await append(), 5_000);
  expect(
    await elapsed(async () => expect(await gate.waitFor('tally', '99', 150)).toBe(false)),
  ).toBeGreaterThan(140);
  expect(await gate.waitFor('never-heard-of', '1', 50)).toBe(false);
});

it('answers false to everyone when it stops, and to whoever comes later', async () => {
  const gate = open();
  const waiting = gate.waitFor('tally', '5', 60_000);
  await gate.stop();
  expect(await waiting).toBe(false);
  expect(await gate.waitFor('tally', '5', 60_000)).toBe(false);
});

it('turns away more waiters than it has room for, and makes room again', async () => {
  const gate = open({ waitersMax: 2 });
  const waiting = [gate.waitFor('tally', '5', 100), gate.waitFor('tally', '5', 100)];
  await expect(gate.waitFor('tally', '5', 100)).rejects.toMatchObject({ code: 'TOO_MANY_WAITERS' });
  expect(await Promise.all(waiting)).toEqual([false, false]);
  expect(await gate.waitFor('tally', '5', 10)).toBe(false);
});

it('wakes listeners until they unsubscribe, also when one of them fails', async () => {
  const gate = open();
  let calls = 0;
  gate.onAdvance('tally', () => {
    throw new Error('not your day');
  });
  const unsubscribe = gate.onAdvance('tally', () => (calls += 1));
  engine.start();
  await gate.waitFor('tally', await append(), 5_000);
  expect(calls).toBeGreaterThan(0);
  unsubscribe();
  const before = calls;
  await gate.waitFor('tally', await append(), 5_000);
  expect(calls).toBe(before);
});
