import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CSV_LIMITS, readCsvRecords, type CsvRecord } from './csv-records.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'shaoying-csv-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(content: string | Buffer): Promise<CsvRecord[]> {
  const path = join(folder, 'file.csv');
  await writeFile(path, content);
  const records: CsvRecord[] = [];
  for await (const record of readCsvRecords(path, { delimiter: ',' })) records.push(record);
  return records;
}

test('a byte order mark, both line ends (within fields one), blank lines, a last line without end', async () => {
  expect(await read('\ufeffa,b\r\n\r\n1,"x\r\ny"\n3,4')).toEqual([
    { line: 1, fields: ['a', 'b'] },
    { line: 3, fields: ['1', 'x\ny'] },
    { line: 5, fields: ['3', '4'] },
  ]);
});

test('a quote that is never closed costs its own row and no other', async () => {
  expect(await read('a,b\n1,"x\n3,4\n5,6\n')).toEqual([
    { line: 1, fields: ['a', 'b'] },
    { line: 2, problem: 'BAD_QUOTES' },
    { line: 3, fields: ['3', '4'] },
    { line: 4, fields: ['5', '6'] },
  ]);
});

test('nor when a later row has quotes of its own', async () => {
  expect(await read('a,b\n1,"x\n3,4\n5,"6"\n7,"8\n9"\n')).toEqual([
    { line: 1, fields: ['a', 'b'] },
    { line: 2, problem: 'BAD_QUOTES' },
    { line: 3, fields: ['3', '4'] },
    { line: 4, fields: ['5', '6'] },
    { line: 5, fields: ['7', '8\n9'] },
  ]);
});

test('a quote in the middle of a field, text that is not UTF-8, rows too short, too long, far too long', async () => {
  const long = 'z'.repeat(CSV_LIMITS.lineBytesMax);
  const content = Buffer.concat([
    Buffer.from('a,b\n1,x"y\n2,'),
    Buffer.from([0xc4, 0xe3, 0xba, 0xc3]),
    Buffer.from(`\n3\n4,5,6\n7,${long}\n8,${long}${long}${long}${long}${long}\n9,10\n`),
  ]);
  expect((await read(content)).map(({ line, problem }) => [line, problem])).toEqual([
    [1, undefined],
    [2, 'BAD_QUOTES'],
    [3, 'NOT_UTF8'],
    [4, 'COLUMN_COUNT'],
    [5, 'COLUMN_COUNT'],
    [6, 'ROW_TOO_LONG'],
    [7, 'ROW_TOO_LONG'],
    [8, undefined],
  ]);
});

test('whatever well-formed rows hold comes back, each with the line it starts on', async () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '汉', ' ', '😀'), maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(field, field), { maxLength: 20 }), async (rows) => {
      const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
      const records = await read(`a,b\n${rows.map((row) => `${row.map(cell).join(',')}\n`).join('')}`);
      let line = 2;
      const expected = rows.map((fields) => {
        const record = { line, fields };
        line += 1 + fields.join('').split('\n').length - 1;
        return record;
      });
      expect(records.slice(1)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});
