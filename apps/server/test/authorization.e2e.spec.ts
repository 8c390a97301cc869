import type { EventStore } from '@shaoying/event-store';
import { ROLES, type Role } from '@shaoying/identity';
import { ACCESS_POLICY, sightOfRole, type Operation, type Relation } from '@shaoying/incident-application';
import { City, type Answer, type Caller, type Problem } from './kit/city.js';
import { bodyOf, doors, pathOf } from './kit/doors.js';
import { expected } from './kit/incident-steps.js';
import { live, stages, type Life, type Stage } from './kit/lives.js';
import { recipes } from './kit/reads.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';

// Every route × every role × how the unit of the caller stands to the matter, over a running server. What comes of each
// cell is worked out here from the table and from what is so about the one matter: 河畔街道, 柳荫社区, 清河区, whistled to
// 城市管理局 (which leads) and 水务局. A route in the OpenAPI document without an entry and a recipe fails.

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let city: City;
let log: EventStore;
const lives = {} as Record<Stage, Life>;

/** A second district with a street and a department, so that there is somewhere else. */
const elsewhere = [
  { id: 'di-donghu', kind: 'DISTRICT', name: '东湖区', parentId: 'ct-lindong' },
  { id: 'st-donghu', kind: 'SUBDISTRICT', name: '东湖街道', parentId: 'di-donghu' },
  { id: 'co-donghu', kind: 'COMMUNITY', name: '东湖社区', parentId: 'st-donghu' },
  { id: 'dp-donghu', kind: 'DEPARTMENT', name: '东湖区城市管理局', parentId: 'di-donghu' },
].map((unit) => ({ ...unit, effectiveFrom: '2025-01-01' }));

/** Units by how they stand to the matter: its own, a sibling, the one above, of another street, beside it, none. */
const unitsOf: Readonly<Record<string, readonly (string | null)[]>> = {
  'street-office': ['st-hepan', 'st-gulou', 'di-qinghe', 'st-donghu', 'co-liuyin', null],
  community: ['co-liuyin', 'co-shuian', 'st-hepan', 'co-zhonglou', 'es-liuyin-garden', null],
  'grid-worker': ['co-liuyin', 'co-shuian', 'st-hepan', 'co-zhonglou', 'gr-liuyin', null],
  department: ['dp-urban-management', 'dp-gas', 'di-qinghe', 'dp-donghu', 'dp-water', null],
  others: ['di-qinghe', 'di-donghu', 'ct-lindong', 'st-gulou', 'st-hepan', null],
};
const unitsFor = (role: Role): readonly (string | null)[] => unitsOf[role] ?? unitsOf['others'] ?? [];

interface Cell {
  readonly role: Role | 'no token';
  readonly unit: string | null;
  readonly receipt: boolean;
}

const callers = new Map<string, Caller>();
const callerOf = ({ role, unit }: Cell): Caller => callers.get(`${role} ${unit}`) ?? city.anonymous;

beforeAll(async () => {
  home = await newHome();
  city = await City.of(home, await home.start());
  log = await home.openLog();
  expected(201, await city.as('admin').post('/v1/org-units', { orgUnits: elsewhere }));
  for (const stage of stages) lives[stage] = await live(city, stage);
  for (const role of ROLES)
    for (const unit of unitsFor(role)) callers.set(`${role} ${unit}`, await city.withRole(role, unit));
});

// ---- what is so about the matter -------------------------------------------------------------------------------

const { own, summoned } = { own: 'dp-urban-management', summoned: ['dp-urban-management', 'dp-water'] };
const places = { street: 'st-hepan', community: ['co-liuyin', 'es-liuyin-garden', 'gr-liuyin'] };
const above = ['st-hepan', 'di-qinghe', 'ct-lindong', null];

/** Whether the incident may be known of. Before anybody is whistled to it has no tasks. */
function isSeen({ role, unit }: Cell, whistled: boolean): boolean {
  if (role === 'no token') return false;
  switch (sightOfRole[role]) {
    case 'ALL':
      return true;
    case 'DISTRICT':
      return above.includes(unit);
    case 'STREET':
      return unit === places.street;
    case 'COMMUNITY':
      return unit !== null && places.community.includes(unit);
    case 'TASKS':
      return whistled && unit !== null && summoned.includes(unit);
    case 'NOTHING':
      return false;
  }
}

