// (4) Due times by the working calendar: the State Council's notice for 2026, written out.
import { addDuration, workingTimeBetween } from '@shaoying/jurisdiction-domain';
import { median } from '../figures.mjs';

const additions = 10_000;
const workingDays = 15;
const rounds = 9;
const yearStartMs = Date.parse('2026-01-01T00:00:00+08:00');
/** A prime number of milliseconds: 10,000 of them fill the year, at every time of day. */
const everyMs = 3_153_599;

const days = (month, from, to) =>
  Array.from({ length: to - from + 1 }, (_, n) => `2026-${month}-${String(from + n).padStart(2, '0')}`);

const freshCalendar = () => ({
  calendarId: 'default',
  version: 1,
  utcOffsetMinutes: 480,
  workingHours: [
    { from: '09:00', to: '12:00' },
    { from: '13:00', to: '18:00' },
  ],
  years: {
    2026: {
      holidays: [
        ...[...days('01', 1, 3), ...days('02', 15, 23), ...days('04', 4, 6), ...days('05', 1, 5)],
        ...[...days('06', 19, 21), ...days('09', 25, 27), ...days('10', 1, 7)],
      ],
      makeUpWorkdays: [
        ...['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
      ],
    },
  },
  workingDayRule: 'SAME_TIME',
});

function measureMs(work) {
  const startedMs = performance.now();
  for (let n = 0; n < additions; n += 1) work(n);
  return performance.now() - startedMs;
}

/** `firstMs`: with code that never ran and a calendar that was never asked; the others are medians. */
export function measureCalendar() {
  const duration = { amount: workingDays, unit: 'WORKING_DAY' };
  const starts = Array.from({ length: additions }, (_, n) => yearStartMs + n * everyMs);
  const dues = new Float64Array(additions);
  const passed = new Float64Array(additions);
  const added = [];
  const between = [];
  for (let round = 0; round <= rounds; round += 1) {
    const calendar = freshCalendar();
    added.push(measureMs((n) => (dues[n] = addDuration(calendar, starts[n], duration).dueMs)));
    between.push(measureMs((n) => (passed[n] = workingTimeBetween(calendar, starts[n], dues[n]))));
  }
  const expectedMs = workingDays * 8 * 3_600_000;
  const wrong = passed.findIndex((ms) => ms !== expectedMs);
  if (wrong >= 0)
    throw new Error(`15 working days from ${new Date(starts[wrong]).toISOString()} do not add up`);
  return { firstMs: added[0], addMs: median(added.slice(1)), betweenMs: median(between.slice(1)) };
}
