import { systemClock } from '@shaoying/config';
import type { RecordedEvent } from '@shaoying/event-store';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { OfficeSteps, SampleOffice } from '@shaoying/incident-application/testing';
import { openDeadlines, OpenDeadlinesQuery } from '@shaoying/incident-read-models';
import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { ProjectionEngine } from '@shaoying/projections';
import { createLogger } from '@shaoying/telemetry';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { expectAsRebuilt } from './kit/as-rebuilt.js';
import { streamsOf, wholeLog } from './kit/load.js';
import { moments } from './kit/moments.js';
import { repositoryRoot } from './kit/running-server.js';
import { SchedulersProcess } from './kit/schedulers-process.js';
import { waitFor } from './kit/wait-for.js';

const deaths = 30;
const schedulersAtOnce = 1;
/** From the moment its schedulers run to the death of a process, at random up to this. */
const lifeMsMax = 1_500;
/** Its ladder has three steps: at once, and after half and the whole of that again. */
const checkInMs = 1_200;
const stepsOfLadder = [1, 2, 3];

let database: TestDatabase;
let dataDir: string;
let store: PostgresEventStore;
let pool: Pool;
let projector: ProjectionEngine;
let city: OfficeSteps;
let query: OpenDeadlinesQuery;

beforeAll(async () => {
  execFileSync(process.execPath, [join(repositoryRoot, 'tools/build.mjs'), '--quiet'], {
    cwd: repositoryRoot,
  });
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'shaoying-schedulers-'));
  store = await PostgresEventStore.open({ url: database.url });
  const office = await SampleOffice.open(store);
  await office.publishChanged(
    'CHECK_IN, duration: { amount: 1, unit: WORKING_DAY }',
    `CHECK_IN, duration: { amount: ${(checkInMs / 3_600_000).toFixed(9)}, unit: CLOCK_HOUR }`,
  );
  city = new OfficeSteps(office, office.handlers(office.service(store, systemClock)));
  pool = createPool(database.url, { max: 2 });
  query = new OpenDeadlinesQuery(pool, () => () => undefined);
  projector = new ProjectionEngine({
    store,
    url: database.url,
    projections: [openDeadlines],
    log: createLogger({ level: 'warn', role: 'spec' }),
  });
  projector.start();
  await projector.ready(30_000);
}, 60_000);

afterAll(async () => {
  await projector.stop();
  await pool.end();
  await city.office.close();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Whistles, each attended well in time, around its due instant, or never; by several callers, until told to end. */
class Whistles {
  private ending = false;
  private readonly attending: Promise<unknown>[] = [];
  private readonly callers: Promise<void>[];

  constructor(private readonly random: () => number) {
    this.callers = [1, 2].map(() => this.blow());
  }

  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.callers);
    await Promise.all(this.attending);
  }

  private async blow(): Promise<void> {
    while (!this.ending) {
      const { incidentId, taskId, state } = await city.whistled();
      const due = state.tasks[0]?.deadlines.find(({ timer }) => timer === 'CHECK_IN')?.dueAt ?? '';
      const chance = this.random();
      if (chance < 0.1) this.attend(incidentId, taskId, Date.now());
      else if (chance < 0.6) this.attend(incidentId, taskId, Date.parse(due) - 15 + this.random() * 30);
      await sleep(200);
    }
  }

  private attend(incidentId: string, taskId: string, atMs: number): void {
    const arrives = async (): Promise<void> => {
      await sleep(Math.max(0, atMs - Date.now()));
      await city.checkIn(incidentId, taskId, 'dp-water');
    };
    this.attending.push(arrives());
  }
}

/** What the log says of the one task of an incident. */
interface Fate {
  readonly met: boolean;
  readonly breached: readonly RecordedEvent[];
  readonly checkedInLate: readonly boolean[];
  readonly steps: readonly number[];
}

function fateOf(events: readonly RecordedEvent[]): Fate {
  const ofType = <Data>(type: string): { event: RecordedEvent; data: Data }[] =>
    events.filter((event) => event.type === type).map((event) => ({ event, data: event.data as Data }));
  const checkIns = ofType<{ late: boolean }>('DepartmentCheckedIn');
  return {
    met: checkIns.some(({ data }) => !data.late),
    breached: ofType<{ timer: string }>('TaskOverdue')
      .filter(({ data }) => data.timer === 'CHECK_IN')
      .map(({ event }) => event),
    checkedInLate: checkIns.map(({ data }) => data.late),
    steps: ofType<{ step: number }>('SupervisionIssued').map(({ data }) => data.step),
  };
}

test(
  'schedulers killed -9 thirty times under load: each deadline is met or breached, each step of its ladder taken once at most',
  async () => {
    const random = moments();
    const whistles = new Whistles(random);
    let running = SchedulersProcess.load();
    await running.begin(database.url, dataDir, schedulersAtOnce);
    for (let death = 1; death <= deaths; death += 1) {
      const next = SchedulersProcess.load();
      await sleep(random() * lifeMsMax);
      await running.kill();
      await next.begin(database.url, dataDir, schedulersAtOnce);
      running = next;
    }
    await whistles.end();
    await waitFor(
      'nothing is due any more',
      async () => {
        const inAWhile = new Date(Date.now() + 2 * checkInMs + 60_000).toISOString();
        return (await query.counts(inAWhile)).due === 0;
      },
      { timeoutMs: 90_000, everyMs: 200 },
    );
    await running.kill();

    const incidents = [...streamsOf(await wholeLog(store))].filter(([id]) => id.startsWith('incident-'));
    const fates = incidents.map(([, events]) => fateOf(events));
    for (const { met, breached, checkedInLate, steps } of fates) {
      expect({ met, breaches: breached.length }).toEqual({ met, breaches: met ? 0 : 1 });
      expect(checkedInLate).toEqual(checkedInLate.length === 0 ? [] : [!met]);
      expect(steps).toEqual([...new Set(steps)].sort());
      if (met) expect(steps).toEqual([]);
      // Whoever never came was led to the top of the ladder; a scheduler that was away may have passed steps over.
      if (checkedInLate.length === 0) expect(steps.at(-1)).toBe(stepsOfLadder.at(-1));
      for (const { occurredAt, recordedAt, data } of breached) {
        expect(occurredAt).toBe((data as { dueAt: string }).dueAt);
        expect(recordedAt > occurredAt).toBe(true);
      }
    }

    // Or nothing would have been proved.
    expect(fates.filter(({ met }) => met).length).toBeGreaterThan(10);
    expect(fates.filter(({ breached }) => breached.length > 0).length).toBeGreaterThan(30);
    expect(fates.filter(({ checkedInLate }) => checkedInLate[0] === true).length).toBeGreaterThan(5);
    await expectAsRebuilt(database.url, store, { projections: [openDeadlines] });
  },
  60_000 + 20_000 * deaths,
);
