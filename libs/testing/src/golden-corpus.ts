import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Compile } from 'typebox/schema';

// What releases of the past wrote, kept for ever beside the event catalogue that must go on reading it. Per wire name
// and version, in one folder:
//   <Type>.v<n>.json         one event as that release wrote it
//   <Type>.v<n>.schema.json  what that release let into the log, as JSON Schema
//   <Type>.v<n>.lifted.json  the data of <Type>.v<n>.json as version n + 1: the step's result is history as well
//   SHA256SUMS               one line per file; lines are added, never changed (`sha256sum -c SHA256SUMS` reads it)

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
type JsonObject = { readonly [key: string]: Json | undefined };

/** What a catalogue says of one event today. */
export interface CataloguedEvent {
  /** Version this release writes; earlier ones are 1 … version - 1. */
  readonly version: number;
  /** JSON Schema of that version's data. */
  readonly schema: object;
}

export type Catalogue = Readonly<Record<string, CataloguedEvent>>;

export const SEALS = 'SHA256SUMS';

export function readGolden(goldenDir: string, name: string): Json {
  return JSON.parse(readFileSync(join(goldenDir, name), 'utf8')) as Json;
}

/** Every file the corpus of a catalogue consists of, the seals aside. */
export function wantedFiles(catalogue: Catalogue): string[] {
  return Object.entries(catalogue).flatMap(([type, { version }]) =>
    Array.from({ length: version }, (_, index) => `${type}.v${index + 1}`).flatMap((name, index) => [
      `${name}.json`,
      `${name}.schema.json`,
      ...(index + 1 < version ? [`${name}.lifted.json`] : []),
    ]),
  );
}

export const sha256 = (goldenDir: string, name: string): string =>
  createHash('sha256')
    .update(readFileSync(join(goldenDir, name)))
    .digest('hex');

/** File → its sum, as sealed. */
export function sealsOf(goldenDir: string): Map<string, string> {
  const lines = readFileSync(join(goldenDir, SEALS), 'utf8').split('\n');
  return new Map(
    lines.filter((line) => line !== '').map((line) => [line.slice(64).trim(), line.slice(0, 64)] as const),
  );
}

/** What is wrong with a corpus: files missing, left over, not sealed, or not what they were when they were sealed. */
export function corpusProblems(goldenDir: string, catalogue: Catalogue): string[] {
  const there = new Set(readdirSync(goldenDir).filter((name) => name !== SEALS));
  const wanted = new Set(wantedFiles(catalogue));
  const seals = sealsOf(goldenDir);
  const names = [...new Set([...there, ...wanted, ...seals.keys()])].sort();
  return names.flatMap((name) => {
    if (!there.has(name)) return [`${name} is missing`];
    const problems = wanted.has(name) ? [] : [`${name} is of no event and version in the catalogue`];
    const seal = seals.get(name);
    if (seal === undefined) problems.push(`${name} is not sealed`);
    else if (seal !== sha256(goldenDir, name)) problems.push(`${name} has changed since it was sealed`);
    return problems;
  });
}

/** A schema without what only people read: rewording a description is no new version. */
export function validationOf(schema: Json): Json {
  if (Array.isArray(schema)) return (schema as readonly Json[]).map(validationOf);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema as JsonObject).filter(
    // A property may be called `description` or `title` too: then it holds a schema, not a text.
    ([keyword, value]) => !(['description', 'title'].includes(keyword) && typeof value === 'string'),
  );
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, validationOf(value ?? null)]));
}

/** Whether data fits a schema as it is kept, whatever today's code says. */
export function fitsKeptSchema(goldenDir: string, name: string, data: unknown): boolean {
  const schema = readGolden(goldenDir, name) as unknown as Parameters<typeof Compile>[0];
  return Compile(schema).Check(data);
}

/** What every event catalogue owes the past. `dataOf` finds the event's data in a golden file. */
export function goldenCorpusContract(
  goldenDir: string,
  catalogue: Catalogue,
  dataOf: (golden: Json) => unknown,
): void {
  const types = Object.entries(catalogue);

  test('every version of every event is kept, and nothing kept has changed', () => {
    expect(corpusProblems(goldenDir, catalogue)).toEqual([]);
  });

  test.each(types)('%s: another schema is another version', (type, { version, schema }) => {
    const kept = readGolden(goldenDir, `${type}.v${version}.schema.json`);
    const today = JSON.parse(JSON.stringify(schema)) as Json;
    expect(validationOf(today)).toEqual(validationOf(kept));
  });

  test.each(types)('%s: what each version wrote fits the schema it had', (type, { version }) => {
    for (let past = 1; past <= version; past += 1) {
      const data = dataOf(readGolden(goldenDir, `${type}.v${past}.json`));
      expect([past, fitsKeptSchema(goldenDir, `${type}.v${past}.schema.json`, data)]).toEqual([past, true]);
    }
  });
}
