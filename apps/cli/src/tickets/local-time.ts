import { Temporal } from 'temporal-polyfill';

/** What to do with a local time that a clock change skipped or repeated. `reject` guesses nothing. */
export const LOCAL_TIME_RULES = ['reject', 'earlier', 'later', 'compatible'] as const;
export type LocalTimeRule = (typeof LOCAL_TIME_RULES)[number];

export type LocalTimeProblem = 'TIME_UNPARSABLE' | 'TIME_SKIPPED' | 'TIME_AMBIGUOUS' | 'TIME_OUT_OF_RANGE';

export type ReadTime =
  | { readonly instant: string; readonly problem?: undefined }
  | { readonly problem: LocalTimeProblem; readonly instant?: undefined };

/** Before it nobody kept tickets in a computer; such a year is a typing error or an empty value in disguise. */
const yearMin = 1970;
const yearMax = 2199;

type Field = 'year' | 'month' | 'day' | 'hour' | 'hour12' | 'minute' | 'second' | 'fraction' | 'meridiem';

const tokens: Readonly<Record<string, readonly [Field, string]>> = {
  yyyy: ['year', '(\\d{4})'],
  MM: ['month', '(\\d{2})'],
  M: ['month', '(\\d{1,2})'],
  dd: ['day', '(\\d{2})'],
  d: ['day', '(\\d{1,2})'],
  HH: ['hour', '(\\d{2})'],
  H: ['hour', '(\\d{1,2})'],
  hh: ['hour12', '(\\d{2})'],
  h: ['hour12', '(\\d{1,2})'],
  mm: ['minute', '(\\d{2})'],
  ss: ['second', '(\\d{2})'],
  SSS: ['fraction', '(\\d{3})'],
  a: ['meridiem', '([AaPp][Mm])'],
};

interface CompiledFormat {
  readonly expression: RegExp;
  readonly fields: readonly Field[];
}

/** Name of the format that is ISO 8601; its offset, where it has one, wins over the map's time zone. */
export const ISO_FORMAT = 'ISO8601';

/**
 * What is wrong with a time format, or null. Tokens: yyyy MM M dd d HH H hh h mm ss SSS a; anything else stands for
 * itself, but letters must be quoted in '…'.
 */
export function timeFormatProblem(format: string): string | null {
  if (format === ISO_FORMAT) return null;
  const compiled = compile(format);
  if (typeof compiled === 'string') return compiled;
  const { fields } = compiled;
  if (new Set(fields).size !== fields.length) return 'names a part of the time twice';
  for (const needed of ['year', 'month', 'day'] as const) {
    if (!fields.includes(needed)) return `has no ${needed}`;
  }
  if (fields.includes('hour12') !== fields.includes('meridiem')) return 'needs h and a together';
  return null;
}

/** Reads times of one source: its formats in order, its time zone, its rule for clock changes. */
export class LocalTimeReader {
  private readonly formats: readonly (CompiledFormat | typeof ISO_FORMAT)[];

  /** @throws RangeError for a format that {@link timeFormatProblem} objects to */
  constructor(
    formats: readonly string[],
    private readonly timeZone: string,
    private readonly rule: LocalTimeRule,
  ) {
    this.formats = formats.map((format) => {
      const compiled = format === ISO_FORMAT ? ISO_FORMAT : compile(format);
      if (typeof compiled === 'string' && compiled !== ISO_FORMAT) throw new RangeError(compiled);
      return compiled as CompiledFormat | typeof ISO_FORMAT;
    });
  }

  /** An instant, ISO 8601, UTC, milliseconds. */
  read(text: string): ReadTime {
    for (const format of this.formats) {
      const found = format === ISO_FORMAT ? this.readIso(text) : this.readLocal(format, text);
      if (found !== null) return found;
    }
    return { problem: 'TIME_UNPARSABLE' };
  }

  private readIso(text: string): ReadTime | null {
    if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text)) return null;
    try {
      if (/(Z|[+-]\d{2}:?\d{2})$/i.test(text)) return inRange(Temporal.Instant.from(text).epochMilliseconds);
      return this.inZone(Temporal.PlainDateTime.from(text, { overflow: 'reject' }));
    } catch {
      return null;
    }
  }

  private readLocal({ expression, fields }: CompiledFormat, text: string): ReadTime | null {
    const match = expression.exec(text);
    if (match === null) return null;
    const parts: Partial<Record<Field, string>> = {};
    for (const [index, field] of fields.entries()) parts[field] = match[index + 1] ?? '';
    const number = (field: Field): number => Number(parts[field] ?? 0);
    const hour = parts.meridiem === undefined ? number('hour') : hourOf12(number('hour12'), parts.meridiem);
    if (hour === null) return null;
    try {
      const local = Temporal.PlainDateTime.from(
        {
          ...{ year: number('year'), month: number('month'), day: number('day') },
          ...{ hour, minute: number('minute'), second: number('second'), millisecond: number('fraction') },
        },
        // 30 February is a mistake in the file, not the last of the month.
        { overflow: 'reject' },
      );
      return this.inZone(local);
    } catch {
      return null;
    }
  }

  private inZone(local: Temporal.PlainDateTime): ReadTime {
    if (this.rule === 'reject') {
      const earlier = local.toZonedDateTime(this.timeZone, { disambiguation: 'earlier' });
      const later = local.toZonedDateTime(this.timeZone, { disambiguation: 'later' });
      if (earlier.epochMilliseconds !== later.epochMilliseconds) {
        const repeated = earlier.toPlainDateTime().equals(local);
        return { problem: repeated ? 'TIME_AMBIGUOUS' : 'TIME_SKIPPED' };
      }
      return inRange(earlier.epochMilliseconds);
    }
    return inRange(local.toZonedDateTime(this.timeZone, { disambiguation: this.rule }).epochMilliseconds);
  }
}

function inRange(epochMs: number): ReadTime {
  const date = new Date(epochMs);
  const year = date.getUTCFullYear();
  return year < yearMin || year > yearMax
    ? { problem: 'TIME_OUT_OF_RANGE' }
    : { instant: date.toISOString() };
}

function hourOf12(hour: number, meridiem: string): number | null {
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (meridiem.toLowerCase() === 'pm' ? 12 : 0);
}

function compile(format: string): CompiledFormat | string {
  const fields: Field[] = [];
  let expression = '';
  for (const [piece] of format.matchAll(/'[^']*'|([A-Za-z])\1*|[^A-Za-z']|'/g)) {
    const token = tokens[piece];
    if (token) {
      fields.push(token[0]);
      expression += token[1];
    } else if (/^[A-Za-z]/.test(piece)) {
      return `has the unknown part "${piece}"; known are ${Object.keys(tokens).join(' ')}, and '…' around plain letters`;
    } else if (piece === "'") {
      return 'has a quote that is not closed';
    } else {
      const literal = piece.startsWith("'") ? piece.slice(1, -1) : piece;
      expression += literal.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
    }
  }
  return { expression: new RegExp(`^${expression}$`), fields };
}
