import { DURATION_UNITS, type DurationUnit } from '@shaoying/jurisdiction-domain';
import { codeOf, CommandFailed, UsageError } from '../cli.errors.js';
import { show, type Terminal } from '../terminal.js';
import { withDirectory, type Workplace } from '../workplace.js';
import { Temporal } from 'temporal-polyfill';

export interface CalendarDueOptions {
  readonly calendarId: string;
  readonly start: string;
  readonly amount: string;
  readonly unit: string;
  readonly json: boolean;
}

/** Without an offset a local time of the calendar is meant: statutory calendars are China's. */
const localZone = 'Asia/Shanghai';

/** `calendar due`: when a time allowed is over; records nothing. */
export async function calendarDue(
  options: CalendarDueOptions,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  const { calendarId, json } = options;
  const start = startOf(options.start);
  const amount = /^\d{1,7}(\.\d{1,3})?$/.test(options.amount) ? Number(options.amount) : null;
  if (amount === null) throw new UsageError('--amount must be a number, 0 or more');
  const unit = unitOf(options.unit);
  await withDirectory(workplace, async (directory) => {
    try {
      const answer = directory.due(calendarId, { start, amount, unit });
      const { due, calendarVersion, provisional } = answer;
      show(terminal, json, answer, () => [
        `${due}  (${localTime(due)} ${localZone})`,
        `calendar ${calendarId} version ${calendarVersion}${provisional ? '; provisional: reaches into a year not published yet' : ''}`,
      ]);
    } catch (error) {
      if (codeOf(error) !== 'JURISDICTION_NOT_PUBLISHED') throw error;
      const known = directory.calendars().map((calendar) => calendar.calendarId);
      const there =
        known.length > 0 ? `there are ${known.join(', ')}` : 'none is published yet (npm start does)';
      throw new CommandFailed(`there is no calendar ${calendarId}; ${there}`);
    }
  });
}

function unitOf(text: string): DurationUnit {
  const unit = DURATION_UNITS.find((known) => known === text.toUpperCase());
  if (unit === undefined) throw new UsageError(`--unit must be one of ${DURATION_UNITS.join(', ')}`);
  return unit;
}

function startOf(text: string): string {
  try {
    const { epochMilliseconds } = /(Z|[+-]\d{2}:?\d{2})$/i.test(text)
      ? Temporal.Instant.from(text)
      : Temporal.PlainDateTime.from(text).toZonedDateTime(localZone);
    return new Date(epochMilliseconds).toISOString();
  } catch {
    throw new UsageError(
      '--start must be a time such as 2026-02-13T16:00 (Asia/Shanghai) or 2026-02-13T08:00:00Z',
    );
  }
}

function localTime(instant: string): string {
  return Temporal.Instant.from(instant)
    .toZonedDateTimeISO(localZone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'second' })
    .replace('T', ' ');
}
