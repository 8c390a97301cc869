import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { SchedulerReporter, schedulerReports } from './scheduler-reports.js';

const nothing = { armed: 0, lostAndFound: 0, lastLatenessMs: 0, maxLatenessMs: 0 };

let database: TestDatabase;
let pool: Pool;

beforeEach(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url, { max: 8 });
});

afterEach(async () => {
  await pool.end();
  await database.drop();
});

const reporterOf = (measures: () => typeof nothing): SchedulerReporter =>
  new SchedulerReporter(pool, { measures }, undefined, 20);

async function reportsWhere(
  condition: (reports: Awaited<ReturnType<typeof schedulerReports>>) => boolean,
): Promise<Awaited<ReturnType<typeof schedulerReports>>> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(10)) {
    const reports = await schedulerReports(pool);
    if (condition(reports)) return reports;
  }
  return schedulerReports(pool);
}

test('there are none where no scheduler has ever run', async () => {
  expect(await schedulerReports(pool)).toEqual([]);
});

test('what a scheduler measures is told anew when it has changed, and taken back when it stops', async () => {
  let measures = nothing;
  const reporter = reporterOf(() => measures);
  reporter.start();
  expect(await reportsWhere(({ length }) => length === 1)).toMatchObject([{ ...nothing, live: true }]);
  measures = { armed: 3, lostAndFound: 2, lastLatenessMs: 5_100, maxLatenessMs: 7_000_000_000 };
  const [changed] = await reportsWhere(([report]) => report?.armed === 3);
  expect(changed).toMatchObject(measures);
  expect(changed?.name).toMatch(new RegExp(`:${process.pid}$`));
  await reporter.stop();
  expect(await schedulerReports(pool)).toEqual([]);
});

test('eight that start at once all report; one not heard of for 15 s is gone, and after a day forgotten', async () => {
  const reporters = Array.from({ length: 8 }, () => reporterOf(() => nothing));
  for (const reporter of reporters) reporter.start();
  expect(await reportsWhere(({ length }) => length === 8)).toHaveLength(8);
  await Promise.all(reporters.map((reporter) => reporter.stop()));
  const killed = (name: string, ago: string): Promise<unknown> =>
    pool.query(
      `insert into shaoying_schedulers.reports
       values (gen_random_uuid(), $1, 7, 1, 0, 0, now(), now() - $2::interval)`,
      [name, ago],
    );
  await killed('host:1', '16 seconds');
  await killed('host:2', '25 hours');
  const next = reporterOf(() => nothing);
  next.start();
  const reports = await reportsWhere(([first]) => first?.live === true);
  expect(reports.map(({ live, armed }) => [live, armed])).toEqual([
    [true, 0],
    [false, 7],
  ]);
  await next.stop();
});

test('a database that is away is told of once, and reports go on when it is back', async () => {
  let away = true;
  const warnings: string[] = [];
  const log = {
    ...{ info: () => undefined, error: () => undefined },
    warn: (_: object, message: string) => void warnings.push(message),
  };
  const sql = {
    query: async <Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }> => {
      if (away) throw new Error('connection refused');
      return { rows: (await pool.query(text, values)).rows as Row[] };
    },
  };
  const reporter = new SchedulerReporter(sql, { measures: () => nothing }, log, 10);
  reporter.start();
  await sleep(100);
  away = false;
  expect(await reportsWhere(({ length }) => length === 1)).toHaveLength(1);
  expect(warnings).toEqual(['the scheduler cannot report what it measures']);
  await reporter.stop();
});
