import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Category,
  DeadlinePolicy,
  DispatchCatalogue,
  EscalationLadder,
  GridMap,
  OrgUnit,
  WorkingCalendar,
} from '@shaoying/jurisdiction-domain';
import {
  isJurisdictionEventType,
  JURISDICTION_EVENT_TYPES,
  parseJurisdictionEvent,
  schemaVersionOf,
} from './jurisdiction.events.js';
import type {
  calendarShape,
  catalogueShape,
  gridMapShape,
  ladderShape,
  orgUnitShape,
  policyShape,
} from './jurisdiction.shapes.js';
import type { Shaped } from './shape.js';

interface GoldenEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: Record<string, unknown>;
}

const goldenDir = join(__dirname, '../golden');
const golden = readdirSync(goldenDir).map((file): [string, GoldenEvent] => [
  file,
  JSON.parse(readFileSync(join(goldenDir, file), 'utf8')) as GoldenEvent,
]);

const codeOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return 'no error';
};

/** Does not compile when the two differ in anything, optional fields included. */
function sameType<A, B>(
  _same: [A, B] extends [B, A] ? (Required<A> extends Required<B> ? true : false) : false,
): void {}

test('each schema has the fields of its domain type, optional ones included', () => {
  sameType<Shaped<typeof orgUnitShape>, OrgUnit>(true);
  sameType<Shaped<typeof gridMapShape>, GridMap>(true);
  sameType<Shaped<typeof catalogueShape>, DispatchCatalogue>(true);
  sameType<Shaped<typeof catalogueShape>['categories'][number], Category>(true);
  sameType<Shaped<typeof policyShape>, DeadlinePolicy>(true);
  sameType<Shaped<typeof policyShape>['rules'][number], DeadlinePolicy['rules'][number]>(true);
  sameType<Shaped<typeof ladderShape>, EscalationLadder>(true);
  sameType<Shaped<typeof calendarShape>, WorkingCalendar>(true);
});

test('every type and version has a golden file', () => {
  const wanted = JURISDICTION_EVENT_TYPES.flatMap((type) =>
    Array.from({ length: schemaVersionOf(type) }, (_, i) => `${type}.v${i + 1}.json`),
  );
  expect(golden.map(([file]) => file).toSorted()).toEqual(wanted.toSorted());
});

describe.each(golden)('%s', (file, event) => {
  test('is read as it was written', () => {
    expect(file).toBe(`${event.type}.v${event.schemaVersion}.json`);
    expect(parseJurisdictionEvent(event.type, event.schemaVersion, event.data)).toEqual({
      type: event.type,
      data: event.data,
    });
  });

  test('of a newer version is poison, and so is a payload with a field missing, added or of another type', () => {
    const { type, schemaVersion, data } = event;
    const poison = 'JURISDICTION_EVENT_POISONED';
    expect(codeOf(() => parseJurisdictionEvent(type, schemaVersion + 1, data))).toBe(poison);
    expect(codeOf(() => parseJurisdictionEvent(type, schemaVersion, { ...data, extra: 1 }))).toBe(poison);
    for (const field of Object.keys(data)) {
      const { [field]: _removed, ...rest } = data;
      expect(codeOf(() => parseJurisdictionEvent(type, schemaVersion, rest))).toBe(poison);
      expect(codeOf(() => parseJurisdictionEvent(type, schemaVersion, { ...data, [field]: 'x' }))).toBe(
        poison,
      );
    }
    for (const nothing of [null, undefined, [], 'text', 7]) {
      expect(codeOf(() => parseJurisdictionEvent(type, schemaVersion, nothing))).toBe(poison);
    }
  });
});

test('types of other rooms and of the language itself are no jurisdiction events', () => {
  for (const type of ['WhistleBlown', 'toString', '__proto__', 'constructor', '']) {
    expect(isJurisdictionEventType(type)).toBe(false);
    expect(codeOf(() => parseJurisdictionEvent(type, 1, {}))).toBe('JURISDICTION_EVENT_POISONED');
  }
});
