import type { EventStore } from '@shaoying/event-store';
import { City, people, type Answer, type PersonName, type Problem } from './kit/city.js';
import { expected, report, whistle } from './kit/incident-steps.js';
import { live, NOWHERE, stages, type Life, type Stage } from './kit/lives.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';

/** One door: how it is used well, so that each test can do one thing of it badly. */
interface Door {
  readonly who: PersonName;
  readonly roles: readonly string[];
  readonly body: object | ((life: Life) => object);
  /** A stage in which it is open. */
  readonly on: Stage | null;
  /** A stage in which it is not, and what is said there. */
  readonly shut: readonly [Stage, string] | null;
  /** Somebody of the right role and the wrong unit. */
  readonly foreign: readonly [PersonName, string] | null;
  /** Whether it asks for a token at all. */
  readonly open?: true;
}

const office = ['street-office', 'supervision-centre'];
const territory = ['street-office', 'grid-worker', 'community', 'supervision-centre'];
const handlers = ['department', 'street-office'];
const reason = { reason: '情况说明' };
const foreignStreet = ['otherStreet', 'INCIDENT_NOT_YOURS'] as const;
const foreignDepartment = ['gas', 'TASK_NOT_YOURS'] as const;
const ahead = (days: number): string => new Date(Date.now() + days * 24 * 3_600_000).toISOString();

const ofStreet = (body: Door['body'], on: Stage, shut: Door['shut'], roles = office): Door => ({
  ...{ who: 'street', roles, body, on, shut, foreign: foreignStreet },
});
const ofDepartment = (body: Door['body'], on: Stage, shut: Door['shut']): Door => ({
  ...{ who: 'urbanManagement', roles: handlers, body, on, shut, foreign: foreignDepartment },
});
const ofCentre = (
  body: Door['body'],
  on: Stage,
  shut: Door['shut'],
  roles = ['supervision-centre'],
): Door => ({
  ...{ who: 'supervision', roles, body, on, shut, foreign: null },
});

const incident = '/v1/incidents/{id}';
const task = `${incident}/tasks/{taskId}`;
const whistled = `${incident}/whistles/{whistleId}`;
const rating = { solved: 'SOLVED', satisfaction: 'SATISFIED' };

