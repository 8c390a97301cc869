/*
 * A process that appends until it is killed, and says after each answer what was acknowledged. Started by
 * killed-writer.int.spec.ts:  node append-loop.process.js <postgres url> <stream id> …
 */
import { randomUUID } from 'node:crypto';
import { flushCompileCache } from 'node:module';
import { PostgresEventStore } from '../postgres-event-store.js';

const loops = 8;
const [url = '', ...streamIds] = process.argv.slice(2);

function someEvent(data: unknown) {
  const instant = new Date().toISOString();
  return {
    eventId: randomUUID(),
    type: 'IncidentReported',
    schemaVersion: 1,
    occurredAt: instant,
    recordedAt: instant,
    actor: { id: 'system:test', role: 'system', orgUnitId: null },
    correlationId: 'c',
    causationId: 'c',
    commandId: 'c',
    data,
  };
}

async function appendForEver(store: PostgresEventStore, loop: number): Promise<never> {
  for (let turn = loop; ; turn += 1) {
    const streamId = streamIds[turn % streamIds.length] ?? '';
    const events = Array.from({ length: 1 + (turn % 3) }, (_, index) => someEvent({ turn, index }));
    const { revision } = await store.append(streamId, 'any', events);
    const lines = events.map(
      ({ eventId }, index) => `${eventId} ${streamId}@${revision - events.length + 1 + index}`,
    );
    // A pipe is written synchronously: what is said here was said, even if the next instant is the last.
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

async function main(): Promise<void> {
  const store = await PostgresEventStore.open({ url });
  // For the next one: what ends in order writes it by itself.
  flushCompileCache();
  await Promise.all(Array.from({ length: loops }, (_, loop) => appendForEver(store, loop)));
}

void main();
