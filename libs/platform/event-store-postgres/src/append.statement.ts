import { EventIdTaken, RevisionConflict, START } from '@shaoying/event-store';
import type { AdmittedAppend, AppendResult } from '@shaoying/event-store';
import type { ClientBase, QueryArrayConfig } from 'pg';
import type { Settled } from './append.queue.js';
import { int4Array, textArray, timestamptzArray, uuidArray } from './binary-array.js';
import { ReadOnlyServer, readOnlySetting } from './log.connection.js';
import { expectedCodes, outcomes } from './log.schema.js';

/** The three arrays of `log.append`, one element per append, still as PostgreSQL's array text; and whether the server writes. */
type AnswerRow = [outcomes: string, revisions: string, positions: string, readOnly: string];

const asText = { getTypeParser: () => (text: string) => text };

function statementFor(batch: readonly AdmittedAppend[]): QueryArrayConfig {
  const events = batch.flatMap((append) => append.events);
  const appendNos = batch.flatMap((append, index) => append.events.map(() => index + 1));
  return {
    name: 'log.append',
    text: `SELECT outcomes, revisions, positions, ${readOnlySetting}
             FROM log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    rowMode: 'array',
    types: asText,
    values: [
      textArray(batch.map((append) => append.streamId)),
      int4Array(batch.map(expectedCode)),
      int4Array(batch.map((append) => append.events.length)),
      int4Array(appendNos),
      uuidArray(events.map((event) => event.eventId)),
      textArray(events.map((event) => event.type)),
      int4Array(events.map((event) => event.schemaVersion)),
      timestamptzArray(events.map((event) => event.occurredAt)),
      timestamptzArray(events.map((event) => event.recordedAt)),
      textArray(events.map((event) => event.metadata)),
      textArray(events.map((event) => event.data)),
    ],
  };
}

function expectedCode({ expected }: AdmittedAppend): number {
  return typeof expected === 'number' ? expected : expectedCodes[expected];
}

const elements = (arrayText: string): string[] => arrayText.slice(1, -1).split(',');

function settledFrom(append: AdmittedAppend, outcome: number, revision: number, position: string): Settled {
  switch (outcome) {
    case outcomes.written:
      return { revision, position, duplicate: false };
    case outcomes.duplicate:
      return { revision, position, duplicate: true };
    case outcomes.conflict:
      return new RevisionConflict(append.streamId, append.expected, revision);
    case outcomes.eventIdTaken:
      return new EventIdTaken(append.streamId);
    default:
      return new Error(`log.append answered ${outcome}, which this program does not know`);
  }
}

/**
 * Writes a batch (no append of it empty, no stream and no event id twice) in one round trip.
 * @throws ReadOnlyServer where all of it was a conflict or known on a server that can only be read, and may be neither elsewhere;
 * whatever `pg` throws: then nothing of the batch is written, or its outcome is unknown.
 */
export async function sendBatch(client: ClientBase, batch: readonly AdmittedAppend[]): Promise<Settled[]> {
  const { rows } = await client.query<AnswerRow>(statementFor(batch));
  const [row] = rows;
  if (!row) throw new Error('log.append did not answer');
  if (row[3] === 'on') throw new ReadOnlyServer();
  const [byOutcome, revisions, positions] = row.slice(0, 3).map(elements);
  return batch.map((append, index) =>
    settledFrom(append, Number(byOutcome?.[index]), Number(revisions?.[index]), positions?.[index] ?? START),
  );
}

/** OFFSET 0 and LATERAL for the same reason as in `log.append`: one look at an index for each event, whatever is known of the table. */
const sentAndKept = `
  SELECT sent.no FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[])
                      WITH ORDINALITY AS sent(event_id, recorded_at, metadata, data, no)
    CROSS JOIN LATERAL (SELECT * FROM log.events e WHERE e.event_id = sent.event_id OFFSET 0) kept
   WHERE kept.recorded_at = sent.recorded_at AND kept.metadata = sent.metadata AND kept.data = sent.data`;

/**
 * A batch was sent, not answered, and sent again: what the log knows by now may be of the first sending or of another call
 * altogether, with the same event ids. The events themselves tell: when they were recorded, of which request, saying what. Where the
 * log holds them as they were sent here, this is their first answer.
 */
export async function asFirstAnswered(
  client: ClientBase,
  batch: readonly AdmittedAppend[],
  settled: readonly Settled[],
): Promise<readonly Settled[]> {
  const isKnown = (one: Settled | undefined): one is AppendResult =>
    !(one instanceof Error) && one?.duplicate === true;
  const known = batch.filter((_, index) => isKnown(settled[index]));
  if (known.length === 0) return settled;
  const events = known.flatMap((append) => append.events);
  const { rows } = await client.query<{ no: string }>(sentAndKept, [
    uuidArray(events.map((event) => event.eventId)),
    timestamptzArray(events.map((event) => event.recordedAt)),
    textArray(events.map((event) => event.metadata)),
    textArray(events.map((event) => event.data)),
  ]);
  const kept = new Set(rows.map(({ no }) => events[Number(no) - 1]));
  return settled.map((one, index) =>
    isKnown(one) && batch[index]?.events.every((event) => kept.has(event))
      ? { ...one, duplicate: false }
      : one,
  );
}
