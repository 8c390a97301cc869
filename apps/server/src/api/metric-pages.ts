import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { csvOf, parseInstant } from '@shaoying/http';
import type { ExplainedPlace, MetricExplanation, MetricPlace, Moment } from '@shaoying/incident-read-models';
import { explanationColumns, explanationRows, withheldRows } from './metric-tables.js';

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
 * withheld.
 * @param pageFrom the page that begins there, at the moment of the first
 */
export function explanationCsv(
  first: MetricExplanation,
  pageFrom: (place: MetricPlace) => Promise<MetricExplanation>,
): StreamableFile {
  const heading = csvOf(explanationColumns, []);
  const lines = (rows: ReturnType<typeof explanationRows>): string =>
    csvOf(explanationColumns, rows).slice(heading.length);
  async function* pieces(): AsyncGenerator<Buffer> {
    yield Buffer.from(heading + lines(explanationRows(first)), 'utf8');
    for (let { next } = first; next !== null;) {
      const page = await pageFrom(next);
      yield Buffer.from(lines(explanationRows(page)), 'utf8');
      next = page.next;
    }
    yield Buffer.from(lines(withheldRows(first)), 'utf8');
  }
  return new StreamableFile(Readable.from(pieces(), { objectMode: false }));
}
