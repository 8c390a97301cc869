import { RequestRefused } from './http.errors.js';

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:Z|[+-](\d{2}):(\d{2}))$/;
const INSTANT_CHARS_MAX = 40;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Years outside are typing errors, and four digits keep ISO texts sortable. */
const FIRST_MS = Date.UTC(1970, 0, 1);
const LAST_MS = Date.UTC(2200, 11, 31, 23, 59, 59, 999);

/**
 * Normalises ISO 8601 with an offset to UTC with milliseconds (cut, not rounded). Undefined for anything else: without
 * an offset nobody knows which hour is meant.
 */
export function parseInstant(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > INSTANT_CHARS_MAX) return undefined;
  const parts = INSTANT.exec(text);
  if (parts === null || !isOnTheCalendar(parts)) return undefined;
  // Date.parse takes up to three digits of a fraction everywhere; more is its own business.
  const fraction = (parts[7] ?? '').slice(0, 3).padEnd(3, '0');
  const offset = text.endsWith('Z') ? 'Z' : text.slice(-6);
  const ms = Date.parse(`${text.slice(0, 16)}:${parts[6] ?? '00'}.${fraction}${offset}`);
  return ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms).toISOString() : undefined;
}

function isOnTheCalendar(parts: RegExpExecArray): boolean {
  const [year, month, day, hour, minute, second, , offsetHour, offsetMinute] = parts
    .slice(1)
    .map((part) => Number(part ?? '0')) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const leapDay = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  const days = (DAYS[month - 1] ?? 0) + leapDay;
  const inTime = hour <= 23 && minute <= 59 && second <= 59;
  return day >= 1 && day <= days && inTime && offsetHour <= 18 && offsetMinute <= 59;
}

/** What was true at `asOf`, as far as the log knew at `knownAt`. Both UTC; absent means now. */
export interface TimeTravel {
  readonly asOf?: string;
  readonly knownAt?: string;
}

/** @throws RequestRefused INVALID_INSTANT */
export function parseTimeTravel(query: { asOf?: unknown; knownAt?: unknown }): TimeTravel {
  const asOf = optionalInstant(query.asOf);
  const knownAt = optionalInstant(query.knownAt);
  return { ...(asOf === undefined ? {} : { asOf }), ...(knownAt === undefined ? {} : { knownAt }) };
}

/** A query parameter that may be absent. @throws RequestRefused INVALID_INSTANT */
export function optionalInstant(text: unknown): string | undefined {
  if (text === undefined) return undefined;
  const instant = parseInstant(text);
  if (instant === undefined) throw new RequestRefused('INVALID_INSTANT');
  return instant;
}
