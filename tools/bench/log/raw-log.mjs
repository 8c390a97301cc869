// The ceiling: the same table, the same server, bare statements on one connection. What it writes is a proper log: whole
// streams of revision 0 at gapless positions, so that the engine can go on after it.
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import {
  int4Array,
  textArray,
  timestamptzArray,
  uuidArray,
} from '../../../libs/platform/event-store-postgres/dist/binary-array.js';
import { Client } from 'pg';
import { newStreamId, sampleEvent } from './sample-event.mjs';

const batchRows = 100;
/** One statement of the filling; a transaction much longer would hold up nothing, but say nothing for a while either. */
const fillRows = 100_000;
const cursorRows = 1_000;

const columns = `position, event_id, revision, schema_version, occurred_at, recorded_at, stream_id, type, metadata, data`;

const insert = `
  INSERT INTO log.events (${columns})
  SELECT $1::bigint + no, id, 0, version, occurred, recorded, stream, type, metadata, data
    FROM unnest($2::uuid[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[])
         WITH ORDINALITY AS e(id, version, occurred, recorded, stream, type, metadata, data, no)`;

/** The same with streams and revisions of their own. */
const insertStory = insert
  .replace('no, id, 0, version', 'no, id, revision, version')
  .replace('$9::text[])', '$9::text[], $10::int[])')
  .replace('metadata, data, no)', 'metadata, data, revision, no)');

/** Events like ours in streams of seven; ids are random, as UUIDs made by hashing are. */
const fill = `
  INSERT INTO log.events (${columns})
  SELECT $1::bigint + g, gen_random_uuid(), (g - 1) % 7, 1, now(), now(),
         'incident-' || md5($3::text || ($1 + (g - 1) / 7)::text)::uuid, 'DepartmentCheckedIn', $4, $5
    FROM generate_series(1, $2::int) g`;

const metadataOf = ({ actor, correlationId, causationId, commandId, requestHash }) =>
  JSON.stringify({ actor, correlationId, causationId, commandId, requestHash });

const plain = { uuid: (v) => v, int4: (v) => v, timestamptz: (v) => v, text: (v) => v };
const binary = { uuid: uuidArray, int4: int4Array, timestamptz: timestamptzArray, text: textArray };

export class RawLog {
  #client;

  /** Opens the engine too: its schema is the table that both write to. */
  static async open(url) {
    const log = new RawLog();
    log.store = await PostgresEventStore.open({ url, onWarning: (message) => process.emitWarning(message) });
    log.#client = new Client({ connectionString: url, application_name: 'shaoying bench ceiling' });
    await log.#client.connect();
    return log;
  }

  async show(setting) {
    const { rows } = await this.#client.query(`SHOW ${setting}`);
    return Object.values(rows[0])[0];
  }

  /** Events in the log, and bytes of WAL so far: as indexes grow, whole pages of them are logged after each checkpoint. */
  async written() {
    const { rows } = await this.#client.query(
      `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes`,
    );
    return { events: await this.#head(), walBytes: rows[0].bytes };
  }

  async #head() {
    return Number(await this.store.head());
  }

  /** 100-row inserts one after the other, each its own transaction. */
  async insertBatches(seconds, encoding = 'plain') {
    const as = encoding === 'binary' ? binary : plain;
    let position = await this.#head();
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1_000;
    let rows = 0;
    while (performance.now() < endMs) {
      const events = Array.from({ length: batchRows }, sampleEvent);
      const values = [
        position,
        as.uuid(events.map((event) => event.eventId)),
        as.int4(events.map((event) => event.schemaVersion)),
        as.timestamptz(events.map((event) => event.occurredAt)),
        as.timestamptz(events.map((event) => event.recordedAt)),
        as.text(events.map(newStreamId)),
        as.text(events.map((event) => event.type)),
        as.text(events.map(metadataOf)),
        as.text(events.map((event) => JSON.stringify(event.data))),
      ];
      await this.#client.query({ name: `bench ${encoding}`, text: insert, values });
      position += batchRows;
      rows += batchRows;
    }
    return { perSecond: (rows * 1_000) / (performance.now() - startedMs) };
  }

  /** Events with all that they have, actor and data as JSON, behind the log in one statement. */
  async write(events) {
    const metadata = ({ actor, commandId }) =>
      `{"actor":${actor},"correlationId":"${commandId}","causationId":"${commandId}","commandId":"${commandId}"}`;
    await this.#client.query({
      name: 'bench story',
      text: insertStory,
      values: [
        await this.#head(),
        uuidArray(events.map(({ eventId }) => eventId)),
        int4Array(events.map(({ schemaVersion }) => schemaVersion)),
        timestamptzArray(events.map(({ occurredAt }) => occurredAt)),
        timestamptzArray(events.map(({ recordedAt }) => recordedAt)),
        textArray(events.map(({ streamId }) => streamId)),
        textArray(events.map(({ type }) => type)),
        textArray(events.map(metadata)),
        textArray(events.map(({ data }) => data)),
        int4Array(events.map(({ revision }) => revision)),
      ],
    });
  }

  /** Grows the log to `events`, and lets PostgreSQL finish what that leaves to do. */
  async fillTo(events, onProgress) {
    const sample = sampleEvent();
    const values = [metadataOf(sample), JSON.stringify(sample.data)];
    let head = await this.#head();
    if (head >= events) return;
    while (head < events) {
      const rows = Math.min(fillRows, events - head);
      await this.#client.query(fill, [head, rows, sample.eventId, ...values]);
      head += rows;
      onProgress(head);
    }
    await this.#client.query('VACUUM ANALYZE log.events');
    await this.#client.query('CHECKPOINT');
  }

  /** Every column of every event as text, through a cursor: what reading costs before anything is made of it. */
  async readByCursor() {
    const startedMs = performance.now();
    let events = 0;
    await this.#client.query('BEGIN');
    await this.#client.query(
      `DECLARE bench NO SCROLL CURSOR FOR SELECT ${columns} FROM log.events ORDER BY position`,
    );
    for (;;) {
      const types = { getTypeParser: () => (text) => text };
      const { rows } = await this.#client.query({
        text: `FETCH ${cursorRows} FROM bench`,
        rowMode: 'array',
        types,
      });
      if (rows.length === 0) break;
      events += rows.length;
    }
    await this.#client.query('COMMIT');
    return { events, perSecond: (events * 1_000) / (performance.now() - startedMs) };
  }

  async close() {
    await this.#client.end();
    await this.store.close();
  }
}
