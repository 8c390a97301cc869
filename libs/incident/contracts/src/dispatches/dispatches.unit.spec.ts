import { Parser } from '@asyncapi/parser';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  dispatchAsyncApi,
  dispatchCatalogue,
  dispatchNames,
  dispatchSchemaId,
  publishedDispatchSchema,
} from '../index.js';
import { brokenPromises } from '../testing/index.js';

const recordedDir = join(__dirname, '../../dispatches');
const fileOf = (name: keyof typeof dispatchCatalogue): string =>
  `${name}.v${dispatchCatalogue[name].version}.json`;

describe('the schema of what departments are sent', () => {
  it.each(dispatchNames)('%s is as it was recorded', (name) => {
    const file = join(recordedDir, fileOf(name));
    // New or with more fields: node tools/golden.mjs
    expect(existsSync(file)).toBe(true);
    const recorded = JSON.parse(readFileSync(file, 'utf8'));
    expect(brokenPromises(recorded, JSON.parse(JSON.stringify(publishedDispatchSchema(name))))).toEqual([]);
    expect(publishedDispatchSchema(name)).toEqual(recorded);
  });

  it('stays recorded when there is a newer version of it', () => {
    for (const name of dispatchNames) {
      for (let version = 1; version <= dispatchCatalogue[name].version; version += 1)
        expect(readdirSync(recordedDir)).toContain(`${name}.v${version}.json`);
    }
  });

  it('says under which name it is published', () => {
    expect(publishedDispatchSchema('due-soon')).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: dispatchSchemaId('due-soon'),
      title: '即将到期',
      type: 'object',
      required: expect.arrayContaining(['incidentId', 'dueAt']),
    });
  });
});

describe('a promise about a field', () => {
  const former = {
    type: 'object',
    required: ['title'],
    properties: {
      title: { type: 'string', description: 'Any text' },
      places: {
        type: 'array',
        items: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
      },
    },
  };
  type Copy = typeof former & { additionalProperties?: boolean };
  const changed = (change: (copy: Copy) => unknown): string[] => {
    const copy: Copy = structuredClone(former);
    change(copy);
    return brokenPromises(former, copy as never);
  };

  it('is kept by further fields, also required ones, and by other words', () => {
    const further = changed((copy) => {
      Object.assign(copy.properties, { more: { type: 'integer' } });
      copy.required.push('more');
      copy.properties.title.description = 'Any other text';
      Object.assign(copy.properties.places.items.properties, { name: { type: 'string' } });
    });
    expect(further).toEqual([]);
  });

  const cases: readonly (readonly [what: string, change: (copy: Copy) => unknown, where: string])[] = [
    [
      'a field that is gone',
      ({ properties }) => Reflect.deleteProperty(properties, 'title'),
      '/properties/title',
    ],
    ['one that may be absent now', (copy) => (copy.required = []), '/required/title'],
    ['another type', ({ properties }) => (properties.title.type = 'integer'), '/properties/title/type'],
    [
      'a new limit',
      ({ properties }) => Object.assign(properties.title, { maxLength: 5 }),
      '/properties/title/maxLength',
    ],
    [
      'a change further down',
      ({ properties }) => Reflect.deleteProperty(properties.places.items.properties, 'id'),
      '/properties/places/items/properties/id',
    ],
    ['a closed door', (copy) => (copy.additionalProperties = false), '/additionalProperties'],
  ];

  it.each(cases)('is broken by %s', (_what, change, where) => {
    expect(changed(change)).toEqual([where]);
  });
});

describe('the AsyncAPI document', () => {
  const document = dispatchAsyncApi('1.0.0');

  it('is valid for the official parser, which finds every kind of dispatch in it', async () => {
    const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document));
    expect(diagnostics.map(({ code, message, path }) => ({ code, message, path }))).toEqual([]);
    expect(parsed?.version()).toBe('3.1.0');
    const [operation] = parsed?.operations().all() ?? [];
    expect(operation?.action()).toBe('send');
    expect(
      operation
        ?.messages()
        .all()
        .map((message) => message.name()),
    ).toEqual(dispatchNames.map((name) => `cn.shaoying.dispatch.${name}`));
  }, 60_000);

  it('is refused by that parser when a part of it is missing', async () => {
    const { components: _, ...torn } = document as Record<string, unknown>;
    const { document: parsed } = await new Parser().parse(JSON.stringify(torn));
    expect(parsed).toBeUndefined();
  }, 60_000);
});
