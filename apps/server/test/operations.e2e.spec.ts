import type { EventStore } from '@shaoying/event-store';
import { City, type Problem } from './kit/city.js';
import { expected, report } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let server: Started;
let city: City;
let log: EventStore;

beforeAll(async () => {
  home = await newHome();
  server = await home.start();
  city = await City.of(home, server);
  log = await home.openLog();
});

describe('health', () => {
  test('the process is up and ready, asked without a token', async () => {
    expect(expected(200, await city.anonymous.get('/health/live'))).toEqual({ status: 'up' });
    expect(expected(200, await city.anonymous.get('/health/ready'))).toEqual({
      ...{ status: 'ready', roles: ['api', 'projector', 'timers', 'notifier'], notReady: [] },
    });
  });

  test('measurements are in the format of Prometheus, and name no person', async () => {
    expected(201, await city.as('street').post('/v1/incidents', report));
    const { text, headers } = await city.anonymous.get('/metrics');
    expect(headers.get('content-type')).toContain('text/plain');
    expect(text).toMatch(/^# TYPE \S+ (counter|gauge|histogram)$/m);
    expect(text).toMatch(/route="\/v1\/incidents"/);
    expect(text).not.toContain('e2e-');
  });
});

/** The calls of the main path as api.md names them. */
const routes: readonly (readonly [string, string])[] = [
  ['post', '/v1/incidents'],
  ['get', '/v1/incidents'],
  ['get', '/v1/incidents/{id}'],
  ['get', '/v1/receipts/{receiptCode}'],
  ['post', '/v1/incidents/{id}/file'],
  ['post', '/v1/incidents/{id}/self-handling'],
  ['post', '/v1/incidents/{id}/self-handling/complete'],
  ['post', '/v1/incidents/{id}/whistles'],
  ['post', '/v1/incidents/{id}/tasks/{taskId}/acknowledge'],
  ['post', '/v1/incidents/{id}/tasks/{taskId}/check-in'],
  ['post', '/v1/incidents/{id}/tasks/{taskId}/complete'],
  ['post', '/v1/incidents/{id}/check'],
  ['post', '/v1/incidents/{id}/feedback'],
  ['post', '/v1/incidents/{id}/close'],
  ['post', '/v1/files'],
  ['post', '/v1/receipts/{receiptCode}/files'],
  ['get', '/v1/incidents/{id}/files'],
  ['get', '/v1/incidents/{id}/files/{sha256}'],
  ['get', '/v1/departments/{id}/queue'],
  ['get', '/v1/departments/{id}/dispatches/stream'],
  ['get', '/v1/departments/{id}/dispatches'],
  ['get', '/v1/departments/{id}/workload'],
  ['get', '/v1/workload'],
  ['get', '/v1/metrics'],
  ['get', '/v1/metrics/{name}'],
  ['get', '/v1/metrics/{name}/explain'],
  ['get', '/v1/incidents/{id}/events'],
  ['get', '/v1/incidents/{id}/replay'],
  ['get', '/v1/org-units'],
  ['get', '/v1/categories'],
  ['get', '/v1/grids'],
  ['get', '/v1/deadline-policies'],
  ['get', '/v1/calendars'],
  ['post', '/v1/calendars/{id}/due'],
  ['post', '/v1/deadline-policies'],
  ['post', '/v1/calendars'],
  ['get', '/health/live'],
  ['get', '/health/ready'],
  ['get', '/metrics'],
];

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly required?: string[] }>> };
}

describe('documentation', () => {
  test('lists every call, and the fields of a report', async () => {
    const { openapi, paths, components } = expected(200, await city.anonymous.get<OpenApi>('/docs-json'));
    expect(openapi).toMatch(/^3\./);
    const missing = routes.filter(([method, path]) => paths[path]?.[method] === undefined);
    expect(missing).toEqual([]);
    expect(components.schemas['ReportIncidentDto']?.required?.toSorted()).toEqual([
      ...['category', 'channel', 'description', 'location', 'severity'],
    ]);
  });

  test('tells of every call of the contract what it does, what it answers and how it refuses', async () => {
    const { paths } = expected(200, await city.anonymous.get<OpenApi>('/docs-json'));
    for (const [method, path] of routes.filter(([, address]) => address.startsWith('/v1/'))) {
      const operation = JSON.stringify(paths[path]?.[method]);
      expect(operation).toMatch(/"summary":"[^"]{5,}/);
      expect(operation).toContain('application/problem+json');
      if (method === 'get') expect(operation).toContain('Shaoying-Min-Position');
      // What takes a key is a command, and what is none promises no position; a simulation writes nothing.
      const recorded = operation.includes('"Idempotency-Key"') && path !== '/v1/simulations';
      if (method === 'post')
        expect([path, operation.includes('Shaoying-Position')]).toEqual([path, recorded]);
    }
    const whistle = JSON.stringify(paths['/v1/incidents/{id}/whistles']?.['post']);
    expect(whistle).toContain('#/components/schemas/WhistleAnswer');
    expect(JSON.stringify(paths['/v1/incidents']?.['get'])).toMatch(
      /"name":"cursor".*"name":"state"|"name":"state".*"name":"cursor"/,
    );
  });

  test('is a page that needs nothing from elsewhere', async () => {
    const page = await city.anonymous.get('/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
    expect(sources.length).toBeGreaterThan(0);
    for (const address of sources.filter((one) => !one.startsWith('data:'))) {
      const { origin } = new URL(address, `${city.url}/docs`);
      expect(origin).toBe(city.url);
      expect((await fetch(new URL(address, `${city.url}/docs`))).status).toBe(200);
    }
  });
});

