import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { START } from '@shaoying/event-store';
import type { RecordedEvent } from '@shaoying/event-store';
import { createTestDatabase, until } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';
import { expectLogInOrder, placeOf, seededChance, send } from './testing/index.js';
import type { Answer, Attempt, Orders, Utterance } from './testing/index.js';

const root = join(__dirname, '../../../..');
const rounds = 30;
/** Each has streams that nobody else writes to, and its successor carries them on. */
const names = ['left', 'right'];
/** From the moment all writers have begun to the next kill, at random up to this. */
const killMsMax = 150;
const projects = ['libs/platform/event-store', 'libs/platform/event-store-postgres'];

const children = new Set<ChildProcess>();
const folder = mkdtempSync(join(tmpdir(), 'killed-writer-'));

/** The writers run what a deployment runs: the built packages, each in a process of its own. */
beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'tools/build.mjs'), '--quiet', ...projects], { cwd: root });
});

/** None is left where the test failed before its end. */
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

interface Told {
  readonly by: string;
  readonly attempt: Attempt;
  times: number;
  answer?: Answer;
}

/** All that the writers have said, of each attempt by its first event id. */
class Account {
  private readonly attempts = new Map<string, Told>();
  private readonly revisions: { [streamId: string]: number } = {};
  private begun = 0;

  add(by: string, utterance: Utterance): void {
    if ('tries' in utterance) {
      const attempt = utterance.tries;
      const [id = ''] = attempt.eventIds;
      const known = this.attempts.get(id);
      if (known) known.times += 1;
      else this.attempts.set(id, { by, attempt, times: 1 });
      return;
    }
    const { answered, answer } = utterance;
    const known = this.attempts.get(answered);
    if (!known || known.answer) throw new Error(`answered twice, or never sent: ${answered}`);
    known.answer = answer;
    if (answer.kind === 'conflict') return;
    const { streamId, expected } = known.attempt;
    if (expected === 'none') this.begun += 1;
    else this.revisions[streamId] = Math.max(answer.revision, this.revisions[streamId] ?? -1);
  }

  /** For the successor of `name`: what it has to settle, and where it goes on. */
  ordersFor(name: string): Orders {
    const unanswered = this.all.filter(({ by, answer }) => by === name && !answer);
    return {
      unanswered: unanswered.map(({ attempt }) => attempt),
      revisions: this.revisions,
      begun: this.begun,
    };
  }

  get all(): Told[] {
    return [...this.attempts.values()];
  }
}

/** Appends until `kill -9`, which gives all that it said. A line cut off by the kill was not said. */
function startWriter(url: string, name: string) {
  const script = join(root, 'libs/platform/event-store-postgres/dist/testing/append-loop.process.js');
  const saidFile = join(folder, `${children.size}.jsonl`);
  const said = openSync(saidFile, 'w');
  const child = spawn(process.execPath, [script, url, name], { cwd: root, stdio: ['pipe', said, 'pipe'] });
  closeSync(said);
  children.add(child);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  /** A writer that died by itself would prove nothing of a kill, and hide what it died of. */
  const requireAlive = (): void =>
    expect({ exitCode: child.exitCode, signal: child.signalCode, errors }).toEqual({
      exitCode: null,
      signal: null,
      errors: '',
    });
  const begun = (): Promise<void> =>
    until('the writer has begun', () => {
      requireAlive();
      return statSync(saidFile).size > 0;
    });
  const kill = async (): Promise<Utterance[]> => {
    requireAlive();
    child.kill('SIGKILL');
    await ended;
    const lines = readFileSync(saidFile, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Utterance);
  };
  return { name, begun, kill, order: (orders: Orders) => child.stdin?.end(JSON.stringify(orders)) };
}

test('two writer processes with conflicts, one of them killed -9 in each of 30 rounds, its successor settling what it left: every acknowledged event once, nothing else, one total order without gaps', async () => {
  const chance = seededChance();
  const database = await createTestDatabase();
  const store = await PostgresEventStore.open({ url: database.url });
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  const reading = (async () => {
    for await (const batch of store.subscribe(START, { signal: stop.signal })) seen.push(...batch);
  })();
  const account = new Account();
  const endOf = async ({ name, kill }: ReturnType<typeof startWriter>): Promise<void> => {
    for (const utterance of await kill()) account.add(name, utterance);
  };
  const writers = names.map((name) => startWriter(database.url, name));
  for (const { name, order } of writers) order(account.ordersFor(name));
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(writers.map((writer) => writer.begun()));
    await sleep(chance() * killMsMax);
    const [victim] = writers.splice(Math.floor(chance() * writers.length), 1);
    if (!victim) throw new Error('nobody to kill');
    // Its successor comes up while it dies, and the other one writes on.
    const successor = startWriter(database.url, victim.name);
    writers.push(successor);
    await endOf(victim);
    successor.order(account.ordersFor(victim.name));
  }
  for (const writer of writers) await endOf(writer);
  const last = await PostgresEventStore.open({ url: database.url });
  for (const tries of names.flatMap((name) => account.ordersFor(name).unanswered)) {
    account.add('', { tries });
    account.add('', { answered: tries.eventIds[0] ?? '', answer: await send(last, tries) });
  }
  await last.close();
  // A backend whose client is gone still finishes the batch it had received: until then the head moves.
  await noWriterLeft(database.url);
  const head = await store.head();
  while (seen.at(-1)?.position !== head) await sleep(10);
  stop.abort();
  await reading;

  expectLogInOrder(seen);
  const acknowledged = new Set(account.all.flatMap(placesOf));
  const present = new Set(seen.map(placeOf));
  expect([...acknowledged].filter((place) => !present.has(place))).toEqual([]);
  expect([...present].filter((place) => !acknowledged.has(place))).toEqual([]);
  expect(account.all.filter((told) => !isAsTheFirstWouldBe(told))).toEqual([]);
  // What the load is to have had, or the above says little.
  const written = account.all.flatMap(({ answer, times }) =>
    answer?.kind === 'written' ? { ...answer, times } : [],
  );
  const settled = written.filter(({ times }) => times > 1);
  const figures = {
    conflicts: account.all.length - written.length,
    writtenBeforeTheKill: settled.filter(({ duplicate }) => duplicate).length,
    writtenByTheRetry: settled.filter(({ duplicate }) => !duplicate).length,
  };
  process.stdout.write(`${seen.length} events, ${JSON.stringify(figures)}\n`);
  for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0);
  await store.close();
  await database.drop();
}, 240_000);

function placesOf({ attempt: { streamId, eventIds }, answer }: Told): string[] {
  if (answer?.kind !== 'written') return [];
  const first = answer.revision - eventIds.length + 1;
  return eventIds.map((eventId, index) => `${eventId} ${streamId}@${first + index}`);
}

/** Sent once or again, by its writer or the successor: the answer is the one that belongs to the expected revision. */
function isAsTheFirstWouldBe({ attempt: { streamId, expected, eventIds }, answer, times }: Told): boolean {
  const after = expected === 'none' ? -1 : expected;
  if (answer?.kind === 'written') {
    const inPlace = after === 'any' || answer.revision === after + eventIds.length;
    return inPlace && (times > 1 || !answer.duplicate);
  }
  // Who goes on where it was acknowledged, and settles what was not, hears of no conflict with itself.
  const isShared = !streamId.startsWith('incident-own-');
  return answer?.kind === 'conflict' && isShared && after !== 'any' && answer.actual > after;
}

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
