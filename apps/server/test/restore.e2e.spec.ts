import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { findDumpPrograms, OwnCluster } from '@shaoying/postgres/testing';
import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { City } from './kit/city.js';
import { report } from './kit/incident-steps.js';
import { Load, type Acknowledged } from './kit/load.js';
import { expectAsRebuilt } from './kit/as-rebuilt.js';
import { expectNothingLost } from './kit/nothing-lost.js';
import { inOneProcess, useServerHomes, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes(inOneProcess);
const patience = { timeoutMs: 60_000 };
const runProgram = promisify(execFile);

interface Receipt {
  readonly id: string;
  readonly receiptCode: string;
}

interface Filled {
  readonly acknowledged: readonly Acknowledged[];
  readonly receipt: Receipt;
}

/** Some commands, and a report of a person: what is restored has to read it with the keys that were kept. */
async function fill(city: City): Promise<Filled> {
  const load = new Load(city, 'before-the-backup');
  await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 30, patience);
  await load.end();
  const reporter = { name: '王小明', phone: '13900001111' };
  const answer = await city.anonymous.post<Receipt>(
    '/v1/incidents',
    { ...report, reporter },
    { key: '3d0f6a52-7c1e-4b8a-9f25-6e0d1c4b7a90' },
  );
  expect(answer.status).toBe(201);
  return { acknowledged: load.acknowledged, receipt: answer.body };
}

async function expectReceiptIsGood(city: City, { id, receiptCode }: Receipt): Promise<void> {
  const answer = await city.anonymous.get<{ id: string }>(`/v1/receipts/${receiptCode}`);
  expect({ status: answer.status, id: answer.body.id }).toEqual({ status: 200, id });
}

test('the data folder of a stopped server, copied, is the same installation: nothing lost, same codes, same answers', async () => {
  const original = await newHome();
  const server = await original.start();
  const { acknowledged, receipt } = await fill(await City.of(original, server));
  await server.process.stop('SIGTERM');
  const copy = await newHome({ empty: true });
  await runProgram('cp', ['-a', original.dataDir, copy.dataDir]);
  const city = await City.of(copy, await copy.start());
  await expectNothingLost(copy, city, acknowledged);
  await expectReceiptIsGood(city, receipt);
});

const found = findDumpPrograms();
const describeWithDump = found ? describe : describe.skip;
const skipped = found ? '' : ' (skipped: no pg_dump and pg_restore with a server of their major version)';

describeWithDump(`a PostgreSQL server of one's own${skipped}`, () => {
  const programs = found ?? { initdb: '', postgres: '', pgDump: '', pgRestore: '', major: 0 };
  const clusters: OwnCluster[] = [];

  afterAll(async () => {
    await Promise.all(clusters.map((cluster) => cluster.remove()));
  });

  const newDatabase = async (): Promise<{ cluster: OwnCluster; url: string }> => {
    const cluster = await OwnCluster.start({ programs });
    clusters.push(cluster);
    return { cluster, url: await cluster.createDatabase('shaoying') };
  };
  const on = (url: string): Record<string, string> => ({
    EVENT_STORE_URL: url,
    READ_MODEL_URL: url,
    TIMERS_URL: url,
  });

  test('dumped: log, personal data and keys are enough; read models and timers come back by themselves', async () => {
    const original = await newHome();
    const source = await newDatabase();
    const server: Started = await original.start(on(source.url));
    const { acknowledged, receipt } = await fill(await City.of(original, server));
    const file = join(source.cluster.home, 'shaoying.dump');
    const dump = ['-Fc', '--schema=log', '--schema=personal_data', `--file=${file}`];
    // While the server runs: a dump is one snapshot.
    await runProgram(programs.pgDump, [...dump, `--dbname=${source.url}`]);
    await server.process.stop('SIGTERM');

    const restored = await newHome();
    const target = await newDatabase();
    await runProgram(programs.pgRestore, ['--exit-on-error', `--dbname=${target.url}`, file]);
    await cp(join(original.dataDir, 'keys'), join(restored.dataDir, 'keys'), { recursive: true });
    const city = await City.of(restored, await restored.start(on(target.url)));
    const log = await PostgresEventStore.open({ url: target.url, onWarning: () => undefined });
    const there = { openLog: () => Promise.resolve(log), closeLogs: () => log.close() };
    await expectAsRebuilt(target.url, log);
    await expectNothingLost(there, city, acknowledged);
    await expectReceiptIsGood(city, receipt);
  });
});
