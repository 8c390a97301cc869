import fc from 'fast-check';
import { localMsOfDay } from './local-date.js';
import type { Duration, WorkingCalendar } from './working-calendar.js';
import { calendarProblems } from './working-calendar.validation.js';
import {
  addDuration,
  instantAtPercent,
  isWorkingDay,
  workingDayMs,
  workingTimeBetween,
} from './working-time.js';

/** The State Council notices for 2025 and 2026, as far as the table of domain.md §5 touches them. */
const calendar: WorkingCalendar = {
  calendarId: 'default',
  version: 1,
  utcOffsetMinutes: 480,
  workingHours: [
    { from: '09:00', to: '12:00' },
    { from: '13:00', to: '18:00' },
  ],
  years: {
    2025: { holidays: ['2025-01-01'], makeUpWorkdays: [] },
    2026: {
      holidays: [
        ...['2026-01-01', '2026-01-02', '2026-01-03'],
        ...['15', '16', '17', '18', '19', '20', '21', '22', '23'].map((day) => `2026-02-${day}`),
        ...['2026-04-04', '2026-04-05', '2026-04-06'],
        ...['01', '02', '03', '04', '05', '06', '07'].map((day) => `2026-10-${day}`),
      ],
      makeUpWorkdays: ['2026-01-04', '2026-02-14', '2026-02-28', '2026-09-20', '2026-10-10'],
    },
  },
  workingDayRule: 'SAME_TIME',
};
const endOfDay: WorkingCalendar = { ...calendar, workingDayRule: 'END_OF_DAY' };

const at = (local: string) => Date.parse(`${local.replace(' ', 'T')}+08:00`);
const local = (ms: number) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
const due = (start: string, amount: number, unit: Duration['unit'], by = calendar) =>
  local(addDuration(by, at(start), { amount, unit }).dueMs);

describe('addDuration: the table of domain.md §5', () => {
  test.each([
    ['2026-02-13 16:00', 3, 'WORKING_DAY', '2026-02-25 16:00'],
    ['2026-09-30 17:00', 4, 'WORKING_HOUR', '2026-10-08 12:00'],
    ['2026-02-14 17:30', 2, 'WORKING_HOUR', '2026-02-24 10:30'],
    ['2025-12-31 17:00', 2, 'WORKING_HOUR', '2026-01-04 10:00'],
    ['2026-04-03 11:30', 1, 'WORKING_HOUR', '2026-04-03 13:30'],
    ['2026-02-13 16:00', 24, 'CLOCK_HOUR', '2026-02-14 16:00'],
    ['2026-02-13 16:00', 7, 'CALENDAR_DAY', '2026-02-20 16:00'],
  ] as const)('%s + %d %s = %s', (start, amount, unit, expected) => {
    expect(due(start, amount, unit)).toBe(expected);
  });

  test('none of it is provisional', () => {
    expect(addDuration(calendar, at('2025-12-31 17:00'), { amount: 2, unit: 'WORKING_HOUR' })).toEqual({
      dueMs: at('2026-01-04 10:00'),
      provisional: false,
    });
  });
});

