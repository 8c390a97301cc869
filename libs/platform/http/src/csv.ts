import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';

export type CsvCell = string | number | boolean | null | undefined;

/** A column's name and what stands in it. */
export type CsvColumns<Row> = Readonly<Record<string, (row: Row) => CsvCell>>;

/** Query of a table that is told as CSV too. */
export class TableQuery {
  @ApiPropertyOptional({ enum: ['json', 'csv'], description: 'Before what Accept says; default json' })
  @IsOptional()
  @IsIn(['json', 'csv'])
  format?: 'json' | 'csv';
}

/** RFC 4180: CRLF, a heading, quotes where they are needed. Null is empty. */
export function csvOf<Row>(columns: CsvColumns<Row>, rows: readonly Row[]): string {
  const lines = [Object.keys(columns), ...rows.map((row) => Object.values(columns).map((cell) => cell(row)))];
  return lines.map((cells) => `${cells.map(fieldOf).join(',')}\r\n`).join('');
}

/** What a spreadsheet would take for a formula; it is led by an apostrophe, which spreadsheets show as text. */
const formula = /^[=+\-@\t\r]/;

function fieldOf(cell: CsvCell): string {
  if (cell === null || cell === undefined) return '';
  const text = typeof cell === 'string' && formula.test(cell) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const acceptCharsMax = 1_000;

/** Whether `Accept` would rather have CSV than JSON. Without a preference it is JSON. */
export function prefersCsv(accept: string | undefined): boolean {
  if (accept === undefined || accept.length > acceptCharsMax) return false;
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    return { type, quality: quality === undefined ? 1 : Number(quality) };
  });
  const qualityOf = (...types: string[]): number =>
    Math.max(0, ...ranges.flatMap(({ type, quality }) => (types.includes(type) ? [quality] : [])));
  return qualityOf('text/csv') > qualityOf('application/json', 'application/*', '*/*');
}

/** Whether the query or `Accept` asks for CSV; says so in the headers of the answer. */
export function wantsCsv(request: FastifyRequest, reply: FastifyReply, { format }: TableQuery): boolean {
  void reply.header('vary', 'Accept');
  if (format === undefined ? !prefersCsv(request.headers.accept) : format === 'json') return false;
  void reply.header('content-type', 'text/csv; charset=utf-8; header=present');
  return true;
}

/**
 * The answer as it is, or its rows as CSV where the query or `Accept` asks for that.
 * @param rowsOf the answer's table
 */
export function tableOf<Answer, Row>(
  request: FastifyRequest,
  reply: FastifyReply,
  query: TableQuery,
  answer: Answer,
  rowsOf: (answer: Answer) => readonly Row[],
  columns: CsvColumns<Row>,
): Answer | string {
  return wantsCsv(request, reply, query) ? csvOf(columns, rowsOf(answer)) : answer;
}

/** Where the next page of a table as CSV starts, which its rows have no place for; absent on the last page. */
export const NEXT_CURSOR_HEADER = 'Shaoying-Next-Cursor';

/** The same of one page of a list: as CSV it has the rows of the page, and `nextCursor` as a header. */
export function pageTableOf<Answer extends { readonly nextCursor: string | null }, Row>(
  request: FastifyRequest,
  reply: FastifyReply,
  query: TableQuery,
  answer: Answer,
  rowsOf: (answer: Answer) => readonly Row[],
  columns: CsvColumns<Row>,
): Answer | string {
  const told = tableOf(request, reply, query, answer, rowsOf, columns);
  if (typeof told === 'string' && answer.nextCursor !== null)
    void reply.header(NEXT_CURSOR_HEADER, answer.nextCursor);
  return told;
}
