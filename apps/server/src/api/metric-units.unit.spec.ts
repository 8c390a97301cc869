import type { MetricRow } from '@shaoying/incident-read-models';
import type { OrgUnit, OrgUnitKind } from '@shaoying/jurisdiction-domain';
import { UnitsNow, unitsThatExist } from './metric-units.js';

const now = '2026-06-01T00:00:00.000Z';

/** Who answers now for each unit. */
const successors: Readonly<Record<string, readonly string[]>> = {
  'dp-water': ['dp-water'],
  'dp-canal': ['dp-water'],
  'dp-river': ['dp-water'],
  'dp-ecology': ['dp-air', 'dp-noise'],
  'dp-closed': [],
  'st-hepan': ['st-hepan'],
  'st-heqing': ['st-hepan'],
};
const directory = {
  orgUnits: (kind?: OrgUnitKind) =>
    Object.keys(successors)
      .filter((id) => kind === (id.startsWith('dp-') ? 'DEPARTMENT' : 'SUBDISTRICT'))
      .map((id) => ({ id }) as OrgUnit),
  successors: (id: string, at: string) => (at === now ? (successors[id] ?? []) : [id]),
};

const row = (key: string | null): MetricRow => ({
  ...{ key, numerator: 1, denominator: 2, value: 0.5, percent: 50, excluded: {} },
});

test('units taken over by one are counted for it, and its row says which they are', () => {
  const units = UnitsNow.of(directory, 'AS_NOW', 'department', now);
  expect(units.takenOver).toMatchObject({ 'dp-canal': 'dp-water', 'dp-river': 'dp-water' });
  expect(units.told([row('dp-water'), row(null)])).toEqual([
    { ...row('dp-water'), includes: ['dp-canal', 'dp-river'] },
    row(null),
  ]);
});

test('a street that was whistled to is counted among departments, and taken over like one', () => {
  for (const by of ['department', 'street'] as const)
    expect(UnitsNow.of(directory, 'AS_NOW', by, now).told([row('st-hepan')])).toEqual([
      { ...row('st-hepan'), includes: ['st-heqing'] },
    ]);
});

test('what several share, or nobody has, stays with the unit that had it, and the row says among whom', () => {
  const units = UnitsNow.of(directory, 'AS_NOW', 'department', now);
  expect(units.told([row('dp-ecology'), row('dp-closed')])).toEqual([
    { ...row('dp-ecology'), dividedAmong: ['dp-air', 'dp-noise'] },
    row('dp-closed'),
  ]);
});

test('before they ended, as it was then, and by what is of no units, each counts for itself', () => {
  for (const units of [
    UnitsNow.of(directory, 'AS_NOW', 'department', '2025-01-01T00:00:00.000Z'),
    UnitsNow.of(directory, 'AS_THEN', 'department', now),
    UnitsNow.of(directory, 'AS_NOW', 'category', now),
    UnitsNow.of(directory, 'AS_NOW', null, now),
  ]) {
    expect(units.takenOver).toEqual({});
    expect(units.told([row('dp-water')])).toEqual([row('dp-water')]);
  }
});

describe('the units that have a row of their own', () => {
  const within: Readonly<Record<string, readonly string[]>> = {
    ...{
      'cm-a': ['st-hepan'],
      'cm-b': ['st-other'],
      'es-a': ['cm-a', 'st-hepan'],
      'es-b': ['cm-b', 'st-other'],
    },
    ...{ 'st-hepan': [], 'st-other': [], 'dp-gas': [], 'es-new': ['cm-a', 'st-hepan'] },
  };
  const prefixes = { ESTATE: 'es-', COMMUNITY: 'cm-', SUBDISTRICT: 'st-', DEPARTMENT: 'dp-' };
  const city = {
    orgUnits: (kind?: OrgUnitKind, at?: string) =>
      Object.keys(within)
        .filter((id) => id.startsWith(prefixes[kind as keyof typeof prefixes]))
        .filter((id) => id !== 'es-new' || at === now)
        .map((id) => ({ id }) as OrgUnit),
    isWithin: (id: string, area: string, at?: string) =>
      at !== undefined && (id === area || (within[id] ?? []).includes(area)),
  };

  test('are those that exist at the moment', () => {
    expect(unitsThatExist(city, 'estate', now, null)).toEqual(['es-a', 'es-b', 'es-new']);
    expect(unitsThatExist(city, 'estate', '2020-01-01T00:00:00.000Z', null)).toEqual(['es-a', 'es-b']);
  });

  test('of estates and communities are those of the caller’s area, of streets and departments all', () => {
    const street = { streetIds: ['st-hepan'], departmentId: 'st-hepan' };
    expect(unitsThatExist(city, 'estate', now, street)).toEqual(['es-a', 'es-new']);
    expect(unitsThatExist(city, 'community', now, street)).toEqual(['cm-a']);
    expect(unitsThatExist(city, 'estate', now, { departmentId: 'dp-gas' })).toEqual([]);
    expect(unitsThatExist(city, 'street', now, street)).toEqual(['st-hepan', 'st-other']);
    expect(unitsThatExist(city, 'department', now, street)).toEqual(['dp-gas']);
  });

  test('are none of a total, and none of a category', () => {
    expect(unitsThatExist(city, null, now, null)).toEqual([]);
    expect(unitsThatExist(city, 'category', now, null)).toEqual([]);
  });
});
