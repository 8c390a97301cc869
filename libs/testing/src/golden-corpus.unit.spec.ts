import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Catalogue, corpusProblems, fitsKeptSchema, SEALS, sha256, validationOf } from './index.js';

const schema = { type: 'object', required: ['what'], properties: { what: { type: 'string' } } };
const catalogue: Catalogue = { Took: { version: 2, schema }, Gave: { version: 1, schema } };
const files = [
  ...['Gave.v1.json', 'Gave.v1.schema.json', 'Took.v1.json', 'Took.v1.schema.json', 'Took.v1.lifted.json'],
  ...['Took.v2.json', 'Took.v2.schema.json'],
];

describe('a corpus', () => {
  let dir: string;
  const seal = (name: string) => appendFileSync(join(dir, SEALS), `${sha256(dir, name)}  ${name}\n`);
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'golden-'));
    for (const name of files) {
      writeFileSync(join(dir, name), `${JSON.stringify(name.includes('schema') ? schema : { name })}\n`);
      seal(name);
    }
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test('that is whole has no problems', () => {
    expect(corpusProblems(dir, catalogue)).toEqual([]);
  });

  test('tells a file that was edited, by as little as a blank', () => {
    appendFileSync(join(dir, 'Took.v1.json'), ' ');
    expect(corpusProblems(dir, catalogue)).toEqual(['Took.v1.json has changed since it was sealed']);
  });

  test('tells a file that was deleted, also when its seal went with it', () => {
    rmSync(join(dir, 'Took.v1.schema.json'));
    expect(corpusProblems(dir, catalogue)).toEqual(['Took.v1.schema.json is missing']);
    rmSync(join(dir, SEALS));
    for (const name of files.filter((file) => file !== 'Took.v1.schema.json')) seal(name);
    expect(corpusProblems(dir, catalogue)).toEqual(['Took.v1.schema.json is missing']);
  });

  test('tells the files that a raised version asks for', () => {
    expect(corpusProblems(dir, { ...catalogue, Gave: { version: 2, schema } })).toEqual([
      'Gave.v1.lifted.json is missing',
      'Gave.v2.json is missing',
      'Gave.v2.schema.json is missing',
    ]);
  });

  test('tells a file that nobody sealed, and one that belongs to no event', () => {
    writeFileSync(join(dir, 'Lost.v1.json'), '{}');
    expect(corpusProblems(dir, catalogue)).toEqual([
      'Lost.v1.json is of no event and version in the catalogue',
      'Lost.v1.json is not sealed',
    ]);
  });

  test('keeps its versions when an event leaves the catalogue: the log keeps them too', () => {
    const { Took } = catalogue;
    expect(corpusProblems(dir, { Took: Took! })).toEqual([
      'Gave.v1.json is of no event and version in the catalogue',
      'Gave.v1.schema.json is of no event and version in the catalogue',
    ]);
  });

  test('judges data by the schema that was kept', () => {
    expect(fitsKeptSchema(dir, 'Took.v1.schema.json', { what: 'a cup' })).toBe(true);
    expect(fitsKeptSchema(dir, 'Took.v1.schema.json', {})).toBe(false);
  });
});

test('rewording changes no schema; limits, types and fields do', () => {
  const worded = { ...schema, description: 'What was taken', title: 'Took' };
  expect(validationOf(worded)).toEqual(schema);
  const field = { properties: { description: { type: 'string', maxLength: 5 } } };
  expect(validationOf(field)).toEqual(field);
  for (const other of [
    { ...schema, required: [] },
    { ...schema, properties: { what: { type: 'string', maxLength: 5 } } },
    { ...schema, additionalProperties: false },
  ]) {
    expect(validationOf(other)).not.toEqual(validationOf(schema));
  }
});
