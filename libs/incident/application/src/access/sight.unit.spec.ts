import type { Role } from '@shaoying/identity';
import { lindongJurisdiction } from '@shaoying/jurisdiction-application/testing';
import { reachesDepartment, scopeOf, sees, type Seen } from './sight.js';

const city = lindongJurisdiction();

const place = (changes: Partial<Seen> = {}): Seen => ({
  ...{ streetId: 'st-hepan', communityId: 'co-liuyin', estateId: 'es-liuyin-garden', gridId: 'gr-liuyin' },
  ...{ tasks: [{ departmentId: 'dp-water' }], ...changes },
});
const here = place();
const nowhere = place({ streetId: null, communityId: null, estateId: null, gridId: null, tasks: [] });
const streetOnly = place({ communityId: null, estateId: null, gridId: null, tasks: [] });
const there = place({
  streetId: 'st-gulou',
  communityId: 'co-zhonglou',
  estateId: null,
  gridId: null,
  tasks: [],
});

function seenBy(roles: readonly Role[], orgUnitId: string | null, permitted = roles): string {
  const scope = scopeOf({ roles, orgUnitId }, permitted, city);
  const named = { here, there, streetOnly, nowhere };
  return Object.entries(named)
    .flatMap(([name, incident]) => (sees(scope, incident) ? [name] : []))
    .join(' ');
}

test.each<[string, Role, string | null, string]>([
  ['a street: its own, and what lies in none', 'street-office', 'st-hepan', 'here streetOnly nowhere'],
  ['another street: not this one', 'street-office', 'st-gulou', 'there nowhere'],
  ['a street without a unit: nothing', 'street-office', null, ''],
  ['a community: its own, and what lies in no street', 'community', 'co-liuyin', 'here nowhere'],
  ['a grid worker of a grid: what its community sees', 'grid-worker', 'gr-liuyin', 'here nowhere'],
  ['people of an estate: its own', 'community', 'es-liuyin-garden', 'here nowhere'],
  ['the street’s id does not make a community', 'community', 'st-hepan', 'nowhere'],
  ['a department: what it has a task in', 'department', 'dp-water', 'here'],
  ['a department without a task: nothing, wherever it lies', 'department', 'dp-gas', ''],
  ['a department without a unit: nothing', 'department', null, ''],
  ['a district: its streets', 'supervision-centre', 'di-qinghe', 'here there streetOnly nowhere'],
  ['a unit of the city: everything', 'callback', 'ct-lindong', 'here there streetOnly nowhere'],
  [
    'a department that calls back: the streets of its district',
    'callback',
    'dp-gas',
    'here there streetOnly nowhere',
  ],
  ['a street that arbitrates: itself', 'arbitrator', 'st-gulou', 'there nowhere'],
  ['a unit that is not known: nothing', 'supervision-centre', 'di-nowhere', ''],
  ['oversight: everything', 'oversight', null, 'here there streetOnly nowhere'],
  ['a resident: nothing', 'resident', 'st-hepan', ''],
])('%s', (_what, role, unit, expected) => {
  expect(seenBy([role], unit)).toBe(expected);
});

test('of several roles those count that are permitted, together', () => {
  expect(seenBy(['department', 'callback'], 'dp-gas', ['department'])).toBe('');
  expect(seenBy(['department', 'callback'], 'dp-gas', ['department', 'oversight'])).toBe('');
  expect(seenBy(['street-office', 'department'], 'st-gulou')).toBe('there nowhere');
  expect(seenBy(['street-office', 'supervision-centre'], 'st-gulou')).toBe('there nowhere');
  expect(seenBy(['department', 'oversight'], 'dp-gas')).toBe('here there streetOnly nowhere');
});

test('a street sees what it was whistled to in another one', () => {
  const scope = scopeOf({ roles: ['street-office'], orgUnitId: 'st-gulou' }, ['street-office'], city);
  expect(sees(scope, place({ tasks: [{ departmentId: 'st-gulou' }] }))).toBe(true);
});

test.each<[Role, string | null, boolean]>([
  ['department', 'dp-gas', true],
  ['department', 'dp-water', false],
  ['department', null, false],
  ['street-office', 'st-hepan', false],
  ['arbitrator', 'di-qinghe', true],
  ['arbitrator', 'ct-lindong', true],
  ['arbitrator', 'st-hepan', false],
  ['arbitrator', 'di-nowhere', false],
  ['oversight', null, true],
  ['resident', 'dp-gas', false],
])('the feed of a department is open to %s of %s: %s', (role, orgUnitId, open) => {
  const feed = 'GET /v1/departments/{id}/dispatches';
  expect(reachesDepartment({ roles: [role], orgUnitId }, feed, 'dp-gas', city)).toBe(open);
  expect(reachesDepartment({ roles: [role], orgUnitId }, 'GET /v1/nothing', 'dp-gas', city)).toBe(false);
});
