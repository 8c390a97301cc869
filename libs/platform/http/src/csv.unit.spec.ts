import { csvOf, prefersCsv } from './csv.js';

const columns = { name: (row: { name: string | null }) => row.name, size: () => 1 };

describe('a table as CSV', () => {
  it.each([
    ['what needs no quotes', '河畔街道', '河畔街道,1\r\n'],
    ['a comma, a quote and a line break', 'a,"b"\r\nc', '"a,""b""\r\nc",1\r\n'],
    ['nothing', null, ',1\r\n'],
    ['a formula', '=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")",1\r\n'],
    ['a command', '@SUM(1)', "'@SUM(1),1\r\n"],
    ['a formula behind a tab', '\t=1', "'\t=1,1\r\n"],
    ['a sign', '-1+1', "'-1+1,1\r\n"],
  ])('has %s', (_what, name, line) => {
    expect(csvOf(columns, [{ name }])).toBe(`name,size\r\n${line}`);
  });

  it('is its heading where there are no rows', () => {
    expect(csvOf(columns, [])).toBe('name,size\r\n');
  });
});

it.each([
  ['text/csv', true],
  ['text/csv, application/json', false],
  ['text/csv, application/json;q=0.5', true],
  ['application/json, text/csv;q=0.9', false],
  ['*/*', false],
  ['text/csv;q=nonsense', false],
  ['text/html', false],
  [undefined, false],
])('Accept: %s asks for CSV: %p', (accept, csv) => {
  expect(prefersCsv(accept)).toBe(csv);
});