describe('addDuration: starts and lengths at the edge (domain.md §6, 23)', () => {
  test.each([
    ['a start before opening counts from opening', '2026-03-02 07:00', 1, 'WORKING_HOUR', '2026-03-02 10:00'],
    [
      'a start in the lunch break counts from its end',
      '2026-03-02 12:30',
      1,
      'WORKING_HOUR',
      '2026-03-02 14:00',
    ],
    [
      'a start at closing time counts from the next opening',
      '2026-03-02 18:00',
      1,
      'WORKING_HOUR',
      '2026-03-03 10:00',
    ],
    [
      'a start after closing counts from the next opening',
      '2026-03-02 21:00',
      1,
      'WORKING_HOUR',
      '2026-03-03 10:00',
    ],
    ['a start on a weekend counts from Monday', '2026-03-07 10:00', 1, 'WORKING_HOUR', '2026-03-09 10:00'],
    ['a full day of hours ends at closing time', '2026-03-02 09:00', 8, 'WORKING_HOUR', '2026-03-02 18:00'],
    [
      'hours that end with the morning end at noon',
      '2026-03-02 09:00',
      3,
      'WORKING_HOUR',
      '2026-03-02 12:00',
    ],
    ['zero working hours are due at once', '2026-03-07 10:00', 0, 'WORKING_HOUR', '2026-03-07 10:00'],
    ['zero working days are due at once', '2026-03-07 10:00', 0, 'WORKING_DAY', '2026-03-07 10:00'],
    ['working days keep the closing minute', '2026-03-02 18:00', 1, 'WORKING_DAY', '2026-03-03 18:00'],
    ['working days keep the opening minute', '2026-03-02 09:00', 1, 'WORKING_DAY', '2026-03-03 09:00'],
    [
      'working days from a Saturday count from Monday’s opening',
      '2026-03-07 10:00',
      1,
      'WORKING_DAY',
      '2026-03-10 09:00',
    ],
    [
      'working days from an evening count from the next opening',
      '2026-03-02 21:00',
      1,
      'WORKING_DAY',
      '2026-03-04 09:00',
    ],
    ['half a clock hour is thirty minutes', '2026-03-07 23:45', 0.5, 'CLOCK_HOUR', '2026-03-08 00:15'],
    ['clock hours run through a holiday', '2026-10-02 03:00', 0.5, 'CLOCK_HOUR', '2026-10-02 03:30'],
    ['a make-up Saturday is a working day', '2026-10-09 17:00', 2, 'WORKING_HOUR', '2026-10-10 10:00'],
  ] as const)('%s', (_name, start, amount, unit, expected) => {
    expect(due(start, amount, unit)).toBe(expected);
  });

  test('a thousandth of a clock hour is 3,600 ms', () => {
    expect(addDuration(calendar, 1_772_000_000_123, { amount: 0.001, unit: 'CLOCK_HOUR' }).dueMs).toBe(
      1_772_000_003_723,
    );
  });

  test.each([
    ['2026-02-13 16:00', 3, '2026-02-25 18:00'],
    ['2026-03-02 21:00', 1, '2026-03-03 18:00'],
    ['2026-03-07 10:00', 1, '2026-03-09 18:00'],
  ])(
    'END_OF_DAY: %s + %d working days = %s: the day of the start does not count',
    (start, amount, expected) => {
      expect(due(start, amount, 'WORKING_DAY', endOfDay)).toBe(expected);
    },
  );
});

describe('provisional', () => {
  const reaches = (start: string, amount: number, unit: Duration['unit']) =>
    addDuration(calendar, at(start), { amount, unit }).provisional;

  test('working days that reach an unpublished year are provisional', () => {
    expect(reaches('2026-12-31 16:00', 1, 'WORKING_DAY')).toBe(true);
  });
  test('working time that ends in the last published year is not', () => {
    expect(reaches('2026-12-31 16:00', 2, 'WORKING_HOUR')).toBe(false);
  });
  test('a start in an unpublished year is', () => {
    expect(reaches('2024-12-31 16:00', 1, 'WORKING_HOUR')).toBe(true);
  });
  test('calendar days and clock hours pass in every year alike', () => {
    expect(reaches('2026-12-31 16:00', 7, 'CALENDAR_DAY')).toBe(false);
    expect(reaches('2026-12-31 16:00', 24, 'CLOCK_HOUR')).toBe(false);
  });
});

describe('workingTimeBetween', () => {
  const hours = (a: string, b: string) => workingTimeBetween(calendar, at(a), at(b)) / 3_600_000;

  test.each([
    ['2026-02-13 16:00', '2026-02-25 16:00', 24],
    ['2026-09-30 17:00', '2026-10-08 12:00', 4],
    ['2026-02-14 17:30', '2026-02-24 10:30', 2],
    ['2025-12-31 17:00', '2026-01-04 10:00', 2],
    ['2026-04-03 11:30', '2026-04-03 13:30', 1],
    ['2026-04-04 00:00', '2026-04-06 23:59', 0],
  ])('%s to %s is %d working hours', (a, b, expected) => {
    expect(hours(a, b)).toBe(expected);
    expect(hours(b, a)).toBe(expected === 0 ? 0 : -expected);
  });
});