/** Whether a relation holds for a unit that sees the incident, or that stands to a department. */
function holds(relation: Relation, { unit }: Cell, handled: boolean): boolean {
  switch (relation) {
    case 'ANY':
    case 'IN_SIGHT':
    // As far as they see it:
    case 'OWN_STREET':
    case 'OWN_COMMUNITY':
    case 'OWN_DISTRICT':
    case 'SUMMONED':
    case 'RECEIPT':
    // What is asked about is a department.
    case 'ANY_DEPARTMENT':
      return true;
    case 'OWN_TASK':
    case 'LEADS':
    case 'ADDRESSED':
    case 'OWN_DEPARTMENT':
      return unit === own;
    case 'OWN_WHISTLE':
      return false;
    case 'SCORED':
      return unit !== null && [places.street, 'co-liuyin', ...(handled ? summoned : [])].includes(unit);
    case 'DISTRICT_DEPARTMENT':
      return ['di-qinghe', 'ct-lindong', null].includes(unit);
  }
}

// ---- what the table says comes of a cell ----------------------------------------------------------------------

type Outcome = 'ALLOWED' | '401' | '403 role' | '404' | '403';

interface Asked {
  readonly operation: string;
  readonly entry: Operation;
  /** Null for what is about no incident of its own. */
  readonly on: Stage | null;
}

const aboutIncident = (operation: string): boolean => operation.includes('/incidents/{id}');
const whistledIn = (on: Stage): boolean => lives[on].taskId !== lives.FILED.taskId;
const handledIn = (on: Stage): boolean =>
  !['FILED', 'FLAGGED', 'REPORTED', 'SELF_HANDLED', 'PROPOSED'].includes(on);

function outcomeOf({ operation, entry, on }: Asked, cell: Cell): Outcome {
  const { grants, tokenless, anybody } = entry;
  const { role, receipt } = cell;
  if (tokenless === 'public') return 'ALLOWED';
  if (role === 'no token') {
    if (tokenless === null) return '401';
    return anybody === 'ANY' || receipt ? 'ALLOWED' : '403';
  }
  if (grants === null) return 'ALLOWED';
  const relation = grants[role];
  if (relation === undefined) return '403 role';
  if (receipt && anybody === 'RECEIPT') return 'ALLOWED';
  if (relation === 'RECEIPT') return '403';
  const seen = on !== null && isSeen(cell, whistledIn(on));
  if (aboutIncident(operation) && !seen) return '404';
  // What is asked for all departments at once is answered for those that the relation holds for.
  const each = operation === 'GET /v1/workload';
  return each || holds(relation, cell, on !== null && handledIn(on)) ? 'ALLOWED' : '403';
}

/** Rules that stand beside the relation, where the table notes one: they refuse even whoever stands right to the matter. */
const RULES = [
  ...['APPROVER_NOT_ABOVE_HANDLER', 'APPROVER_NOT_PERMITTED', 'APPROVER_IS_PROPOSER', 'EXTENSION_APPROVER'],
  ...['WHISTLE_NOT_PERMITTED', 'CHECKER_IS_HANDLER', 'VOID_BY_REPORTER', 'REVEAL_WITHOUT_TASK'],
  'FLAG_DECIDED_BY_PARTY',
];

function whatCame({ note }: Operation, { status, body }: Answer<Problem>): Outcome {
  if (status === 401) return '401';
  if (status === 404 && body.code === 'INCIDENT_NOT_FOUND') return '404';
  if (status !== 403) return 'ALLOWED';
  if (body.code === 'ROLE_NOT_PERMITTED') return '403 role';
  return note !== null && RULES.includes(body.code) ? 'ALLOWED' : '403';
}

// ---- asking ----------------------------------------------------------------------------------------------------

const [operations, doorOf] = [
  Object.keys(ACCESS_POLICY),
  (operation: string) => (operation.startsWith('POST ') ? doors[operation.slice(5)] : undefined),
];
const stageOf = (operation: string): Stage | null => {
  const door = doorOf(operation);
  return door === undefined ? 'CHECKED_IN' : door.on;
};

const takesReceipt = ({ grants, anybody }: Operation): boolean =>
  anybody === 'RECEIPT' && Object.keys(grants ?? {}).length > 0;

function cellsOf(entry: Operation): Cell[] {
  // Where tokens are not looked at, the unit in them is not either.
  const units = (role: Role): readonly (string | null)[] =>
    entry.tokenless === 'public' ? unitsFor(role).slice(0, 1) : unitsFor(role);
  const of = ROLES.flatMap((role) => units(role).map((unit) => ({ role, unit, receipt: false })));
  const cells: Cell[] = [{ role: 'no token', unit: null, receipt: false }, ...of];
  return takesReceipt(entry) ? [...cells, ...cells.map((cell) => ({ ...cell, receipt: true }))] : cells;
}

async function ask(operation: string, cell: Cell, life: Life, headers = {}): Promise<Answer<Problem>> {
  const caller = callerOf(cell);
  const door = doorOf(operation);
  if (door !== undefined) {
    const { receiptCode: _, ...body } = bodyOf(door, life, lives);
    const shown = cell.receipt ? { ...body, receiptCode: life.receiptCode } : body;
    return caller.post<Problem>(pathOf(operation.slice(5), life), shown, { headers });
  }
  const recipe = recipes[operation]!;
  const path = recipe.path(life);
  if (recipe.streams) return caller.peek<Problem>(path);
  if (operation.startsWith('DELETE ')) return caller.delete<Problem>(path, { headers });
  return recipe.body === undefined
    ? caller.get<Problem>(path, headers)
    : caller.post<Problem>(path, recipe.body, { headers });
}

