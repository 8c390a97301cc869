import { Buffer } from 'node:buffer';

/*
 * Arrays in PostgreSQL's binary wire format (array_recv): dimensions, "has nulls", element type, then length and lower
 * bound of the one dimension, then each element behind its length. `pg` sends a Buffer as a binary parameter.
 *
 * Measured, 100 events of 800 bytes per call of log.append on 2 shared cores, median of 230 calls: binary arrays 3.8 ms;
 * JavaScript arrays, which `pg` writes as text and both sides escape quote by quote, 4.8 ms; one jsonb document 6.7 ms.
 */

const oids = { int4: 23, text: 25, timestamptz: 1184, uuid: 2950 } as const;
const headerBytes = 20;
/** PostgreSQL counts microseconds from 2000-01-01, JavaScript milliseconds from 1970-01-01. */
const epochOffsetMs = 946_684_800_000n;

function arrayOf(oid: number, count: number, elementBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(headerBytes + count * 4 + elementBytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(0, 4);
  buffer.writeInt32BE(oid, 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

export function int4Array(values: readonly number[]): Buffer {
  const buffer = arrayOf(oids.int4, values.length, values.length * 4);
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(value, at);
  }
  return buffer;
}

export function textArray(values: readonly string[]): Buffer {
  const lengths = values.map((value) => Buffer.byteLength(value));
  const buffer = arrayOf(
    oids.text,
    values.length,
    lengths.reduce((sum, length) => sum + length, 0),
  );
  let at = headerBytes;
  values.forEach((value, index) => {
    at = buffer.writeInt32BE(lengths[index] ?? 0, at);
    at += buffer.write(value, at);
  });
  return buffer;
}

/** `values` are UUIDs in their usual notation. */
export function uuidArray(values: readonly string[]): Buffer {
  const buffer = arrayOf(oids.uuid, values.length, values.length * 16);
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(16, at);
    at += buffer.write(value.replaceAll('-', ''), at, 'hex');
  }
  return buffer;
}

/** `values` are ISO 8601 instants with milliseconds. */
export function timestamptzArray(values: readonly string[]): Buffer {
  const buffer = arrayOf(oids.timestamptz, values.length, values.length * 8);
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(8, at);
    at = buffer.writeBigInt64BE((BigInt(Date.parse(value)) - epochOffsetMs) * 1000n, at);
  }
  return buffer;
}
