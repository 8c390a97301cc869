import type { HistoryEntry } from '@shaoying/audit';
import type { EventStore } from '@shaoying/event-store';
import { randomUUID } from 'node:crypto';
import { City, type Answer, type Problem } from './kit/city.js';
import {
  act,
  blowWhistle,
  expected,
  fileIncident,
  report,
  taskOf,
  whistle,
  type Moved,
  type Reported,
} from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { expectReplayOf } from './kit/replayed.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let city: City;
let log: EventStore;
let keys = 0;

const newKey = (): string => `e2e key ${(keys += 1)} / with:punctuation "and" spaces`;

beforeAll(async () => {
  home = await newHome();
  city = await City.of(home, await home.start());
  log = await home.openLog();
});

const eventsOf = async (id: string): Promise<readonly HistoryEntry[]> =>
  expected(200, await city.as('oversight').get<{ items: HistoryEntry[] }>(`/v1/incidents/${id}/events`))
    .items;

describe('the same key', () => {
  test('with the same body gives the first answer again and records nothing', async () => {
    const key = newKey();
    const first = await city.as('street').post<Reported>('/v1/incidents', report, { key });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const before = await log.head();
    // The same JSON in another order of keys is the same body.
    const reordered = Object.fromEntries(Object.entries(report).reverse());
    for (const body of [report, reordered]) {
      expectReplayOf(first, await city.as('street').post<Reported>('/v1/incidents', body, { key }));
    }
    expect(await log.head()).toBe(before);
    expect(await eventsOf(first.body.id)).toHaveLength(1);
  });

  test('gives the first answer also when the incident has moved on since, and whatever If-Match says', async () => {
    const { id } = expected(201, await city.as('resident').post<Reported>('/v1/incidents', report));
    const key = newKey();
    const first = await city.as('street').post<Moved>(`/v1/incidents/${id}/file`, {}, { key });
    expect(expected(200, first)).toMatchObject({ state: 'FILED', revision: 1 });
    expected(201, await city.as('street').post(`/v1/incidents/${id}/whistles`, whistle));
    const headers = { 'If-Match': '"0"' };
    expectReplayOf(
      first,
      await city.as('street').post<Moved>(`/v1/incidents/${id}/file`, {}, { key, headers }),
    );
  });

  test('of a whistle gives the same whistle, tasks and due times again', async () => {
    const { id } = await fileIncident(city);
    const key = newKey();
    const path = `/v1/incidents/${id}/whistles`;
    const body = { ...whistle, assists: ['dp-water'] };
    const first = await city.as('street').post(path, body, { key });
    expected(201, first);
    expectReplayOf(first, await city.as('street').post(path, body, { key }));
    expect(await eventsOf(id)).toHaveLength(3);
  });

  test('with another body is refused', async () => {
    const key = newKey();
    expected(201, await city.as('street').post('/v1/incidents', report, { key }));
    const before = await log.head();
    const other = { ...report, description: '别的事' };
    const answer = await city.as('street').post<Problem>('/v1/incidents', other, { key });
    expectProblem(answer, 422, 'IDEMPOTENCY_KEY_REUSED');
    expect(await log.head()).toBe(before);
  });

  test('of another caller, or at another address, is another command', async () => {
    const key = newKey();
    const first = expected(201, await city.as('street').post<Reported>('/v1/incidents', report, { key }));
    const second = expected(201, await city.as('resident').post<Reported>('/v1/incidents', report, { key }));
    expect(second.id).not.toBe(first.id);
    const filed = await city.as('street').post<Moved>(`/v1/incidents/${first.id}/file`, {}, { key });
    expect(expected(200, filed)).toMatchObject({ state: 'FILED', revision: 1 });
  });

  test('works once the command is allowed, after it was refused', async () => {
    const { id } = expected(201, await city.as('resident').post<Reported>('/v1/incidents', report));
    const key = newKey();
    const path = `/v1/incidents/${id}/whistles`;
    expectProblem(await city.as('street').post<Problem>(path, whistle, { key }), 409, 'INCIDENT_STATE');
    await act(city, 'street', id, 'file');
    const blown = await city.as('street').post<Moved>(path, whistle, { key });
    expect(expected(201, blown).state).toBe('HANDLING');
  });
});

describe('of a caller without a token', () => {
  test('gives the first answer again, the receipt code too', async () => {
    const key = randomUUID();
    const first = await city.anonymous.post<Reported>('/v1/incidents', report, { key });
    expectReplayOf(first, await city.anonymous.post<Reported>('/v1/incidents', report, { key }));
    expect(first.body.receiptCode).toMatch(/^.{4}-.{4}-.{4}-.{4}$/);
  });
});

test('without a key every request is a command of its own', async () => {
  const ids = new Set<string>();
  for (let n = 0; n < 3; n += 1) {
    ids.add(expected(201, await city.as('street').post<Reported>('/v1/incidents', report)).id);
  }
  expect(ids.size).toBe(3);
});

const atOnce = <Body>(ask: (nth: number) => Promise<Answer<Body>>): Promise<Answer<Body>[]> =>
  Promise.all(Array.from({ length: 20 }, (_, nth) => ask(nth)));

function expectOneAnswer<Body>(answers: readonly Answer<Body>[], status: number): Body {
  const done = answers.filter((answer) => answer.status === status);
  expect(done.length).toBeGreaterThan(0);
  for (const answer of answers) {
    if (answer.status === status) expect(answer.body).toEqual(done[0]?.body);
    else expectProblem(answer as Answer<Problem>, 409, 'COMMAND_IN_PROGRESS');
  }
  expect(done.filter((answer) => answer.headers.get('idempotency-replayed') === null)).toHaveLength(1);
  return (done[0] as Answer<Body>).body;
}

