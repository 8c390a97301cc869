import {
  LIMITS,
  Overloaded,
  readUpToUnreadable,
  recordedEvent,
  START,
  StoreUnavailable,
  StreamNotFound,
  StreamTooLong,
  UnreadableEvent,
} from '@shaoying/event-store';
import type { Position, RecordedEvent, StoredRecord } from '@shaoying/event-store';
import { DatabaseError, escapeLiteral, Pool } from 'pg';
import type { PoolClient, PoolConfig, QueryArrayConfig } from 'pg';
import {
  binaryRowColumns,
  eventOfBinaryRow,
  gatheredInBinaryRow,
  readable,
  storedInBinaryRow,
} from './binary-row.js';
import {
  answerTimeoutMs,
  endConnection,
  ReadOnlyServer,
  requireWritable,
  whenReadOnly,
} from './log.connection.js';
import type { Warn } from './log.connection.js';
import { PageCopy, UnreadableRow } from './page.copy.js';
import { StreamGathering } from './stream.gathering.js';

/** Reads that may wait for a connection of the pool; beyond it a caller is told to come back. */
const readQueueMax = 1_000;
const readAttemptsMax = 2;
/**
 * How long a connection is taken to be one to the primary. PostgreSQL says by itself when it is no more; this is for one before version 14,
 * and for poolers that keep it to themselves: one more statement in hundreds.
 */
const primaryForMs = 1_000;
/** Largest bigint. Positions from outside have up to 19 digits and may be larger than any. */
const positionMax = 9_223_372_036_854_775_807n;

/** Events of one stream in one statement; a longer stream takes several. */
const streamPageEvents = 2_000;
const streamPageBytes = 16 * 1024 * 1024;
/**
 * What one statement brings of each of several streams: more than an incident has. A stream with more events or a larger
 * one is read by itself, so that 32 streams bring 150 MB at the worst and not gigabytes.
 */
const gatheredEventsMax = 64;
const gatheredDataBytesMax = 64 * 1024;
/**
 * From so many streams on they come as a binary COPY: its rows cost less, in PostgreSQL and here, but it is planned each
 * time, which a few incidents of a command are not worth (docs/benchmarks.md).
 */
const copiedStreamsMin = 16;
/** Positions one statement looks through for the types of a filter: some 25 ms where nothing matches. */
const filterWindow = 100_000n;

/* Instants as text: the reader's session is in UTC with ISO dates, and cutting text is cheaper than computing dates. */
const heads = `position, event_id, revision, schema_version, occurred_at, recorded_at, stream_id, type, metadata`;
const columns = `${heads}, data`;

const asText = { getTypeParser: () => (text: string) => text };

/**
 * The rows of `source` in the order of `key`, up to `bytesMax` of them together, always at least one. octet_length reads
 * the size of a large value from its header, so values beyond the limit are never unpacked.
 */
const upToBytes = (source: string, key: string, bytesMax: number): string =>
  `SELECT ${columns}, bytes_so_far FROM (
      SELECT *, sum(bytes) OVER (ORDER BY ${key} ROWS UNBOUNDED PRECEDING) AS bytes_so_far FROM (
        SELECT *, octet_length(metadata) + octet_length(data) AS bytes FROM ${source}
      ) e
    ) e WHERE bytes_so_far <= ${bytesMax} OR bytes_so_far = bytes ORDER BY ${key}`;

/**
 * The LIMIT keeps the planner from joining otherwise than stream by stream, each along its index. A window that counts bytes
 * as above would cost 12 µs more per stream.
 */
const gathered = (streamIds: string): string =>
  `SELECT ${heads}, CASE WHEN octet_length(data) <= ${gatheredDataBytesMax} THEN data END
      FROM unnest(${streamIds}::text[]) AS wanted(id) CROSS JOIN LATERAL (
        SELECT * FROM log.events WHERE stream_id = wanted.id COLLATE "C" ORDER BY revision LIMIT ${gatheredEventsMax}
      ) e`;

const literals = (texts: readonly string[]): string => texts.map(escapeLiteral).join(', ');

