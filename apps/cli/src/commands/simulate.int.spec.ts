import { loadConfig } from '@shaoying/config';
import { knownNow, partsOf, WindowHelper } from '@shaoying/incident-application';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import {
  documentsOf,
  EventSourcedJurisdictionDirectory,
  JurisdictionPublisher,
} from '@shaoying/jurisdiction-application';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CliProcess } from '../testing/index.js';
import { instantOf, windowUnder, type SimulationAsked } from './simulate.command.js';

const root = join(__dirname, '../../../..');
const year = ['--from', '2020-01-01', '--to', '2099-01-01'];

let database: TestDatabase;
let cli: CliProcess;
let store: PostgresEventStore;
let policy: object;

beforeAll(async () => {
  database = await createTestDatabase();
  cli = await CliProcess.over(root, database.url);
  store = await PostgresEventStore.open({ url: database.url });
  const directory = new EventSourcedJurisdictionDirectory(store);
  await directory.start();
  const yaml = readFileSync(join(root, 'samples/lindong.yaml'), 'utf8');
  const admin = { id: 'spec', role: 'admin', orgUnitId: null };
  await new JurisdictionPublisher(store, directory).publishFile(yaml, admin, new Date().toISOString());
  const { version: _, ...inForce } = directory.policy('default') ?? { version: 0, rules: [] };
  // No time at all to acknowledge in.
  const rules = inForce.rules.map((rule) =>
    rule.timer === 'ACKNOWLEDGE' ? { ...rule, duration: { amount: 0, unit: 'CLOCK_HOUR' } } : rule,
  );
  policy = { ...inForce, rules };
  await directory.stop();
  await cli.run('seed', '--incidents', '9');
}, 60_000);

afterAll(async () => {
  await store.close();
  await database.drop();
  await cli.remove();
});

interface Report {
  readonly incidents: number;
  readonly differences: number;
  readonly byCause: { readonly RULES: number };
  readonly breaches: Record<string, { readonly difference: number }>;
}

test('simulate: another policy from a file, its differences one by one in another, and the log as it was', async () => {
  const [file, rows] = [join(cli.dataDir, 'policy.json'), join(cli.dataDir, 'differences.ndjson')];
  await writeFile(file, JSON.stringify(policy));
  const head = await store.head();
  const report = await cli.json<Report>('simulate', ...year, '--policy', file, '--differences', rows);
  expect(report.incidents).toBeGreaterThan(3);
  expect(report.breaches['ACKNOWLEDGE']?.difference).toBeGreaterThan(0);
  expect(readFileSync(rows, 'utf8').trim().split('\n')).toHaveLength(report.differences);
  expect(await store.head()).toBe(head);
}, 60_000);

test('simulate: the policy in force, named by its version, makes no difference', async () => {
  const { byCause } = await cli.json<Report>('simulate', ...year, '--policy', 'default@1');
  expect(byCause.RULES).toBe(0);
}, 60_000);

test('simulate: wrong arguments are said, and nothing is done', async () => {
  const wrong: [string[], string][] = [
    [['--from', '2026-02-30', '--to', '2026-03-01'], '--from must be a day'],
    [['--from', '2026-03-01', '--to', '2026-02-01'], '--from must lie before --to'],
    [[...year, '--policy', 'default@99'], 'not published'],
    [[...year, '--street', 'st-nowhere'], '--street: there is no unit st-nowhere'],
  ];
  for (const [args, words] of wrong) {
    const { exitCode, stderr } = await cli.run('simulate', ...args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(words)]);
  }
}, 60_000);

test('a day begins in Asia/Shanghai', () => {
  expect(instantOf('from', '2026-01-01')).toBe('2025-12-31T16:00:00.000Z');
});

test('simulate: a thread that helps lives a part as it is lived here, and ends when it is let go', async () => {
  const { url } = database;
  const config = { ...loadConfig({}), eventStoreUrl: url, readModelUrl: url, timersUrl: url };
  const knownAt = await knownNow(store);
  if (knownAt === null) throw new Error('nothing was recorded');
  const window = { from: '2020-01-01T00:00:00.000Z', to: '2099-01-01T00:00:00.000Z' };
  const asked: SimulationAsked = { window, alternative: { deadlinePolicy: policy }, knownAt };
  const thread = new Worker(join(root, 'bundle/simulate.helper.js'), { workerData: { ...asked, config } });
  const helper = new WindowHelper(thread);
  const filed = await store.readAll('0', { types: ['IncidentFiled'], limit: 100 });
  const streamIds = filed.map(({ streamId }) => streamId);

  const there = await helper.live(streamIds).finally(() => helper.close());

  expect(there).toEqual(await partsOf(await windowUnder(store, asked))(streamIds));
  expect(there.differences.length).toBeGreaterThan(0);
  expect(thread.threadId).toBe(-1);
}, 60_000);

test('simulate: rules that are published after the position it names are not read', async () => {
  const knownAt = await knownNow(store);
  if (knownAt === null) throw new Error('nothing was recorded');
  const directory = new EventSourcedJurisdictionDirectory(store);
  await directory.start();
  const published = directory.policy('default')?.version ?? 0;
  const admin = { id: 'spec', role: 'admin', orgUnitId: null };
  await new JurisdictionPublisher(store, directory).publish(
    ...([documentsOf({ deadlinePolicy: policy }), admin, new Date().toISOString()] as const),
  );
  await directory.stop();
  const window = { from: '2020-01-01T00:00:00.000Z', to: '2099-01-01T00:00:00.000Z' };
  const later = { deadlinePolicy: { policyId: 'default', version: published + 1 } };
  const asked: SimulationAsked = { window, alternative: later, knownAt };

  await expect(windowUnder(store, asked)).rejects.toMatchObject({ code: 'JURISDICTION_NOT_PUBLISHED' });
  const byNow = await knownNow(store);
  const read = await windowUnder(store, { ...asked, knownAt: byNow ?? knownAt });
  expect(read.rules.directory.policy('default')?.version).toBe(published + 1);
});
