import type { CsvProblem } from './csv-records.js';
import type { LocalTimeProblem } from './local-time.js';

export type RejectionCode =
  | CsvProblem
  | LocalTimeProblem
  | 'VALUE_MISSING'
  | 'VALUE_TOO_LONG'
  | 'CONTROL_CHARACTERS'
  | 'VALUE_UNKNOWN'
  | 'NUMBER_UNPARSABLE'
  | 'COORDINATES_OUT_OF_RANGE'
  | 'COORDINATES_INCOMPLETE'
  | 'CLOSED_BEFORE_OPENED'
  | 'TARGET_BEFORE_OPENED'
  | 'TIME_IN_FUTURE'
  | 'DUPLICATE_DIFFERS'
  | 'ALREADY_IMPORTED_DIFFERENTLY'
  | 'UNIT_UNKNOWN';

/** In plain words. Never a value of the row: a report goes by mail, and descriptions and addresses are personal. */
export const rejectionReasons: Readonly<Record<RejectionCode, string>> = {
  ROW_TOO_LONG: 'the line is longer than 64 KiB',
  NOT_UTF8: 'the row is not UTF-8 text; save the file as UTF-8 and import it again',
  BAD_QUOTES: 'a quotation mark is not closed, or stands in the middle of a field without being doubled',
  COLUMN_COUNT: 'the row has another number of columns than the header',
  TIME_UNPARSABLE: "the time does not fit the map's timeFormat, or there is no such day or hour",
  TIME_SKIPPED: 'that local time did not exist: the clock was put forward over it',
  TIME_AMBIGUOUS: 'that local time happened twice: the clock was put back over it; see localTimes in the map',
  TIME_OUT_OF_RANGE: 'the year lies outside 1970 to 2199',
  VALUE_MISSING: 'the value is missing',
  VALUE_TOO_LONG: 'the value is longer than allowed',
  CONTROL_CHARACTERS: 'the value holds control characters',
  VALUE_UNKNOWN: 'the value is not listed in the map',
  NUMBER_UNPARSABLE: 'the value is not a decimal number',
  COORDINATES_OUT_OF_RANGE: 'longitude must lie within ±180, latitude within ±90',
  COORDINATES_INCOMPLETE: 'one of longitude and latitude is missing',
  CLOSED_BEFORE_OPENED: 'the case was closed before it was opened',
  TARGET_BEFORE_OPENED: 'the target lies before the opening: nobody could have met it',
  TIME_IN_FUTURE: 'the case was opened or closed in the future',
  DUPLICATE_DIFFERS: 'an earlier row of the file has the same id and other contents',
  ALREADY_IMPORTED_DIFFERENTLY:
    'the case is in the log already, with other contents; the log is left as it is',
  UNIT_UNKNOWN: 'the department or neighbourhood was not in the file when the import began',
};

/** A row that stays out, for the report. */
export interface Rejection {
  /** Line of the file the row starts on; the header is line 1. */
  readonly line: number;
  /** Column of the file, where one is to blame. */
  readonly column: string | null;
  readonly code: RejectionCode;
  /** Null where the row's id could not be read. */
  readonly externalId: string | null;
}
