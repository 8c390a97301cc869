import {
  DAY_COUNT,
  DAY_MS,
  dayOfIsoDate,
  dayOfLocalMs,
  FIRST_YEAR,
  localMsOfDay,
  msOfClockTime,
  weekdayOfDay,
  YEAR_STARTS,
  yearOfDay,
} from './local-date.js';
import type { Duration, DurationUnit, WorkingCalendar } from './working-calendar.js';
import { calendarProblems } from './working-calendar.validation.js';
import { CalendarInvalid, DurationInvalid, InstantOutOfRange } from './working-time.errors.js';

const HOUR_MS = 3_600_000;

/** Ten years: the longest retention anybody has asked a deadline for, and far inside the tables. */
export const DURATION_LIMITS = { hoursMax: 87_600, daysMax: 3_650 } as const;

export interface DueTime {
  /** Unix milliseconds. */
  readonly dueMs: number;
  /** True when it was counted in a year that the calendar does not carry, Monday to Friday taken for granted. */
  readonly provisional: boolean;
}

/**
 * When `duration` from `startMs` is over (domain.md §5), exact to the millisecond.
 *
 * - WORKING_HOUR: working time passes only inside working hours; ends at the earliest instant by which so much has
 *   passed, thus at closing time rather than at the next opening.
 * - WORKING_DAY, SAME_TIME: a start outside working hours counts from the next opening; then the same time of day n
 *   working days on. END_OF_DAY: closing time of the n-th working day after the day of the start, which itself does
 *   not count (期间开始的日，不计算在期间内).
 * - CALENDAR_DAY and CLOCK_HOUR pass at all times and do not depend on the calendar: never provisional.
 * - Nothing to wait for (amount 0) is due at the start, whatever the unit.
 *
 * @throws CalendarInvalid, DurationInvalid, InstantOutOfRange
 */
export function addDuration(calendar: WorkingCalendar, startMs: number, duration: Duration): DueTime {
  const table = tableOf(calendar);
  checkDuration(duration);
  const startDay = dayInRange(table, startMs);
  if (duration.amount === 0) return { dueMs: startMs, provisional: false };
  const dueMs = dueOf(table, calendar, startMs, duration);
  const dueDay = dayInRange(table, dueMs);
  return {
    dueMs,
    provisional: isWorkingUnit(duration.unit) && reachesUnpublishedYear(table, startDay, dueDay),
  };
}

/**
 * Working milliseconds from `aMs` to `bMs`; negative when `bMs` is the earlier.
 * @throws CalendarInvalid, InstantOutOfRange
 */
export function workingTimeBetween(calendar: WorkingCalendar, aMs: number, bMs: number): number {
  const table = tableOf(calendar);
  dayInRange(table, aMs);
  dayInRange(table, bMs);
  return workingMsBefore(table, bMs + table.offsetMs) - workingMsBefore(table, aMs + table.offsetMs);
}

/**
 * The earliest instant by which `passMs` of working time has passed since `fromMs`; `fromMs` itself for 0.
 * @throws CalendarInvalid, InstantOutOfRange
 */
export function addWorkingTime(calendar: WorkingCalendar, fromMs: number, passMs: number): number {
  const table = tableOf(calendar);
  dayInRange(table, fromMs);
  return passMs <= 0 ? fromMs : inRange(table, addWorkingMs(table, fromMs, passMs));
}

/**
 * Whether working time from `fromMs` to `toMs` was counted in a year that the calendar does not carry.
 * @throws CalendarInvalid, InstantOutOfRange
 */
export function isProvisional(calendar: WorkingCalendar, fromMs: number, toMs: number): boolean {
  const table = tableOf(calendar);
  return reachesUnpublishedYear(table, dayInRange(table, fromMs), dayInRange(table, toMs));
}

/** Working milliseconds of one working day. @throws CalendarInvalid */
export function workingDayMs(calendar: WorkingCalendar): number {
  return tableOf(calendar).dayMs;
}

/**
 * The instant at which `percent` of the time from `startMs` to `dueMs` has passed: working time for working units,
 * time on the clock for the others. Below 100 it is a warning, above it a ladder step.
 * @throws CalendarInvalid, InstantOutOfRange
 */
