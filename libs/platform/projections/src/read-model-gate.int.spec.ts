import { InMemoryEventStore } from '@shaoying/event-store';
import { type TestDatabase, createTestDatabase } from '@shaoying/postgres/testing';
import { setTimeout as sleep } from 'node:timers/promises';
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

it('combines signals once per connection, not once per reading: each would be remembered for good', async () => {
  engine.start();
  const gate = open({ pollMs: 20 });
  expect(await gate.waitFor('tally', await append(), 5_000)).toBe(true);
  await engine.stop(); // It combines signals of its own.
  const readings = jest.spyOn(Client.prototype, 'query');
  const combined = jest.spyOn(AbortSignal, 'any');
  try {
    await sleep(500);
    expect(readings.mock.calls.length).toBeGreaterThan(3);
    expect(combined).not.toHaveBeenCalled();
  } finally {
    readings.mockRestore();
    combined.mockRestore();
  }
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

describe('a read model that goes back', () => {
  const notify = (payload: string) => admin.query(`select pg_notify('projections', $1)`, [payload]);
  const generation = async () => {
    const { rows } = await admin.query<{ generation: string }>(
      'select generation from projections.checkpoints',
    );
    return rows[0]?.generation ?? '';
  };
  async function until(what: string, check: () => boolean): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!check()) {
      if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  /** Three events applied, the projector gone. */
  async function openAt3(options: Partial<ReadModelGateOptions> = {}): Promise<ReadModelGate> {
    const gate = open(options);
    engine.start();
    for (let count = 0; count < 3; count += 1) await append();
    expect(await gate.waitFor('tally', '3', 20_000)).toBe(true);
    await engine.stop();
    return gate;
  }

  it('is followed back, as when its database is restored in place, and its listeners are told', async () => {
    const gate = await openAt3({ pollMs: 20 });
    let calls = 0;
    gate.onAdvance('tally', () => (calls += 1));
    await admin.query(`update projections.checkpoints set position = '1'`);
    await until('back', () => gate.positions().get('tally') === '1');
    expect(calls).toBe(1);
    expect(await gate.waitFor('tally', '2', 50)).toBe(false);
  });

  it('is forgotten where its checkpoint is gone', async () => {
    const gate = await openAt3({ pollMs: 20 });
    await admin.query('delete from projections.checkpoints');
    await until('gone', () => !gate.positions().has('tally'));
    expect(await gate.waitFor('tally', '1', 50)).toBe(false);
  });

  it('is not lifted by a late notice of the tables before the rebuild', async () => {
    const gate = await openAt3({ pollMs: 60_000 });
    const before = await generation();
    await admin.query(`update projections.checkpoints set position = '1', generation = gen_random_uuid()`);
    await notify(`tally ${before} 9`);
    // Within a generation it does not know to be over, it believes the notice; the next one ends that.
    await notify(`tally ${await generation()} 1`);
    await until('back', () => gate.positions().get('tally') === '1');
    await notify(`tally ${before} 9`);
    await admin.query(`update projections.checkpoints set position = '2'`);
    await notify(`tally ${await generation()} 2`);
    await until('forward', () => gate.positions().get('tally') === '2');
    expect(await gate.waitFor('tally', '3', 50)).toBe(false);
  });

  it('is read at once when a release that knows no generations tells of a move', async () => {
    const gate = await openAt3({ pollMs: 60_000 });
    await admin.query(`update projections.checkpoints set position = '8'`);
    await notify('tally 8');
    expect(await gate.waitFor('tally', '8', 20_000)).toBe(true);
  });

  it('stays where it is at notices that are none', async () => {
    const gate = await openAt3({ pollMs: 60_000 });
    for (const payload of [
      'tally',
      '',
      'tally x y',
      `tally ${await generation()} -1`,
      `other ${await generation()} 5`,
    ]) {
      await notify(payload);
    }
    await admin.query(`update projections.checkpoints set position = '4'`);
    await notify(`tally ${await generation()} 4`);
    await until('forward', () => gate.positions().get('tally') === '4');
    expect(gate.positions()).toEqual(new Map([['tally', '4']]));
  });
});