describe('reference data', () => {
  test.each([
    ['CITY', 1],
    ['DISTRICT', 1],
    ['SUBDISTRICT', 2],
    ['COMMUNITY', 6],
    ['ESTATE', 20],
    ['DEPARTMENT', 8],
  ])('the sample has units of kind %s: %i', async (kind, count) => {
    const answer = await city.as('resident').get<{ items: { kind: string }[] }>(`/v1/org-units?kind=${kind}`);
    expect(expected(200, answer).items).toHaveLength(count);
    expect(answer.body.items.every((unit) => unit.kind === kind)).toBe(true);
  });

  test('every list of it has something in it', async () => {
    for (const path of ['categories', 'grids', 'deadline-policies', 'calendars']) {
      const answer = await city.as('resident').get<{ items: object[] }>(`/v1/${path}`);
      expect(expected(200, answer).items.length).toBeGreaterThan(0);
    }
  });

  // domain.md §5, the table of examples; times of Asia/Shanghai.
  test.each([
    ['2026-02-13T16:00:00+08:00', 3, 'WORKING_DAY', '2026-02-25T16:00:00+08:00'],
    ['2026-09-30T17:00:00+08:00', 4, 'WORKING_HOUR', '2026-10-08T12:00:00+08:00'],
    ['2026-02-14T17:30:00+08:00', 2, 'WORKING_HOUR', '2026-02-24T10:30:00+08:00'],
    ['2025-12-31T17:00:00+08:00', 2, 'WORKING_HOUR', '2026-01-04T10:00:00+08:00'],
    ['2026-04-03T11:30:00+08:00', 1, 'WORKING_HOUR', '2026-04-03T13:30:00+08:00'],
    ['2026-02-13T16:00:00+08:00', 24, 'CLOCK_HOUR', '2026-02-14T16:00:00+08:00'],
    ['2026-02-13T16:00:00+08:00', 7, 'CALENDAR_DAY', '2026-02-20T16:00:00+08:00'],
  ])('%s + %i %s is due at %s', async (start, amount, unit, due) => {
    const answer = await city
      .as('resident')
      .post<{ due: string; provisional: boolean }>('/v1/calendars/default/due', { start, amount, unit });
    expect(expected(200, answer)).toMatchObject({ due: new Date(due).toISOString(), provisional: false });
  });

  test('only an administrator publishes a deadline policy, and an invalid one is refused', async () => {
    const before = await log.head();
    const policy = { policyId: 'default', name: '试行', rules: [] };
    const refused = await city.as('street').post<Problem>('/v1/deadline-policies', policy);
    expectProblem(refused, 403, 'ROLE_NOT_PERMITTED');
    const invalid = await city.as('admin').post<Problem>('/v1/deadline-policies', policy);
    expectProblem(invalid, 422, 'JURISDICTION_INVALID');
    const unknown = await city.as('resident').post<Problem>('/v1/calendars/lunar/due', {
      ...{ start: '2026-02-13T16:00:00+08:00', amount: 1, unit: 'WORKING_DAY' },
    });
    expectProblem(unknown, 404, 'CALENDAR_NOT_FOUND');
    expect(await log.head()).toBe(before);
  });
});

/** Stopping PostgreSQL with all its children needs the list of processes that only Linux has as files. */
const testOnLinux = process.platform === 'linux' ? test : test.skip;
const notLinux = process.platform === 'linux' ? '' : ' (skipped: needs /proc)';

// The last one: it ends the server.
testOnLinux(`what cannot be reached is named, and nothing more is told${notLinux}`, async () => {
  const { process, url } = server;
  await home.expectAsRebuilt();
  const postgres = (await home.postgresPid()) ?? 0;
  // Stopped, not ended: connections stay, and nothing answers.
  globalThis.process.kill(postgres, 'SIGSTOP');
  for (const pid of await home.processesInside()) globalThis.process.kill(pid, 'SIGSTOP');
  try {
    const response = await fetch(`${url}/health/ready`);
    const body = (await response.json()) as {
      status: string;
      notReady: { part: string; reason: string }[];
    };
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(body.status).toBe('not ready');
    expect(body.notReady.map(({ part }) => part)).toContain('event-log');
    expect(JSON.stringify(body)).not.toMatch(/postgres:|127\.0\.0\.1/);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  } finally {
    for (const pid of await home.processesInside()) globalThis.process.kill(pid, 'SIGCONT');
  }
  await waitFor('it is ready again', async () => (await fetch(`${url}/health/ready`)).status === 200, {
    timeoutMs: 30_000,
  });
  expect((await process.stop()).code).toBe(0);
});
