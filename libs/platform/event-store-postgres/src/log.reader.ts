import {
  LIMITS,
  Overloaded,
  recordedEvent,
  START,
  StoreUnavailable,
  StreamNotFound,
} from '@shaoying/event-store';
import type { Position, RecordedEvent } from '@shaoying/event-store';
import { DatabaseError, Pool } from 'pg';
import type { PoolConfig, QueryArrayConfig } from 'pg';
import { endConnection } from './log.connection.js';
import type { Warn } from './log.connection.js';
import { StreamGathering } from './stream.gathering.js';

/** Reads that may wait for a connection of the pool; beyond it a caller is told to come back. */
const readQueueMax = 1_000;
const readAttemptsMax = 2;
/** Largest bigint. Positions from outside have up to 19 digits and may be larger than any. */
const positionMax = 9_223_372_036_854_775_807n;

/*
 * Instants as seconds since 1970 in a double (exact to the microsecond until the year 2255, to the millisecond beyond
 * 9999): independent of the session's TimeZone and DateStyle, and cheaper for both sides than to_char.
 */
const columns = `position, event_id, revision, schema_version, date_part('epoch', occurred_at),
  date_part('epoch', recorded_at), stream_id, type, metadata, data`;

const asText = { getTypeParser: () => (text: string) => text };

const sql = {
  stream: `SELECT ${columns} FROM log.events WHERE stream_id = $1 AND revision >= $2 ORDER BY revision`,
  // OFFSET 0 keeps the planner from joining otherwise than stream by stream, each along its index.
  streams: `SELECT ${columns} FROM unnest($1::text[]) AS wanted(id) CROSS JOIN LATERAL (
      SELECT * FROM log.events WHERE stream_id = wanted.id COLLATE "C" ORDER BY revision OFFSET 0
    ) e`,
  streamExists: 'SELECT 1 FROM log.events WHERE stream_id = $1 LIMIT 1',
  streamRevision: 'SELECT revision FROM log.events WHERE stream_id = $1 ORDER BY revision DESC LIMIT 1',
  head: 'SELECT position FROM log.events ORDER BY position DESC LIMIT 1',
  // octet_length reads the size of a large value from its header, so values beyond the limit are never unpacked.
  page: `SELECT ${columns} FROM (
      SELECT *, sum(bytes) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) AS bytes_so_far FROM (
        SELECT *, octet_length(metadata) + octet_length(data) AS bytes
          FROM log.events WHERE position > $1 ORDER BY position LIMIT $2
      ) e
    ) e WHERE bytes_so_far <= ${LIMITS.readBytesMax} OR bytes_so_far = bytes ORDER BY position`,
} as const;

const instantOf = (seconds: string): string => new Date(Math.round(Number(seconds) * 1000)).toISOString();

function eventOf(row: readonly string[]): RecordedEvent {
  const [position, eventId, revision, schemaVersion, occurred, recorded, streamId, type, metadata, data] =
    row as [string, string, string, string, string, string, string, string, string, string];
  const stored = {
    eventId,
    type,
    schemaVersion: Number(schemaVersion),
    occurredAt: instantOf(occurred),
    recordedAt: instantOf(recorded),
    metadata,
    data,
  };
  return recordedEvent(stored, streamId, Number(revision), position);
}

/** Every read of the log, over a pool of connections. */
export class LogReader {
  private readonly pool: Pool;
  private readonly gathering = new StreamGathering((streamIds) => this.streams(streamIds));

  constructor(config: PoolConfig, warn: Warn) {
    this.pool = new Pool(config);
    this.pool.on('error', (error) => warn('an idle reader lost its connection', error));
  }

  /** @throws StreamNotFound */
  async stream(streamId: string, fromRevision: number): Promise<RecordedEvent[]> {
    if (fromRevision === 0) {
      const events = await this.gathering.read(streamId);
      if (events === undefined) throw new StreamNotFound(streamId);
      return events;
    }
    const rows = await this.query('stream', [streamId, fromRevision]);
    if (rows.length > 0) return rows.map(eventOf);
    if ((await this.query('streamExists', [streamId])).length > 0) return [];
    throw new StreamNotFound(streamId);
  }

  /** Whole streams by id; those that do not exist are absent. */
  private async streams(streamIds: readonly string[]): Promise<Map<string, RecordedEvent[]>> {
    const [only] = streamIds;
    const rows =
      streamIds.length === 1 && only !== undefined
        ? await this.query('stream', [only, 0])
        : await this.query('streams', [[...streamIds]]);
    const streams = new Map<string, RecordedEvent[]>();
    for (const event of rows.map(eventOf)) {
      const events = streams.get(event.streamId);
      if (events) events.push(event);
      else streams.set(event.streamId, [event]);
    }
    // A join promises no order, although this one keeps it.
    for (const events of streams.values()) events.sort((a, b) => a.revision - b.revision);
    return streams;
  }

  /** Revision of the stream's last event, -1 when there is no such stream. */
  async streamRevision(streamId: string): Promise<number> {
    const [row] = await this.query('streamRevision', [streamId]);
    return Number(row?.[0] ?? -1);
  }

  async page(after: Position, limit: number): Promise<RecordedEvent[]> {
    if (BigInt(after) > positionMax) return [];
    return (await this.query('page', [after, limit])).map(eventOf);
  }

  async head(): Promise<Position> {
    const [row] = await this.query('head', []);
    return row?.[0] ?? START;
  }

  close(): Promise<void> {
    return endConnection(this.pool);
  }

  /** Reading twice is harmless, so a connection that turns out to be dead is replaced without the caller knowing. */
  private async query(name: keyof typeof sql, values: (string | number | string[])[]): Promise<string[][]> {
    if (this.pool.waitingCount >= readQueueMax) throw new Overloaded();
    const query: QueryArrayConfig = {
      name: `log.${name}`,
      text: sql[name],
      values,
      rowMode: 'array',
      types: asText,
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await this.pool.query<string[]>(query)).rows;
      } catch (cause) {
        const serverAnswered = cause instanceof DatabaseError && !/^(57P|08)/.test(cause.code ?? '');
        if (serverAnswered || attempt === readAttemptsMax) {
          throw new StoreUnavailable('the event log cannot be read', { cause });
        }
      }
    }
  }
}
