/** Thrown when a calendar breaks its own rules; `problems` says which, in plain words. */
export class CalendarInvalid extends Error {
  readonly code = 'CALENDAR_INVALID';
  constructor(
    readonly calendarId: string,
    readonly problems: readonly string[],
  ) {
    super(`calendar ${calendarId}: ${problems.join('; ')}`);
  }
}

/** Thrown when a duration is negative, not finite, too long, of an unknown unit, or a fraction of a day. */
export class DurationInvalid extends Error {
  readonly code = 'DURATION_INVALID';
}

/** Thrown when an instant, or the due time asked for, lies outside 2000 to 2099 in the calendar's own time. */
export class InstantOutOfRange extends Error {
  readonly code = 'INSTANT_OUT_OF_RANGE';
}

export type CalendarError = CalendarInvalid | DurationInvalid | InstantOutOfRange;

export function isCalendarError(error: unknown): error is CalendarError {
  return (
    error instanceof CalendarInvalid || error instanceof DurationInvalid || error instanceof InstantOutOfRange
  );
}
