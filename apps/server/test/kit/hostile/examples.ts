import fc, { type Arbitrary } from 'fast-check';
import type { Operation, Parameter, Schema } from './operations.js';

// What a well-meaning client sends. Ids and moments are known only when a request goes out: they stand as «names» here,
// and whoever sends it puts them in.

const departments = ['dp-urban-management', 'dp-water', 'dp-housing', 'dp-fire', 'dp-gas'];
const words = ['现场属实', '请到场处置', '已联系住户', 'Pipe burst, 3 m', '☔️ 积水 30 cm', 'ok'];
const instants = [
  '«earlier»',
  '«earlier»',
  '«soon»',
  '2026-02-13T16:00:00+08:00',
  '2025-12-31T23:59:59.999Z',
];
const metrics = ['containment-estate', 'satisfaction-rate', 'check-in-on-time', 'rework-rate', 'three-rates'];

/** By the names of fields and parameters, wherever the schema has no list of its own. */
const known: Readonly<Record<string, readonly unknown[]>> = {
  ...{ departmentId: departments, lead: departments, newUnit: departments, responsibleUnit: departments },
  ...{ to: departments, suggestedUnit: departments, assists: departments, keepDepartments: departments },
  ...{ taskId: ['«taskId»'], into: ['«otherId»'], recurrenceOf: ['«otherId»'], itemId: ['«taskId»'] },
  ...{ receiptCode: ['«receiptCode»'], category: ['sewer-blockage'], channel: ['PATROL', 'HOTLINE_12345'] },
  ...{ estateId: ['es-liuyin-garden'], communityId: ['co-liuyin'], streetId: ['st-hepan'], code: ['A-1'] },
  ...{
    gridId: ['gr-liuyin-1'],
    areas: ['es-liuyin-garden,st-hepan'],
    parent: ['di-qinghe'],
    key: ['st-hepan'],
  },
  ...{ lon: [120.41, 120.4101], lat: [31.83, 31.8301], phone: ['13800138000'], name: ['王小明'] },
  ...{ evidence: ['a'.repeat(64), '0123456789abcdef'.repeat(4)], at: ['0', '1', '«earlier»'] },
  ...{
    reviewAt: ['«soon»'],
    renewUntil: ['«soon»'],
    occurredAt: ['«earlier»'],
    dryRun: ['true', 'true', 'false'],
  },
  ...{ limit: ['1', '50', '200'], after: ['0', '7'], q: ['下水道'], overdue: ['true', 'false'] },
  ...{ unlocated: ['false'], policyVersion: [1] },
};

/** Ids in paths; `{id}` by what it is of. */
const ids: Readonly<Record<string, readonly string[]>> = {
  ...{
    incidents: ['«id»'],
    departments: ['dp-urban-management'],
    'org-units': ['es-liuyin-garden', 'dp-gas'],
  },
  ...{ calendars: ['default'], categories: ['sewer-blockage'], 'deadline-policies': ['«policyId»'], metrics },
};

/** The segments of a path, without the leading slash. */
export function segmentsOf({ path }: Operation): Arbitrary<string[]> {
  const parts = path.split('/').slice(1);
  return fc.tuple(
    ...parts.map((part, index) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name === undefined) return fc.constant(part);
      const before = parts[index - 1] ?? '';
      return fc.constantFrom(...(ids[before] && parts[index - 2] === 'v1' ? ids[before] : [`«${name}»`]));
    }),
  );
}

export function queryOf({ query }: Operation): Arbitrary<[string, string][]> {
  return fc
    .tuple(...query.map((parameter) => fc.option(valueOf(parameter), { freq: parameter.required ? 19 : 1 })))
    .map((values) =>
      values.flatMap((value, index): [string, string][] =>
        value === null ? [] : [[query[index]?.name ?? '', String(value)]],
      ),
    );
}

const valueOf = ({ name, schema }: Parameter): Arbitrary<unknown> => exampleOf(schema, name);

/** A body as the schema wants it. */
export function exampleOf(schema: Schema, name = ''): Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'array') return listOf(schema, name);
  if (schema.type === 'object' || schema.properties !== undefined) return objectOf(schema);
  const values = known[name];
  if (values !== undefined) return fc.constantFrom(...values);
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 10, 20) });
    case 'number':
      return fc.constantFrom(schema.minimum ?? 0, 1, 8.5);
    default:
      return schema.format === 'date-time' ? fc.constantFrom(...instants) : textOf(schema);
  }
}

function listOf({ items = {}, maxItems = 3 }: Schema, name: string): Arbitrary<unknown[]> {
  return fc.uniqueArray(exampleOf(items, name), { maxLength: Math.min(maxItems, 3) });
}

function objectOf({ properties = {}, required = [] }: Schema): Arbitrary<object> {
  const fields = Object.entries(properties).map(([name, schema]) => [name, exampleOf(schema, name)] as const);
  const optional = fields.filter(([name]) => !required.includes(name));
  const needed = fields.filter(([name]) => required.includes(name));
  return fc
    .tuple(
      fc.record(Object.fromEntries(needed)),
      // Few of those that may be left out: each may be what makes the whole impossible.
      fc.subarray(
        optional.map(([name]) => name),
        { maxLength: Math.min(optional.length, 2) },
      ),
      fc.record(Object.fromEntries(optional)),
    )
    .map(([must, chosen, may]) => {
      const kept = Object.entries(may).filter(([name]) => chosen.includes(name));
      return { ...must, ...Object.fromEntries(kept) };
    });
}

function textOf({ maxLength = 200 }: Schema): Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...words) },
    // Whatever people write, as far as it is text: of this, nothing may be refused.
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: Math.min(maxLength, 60) }),
    },
  );
}
