import type { ExplainedList, MetricExplanation } from '@shaoying/incident-read-models';
import { explanationCsv } from './metric-pages.js';

const caseOf = (index: number) => ({
  ...{ incidentId: `inc-${index}`, taskId: null, inNumerator: true, amount: index * 1_000, events: [] },
});

const heading = {
  ...{ name: 'time-to-resolution', version: 2, by: 'street', key: 'st-hepan' },
  ...{ terms: { definitionVersion: 3, minimumSample: 20 }, from: '2026-01-01T00:00:00.000Z' },
  ...{
    to: '2026-02-01T00:00:00.000Z',
    asOf: '2026-02-02T00:00:00.000Z',
    knownAt: '2026-02-03T00:00:00.000Z',
  },
};
/** The same in every line of a file. */
const told =
  'time-to-resolution,2,3,minimumSample:20,street,st-hepan,AS_THEN,2026-01-01T00:00:00.000Z,2026-02-01T00:00:00.000Z,' +
  '2026-02-02T00:00:00.000Z,2026-02-03T00:00:00.000Z';
const columns =
  'place,incidentId,taskId,metricId,weight,amount,numerator,denominator,excluded,reason,events,' +
  'metric,version,definitionVersion,terms,by,key,units,from,to,asOf,knownAt';

/** A page of a duration that goes on or does not. */
const page = (index: number, isLast: boolean): MetricExplanation =>
  ({
    ...{ ...heading, measure: 'DURATION', numerator: 46_000, denominator: 4, cases: [caseOf(index)] },
    excluded: isLast ? [{ incidentId: 'out', taskId: null, reason: 'REOPENED' }] : [],
    withheld: { numerator: 40_000, denominator: 1, excluded: 2 },
    next: isLast ? null : { rate: 0, after: null },
  }) as unknown as MetricExplanation;

async function textOf(csv: ReturnType<typeof explanationCsv>): Promise<string> {
  let text = '';
  for await (const piece of csv.getStream()) text += String(piece);
  return text;
}

/** As those behind the first are: without sums. */
const list = (index: number, isLast: boolean): ExplainedList => {
  const { cases, excluded, next } = page(index, isLast);
  return { cases, excluded, next };
};

test('an explanation as CSV goes on from page to page to its end, and ends with what is withheld', async () => {
  const rest = [list(2, false), list(3, true)];
  const csv = explanationCsv(page(1, false), 'AS_THEN', () => Promise.resolve(rest.shift() as ExplainedList));
  expect((await textOf(csv)).split('\r\n')).toEqual([
    columns,
    `NUMERATOR,inc-1,,,,1000,1000,1,0,,,${told}`,
    `NUMERATOR,inc-2,,,,2000,2000,1,0,,,${told}`,
    `NUMERATOR,inc-3,,,,3000,3000,1,0,,,${told}`,
    `EXCLUDED,out,,,,,0,0,1,REOPENED,,${told}`,
    `WITHHELD,,,,,,40000,1,2,,,${told}`,
    '',
  ]);
});

test('an explanation without a case says in one row of which number there is none', async () => {
  const withheld = { numerator: 0, denominator: 0, excluded: 0 };
  const none = { ...page(0, true), ...withheld, cases: [], excluded: [], withheld };
  const csv = explanationCsv(none, 'AS_THEN', () => Promise.reject(new Error('there is one page')));
  expect((await textOf(csv)).split('\r\n')).toEqual([columns, `NONE,,,,,,0,0,0,,,${told}`, '']);
});

test('an explanation that breaks off in its midst is no whole table', async () => {
  const csv = explanationCsv(page(1, false), 'AS_THEN', () =>
    Promise.reject(new Error('the database went away')),
  );
  await expect(textOf(csv)).rejects.toThrow('the database went away');
});
