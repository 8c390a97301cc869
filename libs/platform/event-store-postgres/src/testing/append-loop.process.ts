/*
 * A process that appends until it is killed: says each attempt before it sends it, and its answer once it has it. Its
 * orders come as JSON over its standard input; its standard output must be a file. Started by killed-writer.int.spec.ts:
 *   node append-loop.process.js <postgres url> <name of its own streams>
 */
import { randomUUID } from 'node:crypto';
import { flushCompileCache } from 'node:module';
import { text } from 'node:stream/consumers';
import { PostgresEventStore } from '../postgres-event-store.js';
import { send } from './append-attempt.js';
import type { Answer, Attempt, Orders, Utterance } from './append-attempt.js';

const [url = '', name = ''] = process.argv.slice(2);

/** A file is written at once: what is said here was said, even if the next instant is the last. A full pipe would keep it waiting here. */
function say(utterance: Utterance): void {
  process.stdout.write(`${JSON.stringify(utterance)}\n`);
}

async function attempt(store: PostgresEventStore, tries: Attempt): Promise<Answer> {
  say({ tries });
  const answer = await send(store, tries);
  say({ answered: tries.eventIds[0] ?? '', answer });
  return answer;
}

/** One to three events, and now and then a batch of a page and more. */
function someIds(turn: number): string[] {
  return Array.from({ length: turn % 40 === 39 ? 60 : 1 + (turn % 3) }, () => randomUUID());
}

const afterwards = (answer: Answer): number => (answer.kind === 'written' ? answer.revision : answer.actual);

/** Decides on what it knows of the stream, as a command handler does; told that others were first, it goes on from there. */
async function chain(store: PostgresEventStore, streamId: string, knownRevision: number): Promise<never> {
  for (let turn = 0, expected = knownRevision; ; turn += 1) {
    expected = afterwards(await attempt(store, { streamId, expected, eventIds: someIds(turn) }));
  }
}

/** Begins one stream after the other, which is what every other writer does with the same names. */
async function begin(store: PostgresEventStore, begun: number): Promise<never> {
  for (let next = begun; ; next += 1) {
    await attempt(store, { streamId: `incident-begun-${next}`, expected: 'none', eventIds: someIds(next) });
  }
}

async function add(store: PostgresEventStore, streamId: string): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    await attempt(store, { streamId, expected: 'any', eventIds: someIds(turn) });
  }
}

async function main(): Promise<void> {
  const [store, given] = await Promise.all([PostgresEventStore.open({ url }), text(process.stdin)]);
  // For the next one: what ends in order writes it by itself.
  flushCompileCache();
  const { unanswered, revisions, begun } = JSON.parse(given) as Orders;
  const settled = await Promise.all(
    unanswered.map(async (tries) => [tries.streamId, afterwards(await attempt(store, tries))] as const),
  );
  const known = new Map(Object.entries(revisions));
  for (const [streamId, revision] of settled)
    known.set(streamId, Math.max(revision, known.get(streamId) ?? -1));
  const chains = ['own-a', 'own-b'].map((own) => `incident-${own}-${name}`);
  // Two loops of each process on each: whoever is not first is told so.
  const hot = ['incident-hot-0', 'incident-hot-1'].flatMap((streamId) => [streamId, streamId]);
  await Promise.all([
    ...[...chains, ...hot].map((streamId) => chain(store, streamId, known.get(streamId) ?? -1)),
    begin(store, begun),
    // The second always waits unsent while the first is being written: that is what a retry writes.
    add(store, 'incident-any-0'),
    add(store, 'incident-any-0'),
    add(store, 'incident-any-1'),
  ]);
}

void main();
