import { DEFAULT_HANDLING_RULES, type DeadlinePolicy, TIMER_KINDS } from './deadline-policy.js';
import type { Category } from './dispatch-catalogue.js';
import type { LadderStep } from './escalation-ladder.js';
import { type Jurisdiction, jurisdictionProblems } from './jurisdiction.validation.js';
import type { OrgUnit } from './org-unit.js';

const unit = (id: string, kind: OrgUnit['kind'], parentId: string | null): OrgUnit => ({
  id,
  kind,
  name: id,
  parentId,
  effectiveFrom: '2025-01-01',
});
const units = [
  unit('ct', 'CITY', null),
  unit('di', 'DISTRICT', 'ct'),
  unit('st', 'SUBDISTRICT', 'di'),
  unit('co', 'COMMUNITY', 'st'),
  unit('dp-a', 'DEPARTMENT', 'di'),
  unit('dp-b', 'DEPARTMENT', 'di'),
];
const leak: Category = { code: 'leak', name: 'leak', responsibleDepartmentId: 'dp-a', active: true };
const blue: LadderStep = {
  trigger: 0,
  level: 'BLUE',
  notify: ['department'],
  respondWithin: { amount: 1, unit: 'WORKING_DAY' },
};
const square = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 0],
] as const;

const good: Jurisdiction = {
  orgUnits: units,
  gridMaps: [
    {
      gridMapId: 'default',
      name: 'map',
      version: 1,
      grids: [
        {
          id: 'gr',
          kind: 'BASIC',
          name: 'gr',
          orgUnitId: 'co',
          boundary: { type: 'Polygon', coordinates: [square] },
        },
      ],
    },
  ],
  catalogues: [{ catalogueId: 'default', name: 'c', version: 1, categories: [leak] }],
  policies: [
    {
      policyId: 'default',
      name: 'p',
      version: 1,
      calendarId: 'default',
      ladderId: 'default',
      warnPercent: 80,
      ...DEFAULT_HANDLING_RULES,
      rules: TIMER_KINDS.map((timer) => ({ timer, duration: { amount: 1, unit: 'WORKING_DAY' } })),
    },
  ],
  ladders: [{ ladderId: 'default', name: 'l', version: 1, steps: [blue] }],
  calendars: [
    {
      calendarId: 'default',
      version: 1,
      utcOffsetMinutes: 480,
      workingHours: [{ from: '09:00', to: '18:00' }],
      years: {},
      workingDayRule: 'SAME_TIME',
    },
  ],
  metricDefinitions: [],
};

const withUnits = (...more: OrgUnit[]): Jurisdiction => ({ ...good, orgUnits: [...units, ...more] });
const withCategories = (...categories: Category[]): Jurisdiction => ({
  ...good,
  catalogues: [{ ...good.catalogues[0]!, categories }],
});
const withPolicy = (changes: Partial<DeadlinePolicy>): Jurisdiction => ({
  ...good,
  policies: [{ ...good.policies[0]!, ...changes }],
});
const withRules = (...more: DeadlinePolicy['rules'][number][]) =>
  withPolicy({ rules: [...good.policies[0]!.rules, ...more] });
const withSteps = (...steps: LadderStep[]): Jurisdiction => ({
  ...good,
  ladders: [{ ...good.ladders[0]!, steps }],
});
const withGrid = (changes: Partial<Jurisdiction['gridMaps'][number]['grids'][number]>): Jurisdiction => {
  const [map] = good.gridMaps;
  return { ...good, gridMaps: [{ ...map!, grids: [{ ...map!.grids[0]!, ...changes }] }] };
};

test('a sound jurisdiction has no problems', () => expect(jurisdictionProblems(good)).toEqual([]));

test.each<[string, Jurisdiction]>([
  ['org unit st is given twice', withUnits(unit('st', 'SUBDISTRICT', 'di'))],
  ['org unit es: its parent nowhere does not exist', withUnits(unit('es', 'ESTATE', 'nowhere'))],
  [
    'org unit es: a unit of kind ESTATE cannot stand under di (DISTRICT)',
    withUnits(unit('es', 'ESTATE', 'di')),
  ],
  ['org unit es: only a city has no parent', withUnits(unit('es', 'ESTATE', null))],
  ['org unit c2: a city has no parent', withUnits(unit('c2', 'CITY', 'ct'))],
  [
    'org unit es: effectiveFrom 2025-02-30 is not a date',
    withUnits({ ...unit('es', 'ESTATE', 'co'), effectiveFrom: '2025-02-30' }),
  ],
  ['grid gr: its org unit nowhere does not exist', withGrid({ orgUnitId: 'nowhere' })],
  [
    'grid gr: a ring is not closed',
    withGrid({
      boundary: {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 1],
          ],
        ],
      },
    }),
  ],
  ['grid gr: the boundary has no ring', withGrid({ boundary: { type: 'Polygon', coordinates: [] } })],
  ['catalogue default: category leak is given twice', withCategories(leak, leak)],
  [
    'catalogue default: category leak has no responsible department',
    withCategories({ code: 'leak', name: 'leak', active: true }),
  ],
  [
    'catalogue default: category leak names the department dp-x, which does not exist',
    withCategories({ ...leak, responsibleDepartmentId: 'dp-x' }),
  ],
  [
    'catalogue default: category leak names st, a SUBDISTRICT and no department',
    withCategories({ ...leak, assistingDepartmentIds: ['st'] }),
  ],
  [
    'catalogue default: category leak has a weight with more than two decimals',
    withCategories({ ...leak, weight: 0.125 }),
  ],
  [
    'catalogue default: category leak has dp-a both responsible and assisting',
    withCategories({ ...leak, assistingDepartmentIds: ['dp-a'] }),
  ],
  ['policy default: its calendar other does not exist', withPolicy({ calendarId: 'other' })],
  ['policy default: its ladder other does not exist', withPolicy({ ladderId: 'other' })],
  [
    'policy default: no rule without conditions for the timer VERIFY',
    withPolicy({ rules: good.policies[0]!.rules.filter(({ timer }) => timer !== 'VERIFY') }),
  ],
  ['policy default: two rules for VERIFY', withRules({ timer: 'VERIFY', duration: null })],
  [
    'policy default, rule for VERIFY category=gone: the category gone does not exist',
    withRules({ timer: 'VERIFY', when: { category: 'gone' }, duration: null }),
  ],
  [
    'policy default, rule for VERIFY role=LEAD: 1.5 WORKING_DAY: days are whole numbers',
    withRules({ timer: 'VERIFY', when: { role: 'LEAD' }, duration: { amount: 1.5, unit: 'WORKING_DAY' } }),
  ],
  ['ladder default has no first step: a breach would be answered by nobody', withSteps()],
  [
    'ladder default: the first step must be triggered by the breach itself (trigger 0)',
    withSteps({ ...blue, trigger: 50 }),
  ],
  ['ladder default: trigger 0 does not come after 0', withSteps(blue, blue)],
  ['ladder default: the step at 0 % notifies nobody', withSteps({ ...blue, notify: [] })],
  [
    'calendar default: workingHours is empty: no working hour would ever pass',
    { ...good, calendars: [{ ...good.calendars[0]!, workingHours: [] }] },
  ],
])('%s', (expected, jurisdiction) => {
  expect(jurisdictionProblems(jurisdiction)).toContain(expected);
});

test('a category out of use needs no department', () => {
  expect(jurisdictionProblems(withCategories({ code: 'leak', name: 'leak', active: false }))).toEqual([]);
});
