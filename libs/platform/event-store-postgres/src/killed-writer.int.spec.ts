import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { START } from '@shaoying/event-store';
import type { RecordedEvent } from '@shaoying/event-store';
import { createTestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';
import { expectLogInOrder, seededChance } from './testing/index.js';

const root = join(__dirname, '../../../..');
const rounds = 30;
const writersAtOnce = 2;
/** From the moment all writers have answered to the next kill, at random up to this. */
const killMsMax = 250;
const projects = ['libs/platform/event-store', 'libs/platform/event-store-postgres'];

/** The writers run what a deployment runs: the built packages, each in a process of its own. */
beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'tools/build.mjs'), '--quiet', ...projects], { cwd: root });
});

/** Appends until `kill -9`; gives every acknowledgement it uttered. A line cut off by the kill was not uttered. */
function startWriter(url: string, streamIds: readonly string[]) {
  const script = join(root, 'libs/platform/event-store-postgres/dist/testing/append-loop.process.js');
  const child: ChildProcess = spawn(process.execPath, [script, url, ...streamIds], { cwd: root });
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const firstAnswer = new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.on('close', () => reject(new Error(`the writer ended before its first answer: ${errors}`)));
  });
  // Whoever is killed before its first answer is waited for by nobody.
  firstAnswer.catch(() => undefined);
  const kill = async (): Promise<string[]> => {
    // A writer that died by itself would prove nothing of a kill, and hide what it died of.
    expect({ exitCode: child.exitCode, signal: child.signalCode, errors }).toEqual({
      exitCode: null,
      signal: null,
      errors: '',
    });
    child.kill('SIGKILL');
    await ended;
    return output.split('\n').slice(0, -1);
  };
  return { firstAnswer, kill };
}

test('two writer processes, one of them killed -9 in each of 30 rounds: every acknowledged event once, one total order without gaps', async () => {
  const chance = seededChance();
  const database = await createTestDatabase();
  const store = await PostgresEventStore.open({ url: database.url });
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  const reading = (async () => {
    for await (const batch of store.subscribe(START, { signal: stop.signal })) seen.push(...batch);
  })();
  const streamIds = Array.from({ length: 5 }, (_, index) => `incident-shared-${index}`);
  const acknowledged: string[] = [];
  const writers = Array.from({ length: writersAtOnce }, () => startWriter(database.url, streamIds));
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(writers.map((writer) => writer.firstAnswer));
    await sleep(chance() * killMsMax);
    const [victim] = writers.splice(Math.floor(chance() * writers.length), 1);
    // Its successor comes up while it dies, and the other one writes on.
    writers.push(startWriter(database.url, streamIds));
    acknowledged.push(...((await victim?.kill()) ?? []));
  }
  for (const writer of writers) acknowledged.push(...(await writer.kill()));
  // A backend whose client is gone still finishes the batch it had received: until then the head moves.
  await noWriterLeft(database.url);
  const head = await store.head();
  while (seen.at(-1)?.position !== head) await sleep(10);
  stop.abort();
  await reading;

  expectLogInOrder(seen);
  const present = new Set(seen.map((event) => `${event.eventId} ${event.streamId}@${event.revision}`));
  expect(acknowledged.filter((place) => !present.has(place))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThanOrEqual(rounds);
  await store.close();
  await database.drop();
}, 240_000);

async function noWriterLeft(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (;;) {
    const { rows } = await client.query<{ n: string }>(
      `SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'shaoying log writer'`,
    );
    if (rows[0]?.n === '0') break;
    await sleep(20);
  }
  await client.end();
}
