import { City, type Answer } from './kit/city.js';
import { DeclaredAnswers, type AnswersDocument } from './kit/declared-answers.js';
import { bodyOf, doors, pathOf, type Door } from './kit/doors.js';
import { live, stages, type Life, type Stage } from './kit/lives.js';
import { recipes } from './kit/reads.js';
import { expectReplayOf } from './kit/replayed.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';

// Answers to every command of an incident, in every state, and to every read, held against the server's own OpenAPI document.
// Feeds, webhooks, keys, photos, publications, simulations and exports are held against it by the specs that are about them.

const newHome = useServerHomes(inOneProcess);
let city: City;
let declared: DeclaredAnswers;
const lives = {} as Record<Stage, Life>;

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
  declared = await DeclaredAnswers.of(city);
  for (const stage of stages) lives[stage] = await live(city, stage);
});

const differences = (): readonly string[] => [...declared.differences];

/** Takes a department that is no more. */
const elsewhere = '/v1/incidents/{id}/tasks/{taskId}/transfer';
/** Is about the task of who assists. */
const aboutTheAssist = /\/release(\/request)?$/;

async function lifeFor(path: string, { on }: Door): Promise<Life> {
  const life = on === null ? lives.FILED : await live(city, on);
  return aboutTheAssist.test(path) ? { ...life, taskId: life.assistId } : life;
}

/** Of a command that was taken: what the next command and the next read are sent with. */
function expectCommandHeaders(path: string, { headers }: Answer<unknown>): void {
  if (path.endsWith('/validate')) return;
  expect([path, headers.get('etag')]).toEqual([path, expect.stringMatching(/^"\d+"$/)]);
  expect([path, headers.get('shaoying-position')]).toEqual([path, expect.stringMatching(/^\d+$/)]);
}

describe('what is answered otherwise than declared is found and named', () => {
  const path = '/v1/incidents/x';
  const asJson = { 'Content-Type': 'application/json' };
  const changed: readonly [string, (told: Record<string, unknown>) => object][] = [
    ['/misspelt is not declared', (told) => ({ ...told, misspelt: 1 })],
    ['/state is missing', ({ state: _, ...told }) => told],
    ['/revision is "7"', (told) => ({ ...told, revision: '7' })],
    ['/cycle is 1.5', (told) => ({ ...told, cycle: 1.5 })],
    ['/category is null', (told) => ({ ...told, category: null })],
    ['/severity is "HUGE"', (told) => ({ ...told, severity: 'HUGE' })],
    [
      '/reportedAt is "2026-11-28T08:00:00+08:00"',
      (told) => ({ ...told, reportedAt: '2026-11-28T08:00:00+08:00' }),
    ],
    ['/tasks is no array', (told) => ({ ...told, tasks: {} })],
    ['/pins is no object', (told) => ({ ...told, pins: [] })],
    ['/cycles/*/cycle is missing', (told) => ({ ...told, cycles: [{}] })],
  ];

  const heard = async (change: (told: Record<string, unknown>) => object, status = 200, headers = {}) => {
    const document = await city.anonymous.get<AnswersDocument>('/docs-json');
    const { body } = await city.as('street').get<Record<string, unknown>>(`/v1/incidents/${lives.CLOSED.id}`);
    const fresh = new DeclaredAnswers(document.body);
    const [text, all] = [JSON.stringify(change(body)), { ...asJson, ...headers }];
    fresh.hear({ method: 'GET', path, status, headers: new Headers(all), text });
    return [...fresh.differences].map((difference) => difference.replace(/^GET \S+ /, ''));
  };

  test('and what is as declared is not', async () => {
    expect(await heard((told) => told)).toEqual([]);
  });

  test.each(changed)('%s', async (difference, change) => {
    const found = await heard(change);
    expect(found.map((each) => each.replace(/^200 /, '').slice(0, difference.length))).toContain(difference);
  });

  test.each([
    ['202 is not declared', 202, {}],
    ['200 answers text/plain, which is not declared', 200, { 'Content-Type': 'text/plain' }],
    ['200 with Location, which is not declared', 200, { Location: '/v1' }],
  ])('%s', async (difference, status, headers) => {
    expect(await heard((told) => told, status, headers)).toEqual([difference]);
  });
});

test('every command of an incident is answered as declared: well, again, and refused', async () => {
  for (const [path, door] of Object.entries(doors).filter(([path]) => path !== elsewhere)) {
    const life = await lifeFor(path, door);
    const [address, body, key] = [pathOf(path, life), bodyOf(door, life, lives), `key of ${path}`];
    const first = await city.as(door.who).post(address, body, { key });
    if (first.status >= 300) throw new Error(`${path}: ${first.text}`);
    expectCommandHeaders(path, first);
    if (!path.endsWith('/validate'))
      expectReplayOf(first, await city.as(door.who).post(address, body, { key }));
    await city.as(door.who).post(address, { ...body, misspelt: true });
    await city.as('oversight').post(address, body);
  }
  expect(differences()).toEqual([]);
});

/** As who may: the first of these who is not refused for the role. */
async function read(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<unknown>> {
  for (const who of ['oversight', 'admin', 'supervision'] as const) {
    const answer = await city.as(who).get(path, headers);
    if (answer.status !== 403) return answer;
  }
  return city.as('urbanManagement').get(path, headers);
}

const gets = Object.entries(recipes).filter(
  ([operation, { streams }]) => operation.startsWith('GET ') && !operation.endsWith('/stream') && !streams,
);

test('every read of an incident is answered as declared in every state, and replayed at every revision', async () => {
  const ofIncidents = gets.filter(
    ([operation]) => /\{id\}|receipts/.test(operation) && /incidents|receipts/.test(operation),
  );
  for (const [operation, { path }] of ofIncidents) {
    // Waits for a signature; held against the document by oversight.e2e.spec.ts.
    if (operation.endsWith('/dossier')) continue;
    for (const life of Object.values(lives)) await read(path(life));
  }
  for (const { id } of Object.values(lives)) {
    for (let revision = 0; revision < 9; revision += 2)
      await read(`/v1/incidents/${id}/replay?at=${revision}`);
    await read(`/v1/incidents/${id}/replay?at=2026-01-01T00:00:00Z`);
  }
  expect(differences()).toEqual([]);
});

test('every other read is answered as declared, as CSV where there is one', async () => {
  for (const [, { path }] of gets) {
    const address = path(lives.CLOSED);
    if (address.includes(lives.CLOSED.id)) continue;
    await read(address);
    await read(address, { Accept: 'text/csv' });
  }
  expect(differences()).toEqual([]);
});

test('the next page of a table is told as declared', async () => {
  for (const list of ['/v1/incidents', '/v1/departments/dp-urban-management/queue'])
    expect((await read(`${list}?limit=1`, { Accept: 'text/csv' })).status).toBe(200);
  expect(differences()).toEqual([]);
});

test('no command of an incident, and no read of one, went unheard', () => {
  const about = /^(GET|POST) \/v1\/(incidents|receipts|departments\/\{id\}\/(queue|workload))/;
  expect(declared.unheard().filter((name) => about.test(name))).toEqual([
    // Of a department that is no more: edges.e2e.spec.ts.
    'POST /v1/incidents/{id}/tasks/{taskId}/transfer 200',
    // Of a log that is signed: oversight.e2e.spec.ts.
    'GET /v1/incidents/{id}/dossier 200',
    // Of what was sent before: files.e2e.spec.ts.
    'GET /v1/incidents/{id}/files/{sha256} 200',
    // A photo: reporter-photos.e2e.spec.ts.
    'POST /v1/receipts/{receiptCode}/files 201',
  ]);
});
