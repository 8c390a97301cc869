import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { csvOf, parseInstant } from '@shaoying/http';
import type {
  ExplainedList,
  ExplainedPlace,
  MetricExplanation,
  MetricPlace,
  Moment,
} from '@shaoying/incident-read-models';
import { explanationColumns, explanationRows, headingOf, noCase, withheldRows } from './explanation-table.js';
import type { MetricUnits } from './metric-units.js';

/** What a cursor of an explanation holds: moment and formula of its first page, so that every page is of the same. */
export interface ExplainedCursor {
  readonly moment: Pick<Moment, 'asOf' | 'knownAt'>;
  readonly version: number;
  readonly place: MetricPlace;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** As this server writes it: PostgreSQL does not take every notation that a request may use. */
const isInstant = (value: unknown): boolean => parseInstant(value) === value;

/** Of the window's instant, which has microseconds. */
const isFineInstant = (value: unknown): boolean =>
  typeof value === 'string' && /\.\d{6}Z$/.test(value) && isInstant(`${value.slice(0, -4)}Z`);

const isExplainedPlace = (value: unknown): value is ExplainedPlace =>
  isObject(value) &&
  typeof value['isExcluded'] === 'boolean' &&
  isFineInstant(value['at']) &&
  typeof value['incidentId'] === 'string' &&
  typeof value['caseHash'] === 'string';

/** Checks a cursor that comes back from outside. */
export const isExplainedCursor = (value: unknown): value is ExplainedCursor =>
  isObject(value) &&
  isObject(value['moment']) &&
  isInstant(value['moment']['asOf']) &&
  isInstant(value['moment']['knownAt']) &&
  Number.isInteger(value['version']) &&
  isObject(value['place']) &&
  Number.isInteger(value['place']['rate']) &&
  (value['place']['after'] === null || isExplainedPlace(value['place']['after']));

/**
 * An explanation as CSV from its first page to its end, each page read when the client has taken the one before; and last what is
 * withheld. The first page has the sums, of the whole: those behind it are lists alone.
 * @param listFrom the page that begins there, at the moment of the first
 */
export function explanationCsv(
  first: MetricExplanation,
  units: MetricUnits,
  listFrom: (place: MetricPlace) => Promise<ExplainedList>,
): StreamableFile {
  const of = headingOf(first, units);
  const heading = csvOf(explanationColumns, []);
  const lines = (rows: ReturnType<typeof explanationRows>): Buffer => {
    const table = rows.map((row) => ({ ...row, of }));
    return Buffer.from(csvOf(explanationColumns, table).slice(heading.length), 'utf8');
  };
  async function* pieces(): AsyncGenerator<Buffer> {
    yield Buffer.from(heading, 'utf8');
    const { measure } = first;
    let isEmpty = true;
    for (let page: ExplainedList | null = first; page !== null;) {
      const rows = explanationRows({ ...page, measure });
      isEmpty &&= rows.length === 0;
      yield lines(rows);
      page = page.next === null ? null : await listFrom(page.next);
    }
    const withheld = withheldRows(first);
    yield lines(isEmpty && withheld.length === 0 ? [noCase] : withheld);
  }
  return new StreamableFile(Readable.from(pieces(), { objectMode: false }));
}
