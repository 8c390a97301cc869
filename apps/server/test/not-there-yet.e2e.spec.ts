import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { City } from './kit/city.js';
import { blowWhistle, expected, type Reported, report } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

// Between what is acknowledged and what the board has: whoever did not write it has no position to wait for.

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let server: Started;
let city: City;
let database: Client;

beforeAll(async () => {
  home = await newHome();
  server = await home.start();
  city = await City.of(home, server);
  database = new Client({ connectionString: await home.postgresUrl() });
  // The server goes, and its PostgreSQL with it, before this is ended.
  database.on('error', () => undefined);
  await database.connect();
});
afterAll(() => database?.end());

/** Holds the board where it is: it can be read, and nothing can be written to it. */
async function heldBoard<Answer>(meanwhile: () => Promise<Answer>): Promise<Answer> {
  await database.query('begin; lock table incident_board.incidents in share mode');
  try {
    return await meanwhile();
  } finally {
    await database.query('rollback');
  }
}

const paths = ['', '/events', '/replay?at=0', '/repeat-whistles', '/lost-time'];

test('an incident that is acknowledged is never denied: whoever asks too early waits for the board', async () => {
  const others = await City.of(home, server);
  const { asked, id } = await heldBoard(async () => {
    const { id } = expected(201, await city.as('street').post<Reported>('/v1/incidents', report));
    const asked = paths.map((path) =>
      others.as('oversight').get<{ code?: string }>(`/v1/incidents/${id}${path}`),
    );
    // What the log does not have needs no waiting.
    expectProblem(
      await others.as('oversight').get(`/v1/incidents/${randomUUID()}`),
      404,
      'INCIDENT_NOT_FOUND',
    );
    expectProblem(await others.as('oversight').get('/v1/incidents/%E4%BA%95'), 404, 'INCIDENT_NOT_FOUND');
    // Nor does what lies outside of sight.
    expectProblem(await others.as('otherStreet').get(`/v1/incidents/${id}`), 404, 'INCIDENT_NOT_FOUND');
    return { asked, id };
  });
  const answers = await Promise.all(asked);
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  expectProblem(await others.as('otherStreet').get(`/v1/incidents/${id}`), 404, 'INCIDENT_NOT_FOUND');
});

interface Item {
  readonly subject: string;
  readonly sequence: string;
}

test('a department that hears of an incident by its feed finds it', async () => {
  const water = await (await City.of(home, server)).withRole('department', 'dp-water');
  const { id } = await blowWhistle(city, { lead: 'dp-water' });
  const feed = '/v1/departments/dp-water/dispatches';
  const find = async (): Promise<Item | undefined> =>
    expected(200, await water.get<{ items: Item[] }>(feed)).items.find(({ subject }) => subject.includes(id));
  const item = await waitFor('its feed tells of it', find, { everyMs: 1 });
  expect((await water.get(`/v1/incidents/${id}`)).status).toBe(200);
  const since = { 'Shaoying-Min-Position': item.sequence };
  const { state } = expected(200, await water.get<Reported>(`/v1/incidents/${id}`, since));
  expect(state).toBe('HANDLING');
});

test('where the board does not come to it, that is what is told, and when to ask again', async () => {
  const others = await City.of(home, server);
  const answer = await heldBoard(async () => {
    const { id } = expected(201, await city.as('street').post<Reported>('/v1/incidents', report));
    return others.as('oversight').get<{ code: string }>(`/v1/incidents/${id}`);
  });
  expect(expected(503, answer).code).toBe('READ_MODEL_BEHIND');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});
