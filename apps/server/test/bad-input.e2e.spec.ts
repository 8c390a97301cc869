import type { EventStore } from '@shaoying/event-store';
import { City, people, type Answer, type PersonName, type Problem } from './kit/city.js';
import { expected, report } from './kit/incident-steps.js';
import { bodyOf as bodyIn, doors, pathOf, type Door } from './kit/doors.js';
import { recipes } from './kit/reads.js';
import { live, NOWHERE, stages, type Life, type Stage } from './kit/lives.js';
import { expectProblem } from './kit/problems.js';
import { expectReplayOf } from './kit/replayed.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';

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
  ...{ supervisionId: NOWHERE, appealId: NOWHERE, flagId: NOWHERE },
};
const lifeFor = ({ on }: Door): Life => (on === null ? nobody : lives[on]);

const bodyOf = (door: Door, life: Life): Record<string, unknown> => bodyIn(door, life, lives);

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
        expectProblem(await send(path, { who }), code === 'INCIDENT_NOT_FOUND' ? 404 : 403, code);
      }
    }));

  test('an incident, and whatever else it names, that does not exist', () =>
    addsNothing(async () => {
      const codes = ['INCIDENT', 'TASK', 'WHISTLE', 'SUPERVISION', 'APPEAL', 'FLAG'].map(
        (of) => `${of}_NOT_FOUND`,
      );
      for (const name of path.match(/(?<=\{)\w+/g) ?? []) {
        for (const id of [NOWHERE, 'x', '0'.repeat(100), "'; drop table events;--"]) {
          const life = { ...lifeFor(door), [name]: encodeURIComponent(id) };
          const answer = await send(path, { life });
          // A receipt code fits no incident that does not exist.
          if ('receiptCode' in bodyOf(door, life)) expectProblem(answer, 403, 'RECEIPT_CODE_WRONG');
          else expectProblem(answer, 404, codes);
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

describe('a position to wait for that is none', () => {
  const readers = ['oversight', 'admin', 'street', 'urbanManagement'] as const;
  const gets = Object.keys(recipes).filter((operation) => operation.startsWith('GET /v1/'));

  test.each(gets)('is refused by %s', async (operation) => {
    const { path, streams } = recipes[operation]!;
    const wrong = ['', 'x', '-1', '1.5', '0x1', '9'.repeat(40), '9223372036854775808'];
    for (const position of wrong) {
      const answers = await Promise.all(
        readers.map((who) =>
          city.as(who).get<Problem>(path(lives.CHECKED_IN), { 'Shaoying-Min-Position': position }),
        ),
      );
      const heard = answers.filter(({ status }) => status !== 403);
      expect(heard.length).toBeGreaterThan(0);
      for (const answer of heard) expectProblem(answer, 400, 'INVALID_POSITION');
    }
    // One that is there changes nothing, also where nothing has to be waited for.
    if (streams === true) return;
    const [plain, waiting] = await Promise.all(
      ['0', city.position].map((position) =>
        city.as('admin').get<Problem>(path(lives.CHECKED_IN), { 'Shaoying-Min-Position': position }),
      ),
    );
    expect(waiting?.status).toBe(plain?.status);
  });
});

test('a report that is to match a revision is refused: it has none', async () => {
  const key = 'report with If-Match';
  const sent = (headers: Record<string, string>): Promise<Answer<Problem>> =>
    city.as('street').post<Problem>('/v1/incidents', report, { key, headers });
  const before = await log.head();
  for (const tag of ['"0"', '"7"']) expectProblem(await sent({ 'If-Match': tag }), 412, 'NOTHING_TO_MATCH');
  expect(await log.head()).toBe(before);
  const first = await sent({ 'If-Match': '*' });
  expect(first.status).toBe(201);
  expectReplayOf(first, await sent({ 'If-Match': '"7"' }));
});

test('in all of this the server logged no error', () => {
  const errors = home.servers[0]?.log().filter(({ level }) => level === 'error' || level === 'fatal');
  expect(errors).toEqual([]);
});
