import { Temporal } from 'temporal-polyfill';

/** A span of time to be replayed: from, included, to, excluded. ISO 8601, UTC. */
export interface ReplayWindow {
  readonly from: string;
  readonly to: string;
}

/** Longest window: a month of a street is what somebody looks through in one go. */
export const REPLAY_DAYS_MAX = 31;

/** Times faster than it was. A whole day at 86,400 takes a second. */
export const REPLAY_SPEED_MAX = 86_400;

/** Infinity: without any waiting. */
export type ReplaySpeed = number;

const zone = 'Asia/Shanghai';

/** A day of the city, midnight to midnight in Asia/Shanghai; undefined for what is no date. */
export function windowOfDay(day: string): ReplayWindow | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  try {
    const date = Temporal.PlainDate.from(day, { overflow: 'reject' });
    return { from: midnight(date), to: midnight(date.add({ days: 1 })) };
  } catch {
    return undefined;
  }
}

const midnight = (date: Temporal.PlainDate): string =>
  new Date(date.toZonedDateTime(zone).epochMilliseconds).toISOString();

/** The day of the city that an instant lies in, as `2026-03-02`. */
export const dayOf = (instant: string): string =>
  Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDate().toString();

/** Whether it goes forward, and not further than {@link REPLAY_DAYS_MAX}. */
export function isReplayable({ from, to }: ReplayWindow): boolean {
  const ms = Date.parse(to) - Date.parse(from);
  return ms > 0 && ms <= REPLAY_DAYS_MAX * 86_400_000;
}

/** `60x` or `max`; undefined for anything else, and for more than {@link REPLAY_SPEED_MAX}. */
export function parseSpeed(text: string): ReplaySpeed | undefined {
  if (text === 'max') return Infinity;
  const [, digits] = /^([1-9]\d{0,4})x?$/.exec(text) ?? [];
  const speed = Number(digits);
  return speed <= REPLAY_SPEED_MAX ? speed : undefined;
}
