import { hash } from 'node:crypto';
import { UsageError } from '../cli.errors.js';
import { readCsvRecords } from './csv-records.js';
import type { Rejection } from './rejections.js';
import type { TicketMap } from './ticket-map.js';
import { TicketRows, type Ticket } from './ticket-rows.js';

export type TicketRow =
  | { readonly line: number; readonly ticket: Ticket; readonly repeated: boolean }
  | { readonly line: number; readonly rejection: Rejection };

/** Ids of a file are kept to find repetitions: about 150 bytes each. A large city's year has half as many rows. */
export const ROWS_MAX = 1_000_000;

/**
 * The rows of a file in order, good and bad. The same id again with the same contents is `repeated` and harmless; with
 * other contents it is a bad row, since nobody can tell which of the two is true.
 * @throws UsageError when the header cannot be read or lacks a column of the map, or the file is too long
 */
export async function* readTicketFile(
  path: string,
  map: TicketMap,
  nowMs: number,
  signal?: AbortSignal,
): AsyncGenerator<TicketRow> {
  const seen = new Map<string, string>();
  let rows: TicketRows | undefined;
  let count = 0;
  for await (const record of readCsvRecords(path, {
    delimiter: map.delimiter ?? ',',
    ...(signal ? { signal } : {}),
  })) {
    const { line } = record;
    if (rows === undefined) {
      if (record.fields === undefined) throw new UsageError(headerProblem);
      rows = new TicketRows(map, record.fields, nowMs);
      if (rows.missingColumns.length > 0) throw new UsageError(missingColumns(rows.missingColumns));
      continue;
    }
    count += 1;
    if (count > ROWS_MAX)
      throw new UsageError(`the file has more than ${ROWS_MAX} rows: split it and import the parts`);
    if (record.problem !== undefined) {
      yield { line, rejection: { line, column: null, code: record.problem, externalId: null } };
      continue;
    }
    yield checked(rows.read(line, record.fields), line, seen, map);
  }
  if (rows === undefined) throw new UsageError('the file is empty: it needs a header line');
}

const headerProblem =
  'the header line cannot be read: the file must be CSV in UTF-8 (with or without a byte order mark) with line ends';

function missingColumns(columns: readonly string[]): string {
  return (
    `the file has no column ${columns.map((column) => `"${column}"`).join(', ')}, which the map names; ` +
    'check the spelling in the header line, and the delimiter'
  );
}

function checked(
  read: Ticket | Rejection,
  line: number,
  seen: Map<string, string>,
  map: TicketMap,
): TicketRow {
  if ('code' in read) return { line, rejection: read };
  const fingerprint = hash('sha256', JSON.stringify(read), 'base64url').slice(0, 22);
  const before = seen.get(read.externalId);
  if (before === undefined) seen.set(read.externalId, fingerprint);
  else if (before !== fingerprint) {
    const { externalId } = read;
    const column = map.columns.externalId;
    return { line, rejection: { line, column, code: 'DUPLICATE_DIFFERS', externalId } };
  }
  return { line, ticket: read, repeated: before !== undefined };
}