export function instantAtPercent(
  calendar: WorkingCalendar,
  startMs: number,
  dueMs: number,
  unit: DurationUnit,
  percent: number,
): number {
  const table = tableOf(calendar);
  if (percent === 100) return dueMs;
  const [fromMs, share] = percent < 100 ? [startMs, percent / 100] : [dueMs, percent / 100 - 1];
  if (!isWorkingUnit(unit)) return inRange(table, fromMs + Math.round((dueMs - startMs) * share));
  const passMs = Math.round(workingTimeBetween(calendar, startMs, dueMs) * share);
  return inRange(table, passMs <= 0 ? fromMs : addWorkingMs(table, fromMs, passMs));
}

/** True when the local day of `instantMs` is a working day. @throws CalendarInvalid, InstantOutOfRange */
export function isWorkingDay(calendar: WorkingCalendar, instantMs: number): boolean {
  const table = tableOf(calendar);
  return isWorking(table, dayInRange(table, instantMs));
}

interface CalendarTable {
  readonly offsetMs: number;
  /** Opening and closing, milliseconds after midnight. */
  readonly intervals: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly dayMs: number;
  /** Working days before the day: 0 for day 0; one entry more than there are days. */
  readonly rankOfDay: Int32Array;
  /** The n-th working day since day 0. */
  readonly dayOfRank: Int32Array;
  /** By year from 2000: 1 when the calendar carries it. */
  readonly carried: Uint8Array;
}

// A published calendar never changes, so its table is made once; a copy with other contents is another key.
const tables = new WeakMap<WorkingCalendar, CalendarTable>();

function tableOf(calendar: WorkingCalendar): CalendarTable {
  let table = tables.get(calendar);
  if (!table) {
    table = makeTable(calendar);
    tables.set(calendar, table);
  }
  return table;
}

function makeTable(calendar: WorkingCalendar): CalendarTable {
  const problems = calendarProblems(calendar);
  if (problems.length > 0) throw new CalendarInvalid(calendar.calendarId, problems);
  const working = new Uint8Array(DAY_COUNT);
  for (let day = 0; day < DAY_COUNT; day += 1) working[day] = weekdayOfDay(day) < 5 ? 1 : 0;
  const carried = new Uint8Array(YEAR_STARTS.length);
  for (const [year, changes] of Object.entries(calendar.years)) {
    carried[Number(year) - FIRST_YEAR] = 1;
    for (const date of changes.holidays) working[dayOfIsoDate(date)!] = 0;
    for (const date of changes.makeUpWorkdays) working[dayOfIsoDate(date)!] = 1;
  }
  const rankOfDay = new Int32Array(DAY_COUNT + 1);
  for (let day = 0; day < DAY_COUNT; day += 1) rankOfDay[day + 1] = rankOfDay[day]! + working[day]!;
  const dayOfRank = new Int32Array(rankOfDay[DAY_COUNT]!);
  for (let day = 0; day < DAY_COUNT; day += 1) if (working[day]) dayOfRank[rankOfDay[day]!] = day;
  const intervals = calendar.workingHours.map(({ from, to }) => ({
    fromMs: msOfClockTime(from)!,
    toMs: msOfClockTime(to)!,
  }));
  const dayMs = intervals.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return { offsetMs: calendar.utcOffsetMinutes * 60_000, intervals, dayMs, rankOfDay, dayOfRank, carried };
}

function checkDuration({ amount, unit }: Duration): void {
  if (!Number.isFinite(amount) || amount < 0) throw new DurationInvalid(`amount ${amount} is not 0 or more`);
  switch (unit) {
    case 'WORKING_DAY':
    case 'CALENDAR_DAY':
      if (!Number.isInteger(amount)) throw new DurationInvalid(`${amount} ${unit}: days are whole numbers`);
      if (amount > DURATION_LIMITS.daysMax) {
        throw new DurationInvalid(`${amount} days, more than ${DURATION_LIMITS.daysMax}`);
      }
      return;
    case 'WORKING_HOUR':
    case 'CLOCK_HOUR':
      if (amount > DURATION_LIMITS.hoursMax) {
        throw new DurationInvalid(`${amount} hours, more than ${DURATION_LIMITS.hoursMax}`);
      }
      return;
    default:
      throw new DurationInvalid(`unit ${String(unit satisfies never)} is unknown`);
  }
}

export function isWorkingUnit(unit: DurationUnit): boolean {
  return unit === 'WORKING_HOUR' || unit === 'WORKING_DAY';
}