describe('instantAtPercent', () => {
  test('80 % of five working days from Friday is reached after four of them', () => {
    const start = at('2026-03-06 10:00');
    const { dueMs } = addDuration(calendar, start, { amount: 5, unit: 'WORKING_DAY' });
    expect(local(dueMs)).toBe('2026-03-13 10:00');
    expect(local(instantAtPercent(calendar, start, dueMs, 'WORKING_DAY', 80))).toBe('2026-03-12 10:00');
  });
  test('150 % lies half as much working time behind the due time', () => {
    const start = at('2026-03-06 16:00');
    const { dueMs } = addDuration(calendar, start, { amount: 2, unit: 'WORKING_HOUR' });
    expect(local(instantAtPercent(calendar, start, dueMs, 'WORKING_HOUR', 150))).toBe('2026-03-09 10:00');
  });
  test('clock hours are divided on the clock', () => {
    const start = at('2026-03-07 00:00');
    expect(local(instantAtPercent(calendar, start, start + 3_600_000, 'CLOCK_HOUR', 80))).toBe(
      '2026-03-07 00:48',
    );
  });
  test('of nothing, every share is the due time', () => {
    const start = at('2026-03-07 00:00');
    for (const percent of [80, 100, 200]) {
      expect(instantAtPercent(calendar, start, start, 'WORKING_DAY', percent)).toBe(start);
    }
  });
});

describe('bad input is a typed error', () => {
  const code = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return 'no error';
  };
  const start = at('2026-03-02 10:00');
  test.each([
    [-1, 'WORKING_HOUR'],
    [NaN, 'CLOCK_HOUR'],
    [Infinity, 'CLOCK_HOUR'],
    [1.5, 'WORKING_DAY'],
    [0.5, 'CALENDAR_DAY'],
    [3_651, 'WORKING_DAY'],
    [87_601, 'WORKING_HOUR'],
    [1, 'FORTNIGHT' as 'WORKING_DAY'],
  ] as const)('%d %s', (amount, unit) => {
    expect(code(() => addDuration(calendar, start, { amount, unit }))).toBe('DURATION_INVALID');
  });
  test.each([NaN, Infinity, Date.parse('1999-12-31T15:59:59.999Z'), Date.parse('2099-12-31T16:00:00Z')])(
    'the instant %d',
    (instant) => {
      expect(code(() => addDuration(calendar, instant, { amount: 1, unit: 'CLOCK_HOUR' }))).toBe(
        'INSTANT_OUT_OF_RANGE',
      );
      expect(code(() => workingTimeBetween(calendar, start, instant))).toBe('INSTANT_OUT_OF_RANGE');
    },
  );
  test('a due time after 2099', () => {
    for (const unit of ['WORKING_DAY', 'CALENDAR_DAY', 'WORKING_HOUR', 'CLOCK_HOUR'] as const) {
      expect(code(() => addDuration(calendar, at('2099-12-31 17:30'), { amount: 9, unit }))).toBe(
        'INSTANT_OUT_OF_RANGE',
      );
    }
  });
  test('the last and first instants of the tables count', () => {
    expect(isWorkingDay(calendar, at('2099-12-31 23:59'))).toBe(true);
    expect(isWorkingDay(calendar, at('2000-01-01 00:00'))).toBe(false);
  });
  test('a calendar that breaks its own rules', () => {
    const broken = { ...calendar, workingHours: [] };
    expect(code(() => addDuration(broken, start, { amount: 1, unit: 'WORKING_HOUR' }))).toBe(
      'CALENDAR_INVALID',
    );
  });
});

describe('calendarProblems', () => {
  const year = (holidays: string[], makeUpWorkdays: string[] = []) => ({
    ...calendar,
    years: { 2026: { holidays, makeUpWorkdays } },
  });
  test('a good calendar has none', () => expect(calendarProblems(calendar)).toEqual([]));
  test.each([
    [{ ...calendar, workingHours: [{ from: '18:00', to: '09:00' }] }, /end before they begin/],
    [{ ...calendar, workingHours: [...calendar.workingHours].reverse() }, /overlap or are out of order/],
    [{ ...calendar, workingHours: [{ from: '9', to: '25:00' }] }, /not HH:MM/],
    [{ ...calendar, utcOffsetMinutes: 480.5 }, /utcOffsetMinutes/],
    [{ ...calendar, years: { 1999: { holidays: [], makeUpWorkdays: [] } } }, /year 1999/],
    [year(['2026-02-30']), /2026-02-30 in holidays of 2026 is not a date/],
    [year(['2025-12-31']), /does not lie in 2026/],
    [year(['2026-10-01', '2026-10-01']), /names a date twice/],
    [year([], ['2026-10-09']), /no Saturday or Sunday/],
    [year(['2026-10-10'], ['2026-10-10']), /both a holiday and a make-up workday/],
  ])('broken calendar number %#', (candidate, expected) => {
    expect(calendarProblems(candidate).join('\n')).toMatch(expected);
  });
});

