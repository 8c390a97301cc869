export const DAY_MS = 86_400_000;
export const FIRST_YEAR = 2000;
export const LAST_YEAR = 2099;

const FIRST_DAY = Date.UTC(FIRST_YEAR, 0, 1) / DAY_MS;
export const DAY_COUNT = Date.UTC(LAST_YEAR + 1, 0, 1) / DAY_MS - FIRST_DAY;

/**
 * Days are counted from 2000-01-01, the day 0 of every calendar table; the tables end with 2099. A century costs
 * 300 kB per calendar version and spares every other bound.
 */
export function dayOfLocalMs(localMs: number): number {
  return Math.floor(localMs / DAY_MS) - FIRST_DAY;
}

export function localMsOfDay(day: number): number {
  return (day + FIRST_DAY) * DAY_MS;
}

/** 0 is Monday, 6 Sunday. 2000-01-01 was a Saturday. */
export function weekdayOfDay(day: number): number {
  return (day + 5) % 7;
}

/** First day of each year and, last, the day after 2099. */
export const YEAR_STARTS: readonly number[] = Array.from(
  { length: LAST_YEAR - FIRST_YEAR + 2 },
  (_, i) => Date.UTC(FIRST_YEAR + i, 0, 1) / DAY_MS - FIRST_DAY,
);

export function yearOfDay(day: number): number {
  // A year has 365.25 days, so the estimate is at most one too high.
  const estimate = Math.min(Math.floor(day / 365.25) + 1, YEAR_STARTS.length - 1);
  for (let i = estimate; i > 0; i -= 1) if (YEAR_STARTS[i]! <= day) return FIRST_YEAR + i;
  return FIRST_YEAR;
}

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Day of an ISO date, or `null` when it is no date or outside 2000 to 2099. */
export function dayOfIsoDate(text: string): number | null {
  const match = ISO_DATE.exec(text);
  if (!match) return null;
  const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < FIRST_YEAR || year > LAST_YEAR) return null;
  const ms = Date.UTC(year, month - 1, date);
  // 2026-02-30 would silently become March 2nd.
  return new Date(ms).toISOString().slice(0, 10) === text ? ms / DAY_MS - FIRST_DAY : null;
}

export function isoDateOfDay(day: number): string {
  return new Date(localMsOfDay(day)).toISOString().slice(0, 10);
}

const CLOCK_TIME = /^(\d{2}):(\d{2})$/;

/** Milliseconds after midnight of `HH:MM` up to `24:00`, or `null`. */
export function msOfClockTime(text: string): number | null {
  const match = CLOCK_TIME.exec(text);
  if (!match) return null;
  const [hour, minute] = [Number(match[1]), Number(match[2])];
  if (minute > 59 || hour > 24 || (hour === 24 && minute > 0)) return null;
  return (hour * 60 + minute) * 60_000;
}
