import { instantText, recordedEvent, UnreadableEvent } from '@shaoying/event-store';
import type { RecordedEvent, StoredRecord } from '@shaoying/event-store';

/** What a row of {@link eventOfBinaryRow} must hold, in this order: columns are known by their place alone. */
export const binaryRowColumns =
  'position, event_id, revision, schema_version, occurred_at, recorded_at, stream_id, type, metadata, data';

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** PostgreSQL counts microseconds from the beginning of 2000. */
const epochMs = Date.UTC(2000, 0);
/** High words of integers that a double holds exactly. */
const safeHighMax = 0x1f_ffff;
const wordSize = 2 ** 32;

const hexDigits = Buffer.from('0123456789abcdef');
const dash = 0x2d;
/** Where in its text the two digits of each byte of a UUID are; dashes between them. */
const uuidDigitsAt = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
const uuidText = Buffer.alloc(36, dash);

/** Far more than there are; whoever else writes into the log may make up any number of them. */
const keptTypesMax = 1_024;
const keptTypes = new Map<string, string>();

/** Events of one type share one text: pages of them are kept while they are worked on, and copied by every collection. */
function keptType(type: string): string {
  const kept = keptTypes.get(type);
  if (kept !== undefined) return kept;
  if (keptTypes.size < keptTypesMax) keptTypes.set(type, type);
  return type;
}

/** Reads one row of PostgreSQL's binary COPY format from left to right; each value comes after its length in 4 bytes. */
class RowReader {
  constructor(
    private readonly row: Buffer,
    private at: number,
  ) {}

  int(): number {
    const value = this.row.readInt32BE(this.at + 4);
    this.at += 8;
    return value;
  }

  bigint(): string {
    const from = this.at + 4;
    this.at = from + 8;
    const high = this.row.readInt32BE(from);
    return high >= 0 && high <= safeHighMax
      ? String(high * wordSize + this.row.readUInt32BE(from + 4))
      : this.row.readBigInt64BE(from).toString();
  }

  /** Exact for any year that an event may have: what a double loses beyond 2285 are some microseconds, and there are none. */
  instant(): string {
    const from = this.at + 4;
    this.at = from + 8;
    const microseconds = this.row.readInt32BE(from) * wordSize + this.row.readUInt32BE(from + 4);
    return instantText(epochMs + Math.round(microseconds / 1_000));
  }

  /** In one piece: put together of slices it is nine objects, which whoever keeps the event keeps too. */
  uuid(): string {
    const from = this.at + 4;
    this.at = from + 16;
    for (let nth = 0; nth < uuidDigitsAt.length; nth += 1) {
      const [byte, at] = [this.row[from + nth] as number, uuidDigitsAt[nth] as number];
      uuidText[at] = hexDigits[byte >> 4] as number;
      uuidText[at + 1] = hexDigits[byte & 15] as number;
    }
    return uuidText.toString('latin1');
  }

  text(): string {
    const from = this.at + 4;
    this.at = from + this.row.readInt32BE(this.at);
    return this.row.toString('utf8', from, this.at);
  }

  textOrNull(): string | null {
    return this.row.readInt32BE(this.at) === -1 ? null : this.text();
  }

  bytes(): Buffer {
    const from = this.at + 4;
    this.at = from + this.row.readInt32BE(this.at);
    return this.row.subarray(from, this.at);
  }
}

/** Signature, flags, and an extension after its length; in the message of the first row, or of the end if there is none. */
function headerBytes(message: Buffer): number {
  const begins =
    message.length >= signature.length + 8 && message.subarray(0, signature.length).equals(signature);
  return begins ? signature.length + 8 + message.readInt32BE(signature.length + 4) : 0;
}

/**
 * The event in one message of `COPY (SELECT {@link binaryRowColumns} …) TO STDOUT (FORMAT binary)`; PostgreSQL sends a row
 * in each. Undefined for the message that ends the copy.
 */
export function eventOfBinaryRow(message: Buffer, isFirst: boolean): RecordedEvent | undefined {
  const stored = storedIn(message, isFirst, (row) => row.text());
  return stored && recordedEvent(stored, stored.streamId, stored.revision, stored.position);
}

/** What `event` returns; null where it is not even JSON, as after somebody has changed it. */
export function readable(event: () => RecordedEvent): RecordedEvent | null {
  try {
    return event();
  } catch (error) {
    if (error instanceof UnreadableEvent) return null;
    throw error;
  }
}

/** The same where a row may come without its data, or cannot be read; then the stream it is of is all that is told. */
export function gatheredInBinaryRow(
  message: Buffer,
  isFirst: boolean,
): { readonly streamId: string; readonly event: RecordedEvent | null } | undefined {
  const stored = storedIn(message, isFirst, (row) => row.textOrNull());
  if (stored === undefined) return undefined;
  const { streamId, revision, position, metadata, data } = stored;
  const event =
    metadata === null || data === null
      ? null
      : readable(() => recordedEvent({ ...stored, metadata, data }, streamId, revision, position));
  return { streamId, event };
}

/** The same, with its texts as they are: views of the message, which lies where pg will read the next ones into. */
export function storedInBinaryRow(message: Buffer, isFirst: boolean): StoredRecord | undefined {
  return storedIn(message, isFirst, (row) => row.bytes());
}

type Stored<Text> = Omit<StoredRecord, 'metadata' | 'data'> & {
  readonly metadata: Text;
  readonly data: Text;
};

function storedIn<Text>(
  message: Buffer,
  isFirst: boolean,
  textIn: (row: RowReader) => Text,
): Stored<Text> | undefined {
  const start = isFirst ? headerBytes(message) : 0;
  if (message.readInt16BE(start) === -1) return undefined;
  const row = new RowReader(message, start + 2);
  const position = row.bigint();
  const eventId = row.uuid();
  const revision = row.int();
  const schemaVersion = row.int();
  const occurredAt = row.instant();
  const recordedAt = row.instant();
  const streamId = row.text();
  const type = keptType(row.text());
  const [metadata, data] = [textIn(row), textIn(row)];
  return {
    eventId,
    type,
    schemaVersion,
    occurredAt,
    recordedAt,
    metadata,
    data,
    streamId,
    revision,
    position,
  };
}
