import { csvOf } from '@shaoying/http';
import type { CompanionMetric, MetricRow } from '@shaoying/incident-read-models';
import { metricColumns, metricTableRows, type ToldMetric } from './metric-tables.js';

const january = { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' };
const [march, june] = ['2026-03-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z'];

const heading = {
  ...{
    name: 'containment-estate',
    version: 3,
    measure: 'RATE',
    formula: 'within / closed',
    formulaZh: '之内 ÷ 结案',
  },
  ...{ ...january, by: 'street', asOf: march, knownAt: march, units: 'AS_NOW' },
  terms: { definitionVersion: 2, minimumSample: 20 },
} as const;

const row = (key: string | null, numerator: number, denominator: number): MetricRow => ({
  ...{ key, numerator, denominator, value: denominator === 0 ? null : numerator / denominator },
  ...{ percent: null, excluded: { OTHER_SEVERITY: 1, MERGED: 2 }, insufficient: denominator < 20 },
});

const companion = (numerator: number, knownAt: string): CompanionMetric =>
  ({
    ...{ ...heading, name: 'reopen-rate', version: 4, by: null, knownAt, row: row('total', numerator, 30) },
    terms: { definitionVersion: null, minimumSample: 20, windowDays: 30 },
  }) as unknown as CompanionMetric;

const answerOf = (answer: object): ToldMetric =>
  ({ ...heading, rows: [], companions: [], ...answer }) as unknown as ToldMetric;

/** The table as whoever opens it has it: by its headings. */
function tableOf(answer: ToldMetric): Readonly<Record<string, string>>[] {
  const [columns = [], ...rows] = csvOf(metricColumns, metricTableRows(answer))
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
  return rows.map((cells) => Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? '?'])));
}

test('each line of a metric says by which formula, terms, window and units it is, and as known when', () => {
  const lines = tableOf(
    answerOf({ rows: [row('st-a', 1, 2), row(null, 0, 0)], companions: [companion(3, march)] }),
  );
  const constant = { ...january, asOf: march, knownAt: march, units: 'AS_NOW', measure: 'RATE' };
  const own = {
    ...{ ...constant, kind: 'METRIC', metric: 'containment-estate', version: '3', definitionVersion: '2' },
    ...{ by: 'street', terms: 'minimumSample:20', formula: 'within / closed', formulaZh: '之内 ÷ 结案' },
    ...{ correctedNumerator: '', correctedKnownAt: '', correctedTerms: '' },
  };
  expect(lines).toMatchObject([
    { ...own, key: 'st-a', numerator: '1', value: '0.5', excluded: 'OTHER_SEVERITY:1 MERGED:2' },
    { ...own, key: '', numerator: '0', denominator: '0', value: '' },
    {
      ...{
        ...constant,
        kind: 'COMPANION',
        metric: 'reopen-rate',
        version: '4',
        definitionVersion: '',
        by: '',
      },
      ...{ key: 'total', numerator: '3', terms: 'minimumSample:20 windowDays:30' },
    },
  ]);
});

test('beside each number that was known stands what it was corrected to, also where there was none', () => {
  const corrected = {
    ...{
      knownAt: june,
      terms: { definitionVersion: 5, minimumSample: 30 },
      companions: [companion(4, june)],
    },
    rows: [{ ...row('st-a', 2, 2), includes: ['st-b', 'st-c'] }, row('st-new', 1, 1)],
  };
  expect(
    tableOf(answerOf({ rows: [row('st-a', 1, 2)], companions: [companion(3, march)], corrected })),
  ).toMatchObject([
    {
      ...{
        key: 'st-a',
        numerator: '1',
        includes: '',
        correctedNumerator: '2',
        correctedIncludes: 'st-b st-c',
      },
      ...{ knownAt: march, correctedKnownAt: june, definitionVersion: '2', correctedDefinitionVersion: '5' },
      ...{ terms: 'minimumSample:20', correctedTerms: 'minimumSample:30' },
    },
    { key: 'st-new', numerator: '', denominator: '', excluded: '', correctedNumerator: '1' },
    { kind: 'COMPANION', numerator: '3', correctedNumerator: '4', knownAt: march, correctedKnownAt: june },
  ]);
});

test('a composite is told with its rates, each with its weight and terms, and what both were corrected to', () => {
  const part = (metricId: string, weight: number, numerator: number) => ({
    ...{ metricId, weight, version: 7, terms: { definitionVersion: 8, minimumSample: 9 } },
    ...{ numerator, denominator: 10, value: numerator / 10, percent: numerator * 10, excluded: {} },
  });
  const weights = (weight: number) => [{ metricId: 'response-rate', weight }];
  const composite = (weight: number, numerator: number) => ({
    terms: { definitionVersion: 1, minimumSample: 20, weights: weights(weight) },
    rows: [{ ...row('st-a', numerator, 10), parts: [part('response-rate', weight, numerator)] }],
  });
  const corrected = { knownAt: june, companions: [], ...composite(0.6, 6) };
  expect(tableOf(answerOf({ ...composite(0.4, 5), corrected }))).toMatchObject([
    { kind: 'METRIC', key: 'st-a', terms: 'minimumSample:20 weight/response-rate:0.4', weight: '' },
    {
      ...{ kind: 'PART', key: 'st-a', metric: 'response-rate', version: '7', definitionVersion: '8' },
      ...{ terms: 'minimumSample:9', weight: '0.4', correctedWeight: '0.6', numerator: '5' },
      ...{ correctedNumerator: '6', measure: '', formula: '', correctedKnownAt: june },
    },
  ]);
});

test('a table without a row says in one line whose it is', () => {
  expect(tableOf(answerOf({}))).toMatchObject([
    {
      kind: 'NONE',
      metric: 'containment-estate',
      key: '',
      numerator: '',
      from: january.from,
      knownAt: march,
    },
  ]);
});

test('its columns are the same whatever is asked for, and each is named once', () => {
  const names = Object.keys(metricColumns);
  expect(names).toEqual([...new Set(names)]);
  expect(names).toHaveLength(12 + 2 * 16);
});
