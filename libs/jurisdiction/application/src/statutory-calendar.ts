import type { CalendarYear } from '@shaoying/jurisdiction-contracts';
import { dayOfIsoDate, isoDateOfDay, weekdayOfDay } from '@shaoying/jurisdiction-domain';
import published from 'chinese-days/dist/chinese-days.json' with { type: 'json' };

/**
 * The notices as the package's own table has them: a name by the date, such as `2026-02-17`. Not its functions: they take a
 * date for midnight in Greenwich and ask which day of the week that is where the process runs, west of it the day before.
 */
const offDays = new Map<string, string>(Object.entries(published.holidays));
const makeUpDays = new Map<string, string>(Object.entries(published.workdays));

/** The name by which a calendar year in a file asks for the State Council's notice of that year. */
export const STATUTORY_SOURCE = 'chinese-days';

/** The name by which a calendar year in a file asks for no day off, for whoever works on shifts or day and night. */
export const EVERY_DAY_SOURCE = 'every-day';

/** A year without days off: its Saturdays and Sundays are worked. `null` when it is no year. */
export function everyDayYear(year: number): CalendarYear | null {
  const first = dayOfIsoDate(`${year}-01-01`);
  const last = dayOfIsoDate(`${year}-12-31`);
  if (first === null || last === null) return null;
  const makeUpWorkdays: string[] = [];
  for (let day = first; day <= last; day += 1)
    if (weekdayOfDay(day) >= 5) makeUpWorkdays.push(isoDateOfDay(day));
  return { holidays: [], makeUpWorkdays };
}

/**
 * Statutory holidays and make-up workdays of a year from the npm package `chinese-days`, which carries the yearly
 * notices of the State Council; `null` when it does not know the year. Day by day equal to the notices for 2025 and
 * 2026: see the spec.
 */
export function statutoryYear(year: number): CalendarYear | null {
  const first = dayOfIsoDate(`${year}-01-01`);
  const last = dayOfIsoDate(`${year}-12-31`);
  if (first === null || last === null) return null;
  const holidays: string[] = [];
  const makeUpWorkdays: string[] = [];
  for (let day = first; day <= last; day += 1) {
    const date = isoDateOfDay(day);
    const isWeekend = weekdayOfDay(day) >= 5;
    if (isWeekend && makeUpDays.has(date)) makeUpWorkdays.push(date);
    if (!isWeekend && offDays.has(date) && !makeUpDays.has(date)) holidays.push(date);
  }
  // Every notice frees at least New Year's Day, Spring Festival and National Day, some of them on weekdays; a year
  // without any is one the package does not know.
  return holidays.length > 0 ? { holidays, makeUpWorkdays } : null;
}
