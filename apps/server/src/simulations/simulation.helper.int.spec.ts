import { loadConfig, uuidV5, type Config } from '@shaoying/config';
import type { EventStore } from '@shaoying/event-store';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import {
  knownNow,
  partsOf,
  WindowHelper,
  WindowHelpers,
  type LivePart,
} from '@shaoying/incident-application';
import { OfficeSteps, SampleOffice } from '@shaoying/incident-application/testing';
import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Pool } from 'pg';
import { carryOut, windowOf, type HelperData, type SimulationPlace } from './simulation.run.js';
import { SimulationStore, type SimulationRequest } from './simulation-store.js';

const bundle = join(__dirname, '../../../../bundle');
const program = join(bundle, 'simulation.helper.js');
const incidents = 20;
const never = new AbortController().signal;

describe('a thread that helps with a simulation', () => {
  let database: TestDatabase;
  let pool: Pool;
  let log: PostgresEventStore;
  let store: SimulationStore;
  let config: Config;
  let request: SimulationRequest;

  beforeAll(async () => {
    database = await createTestDatabase();
    const { url } = database;
    config = { ...loadConfig({}), eventStoreUrl: url, readModelUrl: url, timersUrl: url };
    pool = createPool(url, { max: 4, applicationName: 'simulations' });
    store = await SimulationStore.open(pool);
    log = await PostgresEventStore.open({ url });
    const office = await SampleOffice.open(log);
    const steps = new OfficeSteps(office);
    for (let no = 1; no < incidents; no += 1) await steps.whistled();
    // The last one in time: what the others have not done by then they have missed.
    office.clock.advanceMs(60_000);
    await steps.whistled();
    await office.directory.stop();
    const { version: _, ...policy } = office.directory.policy('default') ?? { version: 0, rules: [] };
    // No time at all to acknowledge in.
    const rules = policy.rules.map((rule) =>
      rule.timer === 'ACKNOWLEDGE' ? { ...rule, duration: { amount: 0, unit: 'CLOCK_HOUR' } } : rule,
    );
    const window = { from: '2026-01-01T00:00:00.000Z', to: '2099-01-01T00:00:00.000Z' };
    request = { window, deadlinePolicy: { ...policy, rules } };
  }, 60_000);
  afterAll(async () => {
    await log.close();
    await pool.end();
    await database.drop();
  });

  it('lives a part as it is lived here, and ends when it is let go', async () => {
    const knownAt = await knownNow(log);
    if (knownAt === null) throw new Error('nothing was recorded');
    const filed = await log.readAll('0', { types: ['IncidentFiled'], limit: 100 });
    const streamIds = filed.map(({ streamId }) => streamId);
    const workerData = { config, request, knownAt } satisfies HelperData;
    const thread = new Worker(program, { workerData });
    const helper = new WindowHelper(thread);
    const asked = [helper.live(streamIds), helper.live(streamIds.slice(0, 3))] as const;
    const [there, again] = await Promise.all(asked).finally(() => helper.close());
    expect(thread.threadId).toBe(-1);
    await expect(helper.live(streamIds)).rejects.toMatchObject({ code: 'HELPER_FAILED' });

    const here = partsOf(await windowOf(log, request, knownAt));
    expect(there).toEqual(await here(streamIds));
    expect(there.tallied).toMatchObject({ incidents, affected: incidents - 1 });
    expect(again.tallied).toMatchObject({ incidents: 3 });
  }, 60_000);

  type Helpers = SimulationPlace['helpers'];
  /** Carries the request out in parts of two streams, and reads none of them here before what is waited for. */
  const carriedOut = async (name: string, helpers: Helpers, wait = Promise.resolve()) => {
    const id = uuidV5('5a1f6c0e-9d0b-5b62-8a47-3c7e2f19d4b8', name);
    await store.ask(id, 'hash', request);
    const simulation = await store.claim();
    if (simulation === null) throw new Error('nothing is asked for');
    const readStream: EventStore['readStream'] = (streamId) => wait.then(() => log.readStream(streamId));
    const waiting = Object.create(log, { readStream: { value: readStream } }) as EventStore;
    const report = await carryOut(simulation, { log: waiting, store, helpers, streamsInPart: 2 }, never);
    const rows = await store.differences(id, 0, 1_000);
    await store.remove(id);
    return { report, rows };
  };
  const aloneCarriedOut = async () => {
    const alone = await carriedOut('alone', () => ({ for: () => [], close: async () => undefined }));
    expect(alone.report).toMatchObject({ incidents, differences: alone.rows.length });
    expect(alone.rows.length).toBeGreaterThanOrEqual(incidents - 1);
    return alone;
  };

  it('changes nothing of what is told, where some parts are told by it', async () => {
    const alone = await aloneCarriedOut();
    const answered = Promise.withResolvers<void>();
    const helpers: Helpers = (data) => {
      const workerData = { ...data, config } satisfies HelperData;
      const onFailed = answered.reject;
      const helping = new WindowHelpers({ ...{ program, workerData, onFailed }, helpedFrom: 0, threads: 2 });
      const heard =
        (live: LivePart): LivePart =>
        async (streamIds) => {
          const part = await live(streamIds);
          answered.resolve();
          return part;
        };
      return { for: (count) => helping.for(count).map(heard), close: () => helping.close() };
    };
    expect(await carriedOut('helped', helpers, answered.promise)).toEqual(alone);
  }, 60_000);

  it('changes nothing of what is told where it dies with a part in its hands', async () => {
    const alone = await aloneCarriedOut();
    const [answered, died] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const failures: string[] = [];
    let asked = 0;
    const helpers: Helpers = (data) => {
      const thread = new Worker(program, { workerData: { ...data, config } satisfies HelperData });
      const helper = new WindowHelper(thread, ({ message }) => failures.push(message));
      const live: LivePart = async (streamIds) => {
        asked += 1;
        if (asked !== 2) return helper.live(streamIds).finally(answered.resolve);
        await answered.promise;
        const lost = helper.live(streamIds);
        void thread.terminate();
        return lost.finally(died.resolve);
      };
      return { for: () => [live], close: () => helper.close() };
    };
    expect(await carriedOut('bereft', helpers, died.promise)).toEqual(alone);
    expect(failures).toEqual(['the thread has ended']);
  }, 60_000);

  it('changes nothing of what is told where it cannot begin', async () => {
    const alone = await aloneCarriedOut();
    const failed = Promise.withResolvers<void>();
    const failures: string[] = [];
    const helpers: Helpers = (data) =>
      new WindowHelpers({
        ...{ program: join(bundle, 'no-such-program.js'), workerData: { ...data, config } },
        ...{ helpedFrom: 0, threads: 2 },
        onFailed: ({ message }) => {
          failures.push(message);
          failed.resolve();
        },
      });
    expect(await carriedOut('never helped', helpers, failed.promise)).toEqual(alone);
    expect(failures).toEqual([expect.stringContaining('no-such-program')]);
  }, 60_000);
});