const sql = {
  stream: upToBytes(
    `log.events WHERE stream_id = $1 AND revision >= $2 ORDER BY revision LIMIT ${streamPageEvents}`,
    'revision',
    streamPageBytes,
  ),
  streams: gathered('$1'),
  streamExists: 'SELECT 1 FROM log.events WHERE stream_id = $1 LIMIT 1',
  streamRevision: 'SELECT revision FROM log.events WHERE stream_id = $1 ORDER BY revision DESC LIMIT 1',
  head: 'SELECT position FROM log.events ORDER BY position DESC LIMIT 1',
  at: `SELECT ${columns} FROM log.events WHERE position = $1`,
  pageOfTypes: upToBytes(
    'log.events WHERE position > $1 AND position <= $3 AND type = ANY ($4::text[]) ORDER BY position LIMIT $2',
    'position',
    LIMITS.readBytesMax,
  ),
} as const;

/**
 * Digits and a number, both checked by the port: a COPY takes no parameters. Rows come as they are found, so it is the reader who
 * counts their bytes and breaks off: a window over the rows that does was two fifths of what a page took PostgreSQL.
 */
const pageAfter = (after: Position, limit: number, condition = ''): string =>
  `SELECT ${binaryRowColumns} FROM log.events WHERE position > ${after} ${condition} ORDER BY position LIMIT ${limit}`;

type Row = readonly (string | null)[];
const [streamIdColumn, dataColumn, bytesSoFarColumn] = [6, 9, 10] as const;
const eventBytesMax = LIMITS.eventBytesMax + LIMITS.metadataBytesMax;

