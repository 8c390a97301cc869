import type { IncidentEventOf, IncidentEventType } from '@shaoying/incident-domain';
import { importCase, incidentDecider, live, triesOnAnIncident } from '@shaoying/incident-domain/testing';
import { propertyParameters } from '@shaoying/event-store/testing';
import { historyOf } from '@shaoying/testing';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Static } from 'typebox';
import {
  assertIncidentEventData,
  incidentCatalogue,
  incidentEventTypes,
  incidentIdOf,
  incidentSchemas,
  incidentStreamId,
  InvalidEventData,
  isIncidentEventType,
} from './index.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Without readonly, and with intersections flattened, so that two types can be compared exactly. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Plain<T[Key]> }
    : T;
type Same<A, B> =
  (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;
/** Names in whose data the two tables disagree, and names that only one of them has. */
type Disagreeing<Schemas, Domain> =
  | Exclude<keyof Schemas, keyof Domain>
  | Exclude<keyof Domain, keyof Schemas>
  | {
      [Type in keyof Schemas & keyof Domain]: Same<Schemas[Type], Domain[Type]> extends true ? never : Type;
    }[keyof Schemas & keyof Domain];

type SchemaTypes = { [Type in keyof typeof incidentSchemas]: Static<(typeof incidentSchemas)[Type]> };
type DomainTypes = { [Type in IncidentEventType]: IncidentEventOf<Type>['data'] };

/** Does not compile where a type disagrees, and says which. */
function allAgree(
  _proof: [Disagreeing<SchemaTypes, DomainTypes>] extends [never]
    ? true
    : Disagreeing<SchemaTypes, DomainTypes>,
): void {}

/** Does not compile unless the comparison sees optional, nullable and further fields. */
function tellsApart(
  _optional: Same<{ a: string }, { a?: string }>,
  _nullable: Same<{ a: string }, { a: string | null }>,
  _further: Same<{ a: string }, { a: string; b: number }>,
  _nested: Same<{ readonly a: readonly { b: 1 }[] }, { a: { b: 1 | 2 }[] }>,
): void {}

interface Cups {
  readonly Took: { readonly cups: number };
  readonly Gave: { readonly cups: number; readonly to: string | null };
}

/** Does not compile unless the tables are compared name by name, both ways. */
function namesWhatDisagrees(
  _none: Same<Disagreeing<Cups, Cups>, never>,
  _lessInTheFirst: Same<Disagreeing<Omit<Cups, 'Gave'> & { Gave: { cups: number } }, Cups>, 'Gave'>,
  _lessInTheSecond: Same<Disagreeing<Cups, Omit<Cups, 'Gave'> & { Gave: { cups: number } }>, 'Gave'>,
  _onlyInTheFirst: Same<Disagreeing<Cups & { Broke: object }, Cups>, 'Broke'>,
  _onlyInTheSecond: Same<Disagreeing<Cups, Cups & { Broke: object }>, 'Broke'>,
): void {}

test('the schema of every event has exactly the static type of the domain', () => {
  allAgree(true);
  tellsApart(false, false, false, false);
  namesWhatDisagrees(true, true, true, true, true);
});

function goldenData(type: IncidentEventType): Json {
  const file = readFileSync(
    join(__dirname, `../golden/${type}.v${incidentCatalogue[type].version}.json`),
    'utf8',
  );
  return (JSON.parse(file) as { stored: { data: Json } }).stored.data;
}

/** Every copy of `value` in which one object, at any depth, is changed. */
function* variants(value: Json, change: (object: { [key: string]: Json }) => Json[]): Generator<Json> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const changed of variants(item, change)) yield value.with(index, changed);
    }
  } else if (typeof value === 'object' && value !== null) {
    yield* change(value);
    for (const [key, item] of Object.entries(value)) {
      for (const changed of variants(item, change)) yield { ...value, [key]: changed };
    }
  }
}

const withoutOneField = (object: { [key: string]: Json }): Json[] =>
  Object.keys(object).map((key) => {
    const { [key]: _removed, ...rest } = object;
    return rest;
  });
const withAnotherField = (object: { [key: string]: Json }): Json[] => [{ ...object, surprise: 1 }];
const withAFieldOfAnotherType = (object: { [key: string]: Json }): Json[] =>
  Object.keys(object).map((key) => ({ ...object, [key]: { not: 'this' } }));

