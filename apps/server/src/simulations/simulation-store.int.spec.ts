import { uuidV5 } from '@shaoying/config';
import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import type { Pool } from 'pg';
import {
  SIMULATION_LIMITS,
  SimulationKeyReused,
  SimulationStore,
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
      expect(await there.claim()).toMatchObject({ id: idOf(1) });
      await here.add(idOf(1), 1, [difference]);
      await silent(idOf(1));
    }
    expect(await there.claim()).toBeNull();
    expect(await here.find(idOf(1))).toMatchObject({ state: 'FAILED', failure: 'SIMULATION_DIED' });
  });

  it('begin with nothing of what another process had found', async () => {
    await here.ask(idOf(1), 'hash', request);
    await here.claim();
    await here.add(idOf(1), 1, [difference, difference]);
    await here.giveBack(idOf(1));
    await there.claim();
    await there.add(idOf(1), 1, [difference]);
    expect((await here.differences(idOf(1), 0, 10)).map(({ place }) => place)).toEqual([1]);
  });

  it('hear by their next sign of life that they are cancelled, and leave nothing behind', async () => {
    await here.ask(idOf(1), 'hash', request);
    await here.claim();
    expect(await here.beat(idOf(1), null, null)).toBe(true);
    expect(await there.remove(idOf(1))).toBe(true);
    expect(await here.beat(idOf(1), null, null)).toBe(false);
    await here.add(idOf(1), 1, [difference]);
    await here.finish(idOf(1), report);
    expect(await here.find(idOf(1))).toBeNull();
    expect((await pool.query('SELECT 1 FROM simulations.differences')).rowCount).toBe(0);
  });

  it('are kept up to a number, the latest', async () => {
    for (let n = 0; n <= SIMULATION_LIMITS.keptMax; n += 1) {
      await here.ask(idOf(n), 'hash', request);
      await here.claim();
      await here.finish(idOf(n), report);
    }
    expect((await pool.query('SELECT 1 FROM simulations.runs')).rowCount).toBe(SIMULATION_LIMITS.keptMax);
    expect(await here.find(idOf(0))).toBeNull();
  });
});
