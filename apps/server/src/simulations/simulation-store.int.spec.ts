import { uuidV5 } from '@shaoying/config';
import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import type { Pool } from 'pg';
import {
  SIMULATION_LIMITS,
  SimulationKeyReused,
  SimulationStore,
  type HeldSimulation,
  TooManySimulations,
} from './simulation-store.js';

const request = { window: { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' } };
const idOf = (n: number): string => uuidV5('5a1f6c0e-9d0b-5b62-8a47-3c7e2f19d4b8', String(n));
const difference = { kind: 'BREACH', incidentId: 'inc-1' } as never;
const report = { incidents: 1 } as never;

describe('simulations of several processes', () => {
  let database: TestDatabase;
  let pool: Pool;
  let here: SimulationStore;
  let there: SimulationStore;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, { max: 4, applicationName: 'simulations' });
    [here, there] = await Promise.all([SimulationStore.open(pool), SimulationStore.open(pool)]);
  });
  beforeEach(() => pool.query('DELETE FROM simulations.runs'));
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const silent = (id: string) =>
    pool.query("UPDATE simulations.runs SET beat_at = now() - interval '1 hour' WHERE id = $1", [id]);

  const claimedBy = async (store: SimulationStore): Promise<HeldSimulation> => {
    const held = await store.claim();
    if (held === null) throw new Error('nothing waits');
    return held;
  };

  it('are each carried out by one, and no more of them at once than may', async () => {
    for (const n of [1, 2, 3]) await here.ask(idOf(n), `hash ${n}`, request);
    const claimed = await Promise.all([here.claim(), there.claim(), here.claim()]);
    const ids = claimed.flatMap((simulation) => (simulation === null ? [] : [simulation.id]));
    expect(ids.sort()).toEqual([idOf(1), idOf(2)].sort());
  });

  it('wait up to a number', async () => {
    for (let n = 0; n < SIMULATION_LIMITS.waitingMax; n += 1) await here.ask(idOf(n), 'hash', request);
    await expect(there.ask(idOf(99), 'hash', request)).rejects.toBeInstanceOf(TooManySimulations);
    expect(await there.ask(idOf(0), 'hash', request)).toEqual({ replayed: true });
    await expect(there.ask(idOf(0), 'another', request)).rejects.toBeInstanceOf(SimulationKeyReused);
  });

  it('are taken over from a process that has died, and given up when they have ended several', async () => {
    await here.ask(idOf(1), 'hash', request);
    for (let attempt = 0; attempt < SIMULATION_LIMITS.attemptsMax; attempt += 1) {
      const held = await claimedBy(there);
      expect(held).toMatchObject({ id: idOf(1) });
      expect(await there.add(held, 1, [difference])).toBe(true);
      await silent(idOf(1));
    }
    expect(await there.claim()).toBeNull();
    expect(await here.find(idOf(1))).toMatchObject({ state: 'FAILED', failure: 'SIMULATION_DIED' });
  });

  it('are taken over from a process that has died by a clock of the database that was two days ahead', async () => {
    await here.ask(idOf(1), 'hash', request);
    await claimedBy(here);
    await pool.query("UPDATE simulations.runs SET beat_at = now() + interval '2 days'");
    expect(await there.claim()).toMatchObject({ id: idOf(1) });
  });

  it('begin with nothing of what another process had found', async () => {
    await here.ask(idOf(1), 'hash', request);
    const first = await claimedBy(here);
    await here.add(first, 1, [difference, difference]);
    expect(await here.giveBack(first)).toBe(true);
    await there.add(await claimedBy(there), 1, [difference]);
    expect((await here.differences(idOf(1), 0, 10)).map(({ place }) => place)).toEqual([1]);
  });

  it('hear by their next sign of life that they are cancelled, and leave nothing behind', async () => {
    await here.ask(idOf(1), 'hash', request);
    const held = await claimedBy(here);
    expect(await here.beat(held, null, null)).toBe(true);
    expect(await there.remove(idOf(1))).toBe(true);
    expect(await here.beat(held, null, null)).toBe(false);
    expect(await here.add(held, 1, [difference])).toBe(false);
    expect(await here.finish(held, report)).toBe(false);
    expect(await here.find(idOf(1))).toBeNull();
    expect((await pool.query('SELECT 1 FROM simulations.differences')).rowCount).toBe(0);
  });

  it.each([
    ['taken over from whoever was silent', () => silent(idOf(1))],
    [
      'forgotten and asked for again under other rules',
      async () => {
        await there.remove(idOf(1));
        await there.ask(idOf(1), 'another hash', { ...request, deadlinePolicy: { policyId: 'other' } });
      },
    ],
  ])('are changed by nobody but their holder once they are %s', async (_, lost) => {
    await here.ask(idOf(1), 'hash', request);
    const before = await claimedBy(here);
    await here.add(before, 1, [difference, difference]);
    await lost();
    const held = await claimedBy(there);
    await there.add(held, 1, [difference]);
    const rows = async () => ({
      runs: (await pool.query('SELECT * FROM simulations.runs')).rows,
      differences: await there.differences(idOf(1), 0, 10),
    });
    const found = await rows();

    const progress = { incidentsDone: 9, incidentsTotal: 9, eventsDone: 9 };
    expect([
      await here.beat(before, progress, null),
      await here.add(before, 2, [difference]),
      await here.finish(before, report),
      await here.fail(before, 'SIMULATION_DIED'),
      await here.giveBack(before),
    ]).toEqual([false, false, false, false, false]);
    expect(await rows()).toEqual(found);
    expect(found.differences).toHaveLength(1);

    expect(await there.finish(held, report)).toBe(true);
    expect(await here.find(idOf(1))).toMatchObject({ state: 'DONE', report });
  });

  it('take nothing that their first holder was writing while they were taken over', async () => {
    await here.ask(idOf(1), 'hash', request);
    const before = await claimedBy(here);
    const taking = await pool.connect();
    try {
      await taking.query('BEGIN');
      await taking.query('UPDATE simulations.runs SET holder = gen_random_uuid()');
      let isWritten = false;
      const writing = here.add(before, 1, [difference]).finally(() => (isWritten = true));
      const waits =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
      while (!isWritten && (await pool.query(waits)).rowCount === 0);
      await taking.query('COMMIT');
      expect(await writing).toBe(false);
    } finally {
      taking.release();
    }
    expect(await here.differences(idOf(1), 0, 10)).toEqual([]);
  });

  it('have holders in tables of an earlier release, too', async () => {
    await pool.query('ALTER TABLE simulations.runs DROP COLUMN holder');
    const again = await SimulationStore.open(pool);
    await again.ask(idOf(1), 'hash', request);
    expect(await again.beat(await claimedBy(again), null, null)).toBe(true);
  });

  it('are told to be away, and not to be at fault, while PostgreSQL cannot be reached', async () => {
    const nowhere = createPool('postgres://nobody@127.0.0.1:1/nothing', { log: () => undefined });
    const away = new SimulationStore(nowhere);
    const unavailable = { code: 'SERVICE_UNAVAILABLE' };
    await expect(away.ask(idOf(1), 'hash', request)).rejects.toMatchObject(unavailable);
    await expect(away.find(idOf(1))).rejects.toMatchObject(unavailable);
    await expect(away.differences(idOf(1), 0, 10)).rejects.toMatchObject(unavailable);
    await expect(away.remove(idOf(1))).rejects.toMatchObject(unavailable);
    await nowhere.end();
  });

  it('are kept up to a number, the latest', async () => {
    for (let n = 0; n <= SIMULATION_LIMITS.keptMax; n += 1) {
      await here.ask(idOf(n), 'hash', request);
      await here.finish(await claimedBy(here), report);
    }
    expect((await pool.query('SELECT 1 FROM simulations.runs')).rowCount).toBe(SIMULATION_LIMITS.keptMax);
    expect(await here.find(idOf(0))).toBeNull();
  });
});
