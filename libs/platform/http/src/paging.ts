import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { RequestRefused } from './http.errors.js';
import { parseJsonBody } from './json-body.js';

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 200;
const CURSOR_CHARS_MAX = 1_024;

/** Query of a list; extend it with the list's filters. */
export class PageQuery {
  /** 1 to 200, default 50. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: PAGE_LIMIT_MAX, default: PAGE_LIMIT_DEFAULT })
  @Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value,
  )
  @IsInt()
  @Min(1)
  @Max(PAGE_LIMIT_MAX)
  limit: number = PAGE_LIMIT_DEFAULT;

  /** `nextCursor` of the page before. Read it with {@link decodeCursor}. */
  @ApiPropertyOptional({ description: 'nextCursor of the page before, unchanged' })
  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_CHARS_MAX)
  cursor?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** Where the next page starts, opaque to the client. */
export function encodeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place), 'utf8').toString('base64url');
}

/**
 * Reads a cursor back; `isPlace` checks its shape, since it comes from outside. Undefined for no cursor.
 * @throws RequestRefused INVALID_CURSOR
 */
export function decodeCursor<Place>(
  cursor: string | undefined,
  isPlace: (value: unknown) => value is Place,
): Place | undefined {
  if (cursor === undefined) return undefined;
  const place = parseCursor(cursor);
  if (!isPlace(place)) throw new RequestRefused('INVALID_CURSOR');
  return place;
}

function parseCursor(cursor: string): unknown {
  if (cursor.length === 0 || cursor.length > CURSOR_CHARS_MAX || !/^[A-Za-z0-9_-]+$/.test(cursor))
    return undefined;
  try {
    // Admitted as a body is: a NUL in it would reach PostgreSQL as part of a value, and be an error there.
    return parseJsonBody(Buffer.from(cursor, 'base64url'));
  } catch {
    return undefined;
  }
}

/** Cuts the `limit + 1` rows of a query to a page: the row too many tells that there is another page. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  toPlace: (row: Row) => unknown,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items: shown.map(toItem), nextCursor: more ? encodeCursor(toPlace(last)) : null };
}
