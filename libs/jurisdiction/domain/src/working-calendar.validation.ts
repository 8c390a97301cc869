import { dayOfIsoDate, FIRST_YEAR, LAST_YEAR, msOfClockTime, weekdayOfDay } from './local-date.js';
import type { CalendarYear, WorkingCalendar } from './working-calendar.js';

const OFFSET_MINUTES_MAX = 14 * 60;
const INTERVALS_PER_DAY_MAX = 12;

/** What is wrong with a calendar, in plain words; empty when it may be published. */
export function calendarProblems(calendar: WorkingCalendar): string[] {
  const problems = workingHoursProblems(calendar);
  if (
    !Number.isInteger(calendar.utcOffsetMinutes) ||
    Math.abs(calendar.utcOffsetMinutes) > OFFSET_MINUTES_MAX
  ) {
    problems.push(
      `utcOffsetMinutes must be a whole number of at most ${OFFSET_MINUTES_MAX} minutes either way`,
    );
  }
  for (const [year, changes] of Object.entries(calendar.years)) problems.push(...yearProblems(year, changes));
  return problems;
}

function workingHoursProblems({ workingHours }: WorkingCalendar): string[] {
  if (workingHours.length === 0) return ['workingHours is empty: no working hour would ever pass'];
  if (workingHours.length > INTERVALS_PER_DAY_MAX) {
    return [`workingHours has ${workingHours.length} intervals, more than ${INTERVALS_PER_DAY_MAX}`];
  }
  const problems: string[] = [];
  let closedMs = 0;
  for (const { from, to } of workingHours) {
    const fromMs = msOfClockTime(from);
    const toMs = msOfClockTime(to);
    if (fromMs === null || toMs === null) {
      problems.push(`working hours ${from}–${to} are not HH:MM times`);
      continue;
    }
    if (toMs <= fromMs) problems.push(`working hours ${from}–${to} end before they begin`);
    if (fromMs < closedMs) problems.push(`working hours ${from}–${to} overlap or are out of order`);
    closedMs = Math.max(closedMs, toMs);
  }
  return problems;
}

function yearProblems(year: string, changes: CalendarYear): string[] {
  if (!/^\d{4}$/.test(year) || Number(year) < FIRST_YEAR || Number(year) > LAST_YEAR) {
    return [`year ${year} is not between ${FIRST_YEAR} and ${LAST_YEAR}`];
  }
  const problems: string[] = [];
  const holidays = new Set(changes.holidays);
  for (const [name, dates] of Object.entries(changes) as [keyof CalendarYear, readonly string[]][]) {
    if (new Set(dates).size !== dates.length) problems.push(`${name} of ${year} names a date twice`);
    for (const date of dates) {
      const day = dayOfIsoDate(date);
      if (day === null) problems.push(`${date} in ${name} of ${year} is not a date`);
      else if (!date.startsWith(year)) problems.push(`${date} in ${name} does not lie in ${year}`);
      else if (name === 'makeUpWorkdays' && weekdayOfDay(day) < 5) {
        problems.push(`make-up workday ${date} is no Saturday or Sunday`);
      }
    }
  }
  for (const date of changes.makeUpWorkdays) {
    if (holidays.has(date)) problems.push(`${date} is both a holiday and a make-up workday`);
  }
  return problems;
}