const nameOf = ({ role, unit, receipt }: Cell): string =>
  `${role} of ${unit ?? 'no unit'}${receipt ? ' with the code' : ''}`;

/** Requests at once: as many as a busy office has, and few enough for the machine the suite runs on. */
const atOnce = 24;

async function askAll(
  operation: string,
  cells: readonly Cell[],
  life: Life,
  together = atOnce,
): Promise<Answer<Problem>[]> {
  const answers: Answer<Problem>[] = [];
  for (let from = 0; from < cells.length; from += together)
    answers.push(
      ...(await Promise.all(cells.slice(from, from + together).map((cell) => ask(operation, cell, life)))),
    );
  return answers;
}

/** The lead is not released, and a department that is there keeps its task: allowed, and never done in this spec. */
const NEVER_HERE = ['release', 'release/request', 'transfer'];

test('every operation of the OpenAPI document is in the table and has a recipe, and nothing else is', async () => {
  interface Document {
    readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  }
  const { paths } = expected(200, await city.anonymous.get<Document>('/docs-json'));
  const documented = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.toSorted()).toEqual(documented.toSorted());
  const asked = [...Object.keys(recipes), ...Object.keys(doors).map((path) => `POST ${path}`)];
  expect(asked.toSorted()).toEqual(documented.toSorted());
});

/** What a unit that has tasks is asked, of a street that is whistled to in reverse. */
const ofStreet = ['/queue', '/workload', '/dispatches', '/consumer-groups', '/webhooks'];

test.each(ofStreet)(
  'a street is asked like a department, by its own people and from above: %s',
  async (door) => {
    const { grants } = ACCESS_POLICY[`GET /v1/departments/{id}${door}`]!;
    const path = `/v1/departments/${places.street}${door}`;
    const above = [places.street, 'di-qinghe', 'ct-lindong', 'null'];
    for (const [name, caller] of callers) {
      const [role, unit] = name.split(' ') as [Role, string];
      const relation = grants?.[role];
      const own = unit === places.street && (role === 'street-office' || role === 'department');
      const open = relation === 'ANY' || own || (relation === 'DISTRICT_DEPARTMENT' && above.includes(unit));
      const answer = await caller.get<Problem>(path);
      const told = relation !== undefined && open ? 200 : 403;
      expect([name, answer.status]).toEqual([name, told]);
    }
  },
);

describe.each(operations)('%s', (operation) => {
  const entry = ACCESS_POLICY[operation]!;

  test('is refused, without an event, and allowed as the table says', async () => {
    const on = stageOf(operation);
    const asked = { operation, entry, on };
    const cells = cellsOf(entry);
    const wanted = (cell: Cell): Outcome => outcomeOf(asked, cell);
    const told = (some: readonly Cell[], outcomes: readonly Outcome[]): Record<string, Outcome> =>
      Object.fromEntries(some.map((cell, index) => [nameOf(cell), outcomes[index]!]));

    const refused = cells.filter((cell) => wanted(cell) !== 'ALLOWED');
    const before = await log.head();
    const refusals = await askAll(operation, refused, lives[on ?? 'FILED']);
    expect(
      told(
        refused,
        refusals.map((answer) => whatCame(entry, answer)),
      ),
    ).toEqual(told(refused, refused.map(wanted)));
    expect(await log.head()).toBe(before);

    const allowed = cells.filter((cell) => wanted(cell) === 'ALLOWED');
    const life = doorOf(operation) === undefined || on === null ? lives[on ?? 'FILED'] : await live(city, on);
    const door = doorOf(operation);
    // One after the other: each changes the incident for the next.
    const answers = await askAll(operation, allowed, life, door === undefined ? atOnce : 1);
    expect(
      told(
        allowed,
        answers.map((answer) => whatCame(entry, answer)),
      ),
    ).toEqual(told(allowed, allowed.map(wanted)));
    expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
    if (door !== undefined && !NEVER_HERE.includes(operation.split('/').slice(6).join('/')))
      expect(answers.some(({ status }) => status < 300)).toBe(true);
    const names = recipes[operation]?.names;
    if (names !== undefined) {
      const [named, isNamed] =
        names === 'incident'
          ? [life.id, (cell: Cell) => isSeen(cell, true)]
          : [own, (cell: Cell) => cell.role !== 'department' || cell.unit === own];
      expect(answers.map(({ text }) => text.includes(named))).toEqual(allowed.map(isNamed));
    }
  });
});