/** `2026-02-13 08:00:01.2+00` as `2026-02-13T08:00:01.200Z`: PostgreSQL leaves zeros at the end away. */
function instantOf(text: string): string {
  const milliseconds = text.charAt(19) === '.' ? text.slice(20, text.indexOf('+')) : '';
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds.padEnd(3, '0')}Z`;
}

function eventOf(row: Row): RecordedEvent {
  const [position, eventId, revision, schemaVersion, occurred, recorded, streamId, type, metadata, data] =
    row as [string, string, string, string, string, string, string, string, string, string];
  const occurredAt = instantOf(occurred);
  const stored = {
    eventId,
    type,
    schemaVersion: Number(schemaVersion),
    occurredAt,
    // Most events are recorded when they happen.
    recordedAt: recorded === occurred ? occurredAt : instantOf(recorded),
    metadata,
    data,
  };
  return recordedEvent(stored, streamId, Number(revision), position);
}

interface GatheredRow {
  readonly streamId: string;
  /** Null where it is too large to come in company, or cannot be read: alone it fails alone. */
  readonly event: RecordedEvent | null;
}

const unreadable = (cause: unknown): StoreUnavailable | UnreadableEvent =>
  cause instanceof UnreadableEvent ? cause : new StoreUnavailable('the event log cannot be read', { cause });

type RowIn<Row> = (message: Buffer, isFirst: boolean) => Row | undefined;

export interface Page {
  /** Where to go on: after the last event of the page, or after what was looked through in vain. */
  readonly reached: Position;
  readonly events: RecordedEvent[];
}

export interface PageRequest {
  readonly limit: number;
  readonly types: ReadonlySet<string> | undefined;
}

function pageOf(after: Position, rows: readonly Row[]): Page {
  const events = readUpToUnreadable(rows, eventOf);
  return { reached: events.at(-1)?.position ?? after, events };
}

/** Every read of the log, over a pool of connections. */
export class LogReader {
  private readonly pool: Pool;
  /** When a connection was last seen to be one to a server that can be written. */
  private readonly seenWritableMs = new WeakMap<PoolClient, number>();
  /** Those whose server has said that it can only be read, and when one last did: what was seen before counts no more. */
  private readonly readOnly = new WeakSet<PoolClient>();
  private saidReadOnlyMs = -Infinity;
  private readonly gathering = new StreamGathering((streamIds) => this.streams(streamIds));

  constructor(config: PoolConfig, warn: Warn) {
    this.pool = new Pool(config);
    this.pool.on('error', (error) => warn('an idle reader lost its connection', error));
    // One that breaks while it is read from tells it twice: to who reads, and here. Unheard it would end the process.
    this.pool.on('connect', (client) => {
      client.on('error', () => undefined);
      whenReadOnly(client, () => {
        this.readOnly.add(client);
        this.saidReadOnlyMs = performance.now();
      });
    });
  }

  /** @throws StreamNotFound, StreamTooLong */
  async stream(streamId: string, fromRevision: number): Promise<RecordedEvent[]> {
    if (fromRevision === 0) {
      const events = await this.gathering.read(streamId);
      if (events === undefined) throw new StreamNotFound(streamId);
      return events === 'alone' ? this.longStream(streamId, 0) : events;
    }
    const events = await this.longStream(streamId, fromRevision);
    if (events.length === 0 && (await this.query('streamExists', [streamId])).length === 0) {
      throw new StreamNotFound(streamId);
    }
    return events;
  }

  /** Page by page, so that one statement brings a bounded answer. @throws StreamTooLong */
  private async longStream(streamId: string, fromRevision: number): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    let bytes = 0;
    for (;;) {
      const rows = await this.query('stream', [streamId, fromRevision + events.length]);
      const pageBytes = Number(rows.at(-1)?.[bytesSoFarColumn] ?? 0);
      bytes += pageBytes;
      if (events.length + rows.length > LIMITS.streamReadEventsMax || bytes > LIMITS.streamReadBytesMax) {
        throw new StreamTooLong(streamId);
      }
      for (const row of rows) events.push(eventOf(row));
      // A page with room for one more of the largest events was not cut for its bytes.
      if (rows.length < streamPageEvents && pageBytes + eventBytesMax <= streamPageBytes) return events;
    }
  }

  /** Whole streams by id; those that do not exist are absent, those too long for company are told to come alone. */
  private async streams(streamIds: readonly string[]): Promise<Map<string, RecordedEvent[] | 'alone'>> {
    const found =
      streamIds.length < copiedStreamsMin ? await this.asked(streamIds) : await this.copied(streamIds);
    const streams = new Map<string, RecordedEvent[] | 'alone'>();
    for (const [streamId, rows] of Map.groupBy(found, (row) => row.streamId)) {
      const events = rows.flatMap(({ event }) => event ?? []);
      const whole = rows.length < gatheredEventsMax && events.length === rows.length;
      // A join promises no order, although this one keeps it.
      streams.set(streamId, whole ? events.sort((a, b) => a.revision - b.revision) : 'alone');
    }
    return streams;
  }

  private async asked(streamIds: readonly string[]): Promise<GatheredRow[]> {
    const rows = await this.query('streams', [[...streamIds]]);
    return rows.map((row) => ({
      streamId: row[streamIdColumn] as string,
      event: row[dataColumn] === null ? null : readable(() => eventOf(row)),
    }));
  }

  private copied(streamIds: readonly string[]): Promise<GatheredRow[]> {
    return this.copy(gathered(`ARRAY[${literals(streamIds)}]`), Infinity, gatheredInBinaryRow);
  }

  /** Revision of the stream's last event, -1 when there is no such stream. */
  async streamRevision(streamId: string): Promise<number> {
    const [row] = await this.query('streamRevision', [streamId]);
    return Number(row?.[0] ?? -1);
  }

  /** At most `limit` events after `after`; none only at the end of the log. */
  async page(after: Position, { limit, types }: PageRequest): Promise<Page> {
    if (BigInt(after) > positionMax) return pageOf(after, []);
    if (types) return this.pageOfTypes(after, limit, [...types]);
    const events = await this.copyPage(after, limit, eventOfBinaryRow);
    return { reached: events.at(-1)?.position ?? after, events };
  }

  /** The same, of each event what `take` makes of its texts as they are stored, while the page comes. */
  async storedPage<Taken extends object>(
    after: Position,
    { limit, types }: PageRequest,
    take: (record: StoredRecord) => Taken,
  ): Promise<Taken[]> {
    if (BigInt(after) > positionMax) return [];
    const rowIn = (message: Buffer, isFirst: boolean): Taken | undefined => {
      const record = storedInBinaryRow(message, isFirst);
      return record && take(record);
    };
    if (!types) return this.copyPage(after, limit, rowIn);
    const ofTypes = `AND type IN (${literals([...types])})`;
    const found = await this.firstFound(after, (from, to) =>
      this.copy(pageAfter(from, limit, `AND position <= ${to} ${ofTypes}`), LIMITS.readBytesMax, rowIn),
    );
    return found.rows;
  }

  private async pageOfTypes(after: Position, limit: number, types: string[]): Promise<Page> {
    const { rows, looked } = await this.firstFound(after, (from, to) =>
      this.query('pageOfTypes', [from, limit, to, types]),
    );
    return pageOf(looked, rows);
  }

  /**
   * Looks through the log window by window, so that no statement takes longer the longer the log is, until something is found.
   * What was there before the first look has been looked through when nothing was.
   */
  private async firstFound<Row>(
    after: Position,
    look: (from: Position, to: Position) => Promise<Row[]>,
  ): Promise<{ readonly rows: Row[]; readonly looked: Position }> {
    const head = BigInt(await this.head());
    for (let from = BigInt(after); from < head; from += filterWindow) {
      const to = from + filterWindow < head ? from + filterWindow : head;
      const rows = await look(from.toString(), to.toString());
      if (rows.length > 0) return { rows, looked: after };
    }
    return { rows: [], looked: BigInt(after) < head ? head.toString() : after };
  }

  async at(position: Position): Promise<RecordedEvent | undefined> {
    if (BigInt(position) > positionMax) return undefined;
    const [row] = await this.query('at', [position]);
    return row && eventOf(row);
  }

  async head(): Promise<Position> {
    const [row] = await this.query('head', []);
    return row?.[0] ?? START;
  }

  close(): Promise<void> {
    return endConnection(this.pool);
  }

  private copyPage<Row>(after: Position, limit: number, rowIn: RowIn<Row>): Promise<Row[]> {
    return this.copy(pageAfter(after, limit), LIMITS.readBytesMax, rowIn);
  }

  private copy<Row>(select: string, bytesMax: number, rowIn: RowIn<Row>): Promise<Row[]> {
    return this.retrying(async () => {
      const client = await this.connected();
      const copy = new PageCopy(select, bytesMax, rowIn);
      const silence = setTimeout(() => copy.emit('error', new Error('no answer in time')), answerTimeoutMs);
      let hasMore: boolean;
      try {
        client.query(copy);
        hasMore = (await copy.done) === 'full';
      } catch (error) {
        // Whatever it still has to say is not for the next who reads.
        client.release(true);
        throw error;
      } finally {
        clearTimeout(silence);
      }
      // One that still brings rows is of no more use; pages are full where events are of some 3 kB and more.
      this.giveBack(client, hasMore);
      return copy.taken;
    });
  }

  private async query(name: keyof typeof sql, values: (string | number | string[])[]): Promise<Row[]> {
    const query: QueryArrayConfig & { readonly query_timeout: number } = {
      name: `log.${name}`,
      text: sql[name],
      values,
      rowMode: 'array',
      types: asText,
      query_timeout: answerTimeoutMs,
    };
    return this.retrying(async () => {
      const client = await this.connected();
      const { rows } = await client.query<(string | null)[]>(query).catch((error: unknown) => {
        client.release(true);
        throw error;
      });
      this.giveBack(client, false);
      return rows;
    });
  }

  /**
   * After an answer, which is not told where it came from a server that can only be read: what was written since, elsewhere, is not in it.
   * @throws ReadOnlyServer
   */
  private giveBack(client: PoolClient, isOfNoMoreUse: boolean): void {
    const isReadOnly = this.readOnly.has(client);
    client.release(isReadOnly || isOfNoMoreUse);
    if (isReadOnly) throw new ReadOnlyServer();
  }

  /**
   * A connection to the server that can be written. Those that were made before a fail-over may be to what was the primary then: they are
   * left, one by one, until a new one is made.
   * @throws ReadOnlyServer where that leads to such a server too
   */
  private async connected(): Promise<PoolClient> {
    for (;;) {
      const client = await this.pool.connect();
      const seenMs = this.seenWritableMs.get(client);
      if (seenMs !== undefined && seenMs > Math.max(performance.now() - primaryForMs, this.saidReadOnlyMs))
        return client;
      try {
        await requireWritable(client);
        this.seenWritableMs.set(client, performance.now());
        return client;
      } catch (error) {
        client.release(true);
        if (seenMs === undefined) throw error;
      }
    }
  }

  /** Reading twice is harmless, so a connection that turns out to be dead is replaced without the caller knowing. */
  private async retrying<T>(read: () => Promise<T>): Promise<T> {
    if (this.pool.waitingCount >= readQueueMax) throw new Overloaded();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await read();
      } catch (cause) {
        if (cause instanceof UnreadableRow) throw unreadable(cause.cause);
        const serverAnswered = cause instanceof DatabaseError && !/^(57P|08)/.test(cause.code ?? '');
        if (serverAnswered || attempt === readAttemptsMax) {
          throw unreadable(cause);
        }
      }
    }
  }
}
