import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { START } from '@shaoying/event-store';
import type { RecordedEvent } from '@shaoying/event-store';
import { createTestDatabase } from '@shaoying/postgres/testing';
import { PostgresEventStore } from './postgres-event-store.js';

const root = join(__dirname, '../../../..');
const rounds = 6;
const writersAtOnce = 2;
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
  const kill = async (): Promise<string[]> => {
    child.kill('SIGKILL');
    await ended;
    return output.split('\n').slice(0, -1);
  };
  return { firstAnswer, kill };
}

function expectRevisionsDense(events: readonly RecordedEvent[]): void {
  const next = new Map<string, number>();
  for (const { streamId, revision } of events) {
    expect(revision).toBe(next.get(streamId) ?? 0);
    next.set(streamId, revision + 1);
  }
}

test('two writer processes killed -9 over and over: every acknowledged event once, one total order without gaps', async () => {
  const database = await createTestDatabase();
  const store = await PostgresEventStore.open({ url: database.url });
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  const reading = (async () => {
    for await (const batch of store.subscribe(START, { signal: stop.signal })) seen.push(...batch);
  })();
  const streamIds = Array.from({ length: 5 }, (_, index) => `incident-shared-${index}`);
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const writers = Array.from({ length: writersAtOnce }, () => startWriter(database.url, streamIds));
    await Promise.all(writers.map((writer) => writer.firstAnswer));
    for (const writer of writers) {
      await sleep(20 + Math.random() * 200);
      acknowledged.push(...(await writer.kill()));
    }
  }
  const head = await store.head();
  while (seen.at(-1)?.position !== head) await sleep(10);
  stop.abort();
  await reading;

  expect(seen.map((event) => event.position)).toEqual(seen.map((_, index) => String(index + 1)));
  expectRevisionsDense(seen);
  const places = seen.map((event) => `${event.eventId} ${event.streamId}@${event.revision}`);
  const present = new Set(places);
  expect(present.size).toBe(seen.length);
  expect(acknowledged.filter((place) => !present.has(place))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(rounds * 100);
  await store.close();
  await database.drop();
}, 60_000);
