import { isPosition, isTraceparent, traceparentFrom, type Position } from '@shaoying/event-store';
import { RequestRefused } from './http.errors.js';

type Header = string | string[] | undefined;

const IDEMPOTENCY_KEY_CHARS_MAX = 255;
const ENTITY_TAG = /^"(\d{1,9})"$/;
/** Largest value of PostgreSQL's bigint: a position beyond it is nobody's, and would be an error there. */
const POSITION_MAX = 9_223_372_036_854_775_807n;

/** Undefined when there is none. @throws RequestRefused INVALID_IDEMPOTENCY_KEY */
export function parseIdempotencyKey(header: Header): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || header.length === 0 || header.length > IDEMPOTENCY_KEY_CHARS_MAX) {
    throw new RequestRefused('INVALID_IDEMPOTENCY_KEY');
  }
  return header;
}

/**
 * The revision that `If-Match` asks for; undefined when it is absent or `*`. Weak tags never match here (RFC 9110,
 * 13.1.1), and of a list nobody could say which revision a command was decided on, so both are refused.
 * @throws RequestRefused INVALID_IF_MATCH
 */
export function parseIfMatch(header: Header): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const revision = typeof header === 'string' ? ENTITY_TAG.exec(header)?.[1] : undefined;
  if (revision === undefined) throw new RequestRefused('INVALID_IF_MATCH');
  return Number(revision);
}

/** `Shaoying-Min-Position`, or `after` of a feed. Undefined when absent. @throws RequestRefused INVALID_POSITION */
export function parsePosition(text: unknown): Position | undefined {
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !isPosition(text) || BigInt(text) > POSITION_MAX) {
    throw new RequestRefused('INVALID_POSITION');
  }
  return text;
}

/** The position a query must have reached before it answers; undefined when the client does not mind. */
export function parseMinPosition(headers: Readonly<Record<string, Header>>): Position | undefined {
  return parsePosition(headers['shaoying-min-position']);
}

/**
 * The trace a request belongs to: that of its `traceparent` where it has a valid one, as it came: this server keeps no
 * spans of its own that anybody could look up. Otherwise one made of the request's id, the same whenever it is asked for.
 */
export function requestTraceparent({
  id,
  headers,
}: {
  readonly id: string;
  readonly headers: Readonly<Record<string, Header>>;
}): string {
  const { traceparent } = headers;
  return isTraceparent(traceparent) ? traceparent : traceparentFrom(id);
}