describe('twenty identical requests at once', () => {
  test('report one incident', async () => {
    const key = newKey();
    const answers = await atOnce(() => city.as('street').post<Reported>('/v1/incidents', report, { key }));
    const { id } = expectOneAnswer(answers, 201);
    expect(await eventsOf(id)).toHaveLength(1);
    // Whoever was told to come back gets the answer then.
    const later = await city.as('street').post<Reported>('/v1/incidents', report, { key });
    expect(expected(201, later).id).toBe(id);
  });

  test('check a department in once', async () => {
    const whistled = await blowWhistle(city);
    const { taskId } = taskOf(whistled, 'dp-urban-management');
    const path = `/v1/incidents/${whistled.id}/tasks/${taskId}/check-in`;
    const key = newKey();
    const answers = await atOnce(() => city.as('urbanManagement').post<Moved>(path, { note: '到' }, { key }));
    expectOneAnswer(answers, 200);
    const types = (await eventsOf(whistled.id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'DepartmentCheckedIn')).toHaveLength(1);
  });

  test('with keys of their own still blow one whistle: the others find it blown', async () => {
    const { id } = await fileIncident(city);
    const answers = await atOnce(() =>
      city.as('street').post<Problem>(`/v1/incidents/${id}/whistles`, whistle, { key: newKey() }),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectProblem(answer, 409, 'INCIDENT_STATE');
    }
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual([
      ...['IncidentReported', 'IncidentFiled', 'WhistleBlown'],
    ]);
  });
});

describe('If-Match', () => {
  test('lets a command pass at the revision it names, and at any with *', async () => {
    const { id } = expected(201, await city.as('resident').post<Reported>('/v1/incidents', report));
    const shown = await city.as('street').get(`/v1/incidents/${id}`);
    const headers = { 'If-Match': shown.headers.get('etag') ?? '' };
    const filed = await city.as('street').post<Moved>(`/v1/incidents/${id}/file`, {}, { headers });
    expect(expected(200, filed).revision).toBe(1);
    const any = { headers: { 'If-Match': '*' } };
    expected(201, await city.as('street').post(`/v1/incidents/${id}/whistles`, whistle, any));
  });

  test('refuses a command decided on an older revision, or on one that is not there yet', async () => {
    const { id } = await fileIncident(city);
    const before = await log.head();
    for (const tag of ['"0"', '"7"']) {
      const options = { headers: { 'If-Match': tag } };
      const answer = await city.as('street').post<Problem>(`/v1/incidents/${id}/whistles`, whistle, options);
      expectProblem(answer, 412, 'PRECONDITION_FAILED');
    }
    expect(await log.head()).toBe(before);
  });

  test('of several at once on one revision lets one through', async () => {
    const whistled = await blowWhistle(city, { assists: ['dp-water', 'dp-fire', 'dp-gas'] });
    const headers = { 'If-Match': `"${whistled.revision}"` };
    const answers = await Promise.all(
      (['urbanManagement', 'water', 'fire', 'gas'] as const).map((who, index) =>
        city
          .as(who)
          .post<Problem>(
            `/v1/incidents/${whistled.id}/tasks/${whistled.tasks[index]?.taskId}/acknowledge`,
            {},
            { headers },
          ),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    expect(await eventsOf(whistled.id)).toHaveLength(4);
  });
});

describe('twenty identical requests at once, spread over two processes of the API', () => {
  let cities: readonly City[];

  beforeAll(async () => {
    // On the same log, and with the same keys; neither knows what the other carries out.
    cities = [city, await City.of(home, await home.start({ ROLES: 'api' }))];
  });

  const at = (nth: number): City => cities[nth % 2] as City;

  /** Of each process some have raced with the other's: none but one is the first answer. */
  function expectBothAnswered(answers: readonly Answer<unknown>[], status: number): void {
    for (const half of [0, 1]) {
      const own = answers.filter((_, nth) => nth % 2 === half);
      expect(own.filter((answer) => answer.status === status).length).toBeGreaterThan(0);
    }
  }

  test('report one incident, five times over', async () => {
    for (let round = 0; round < 5; round += 1) {
      const key = newKey();
      const before = await log.head();
      const answers = await atOnce((nth) =>
        at(nth).as('street').post<Reported>('/v1/incidents', report, { key }),
      );
      const first = expectOneAnswer(answers, 201);
      expectBothAnswered(answers, 201);
      const written = await log.readAll(before, { types: ['IncidentReported'] });
      expect(written.map(({ streamId }) => streamId)).toEqual([`incident-${first.id}`]);
      for (const each of cities) {
        const later = await each.as('street').post<Reported>('/v1/incidents', report, { key });
        expect(expected(201, later)).toEqual(first);
      }
    }
  });

  test('check a department in once, five times over', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, tasks } = await blowWhistle(city);
      const { taskId } = taskOf({ tasks }, 'dp-urban-management');
      const path = `/v1/incidents/${id}/tasks/${taskId}/check-in`;
      const key = newKey();
      const answers = await atOnce((nth) =>
        at(nth).as('urbanManagement').post<Moved>(path, { note: '到' }, { key }),
      );
      expectOneAnswer(answers, 200);
      expectBothAnswered(answers, 200);
      const types = (await eventsOf(id)).map(({ type }) => type);
      expect(types.slice(3)).toEqual(['TaskAcknowledged', 'DepartmentCheckedIn']);
    }
  });
});
