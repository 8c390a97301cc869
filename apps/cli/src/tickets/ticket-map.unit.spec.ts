import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jurisdictionFrom } from '../testing/index.js';
import { readTicketMap, TicketMapInvalid, type TicketMap } from './ticket-map.js';
import { TicketRows } from './ticket-rows.js';
import { slugOf, TicketUnits } from './ticket-units.js';

const boston = readFileSync(join(__dirname, '../../../../samples/boston311.map.json'), 'utf8');
const sample = (change: object): string => JSON.stringify({ ...JSON.parse(boston), ...change });

function problemsOf(json: string): readonly string[] {
  try {
    readTicketMap(json);
    return [];
  } catch (error) {
    if (error instanceof TicketMapInvalid) return error.problems;
    throw error;
  }
}

test('the map of Boston can be used', () => expect(problemsOf(boston)).toEqual([]));

test.each<[string, string, string]>([
  ['no JSON', '{', 'it is not JSON'],
  ['an unknown field', sample({ colour: 'red' }), 'colour: there is no such field'],
  ['a missing field', sample({ severity: undefined }), 'the map: severity is missing'],
  ['a time zone that is none', sample({ timeZone: 'Boston' }), 'timeZone: Boston is not a time zone'],
  ['an unknown part of a time', sample({ timeFormat: 'yyyy-MM-dd XX' }), 'has the unknown part "XX"'],
  ['another rule for clock changes', sample({ localTimes: 'guess' }), 'localTimes must be one of reject'],
])('%s is told', (_, json, sentence) => {
  expect(problemsOf(json)).toEqual([expect.stringContaining(sentence)]);
});

const header = [
  ...[
    'case_enquiry_id',
    'open_dt',
    'target_dt',
    'closed_dt',
    'department',
    'neighborhood',
    'type',
    'case_title',
  ],
  ...['longitude', 'latitude', 'location_street_name', 'source', 'priority'],
];
const row = (values: Record<string, string>): string[] =>
  header.map(
    (name) =>
      ({
        case_enquiry_id: '1',
        open_dt: '2022-01-03 10:00:00',
        department: 'PWDx',
        type: 'pothole',
        ...values,
      })[name] ?? '',
  );
const now = Date.parse('2026-01-01T00:00:00Z');
const read = (map: TicketMap, values: Record<string, string>) =>
  new TicketRows(map, header, now).read(2, row(values));

test('severity by column: listed values, the rest by otherwise, or a bad row', () => {
  const severity = { column: 'priority', values: { high: 'MAJOR' } };
  const strict = readTicketMap(sample({ severity }));
  const lenient = readTicketMap(sample({ severity: { ...severity, otherwise: 'MINOR' } }));
  expect(read(strict, { priority: 'high' })).toMatchObject({ severity: 'MAJOR' });
  expect(read(strict, { priority: 'toString' })).toMatchObject({ code: 'VALUE_UNKNOWN', column: 'priority' });
  expect(read(lenient, { priority: 'low' })).toMatchObject({ severity: 'MINOR' });
});

test('values that must be listed', () => {
  const valueMaps = { category: { values: { pothole: 'ROAD_HOLE' }, otherwise: 'reject' } };
  const map = readTicketMap(sample({ valueMaps }));
  expect(read(map, {})).toMatchObject({ category: 'ROAD_HOLE', description: 'ROAD_HOLE' });
  expect(read(map, { type: 'noise' })).toMatchObject({ code: 'VALUE_UNKNOWN', column: 'type' });
});

test.each([
  [{ longitude: '-71.05' }, 'COORDINATES_INCOMPLETE', 'latitude'],
  [{ longitude: '-71.05', latitude: '91' }, 'COORDINATES_OUT_OF_RANGE', 'latitude'],
  [{ longitude: '1e3', latitude: '0' }, 'NUMBER_UNPARSABLE', 'longitude'],
  [{ department: '' }, 'VALUE_MISSING', 'department'],
  [{ type: 'a\u0007b' }, 'CONTROL_CHARACTERS', 'type'],
  [{ case_title: 'x'.repeat(10_001) }, 'VALUE_TOO_LONG', 'case_title'],
  [{ target_dt: '2022-01-03 09:59:59' }, 'TARGET_BEFORE_OPENED', 'target_dt'],
])('%j is a bad row: %s', (values, code, column) => {
  expect(read(readTicketMap(boston), values)).toEqual({ line: 2, externalId: '1', code, column });
});

test('a target at the very opening can be met, and is taken', () => {
  expect(read(readTicketMap(boston), { target_dt: '2022-01-03 10:00:00' })).toMatchObject({
    targetAt: '2022-01-03T15:00:00.000Z',
  });
});

test('names as parts of ids: plain where Latin letters carry them, with a hash where they do not', () => {
  expect([slugOf('Back Bay'), slugOf('GEN_')]).toEqual(['back-bay', 'gen']);
  expect(slugOf('城管局')).toMatch(/^[0-9a-f]{8}$/);
  expect(slugOf('城管局')).not.toBe(slugOf('水务局'));
});

function learnt(map: TicketMap, ...departments: string[]): TicketUnits {
  const units = new TicketUnits(map);
  for (const department of departments) {
    const ticket = read(map, { department });
    if (!('code' in ticket)) units.learn(ticket);
  }
  return units;
}

test('two names that make one id are told, and told apart by ids', () => {
  const empty = jurisdictionFrom([]);
  expect(() => learnt(readTicketMap(boston), 'GEN', 'GEN_').missingFrom(empty)).toThrow('dp-boston-gen');
  const { jurisdiction } = readTicketMap(boston);
  const departments = { ...jurisdiction.departments, ids: { GEN: 'dp-other' } };
  const map = readTicketMap(sample({ jurisdiction: { ...jurisdiction, departments } }));
  expect(
    learnt(map, 'GEN', 'GEN_')
      .missingFrom(empty)
      .map(({ id }) => id),
  ).toEqual(['ct-boston', 'di-boston', 'dp-other', 'dp-boston-gen']);
});

test('a unit that is there is used as it is; one of another kind is refused', () => {
  const unit = {
    id: 'dp-boston-isd',
    name: 'Renamed since',
    parentId: 'ct-boston',
    effectiveFrom: '2011-01-01',
  };
  const there = jurisdictionFrom([{ ...unit, kind: 'DEPARTMENT' }]);
  const ids = learnt(readTicketMap(boston), 'ISD')
    .missingFrom(there)
    .map(({ id }) => id);
  expect(ids).toEqual(['ct-boston', 'di-boston']);
  const other = jurisdictionFrom([{ ...unit, kind: 'SUBDISTRICT' }]);
  expect(() => learnt(readTicketMap(boston), 'ISD').missingFrom(other)).toThrow('is a SUBDISTRICT');
});