/** Calendars of any hours, any offset, holidays and make-up days anywhere. */
const anyCalendar = fc
  .record({
    marks: fc.uniqueArray(fc.integer({ min: 0, max: 95 }), { minLength: 2, maxLength: 8 }),
    offset: fc.integer({ min: -840, max: 840 }),
    changed: fc.uniqueArray(fc.integer({ min: 9_131, max: 9_131 + 1_094 }), { maxLength: 200 }),
  })
  .map(({ marks, offset, changed }): WorkingCalendar => {
    const sorted = marks.toSorted((a, b) => a - b);
    const clock = (quarter: number) =>
      `${String(Math.floor(quarter / 4)).padStart(2, '0')}:${String((quarter % 4) * 15).padStart(2, '0')}`;
    const workingHours = [];
    for (let i = 0; i + 1 < sorted.length; i += 2) {
      workingHours.push({ from: clock(sorted[i]!), to: clock(sorted[i + 1]!) });
    }
    const years: Record<string, { holidays: string[]; makeUpWorkdays: string[] }> = {};
    for (const day of changed) {
      const date = new Date(localMsOfDay(day)).toISOString().slice(0, 10);
      const of = (years[date.slice(0, 4)] ??= { holidays: [], makeUpWorkdays: [] });
      if ((day + 5) % 7 < 5) of.holidays.push(date);
      else of.makeUpWorkdays.push(date);
    }
    return {
      calendarId: 'any',
      version: 1,
      utcOffsetMinutes: offset,
      workingHours,
      years,
      workingDayRule: 'SAME_TIME',
    };
  });
const anyInstant = fc.integer({ min: Date.parse('2025-01-01'), max: Date.parse('2027-12-31') });
const anyHours = fc.integer({ min: 0, max: 300 * 3_600_000 }).map((ms) => ms / 3_600_000);

describe('properties, over random calendars', () => {
  test('between(start, add(start, d)) = d, for working hours', () => {
    fc.assert(
      fc.property(anyCalendar, anyInstant, anyHours, (by, start, amount) => {
        const { dueMs } = addDuration(by, start, { amount, unit: 'WORKING_HOUR' });
        expect(workingTimeBetween(by, start, dueMs)).toBe(Math.round(amount * 3_600_000));
      }),
    );
  });

  test('between(start, add(start, d)) = d, for working days at the same time', () => {
    fc.assert(
      fc.property(anyCalendar, anyInstant, fc.integer({ min: 0, max: 60 }), (by, start, amount) => {
        const { dueMs } = addDuration(by, start, { amount, unit: 'WORKING_DAY' });
        expect(workingTimeBetween(by, start, dueMs)).toBe(amount * workingDayMs(by));
      }),
    );
  });

  test('adding is monotone in the start and in the amount, in every unit and under both rules', () => {
    const anyUnit = fc.constantFrom('WORKING_HOUR', 'WORKING_DAY', 'CALENDAR_DAY', 'CLOCK_HOUR' as const);
    const apart = fc.integer({ min: 0, max: 7 * 86_400_000 });
    fc.assert(
      fc.property(
        anyCalendar,
        anyInstant,
        apart,
        anyUnit,
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        (by, start, later, unit, amount, closing) => {
          const ruled: WorkingCalendar = { ...by, workingDayRule: closing ? 'END_OF_DAY' : 'SAME_TIME' };
          const dueMs = (from: number, n: number) =>
            addDuration(ruled, from, { amount: n, unit: unit as Duration['unit'] }).dueMs;
          expect(dueMs(start, amount)).toBeLessThanOrEqual(dueMs(start + later, amount));
          expect(dueMs(start, amount)).toBeLessThanOrEqual(dueMs(start, amount + 1));
          expect(dueMs(start, amount)).toBeGreaterThanOrEqual(start);
        },
      ),
    );
  });

  test('adding twice is adding the sum: pausing and resuming at once changes nothing', () => {
    fc.assert(
      fc.property(anyCalendar, anyInstant, fc.nat(10_000_000), fc.nat(10_000_000), (by, start, a, b) => {
        const hours = (ms: number) => ({ amount: ms / 3_600_000, unit: 'WORKING_HOUR' as const });
        const twice = addDuration(by, addDuration(by, start, hours(a)).dueMs, hours(b)).dueMs;
        const once = addDuration(by, start, hours(a + b)).dueMs;
        // Nothing added leaves the start where it is; closed hours on the way are no working time.
        expect(workingTimeBetween(by, start, twice)).toBe(a + b);
        if (b > 0) expect(twice).toBe(once);
      }),
    );
  });
});
