import { parse } from 'csv-parse/sync';
import { createReadStream } from 'node:fs';

/** One record of the file, or why there is none where one should be. */
export type CsvRecord =
  | { readonly line: number; readonly fields: readonly string[]; readonly problem?: undefined }
  | { readonly line: number; readonly problem: CsvProblem; readonly fields?: undefined };

export type CsvProblem = 'ROW_TOO_LONG' | 'NOT_UTF8' | 'BAD_QUOTES' | 'COLUMN_COUNT';

export const CSV_LIMITS = {
  /** Bytes of one line; a description of 10,000 Chinese characters takes 30,000. */
  lineBytesMax: 65_536,
  /** Lines that one record may span; a quote still open after that was never meant to open. */
  recordLinesMax: 200,
  /** Bytes of one record over all its lines. */
  recordBytesMax: 262_144,
  columnsMax: 500,
} as const;

interface Line {
  /** 1-based. */
  readonly number: number;
  /** Without its line end. Null: longer than allowed. */
  readonly bytes: Buffer | null;
}

/**
 * Records of a CSV file in order, each with the line it starts on; UTF-8 with or without a byte order mark, blank lines
 * skipped; a line end within a field is `\n`. Fields are csv-parse's work. Where a record starts and ends is decided here, line by line: csv-parse takes a
 * quote that was never closed for a field of many lines and loses the good rows behind it; here the bad row costs
 * itself, and reading goes on at the next line.
 */
export async function* readCsvRecords(
  path: string,
  options: { readonly delimiter: string; readonly signal?: AbortSignal },
): AsyncGenerator<CsvRecord> {
  const lines = new LineBuffer(readLines(path, options.signal));
  let columns: number | undefined;
  for (;;) {
    const first = await lines.next();
    if (first === null) return;
    if (first.bytes !== null && isBlank(first.bytes)) continue;
    const record = await readRecord(first, lines, options.delimiter, columns);
    columns ??= record.fields?.length;
    yield record;
  }
}

async function readRecord(
  first: Line,
  lines: LineBuffer,
  delimiter: string,
  columns: number | undefined,
): Promise<CsvRecord> {
  const line = first.number;
  if (first.bytes === null) return { line, problem: 'ROW_TOO_LONG' };
  const taken: Line[] = [];
  const parts = [first.bytes];
  let open = opensQuote(first.bytes);
  let bytes = first.bytes.length;
  const badRow = (problem: CsvProblem): CsvRecord => {
    lines.putBack(taken);
    return { line, problem };
  };
  while (open) {
    const more = taken.length + 1 < CSV_LIMITS.recordLinesMax ? await lines.next() : null;
    if (more === null) return badRow('BAD_QUOTES');
    taken.push(more);
    if (more.bytes === null) return badRow('BAD_QUOTES');
    bytes += more.bytes.length;
    if (bytes > CSV_LIMITS.recordBytesMax) return badRow('BAD_QUOTES');
    parts.push(Buffer.from('\n'), more.bytes);
    if (opensQuote(more.bytes)) open = false;
  }
  const text = decodeUtf8(Buffer.concat(parts));
  if (text === null) return badRow('NOT_UTF8');
  const fields = parseFields(text, delimiter);
  if (fields === null) return badRow('BAD_QUOTES');
  const expected = columns ?? Math.min(fields.length, CSV_LIMITS.columnsMax);
  return fields.length === expected ? { line, fields } : badRow('COLUMN_COUNT');
}

/** Quotes within a field are doubled, so an odd number leaves one open (or closes one). */
function opensQuote(bytes: Buffer): boolean {
  let odd = false;
  for (let at = bytes.indexOf(0x22); at !== -1; at = bytes.indexOf(0x22, at + 1)) odd = !odd;
  return odd;
}

function parseFields(text: string, delimiter: string): string[] | null {
  try {
    const records: string[][] = parse(text, {
      delimiter,
      record_delimiter: '\u0000',
      relax_column_count: true,
      max_record_size: CSV_LIMITS.recordBytesMax,
    });
    return records.length === 1 ? (records[0] ?? null) : null;
  } catch {
    return null;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Buffer): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0x20 || byte === 0x09);

/** Lines that were read as part of a record that turned out not to be one are read again. */
class LineBuffer {
  private readonly again: Line[] = [];

  constructor(private readonly source: AsyncGenerator<Line>) {}

  async next(): Promise<Line | null> {
    const again = this.again.pop();
    if (again !== undefined) return again;
    const { value, done } = await this.source.next();
    return done ? null : value;
  }

  putBack(lines: readonly Line[]): void {
    for (const line of [...lines].reverse()) this.again.push(line);
  }
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

async function* readLines(path: string, signal: AbortSignal | undefined): AsyncGenerator<Line> {
  let number = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;
  const finish = (end: Buffer): Line => {
    number += 1;
    const tooLong = restBytes + end.length > CSV_LIMITS.lineBytesMax;
    let bytes = tooLong ? null : Buffer.concat([...rest, end]);
    rest = [];
    restBytes = 0;
    if (bytes?.at(-1) === 0x0d) bytes = bytes.subarray(0, -1);
    if (number === 1 && bytes?.subarray(0, 3).equals(byteOrderMark)) bytes = bytes.subarray(3);
    return { number, bytes };
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      if (signal?.aborted) return;
      yield finish(chunk.subarray(from, end));
      from = end + 1;
    }
    restBytes += chunk.length - from;
    // Beyond the limit nothing is kept: a file without line ends must not fill the memory.
    if (restBytes <= CSV_LIMITS.lineBytesMax) rest.push(chunk.subarray(from));
    else rest = [];
  }
  if (restBytes > 0) yield finish(Buffer.alloc(0));
}