describe.each(incidentEventTypes)('%s', (type) => {
  const data = goldenData(type);

  test('fits', () => {
    expect(() => assertIncidentEventData(type, data)).not.toThrow();
  });

  test.each([
    ['a field missing', withoutOneField],
    ['a field more', withAnotherField],
    ['a field of another type', withAFieldOfAnotherType],
  ])('with %s, at any depth, does not', (_, change) => {
    const changed = [...variants(data, change)];
    expect(changed.length).toBeGreaterThan(0);
    for (const variant of changed) {
      expect(() => assertIncidentEventData(type, variant)).toThrow(InvalidEventData);
    }
  });

  test.each([null, undefined, 7, 'text', [], [data]])('is not %j', (nothing) => {
    expect(() => assertIncidentEventData(type, nothing)).toThrow(InvalidEventData);
  });
});

test('the error says where it does not fit, never what was there', () => {
  const data = goldenData('IncidentReported') as { [key: string]: Json };
  const secret = '13800138000';
  const attempt = () => assertIncidentEventData('IncidentReported', { ...data, reporter: { phone: secret } });
  expect(attempt).toThrow(/\/reporter/);
  expect(attempt).not.toThrow(new RegExp(secret));
});

test('every size has a limit', () => {
  const data = goldenData('DepartmentCheckedIn') as { [key: string]: Json };
  const whistle = goldenData('WhistleBlown') as { tasks: Json[] };
  const fits = (type: IncidentEventType, variant: Json) => () => assertIncidentEventData(type, variant);
  const photo = 'a'.repeat(64);
  expect(fits('DepartmentCheckedIn', { ...data, evidence: Array(50).fill(photo) })).not.toThrow();
  expect(fits('DepartmentCheckedIn', { ...data, evidence: Array(51).fill(photo) })).toThrow(InvalidEventData);
  expect(fits('DepartmentCheckedIn', { ...data, evidence: ['A'.repeat(64)] })).toThrow(InvalidEventData);
  expect(fits('DepartmentCheckedIn', { ...data, note: 'x'.repeat(10_001) })).toThrow(InvalidEventData);
  expect(fits('DepartmentCheckedIn', { ...data, taskId: 'x'.repeat(201) })).toThrow(InvalidEventData);
  expect(fits('DepartmentCheckedIn', { ...data, taskId: '' })).toThrow(InvalidEventData);
  const many = Array(201).fill(whistle.tasks[0]) as Json[];
  expect(fits('WhistleBlown', { ...whistle, tasks: many })).toThrow(InvalidEventData);
});

interface AnySchema {
  readonly [keyword: string]: unknown;
}

/** Where a schema lets a text, a list or an object be of any size. */
function* openEnds(schema: AnySchema, path: string): Generator<string> {
  const { type, maxLength, pattern, maxItems, additionalProperties } = schema;
  if (type === 'string' && maxLength === undefined && pattern === undefined) yield path;
  if (type === 'array' && maxItems === undefined) yield path;
  if (type === 'object' && additionalProperties !== false) yield path;
  for (const [keyword, inner] of Object.entries(schema)) {
    if (typeof inner === 'object' && inner !== null && keyword !== 'enum' && keyword !== 'required')
      yield* openEnds(inner as AnySchema, `${path}/${keyword}`);
  }
}

test('no text, list or object of any event can be of any size', () => {
  expect([...openEnds({ type: 'array', items: { type: 'string' } }, '')]).toEqual(['', '/items']);
  for (const type of incidentEventTypes)
    expect([type, ...openEnds(incidentSchemas[type] as unknown as AnySchema, '')]).toEqual([type]);
});

test('whatever the decider decides fits its schema', () => {
  fc.assert(
    fc.property(triesOnAnIncident, (attempts) => {
      for (const { events = [] } of live(attempts)) {
        for (const { type, data } of events) assertIncidentEventData(type, data);
      }
    }),
    propertyParameters({ numRuns: 500 }),
  );
  for (const { type, data } of historyOf(incidentDecider, [importCase()]))
    assertIncidentEventData(type, data);
});

test('a stream carries its incident in its name, and other streams none', () => {
  expect(incidentIdOf(incidentStreamId('018f2f6e'))).toBe('018f2f6e');
  expect(incidentIdOf('org-unit-st-hepan')).toBeNull();
  expect(isIncidentEventType('WhistleBlown')).toBe(true);
  expect(isIncidentEventType('constructor')).toBe(false);
});
