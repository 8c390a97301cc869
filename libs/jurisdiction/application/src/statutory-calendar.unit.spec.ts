import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dayOfIsoDate, isoDateOfDay, isWorkingDay } from '@shaoying/jurisdiction-domain';
import { statutoryYear } from './statutory-calendar.js';
import { lindongJurisdiction } from './testing/index.js';

interface Notice {
  readonly days: readonly { readonly date: string; readonly isOffDay: boolean }[];
}

const noticePath = (year: number) => join(process.cwd(), '..', 'shared', 'data', `holiday-cn-${year}.json`);

describe.each([2025, 2026])('the calendar of %d', (year) => {
  const path = noticePath(year);
  const compare = existsSync(path) ? test : test.skip;
  const reason = existsSync(path) ? '' : ` (skipped: ../shared/data/holiday-cn-${year}.json is not there)`;

  compare(`agrees day by day with the State Council’s notice${reason}`, () => {
    const notice = JSON.parse(readFileSync(path, 'utf8')) as Notice;
    const changed = new Map(notice.days.map(({ date, isOffDay }) => [date, !isOffDay]));
    const calendar = lindongJurisdiction().calendar('default')!;
    const wrong: string[] = [];
    for (let day = dayOfIsoDate(`${year}-01-01`)!; day <= dayOfIsoDate(`${year}-12-31`)!; day += 1) {
      const date = isoDateOfDay(day);
      const noon = Date.parse(`${date}T12:00:00+08:00`);
      const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
      const worked = changed.get(date) ?? (weekday !== 0 && weekday !== 6);
      if (isWorkingDay(calendar, noon) !== worked) wrong.push(date);
    }
    expect(wrong).toEqual([]);
  });
});

test('a year without a notice is unknown, not a year without holidays', () => {
  expect(statutoryYear(2080)).toBeNull();
  expect(statutoryYear(1990)).toBeNull();
  expect(statutoryYear(Number.NaN)).toBeNull();
  expect(statutoryYear(2024)?.holidays).toContain('2024-10-01');
});

const built = join(__dirname, '../dist/statutory-calendar.js');

/** A process of its own: the zone is the process's, and Jest hands specs a copy of its environment. */
function askedIn(zone: string): unknown {
  const script = `const { statutoryYear } = await import(${JSON.stringify(built)});
    console.log(JSON.stringify([new Date(2026, 0, 1).getTimezoneOffset(), statutoryYear(2026)]))`;
  const env = { ...process.env, TZ: zone };
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { env }).toString(),
  );
}

test.each([
  ['America/Los_Angeles', 480],
  ['Pacific/Pago_Pago', 660],
  ['Asia/Shanghai', -480],
  ['Pacific/Kiritimati', -840],
])('is the same where the server’s clock is that of %s', (zone, offsetMinutes) => {
  expect(askedIn(zone)).toEqual([offsetMinutes, statutoryYear(2026)]);
});
