import { orgUnitShape } from './jurisdiction.shapes.js';
import {
  integer,
  list,
  mapOf,
  nullable,
  oneOf,
  optional,
  parseShape,
  record,
  type Shape,
  text,
} from './shape.js';

const problemsOf = (shape: Shape<unknown>, value: unknown) => {
  const result = parseShape(shape, value);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path} ${message}`.trim());
};

describe('parseShape', () => {
  const dog = record({
    name: text(5),
    age: optional(integer(0, 30)),
    tricks: list(record({ level: oneOf(['EASY', 'HARD']) }), 2),
    owner: nullable(text(5)),
  });

  test('returns known fields in the order of the shape, absent ones absent', () => {
    const result = parseShape(dog, { owner: null, tricks: [{ level: 'EASY' }], name: '阿黄' });
    expect(JSON.stringify(result)).toBe(
      '{"ok":true,"value":{"name":"阿黄","tricks":[{"level":"EASY"}],"owner":null}}',
    );
  });

  test('names every problem by its path', () => {
    expect(
      problemsOf(dog, {
        name: 'Bartholomew',
        age: 1.5,
        tricks: [{ level: 'EASY' }, { level: 'easy' }],
        colour: 1,
      }),
    ).toEqual([
      'colour is not a field here',
      'name must have 1 to 5 characters',
      'age must be a whole number from 0 to 30',
      'tricks[1].level must be one of EASY, HARD',
      'owner is missing',
    ]);
  });

  test('bounds lists, maps and texts', () => {
    expect(problemsOf(list(integer(0, 1), 2), [0, 0, 0])).toEqual(['must have 0 to 2 entries']);
    expect(problemsOf(mapOf(/^\d{4}$/, integer(0, 1), 1), { 2025: 0, 2026: 0 })).toEqual([
      'must have at most 1 entries',
    ]);
    expect(problemsOf(mapOf(/^\d{4}$/, integer(0, 1), 1), { year: 0 })).toEqual([
      'has the key "year", which is none',
    ]);
    expect(problemsOf(text(5), '')).toEqual(['must have 1 to 5 characters']);
    expect(problemsOf(text(5), 'a\u0000')).toEqual(['must not have control characters']);
  });

  test('stops counting problems at a hundred', () => {
    expect(
      problemsOf(
        list(integer(0, 1), 1_000),
        Array.from({ length: 1_000 }, () => 'x'),
      ),
    ).toHaveLength(100);
  });

  test('a prototype is no field', () => {
    expect(problemsOf(dog, JSON.parse('{"__proto__": {"name": "x"}, "tricks": [], "owner": null}'))).toEqual([
      '__proto__ is not a field here',
      'name is missing',
    ]);
  });
});

describe('ids', () => {
  const unit = {
    id: 'st-hepan',
    kind: 'SUBDISTRICT',
    name: '河畔街道',
    parentId: 'di-qinghe',
    effectiveFrom: '2025-01-01',
  };
  test('an id of plain characters is one', () => expect(problemsOf(orgUnitShape, unit)).toEqual([]));
  test.each(['', '-x', 'a b', 'a/b', 'a:b', '街道', 'x'.repeat(81)])('%j is none', (id) => {
    expect(problemsOf(orgUnitShape, { ...unit, id })).toHaveLength(1);
  });
});
