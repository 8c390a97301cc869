import { goldenCorpusContract, type Json, readGolden } from '@shaoying/testing';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Category, DeadlinePolicy } from '@shaoying/jurisdiction-domain';
import {
  isJurisdictionEventType,
  JURISDICTION_EVENT_TYPES,
  jurisdictionCatalogue,
  type JurisdictionEventData,
  type JurisdictionEventType,
  parseJurisdictionEvent,
} from './jurisdiction.events.js';
import type { catalogueShape, policyShape } from './jurisdiction.shapes.js';
import type { Shaped } from './shape.js';

interface GoldenEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: Record<string, unknown>;
}

const goldenDir = join(__dirname, '../golden');
const position = '77';
const golden = readdirSync(goldenDir)
  .filter((name) => /\.v\d+\.json$/.test(name))
  .map((name): [string, GoldenEvent] => [name, readGolden(goldenDir, name) as unknown as GoldenEvent]);

const thrownBy = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

/** Without readonly, and with intersections flattened, so that two types can be compared exactly. */
type Plain<T> = T extends readonly [infer A, infer B]
  ? [Plain<A>, Plain<B>]
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { -readonly [Key in keyof T]: Plain<T[Key]> }
      : T;
type Same<A, B> =
  (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;
type Disagreeing = {
  [Type in JurisdictionEventType]: Same<
    Shaped<(typeof jurisdictionCatalogue)[Type]['shape']>,
    JurisdictionEventData[Type]
  > extends true
    ? never
    : Type;
}[JurisdictionEventType];

/** Does not compile where a type disagrees, and says which. */
function allAgree(_proof: [Disagreeing] extends [never] ? true : Disagreeing): void {}

/** Does not compile where the comparison is the other way. */
function tells(
  _same: Same<Shaped<typeof catalogueShape>['categories'][number], Category>,
  _withoutAnOptional: Same<Shaped<typeof catalogueShape>['categories'][number], Omit<Category, 'hazard'>>,
  _withAnOptional: Same<Omit<Shaped<typeof policyShape>, 'name'>, DeadlinePolicy>,
  _withOneMore: Same<Shaped<typeof policyShape>, DeadlinePolicy & { readonly more?: string }>,
): void {}

test('each schema has the fields of its domain type, optional ones included, and no others', () => {
  allAgree(true);
  tells(true, false, false, false);
});

goldenCorpusContract(
  goldenDir,
  Object.fromEntries(
    Object.entries(jurisdictionCatalogue).map(([type, { version, shape }]) => [
      type,
      { version, schema: shape.schema },
    ]),
  ),
  (file: Json) => (file as unknown as GoldenEvent).data,
);

test('every event has the steps that lift its versions to the one written today', () => {
  for (const type of JURISDICTION_EVENT_TYPES) {
    const { version, upcasters } = jurisdictionCatalogue[type];
    expect([type, upcasters.length]).toEqual([type, version - 1]);
  }
});

describe.each(golden)('%s', (file, event) => {
  const { type, schemaVersion, data } = event;
  const current = isJurisdictionEventType(type) ? jurisdictionCatalogue[type].version : 0;

  test('is read as it was written, an older version as what the steps since have made of it', () => {
    expect(file).toBe(`${type}.v${schemaVersion}.json`);
    const upcasters = isJurisdictionEventType(type) ? jurisdictionCatalogue[type].upcasters : [];
    // What the first step once gave is on file; the later ones are held to what they gave by their own.
    const lifted = (): unknown =>
      upcasters
        .slice(schemaVersion)
        .reduce(
          (known, upcast) => upcast(known),
          readGolden(goldenDir, `${type}.v${schemaVersion}.lifted.json`) as Record<string, unknown>,
        );
    expect(parseJurisdictionEvent({ ...event, position })).toEqual({
      type,
      data: schemaVersion === current ? data : lifted(),
    });
  });

  test('of a newer version than this program knows is poison, and so is a payload with a field missing, added or of another type', () => {
    const poison = {
      ...{ code: 'JURISDICTION_EVENT_POISONED', event: { type, position } },
      message: expect.stringContaining(`at position ${position}`) as string,
    };
    const read = (change: Partial<Record<keyof GoldenEvent, unknown>>) =>
      thrownBy(() =>
        parseJurisdictionEvent({ ...event, position, ...change } as GoldenEvent & { position: string }),
      );
    for (const foreign of [current + 1, 0, -1, 1.5]) {
      expect(read({ schemaVersion: foreign })).toMatchObject(poison);
    }
    expect(read({ data: { ...data, extra: 1 } })).toMatchObject(poison);
    for (const field of Object.keys(data)) {
      const { [field]: _removed, ...rest } = data;
      expect(read({ data: rest })).toMatchObject(poison);
      expect(read({ data: { ...data, [field]: 'x' } })).toMatchObject(poison);
    }
    for (const nothing of [null, undefined, [], 'text', 7]) {
      expect(read({ data: nothing })).toMatchObject(poison);
    }
  });
});

describe('a metric that only a later release computes', () => {
  const { data } = readGolden(goldenDir, 'MetricDefinitionPublished.v2.json') as unknown as GoldenEvent;
  const metric = data['metric'] as { weights: object[] };
  const parse = (change: object) =>
    parseJurisdictionEvent({
      ...{ type: 'MetricDefinitionPublished', schemaVersion: 2, position },
      data: { metric: { ...metric, ...change } },
    });
  const weights = [{ metricId: 'happiness', weight: 1 }];

  test('is read like any other, whatever it is made of', () => {
    const happiness = { ...metric, metricId: 'happiness', weights };
    expect(parse(happiness)).toEqual({ type: 'MetricDefinitionPublished', data: { metric: happiness } });
  });

  test('is poison as a part of one that this one computes: its number would be another', () => {
    expect(thrownBy(() => parse({ weights }))).toMatchObject({
      code: 'JURISDICTION_EVENT_POISONED',
      message: expect.stringContaining('does not compute happiness') as string,
    });
  });
});

test('types of other rooms and of the language itself are no jurisdiction events', () => {
  for (const type of ['WhistleBlown', 'toString', '__proto__', 'constructor', '']) {
    expect(isJurisdictionEventType(type)).toBe(false);
    expect(
      thrownBy(() => parseJurisdictionEvent({ type, schemaVersion: 1, data: {}, position })),
    ).toMatchObject({
      code: 'JURISDICTION_EVENT_POISONED',
      event: { position },
    });
  }
});