function dueOf(table: CalendarTable, calendar: WorkingCalendar, startMs: number, { amount, unit }: Duration) {
  switch (unit) {
    case 'CLOCK_HOUR':
      return startMs + Math.round(amount * HOUR_MS);
    case 'CALENDAR_DAY':
      return startMs + amount * DAY_MS;
    case 'WORKING_HOUR': {
      const passMs = Math.round(amount * HOUR_MS);
      return passMs === 0 ? startMs : addWorkingMs(table, startMs, passMs);
    }
    case 'WORKING_DAY':
      return calendar.workingDayRule === 'SAME_TIME'
        ? sameTimeAfter(table, startMs, amount)
        : endOfDayAfter(table, startMs, amount);
  }
}

/** `passMs` > 0. The earliest instant by which so much working time has passed. */
function addWorkingMs(table: CalendarTable, startMs: number, passMs: number): number {
  const target = workingMsBefore(table, startMs + table.offsetMs) + passMs;
  // A whole multiple of days ends at a closing time, not at the next opening: hence up, then back one.
  const rank = Math.ceil(target / table.dayMs) - 1;
  const day = dayOfRank(table, rank);
  let leftMs = target - rank * table.dayMs;
  for (const { fromMs, toMs } of table.intervals) {
    if (leftMs <= toMs - fromMs) return localMsOfDay(day) + fromMs + leftMs - table.offsetMs;
    leftMs -= toMs - fromMs;
  }
  throw new Error('unreachable: a day has no more working time than its intervals');
}

function sameTimeAfter(table: CalendarTable, startMs: number, days: number): number {
  const localMs = openOrNextOpening(table, startMs + table.offsetMs);
  const day = dayOfLocalMs(localMs);
  const dueDay = dayOfRank(table, table.rankOfDay[day]! + days);
  return localMsOfDay(dueDay) + (localMs - localMsOfDay(day)) - table.offsetMs;
}

function endOfDayAfter(table: CalendarTable, startMs: number, days: number): number {
  const day = dayOfLocalMs(startMs + table.offsetMs);
  const dueDay = dayOfRank(table, table.rankOfDay[day + 1]! + days - 1);
  return localMsOfDay(dueDay) + table.intervals.at(-1)!.toMs - table.offsetMs;
}

/** `localMs` itself inside working hours, their first and last instant included; else the next opening. */
function openOrNextOpening(table: CalendarTable, localMs: number): number {
  const day = dayOfLocalMs(localMs);
  if (isWorking(table, day)) {
    const midnight = localMsOfDay(day);
    for (const { fromMs, toMs } of table.intervals) {
      if (localMs <= midnight + toMs) return Math.max(localMs, midnight + fromMs);
    }
  }
  return localMsOfDay(dayOfRank(table, table.rankOfDay[day + 1]!)) + table.intervals[0]!.fromMs;
}

/** Working milliseconds from 2000-01-01 to a local instant. */
function workingMsBefore(table: CalendarTable, localMs: number): number {
  const day = dayOfLocalMs(localMs);
  let passedMs = table.rankOfDay[day]! * table.dayMs;
  if (!isWorking(table, day)) return passedMs;
  const timeOfDayMs = localMs - localMsOfDay(day);
  for (const { fromMs, toMs } of table.intervals) {
    if (timeOfDayMs > fromMs) passedMs += Math.min(timeOfDayMs, toMs) - fromMs;
  }
  return passedMs;
}

function isWorking(table: CalendarTable, day: number): boolean {
  return table.rankOfDay[day + 1]! > table.rankOfDay[day]!;
}

function dayOfRank(table: CalendarTable, rank: number): number {
  const day = table.dayOfRank[rank];
  if (day === undefined) throw new InstantOutOfRange('the due time lies after 2099');
  return day;
}

function dayInRange(table: CalendarTable, instantMs: number): number {
  const day = dayOfLocalMs(instantMs + table.offsetMs);
  // Written so that NaN fails too.
  if (!(day >= 0 && day < DAY_COUNT)) {
    throw new InstantOutOfRange('an instant lies outside 2000 to 2099 in the time of the calendar');
  }
  return day;
}

function inRange(table: CalendarTable, instantMs: number): number {
  dayInRange(table, instantMs);
  return instantMs;
}

function reachesUnpublishedYear(table: CalendarTable, fromDay: number, toDay: number): boolean {
  for (let year = yearOfDay(fromDay); year <= yearOfDay(toDay); year += 1) {
    if (!table.carried[year - FIRST_YEAR]) return true;
  }
  return false;
}
