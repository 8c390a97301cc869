import { ALARM_LIMITS, type Alarm } from './alarm-clock.js';
import { InvalidAlarm, TooManyAlarms } from './alarm-clock.errors.js';

type Identity = Pick<Alarm, 'deadlineId' | 'tier'>;

const DEADLINE_ID = /^[A-Za-z0-9_-]{1,200}$/;
// No '-': the last '-' of a key then always divides id from tier, and two alarms never share a key.
const TIER = /^[A-Z][A-Z0-9_]{0,49}$/;

/** `<deadlineId>-<tier>`: no ':', which BullMQ refuses, and never a bare integer, which it reserves for itself. */
export function alarmKey({ deadlineId, tier }: Identity): string {
  return `${deadlineId}-${tier}`;
}

/** Milliseconds since the epoch. @throws InvalidAlarm */
export function dueMs(alarm: Alarm): number {
  const ms = Date.parse(alarm.dueAt);
  if (Number.isNaN(ms)) throw new InvalidAlarm(`the due instant of alarm ${alarmKey(alarm)} is not ISO 8601`);
  return ms;
}

/** True when an alarm may carry this id. */
export function isDeadlineId(deadlineId: string): boolean {
  return DEADLINE_ID.test(deadlineId);
}

/** @throws InvalidAlarm, TooManyAlarms */
export function checkIdentities(alarms: readonly Identity[]): void {
  if (alarms.length > ALARM_LIMITS.alarmsMax) {
    throw new TooManyAlarms(
      `${alarms.length} alarms in one call, at most ${ALARM_LIMITS.alarmsMax} are taken`,
    );
  }
  for (const { deadlineId, tier } of alarms) {
    if (!isDeadlineId(deadlineId)) throw new InvalidAlarm('a deadline id must match [A-Za-z0-9_-]{1,200}');
    if (!TIER.test(tier)) throw new InvalidAlarm('a tier must match [A-Z][A-Z0-9_]{0,49}');
  }
}

export function* chunksOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