/** Every POST of an incident. A new one without a line here fails. */
const doors: Readonly<Record<string, Door>> = {
  '/v1/incidents': {
    ...{ who: 'street', body: report, on: null, shut: null, foreign: null, open: true },
    roles: ['resident', ...territory],
  },
  '/v1/incidents/validate': {
    ...{ who: 'street', body: report, on: null, shut: null, foreign: null, open: true },
    roles: ['resident', ...territory],
  },
  [`${incident}/verify`]: ofStreet({ note: '现场属实' }, 'REPORTED', ['FILED', 'INCIDENT_STATE'], territory),
  [`${incident}/reject`]: ofStreet(
    { reasonCode: 'TOO_VAGUE', ...reason, notice: '请补充地点' },
    ...(['REPORTED', ['FILED', 'INCIDENT_STATE'], territory] as const),
  ),
  [`${incident}/file`]: ofStreet({}, 'REPORTED', ['FILED', 'INCIDENT_STATE'], territory),
  [`${incident}/locate`]: ofStreet(
    { estateId: 'es-liuyin-garden', reason: '更正' },
    ...(['REPORTED', ['CLOSED', 'INCIDENT_STATE'], territory] as const),
  ),
  [`${incident}/withdraw`]: {
    ...{ who: 'resident', roles: ['resident', 'grid-worker', 'community', 'street-office'], open: true },
    ...{ body: ({ receiptCode }) => ({ ...reason, receiptCode }), on: 'FILED' },
    ...{ shut: ['CLOSED', 'INCIDENT_STATE'], foreign: null },
  },
  [`${incident}/void`]: ofStreet(reason, 'FILED', ['CLOSED', 'INCIDENT_STATE']),
  [`${incident}/flag-reporter`]: {
    ...ofCentre(reason, 'FILED', null, [...office, 'callback']),
  },
  [`${incident}/reporter/reveal`]: {
    ...{ who: 'urbanManagement', body: { purpose: 'VISIT_SITE', ...reason }, on: 'WHISTLED' },
    // Where nobody has it in hand nobody is told: that is said by who may, see personal-data.e2e.spec.ts.
    ...{ shut: null, foreign: ['gas', 'REVEAL_WITHOUT_TASK'] },
    roles: ['department', 'street-office', 'callback', 'grid-worker', 'community'],
  },
  [`${incident}/reporter/forget`]: {
    ...{ who: 'admin', roles: ['admin'], body: {}, on: 'FILED', shut: null, foreign: null },
  },
  [`${incident}/self-handling`]: {
    ...{ who: 'gridWorker', roles: ['grid-worker', 'community'], body: { parties: ['GRID'] }, on: 'FILED' },
    ...{ shut: ['REPORTED', 'INCIDENT_STATE'], foreign: ['otherGridWorker', 'INCIDENT_NOT_YOURS'] },
  },
  [`${incident}/self-handling/complete`]: {
    ...{ who: 'gridWorker', roles: ['grid-worker', 'community'], body: {}, on: 'SELF_HANDLED' },
    ...{ shut: ['WHISTLED', 'INCIDENT_STATE'], foreign: ['otherGridWorker', 'INCIDENT_NOT_YOURS'] },
  },
  [`${incident}/escalate`]: ofStreet(
    { to: 'SUBDISTRICT', ...reason },
    ...(['SELF_HANDLED', ['WHISTLED', 'INCIDENT_STATE']] as const),
    ['street-office', 'grid-worker', 'community'],
  ),
  [`${incident}/suspend`]: ofCentre(
    { reasonCode: 'WEATHER', ...reason, reviewAt: ahead(20) },
    ...(['FILED', ['REPORTED', 'INCIDENT_STATE'], office] as const),
  ),
  [`${incident}/resume`]: ofStreet(reason, 'SUSPENDED', ['FILED', 'INCIDENT_STATE']),
  [`${incident}/merge`]: ofStreet(
    () => ({ into: lives.FEEDBACK.id, ...reason }),
    ...(['FILED', ['CLOSED', 'INCIDENT_STATE']] as const),
  ),
  [`${incident}/unmerge`]: ofStreet(reason, 'MERGED', ['FILED', 'INCIDENT_STATE']),
  [`${incident}/whistles`]: ofStreet(
    whistle,
    'FILED',
    ['REPORTED', 'INCIDENT_STATE'],
    [...['street-office', 'community', 'grid-worker', 'department']],
  ),
  [`${whistled}/approve`]: ofStreet({}, 'PROPOSED', ['WHISTLED', 'WHISTLE_NEEDS_NO_APPROVAL']),
  [`${whistled}/cancel`]: ofStreet(reason, 'WHISTLED', ['CHECKING', 'WHISTLE_STATE'], handlers),
  [`${whistled}/evaluate`]: ofStreet(
    ({ taskId }) => ({ taskId, score: 5 }),
    ...(['CHECKING', ['WHISTLED', 'WHISTLE_STATE'], handlers] as const),
  ),
  [`${whistled}/departments`]: ofStreet(
    { departmentId: 'dp-fire', ...reason },
    ...(['WHISTLED', ['CHECKING', 'INCIDENT_STATE']] as const),
  ),
  [`${whistled}/lead`]: ofStreet(
    { departmentId: 'dp-water', ...reason },
    ...(['WHISTLED', ['CHECKING', 'INCIDENT_STATE']] as const),
  ),
  [`${task}/acknowledge`]: ofDepartment({}, 'WHISTLED', ['CHECKED_IN', 'TASK_STATE']),
  [`${task}/contact`]: ofDepartment({}, 'WHISTLED', ['CHECKING', 'INCIDENT_STATE']),
  [`${task}/check-in`]: ofDepartment({}, 'WHISTLED', ['CHECKED_IN', 'TASK_STATE']),
  [`${task}/progress`]: ofDepartment({ note: '已开挖' }, 'CHECKED_IN', ['WHISTLED', 'TASK_STATE']),
  [`${task}/complete`]: ofDepartment({}, 'CHECKED_IN', ['WHISTLED', 'TASK_STATE']),
  [`${task}/return`]: ofDepartment(
    { reasonCode: 'NOT_OUR_AREA', basis: '区划图' },
    ...(['WHISTLED', ['CHECKED_IN', 'RETURN_AFTER_CHECK_IN']] as const),
  ),
  [`${task}/return/decide`]: ofStreet(
    { accept: true, newUnit: 'dp-housing' },
    ...(['RETURN_REQUESTED', ['WHISTLED', 'TASK_STATE']] as const),
  ),
  [`${task}/arbitration`]: ofStreet({}, 'RETURN_REQUESTED', ['IN_ARBITRATION', 'TASK_STATE']),
  [`${task}/arbitrate`]: {
    ...{ who: 'arbitrator', roles: ['arbitrator'], on: 'IN_ARBITRATION', foreign: null },
    ...{ body: { responsibleUnit: 'dp-water', rule: 'STATUTORY_FUNCTION', ...reason } },
    shut: ['WHISTLED', 'TASK_STATE'],
  },
  [`${task}/extension`]: ofDepartment(
    { amount: 2, unit: 'WORKING_DAY', ...reason },
    ...(['CHECKED_IN', ['EXTENSION_ASKED', 'EXTENSION_UNDECIDED']] as const),
  ),
  [`${task}/extension/decide`]: ofStreet(
    { grant: true },
    ...(['EXTENSION_ASKED', ['CHECKED_IN', 'EXTENSION_NOT_ASKED']] as const),
  ),
  [`${task}/release`]: ofStreet(reason, 'WHISTLED', ['WHISTLED', 'IS_THE_LEAD']),
  [`${task}/release/request`]: {
    ...ofDepartment(reason, 'WHISTLED', ['WHISTLED', 'IS_THE_LEAD']),
    foreign: ['gas', 'NOT_THE_LEAD'],
  },
  [`${task}/urge`]: ofStreet({}, 'WHISTLED', ['RETURN_REQUESTED', 'TASK_STATE']),
  [`${task}/transfer`]: {
    ...{ who: 'admin', roles: ['admin'], body: { to: 'dp-housing', ...reason }, on: 'WHISTLED' },
    ...{ shut: ['CHECKING', 'INCIDENT_STATE'], foreign: null },
  },
  [`${incident}/check`]: ofCentre(
    { result: 'PASS', note: '合格' },
    ...(['CHECKING', ['WHISTLED', 'INCIDENT_STATE']] as const),
    ['supervision-centre', 'grid-worker'],
  ),
  [`${incident}/feedback`]: {
    ...{ who: 'callback', roles: ['callback', 'resident'], body: rating, on: 'FEEDBACK', open: true },
    ...{ shut: ['RATED', 'FEEDBACK_RECORDED'], foreign: ['partialCallback', 'CALLBACK_BY_SCORED_UNIT'] },
  },
  [`${incident}/feedback/correct`]: {
    ...{ who: 'callback', roles: ['callback', 'resident'], body: { ...rating, ...reason }, on: 'RATED' },
    ...{ shut: ['FEEDBACK', 'FEEDBACK_NOT_RECORDED'], open: true },
    foreign: ['partialCallback', 'CALLBACK_BY_SCORED_UNIT'],
  },
  [`${incident}/close`]: ofCentre({}, 'RATED', ['FEEDBACK', 'FEEDBACK_OUTSTANDING']),
  [`${incident}/reopen`]: {
    ...ofStreet(reason, 'CLOSED', ['FEEDBACK', 'INCIDENT_STATE'], [...office, 'resident']),
    open: true,
  },
  [`${incident}/supervisions`]: ofCentre(
    { level: 'BLUE', ...reason },
    ...(['WHISTLED', ['CLOSED', 'INCIDENT_STATE']] as const),
    ['supervision-centre', 'oversight'],
  ),
  [`${incident}/supervisions/{supervisionId}/respond`]: {
    ...{ who: 'urbanManagement', roles: [...handlers, 'community'], body: { response: '今日到场' } },
    ...{ on: 'SUPERVISED', shut: null, foreign: ['gas', 'SUPERVISION_NOT_YOURS'] },
  },
  [`${incident}/supervisions/{supervisionId}/lift`]: ofCentre(reason, 'SUPERVISED', null, [
    ...['supervision-centre', 'oversight'],
  ]),
  [`${incident}/appeals`]: {
    ...{ who: 'urbanManagement', roles: [...handlers, 'community'], on: 'CLOSED' },
    ...{ body: { item: 'FEEDBACK', ...reason }, shut: ['APPEALED', 'APPEAL_FILED'] },
    foreign: ['gas', 'APPEAL_BY_UNSCORED_UNIT'],
  },
  [`${incident}/appeals/{appealId}/decide`]: ofCentre({ exclude: true, ...reason }, 'APPEALED', null),
};

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface OpenApi {
  readonly paths: Readonly<
    Record<string, { post?: { requestBody?: { content: Record<string, { schema: Schema }> } } }>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let city: City;
let log: EventStore;
let api: OpenApi;
const lives = {} as Record<Stage, Life>;

beforeAll(async () => {
  home = await newHome();
  city = await City.of(home, await home.start());
  log = await home.openLog();
  api = expected(200, await city.anonymous.get<OpenApi>('/docs-json'));
  for (const stage of stages) lives[stage] = await live(city, stage);
});

const resolved = (schema: Schema): Schema => {
  const [only] = schema.allOf ?? [];
  if (only !== undefined) return resolved(only);
  if (schema.$ref === undefined) return schema;
  return api.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {};
};

function bodySchema(path: string): Schema {
  const content = api.paths[path]?.post?.requestBody?.content['application/json'];
  return content === undefined ? {} : resolved(content.schema);
}

const nobody: Life = {
  ...{ id: NOWHERE, receiptCode: '', whistleId: NOWHERE, taskId: NOWHERE, assistId: NOWHERE },
  ...{ supervisionId: NOWHERE, appealId: NOWHERE },
};
const lifeFor = ({ on }: Door): Life => (on === null ? nobody : lives[on]);

const pathOf = (path: string, life: Life): string =>
  path.replace(/\{(\w+)\}/g, (_, name: keyof Life) => life[name]);

const bodyOf = ({ body }: Door, life: Life): Record<string, unknown> =>
  ({ ...(typeof body === 'function' ? body(life) : body) }) as Record<string, unknown>;

function send(
  path: string,
  change: { who?: PersonName; life?: Life; body?: object; headers?: Record<string, string> } = {},
): Promise<Answer<Problem>> {
  const door = doors[path]!;
  const life = change.life ?? lifeFor(door);
  const body = change.body ?? bodyOf(door, lifeFor(door));
  const options = change.headers === undefined ? {} : { headers: change.headers };
  return city.as(change.who ?? door.who).post<Problem>(pathOf(path, life), body, options);
}

/** Runs what must be refused, and sees that the log has not grown by it. */
async function addsNothing(refused: () => Promise<unknown>): Promise<void> {
  const before = await log.head();
  await refused();
  expect(await log.head()).toBe(before);
}

/** Values that are not what a field wants. Null is left out: an optional field may come as null. */
function wrongValues(schema: Schema): unknown[] {
  const { type, enum: words, items, $ref, allOf } = schema;
  if ($ref !== undefined || allOf !== undefined || type === 'object') return ['text', 7, true, [], [{}]];
  switch (type) {
    case 'array':
      return ['text', 7, true, {}, [{}], [7], ...(items?.enum ? [['NO_SUCH_WORD']] : [])];
    case 'boolean':
      return ['true', 7, {}, []];
    case 'integer':
    case 'number':
      return ['7', true, {}, [], ...(type === 'integer' ? [1.5] : [])];
    default:
      return [7, true, {}, ['text'], ...(words ? ['NO_SUCH_WORD', ''] : [])];
  }
}

/** Values of the right type that are more than a field takes. */
function excessiveValues(schema: Schema): unknown[] {
  const { type, maxLength, maxItems, minimum, maximum, enum: words } = schema;
  if (type === 'string' && words === undefined) return ['长'.repeat((maxLength ?? 5_000) + 1)];
  if (type === 'array') return [Array.from({ length: (maxItems ?? 20) + 1 }, (_, n) => `dp-${n}`)];
  return [minimum === undefined ? [] : [minimum - 1], maximum === undefined ? [] : [maximum + 1]].flat();
}

test('every POST of an incident is in the table, and nothing else is', () => {
  const posts = Object.entries(api.paths)
    .filter(([path, { post }]) => path.startsWith('/v1/incidents') && post !== undefined)
    .map(([path]) => path);
  expect(posts.toSorted()).toEqual(Object.keys(doors).toSorted());
});

describe.each(Object.keys(doors))('%s', (path) => {
  const door = doors[path]!;

  test(
    'each field: missing, of the wrong type, too much',
    () =>
      addsNothing(async () => {
        const { properties = {}, required = [] } = bodySchema(path);
        const good = bodyOf(door, lifeFor(door));
        // Whatever the table sends is in the document, and whatever the document asks for in the table.
        expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(good)));
        expect(Object.keys(good)).toEqual(expect.arrayContaining([...required]));
        for (const [field, schema] of Object.entries(properties)) {
          const bad = [...wrongValues(schema), ...excessiveValues(resolved(schema))];
          if (required.includes(field)) bad.push(undefined, null);
          for (const value of bad) {
            const answer = await send(path, { body: { ...good, [field]: value } });
            const { errors = [] } = expectProblem(answer, 400, 'VALIDATION_FAILED');
            expect({ field, value, blamed: errors[0]?.field.split(/[.[]/)[0] }).toEqual({
              ...{ field, value, blamed: field },
            });
          }
        }
      }),
    30_000,
  );

  test('a field it does not know, and bodies that are none', () =>
    addsNothing(async () => {
      const unknown = await send(path, { body: { ...bodyOf(door, lifeFor(door)), colour: 'red' } });
      expectProblem(unknown, 400, 'VALIDATION_FAILED');
      for (const body of [[], [[]], [{}]]) {
        expectProblem(await send(path, { body }), 400, ['BODY_NOT_AN_OBJECT', 'VALIDATION_FAILED']);
      }
    }));

  test('somebody who may not', () =>
    addsNothing(async () => {
      for (const [who, { role }] of Object.entries(people)) {
        if (door.roles.includes(role)) continue;
        const answer = await send(path, { who: who as PersonName });
        expectProblem(answer, 403, 'ROLE_NOT_PERMITTED');
      }
      if (door.open === undefined) {
        const answer = await city.anonymous.post<Problem>(
          pathOf(path, lifeFor(door)),
          bodyOf(door, lifeFor(door)),
        );
        expectProblem(answer, 401, 'TOKEN_MISSING');
      }
      if (door.foreign !== null) {
        const [who, code] = door.foreign;
        expectProblem(await send(path, { who }), 403, code);
      }
    }));

  test('an incident, and whatever else it names, that does not exist', () =>
    addsNothing(async () => {
      const codes = ['INCIDENT', 'TASK', 'WHISTLE', 'SUPERVISION', 'APPEAL'].map((of) => `${of}_NOT_FOUND`);
      for (const name of path.match(/(?<=\{)\w+/g) ?? []) {
        for (const id of [NOWHERE, 'x', '0'.repeat(100), "'; drop table events;--"]) {
          const life = { ...lifeFor(door), [name]: encodeURIComponent(id) };
          expectProblem(await send(path, { life }), 404, codes);
        }
      }
    }));

  test('a state that does not allow it, and a revision that is not the incident’s', () =>
    addsNothing(async () => {
      if (door.shut !== null) {
        const [stage, code] = door.shut;
        const life = lives[stage];
        expectProblem(await send(path, { life, body: bodyOf(door, life) }), 409, code);
      }
      if (door.on !== null) {
        const stale = await send(path, { headers: { 'If-Match': '"999"' } });
        expectProblem(stale, 412, 'PRECONDITION_FAILED');
      }
    }));
});

test('in all of this the server logged no error', () => {
  const errors = home.servers[0]?.log().filter(({ level }) => level === 'error' || level === 'fatal');
  expect(errors).toEqual([]);
});
