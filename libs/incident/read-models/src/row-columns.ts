import { Buffer } from 'node:buffer';

/*
 * Rows travel to PostgreSQL as one array per column, each in the binary format of `array_recv`: dimensions, "has nulls",
 * element type, length and lower bound of the one dimension, then each element behind its length, -1 for null. `pg` sends
 * a Buffer as a binary parameter. Nothing is quoted here and nothing parsed there.
 *
 * The loser was one JSON text for all rows and `jsonb_populate_recordset`; the figures are in docs/benchmarks.md.
 */

const oids = { text: 25, integer: 23, bigint: 20, boolean: 16, timestamptz: 1184 } as const;

/** Type of a column. These hold their text here; it travels as text and is parsed there, once. */
type TravelsAsText = 'json' | 'jsonb' | 'timestamptz[]' | 'integer[]';
export type ColumnType = keyof typeof oids | TravelsAsText;

type Cell = string | number | boolean | null;

const headerBytes = 20;
const nullLength = -1;
/** PostgreSQL counts microseconds from 2000-01-01, JavaScript milliseconds from 1970-01-01. */
const epochOffsetMs = 946_684_800_000;
const twoTo32 = 4_294_967_296;

/** Type under which a column's array travels. */
export const travelType = (type: ColumnType): keyof typeof oids =>
  type in oids ? (type as keyof typeof oids) : 'text';

/** One column of the rows as a binary array. @throws RangeError or SyntaxError where a cell is not of that type */
export function columnArray<Row>(type: ColumnType, rows: readonly Row[], name: keyof Row): Buffer {
  const cells = rows.map((row) => row[name] as Cell);
  const travelling = travelType(type);
  return travelling === 'text' ? textArray(cells as (string | null)[]) : fixedArray(travelling, cells);
}

/** @returns where the elements begin */
function begin(buffer: Buffer, oid: number, count: number, nulls: boolean): number {
  let at = buffer.writeInt32BE(1, 0);
  for (const part of [nulls ? 1 : 0, oid, count, 1]) at = buffer.writeInt32BE(part, at);
  return at;
}

/** Texts are encoded here, once, whatever their length in bytes comes to; then what they came to is copied. */
let scratch = Buffer.allocUnsafe(64 * 1024);
const scratchBytesMax = 8 * 1024 * 1024;
/** UTF-8 takes three bytes at most for each unit of a JavaScript text. */
const bytesPerUnitMax = 3;

function textArray(cells: readonly (string | null)[]): Buffer {
  let units = 0;
  let nulls = false;
  for (const cell of cells) {
    if (cell === null) nulls = true;
    else units += cell.length;
  }
  const bytesMax = headerBytes + cells.length * 4 + units * bytesPerUnitMax;
  if (bytesMax > scratch.length && bytesMax <= scratchBytesMax) scratch = Buffer.allocUnsafe(bytesMax);
  const buffer = bytesMax <= scratch.length ? scratch : Buffer.allocUnsafe(bytesMax);
  let at = begin(buffer, oids.text, cells.length, nulls);
  for (const cell of cells) {
    if (cell === null) {
      at = buffer.writeInt32BE(nullLength, at);
      continue;
    }
    const written = buffer.write(cell, at + 4);
    at = buffer.writeInt32BE(written, at) + written;
  }
  return buffer === scratch ? Buffer.from(buffer.subarray(0, at)) : buffer.subarray(0, at);
}

const widths = { integer: 4, bigint: 8, boolean: 1, timestamptz: 8 } as const;

function fixedArray(type: keyof typeof widths, cells: readonly Cell[]): Buffer {
  const width = widths[type];
  const present = cells.reduce<number>((count, cell) => (cell === null ? count : count + 1), 0);
  const buffer = Buffer.allocUnsafe(headerBytes + cells.length * 4 + present * width);
  let at = begin(buffer, oids[type], cells.length, present < cells.length);
  for (const cell of cells) {
    at = buffer.writeInt32BE(cell === null ? nullLength : width, at);
    if (cell !== null) at = writeCell(buffer, type, cell, at);
  }
  return buffer;
}

function writeCell(
  buffer: Buffer,
  type: keyof typeof widths,
  cell: string | number | boolean,
  at: number,
): number {
  switch (type) {
    case 'integer':
      if (!Number.isInteger(cell)) throw new RangeError('not an integer');
      return buffer.writeInt32BE(Number(cell), at);
    case 'boolean':
      return buffer.writeUInt8(cell === true ? 1 : 0, at);
    case 'bigint':
      return buffer.writeBigInt64BE(BigInt(cell), at);
    case 'timestamptz':
      return writeInstant(buffer, Date.parse(String(cell)) - epochOffsetMs, at);
  }
}

/** @param sinceEpochMs PostgreSQL's epoch */
function writeInstant(buffer: Buffer, sinceEpochMs: number, at: number): number {
  if (Number.isNaN(sinceEpochMs)) throw new RangeError('not an instant');
  const micros = sinceEpochMs * 1_000;
  // Beyond the year 2285.
  if (!Number.isSafeInteger(micros)) return buffer.writeBigInt64BE(BigInt(sinceEpochMs) * 1_000n, at);
  // Two halves: by way of a BigInt it takes twice as long (134 ns, not 64).
  const high = Math.floor(micros / twoTo32);
  return buffer.writeUInt32BE(micros - high * twoTo32, buffer.writeInt32BE(high, at));
}
