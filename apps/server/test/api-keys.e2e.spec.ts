import { SimulatedClock, systemClock, uuidV7 } from '@shaoying/config';
import { ApiKeys } from '@shaoying/identity';
import { OidcIssuer, type KeyPair } from '@shaoying/identity/testing';
import type { EventStore } from '@shaoying/event-store';
import { SseClient } from '@shaoying/subscriptions/testing';
import { Client } from 'pg';
import { City, type PersonName, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { blowWhistle, expected, taskOf } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

interface ApiKeyAnswer {
  readonly id: string;
  readonly state: string;
  readonly label: string;
  readonly orgUnitId: string;
  readonly expiresAt: string;
  readonly formerSecretEndsAt: string | null;
  readonly lastUsedOn: string | null;
  readonly history: readonly { readonly what: string; readonly by: string }[];
}
interface Issued extends ApiKeyAnswer {
  readonly key: string;
}

const newHome = useServerHomes({ ...inOneProcess, LOG_LEVEL: 'trace' });
let home: ServerHome;
let servers: Started[];
/** Two processes over one database: one trusts the local issuer, the other an OIDC issuer. */
let city: City;
let elsewhere: City;
/** Away until a test calls it back. */
let issuer: OidcIssuer;
let issuerKey: KeyPair;
let log: EventStore;
/** Every key that a test has seen. */
const seen: string[] = [];

beforeAll(async () => {
  home = await newHome();
  servers = [await home.start()];
  issuer = await OidcIssuer.listen();
  issuerKey = await OidcIssuer.keyPair('ES256');
  await issuer.publish({ first: issuerKey });
  issuer.answer = (request) => request.destroy();
  const oidc = { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: 'shaoying' };
  servers.push(await home.start({ ROLES: 'api', ...oidc }));
  city = await City.of(home, servers[0]!);
  elsewhere = await City.of(home, servers[1]!);
  log = await home.openLog();
});

expectDeclaredAnswers(() => city);
afterAll(() => issuer.close());

const wanted = { label: '供水调度系统', role: 'department', orgUnitId: 'dp-water', expiresInDays: 30 };
const queue = '/v1/departments/dp-water/queue';

async function issue(changes: object = {}): Promise<Issued> {
  const issued = expected(
    201,
    await city.as('admin').post<Issued>('/v1/api-keys', { ...wanted, ...changes }),
  );
  seen.push(issued.key);
  return issued;
}

const at = (place: City, key: string) => place.withToken(key);
const revoke = async (id: string): Promise<ApiKeyAnswer> =>
  expected(200, await city.as('admin').delete<ApiKeyAnswer>(`/v1/api-keys/${id}`));

/** An administrator of the other process, with a token that it has not seen yet. */
async function adminElsewhere(): Promise<ReturnType<City['withToken']>> {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: 'e2e-admin', roles: ['admin'], org: 'ct-lindong', jti: uuidV7(systemClock) };
  const { privateKey } = issuerKey;
  return elsewhere.withToken(await issuer.sign(privateKey, { alg: 'ES256', kid: 'first' }, claims, now));
}

test('an issuer that is away is 503 and not 401; what needs no issuer goes on', async () => {
  const answer = await (await adminElsewhere()).get<Problem>(queue);
  expectProblem(answer, 503, 'IDENTITY_PROVIDER_UNAVAILABLE');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expected(200, await at(elsewhere, (await issue()).key).get(queue));
});

test('a key is its system everywhere: it reads its queue and checks in, and history says that a machine did', async () => {
  const { key, id } = await issue();
  const whistled = await blowWhistle(city, { lead: 'dp-water' });
  const { taskId } = taskOf(whistled, 'dp-water');
  elsewhere.sawWrite(city.position);
  const page = expected(200, await at(elsewhere, key).get<{ items: { taskId: string }[] }>(queue));
  expect(page.items.map((item) => item.taskId)).toContain(taskId);
  const path = `/v1/incidents/${whistled.id}/tasks/${taskId}/check-in`;
  expected(200, await at(elsewhere, key).post(path, { note: '系统自动签到' }));
  const events = await log.readStream(`incident-${whistled.id}`);
  expect(events.find(({ type }) => type === 'DepartmentCheckedIn')?.actor).toEqual({
    ...{ id: `key-${id}`, role: 'department', orgUnitId: 'dp-water' },
  });
  const scheme = await fetch(`${city.url}${queue}`, { headers: { Authorization: `ApiKey ${key}` } });
  expect(scheme.status).toBe(200);
});

test('what a key was not issued for it may not do', async () => {
  const { key } = await issue();
  const { id } = await issue({ orgUnitId: 'dp-gas' });
  const caller = at(city, key);
  expectProblem(await caller.get('/v1/departments/dp-gas/queue'), 403, 'DEPARTMENT_NOT_YOURS');
  expectProblem(await caller.get('/v1/departments/dp-gas/dispatches'), 403, 'DEPARTMENT_NOT_YOURS');
  // Nor make keys, end them or see them: not even its own.
  expectProblem(await caller.post('/v1/api-keys', wanted), 403, 'ROLE_NOT_PERMITTED');
  expectProblem(await caller.post(`/v1/api-keys/${id}/rotate`), 403, 'ROLE_NOT_PERMITTED');
  expectProblem(await caller.delete(`/v1/api-keys/${id}`), 403, 'ROLE_NOT_PERMITTED');
  expectProblem(await caller.get('/v1/api-keys'), 403, 'ROLE_NOT_PERMITTED');
});

test('a key for reading reads, and changes nothing', async () => {
  const { key } = await issue({ readOnly: true });
  expected(200, await at(city, key).get(queue));
  const refused = await at(city, key).post<Problem>('/v1/calendars/default/due', {});
  expectProblem(refused, 403, 'API_KEY_READ_ONLY');
});

test('revoked at one process, it is refused at every other at the very next request, and tells why', async () => {
  for (let round = 0; round < 4; round += 1) {
    const { key, id } = await issue();
    expected(200, await at(elsewhere, key).get(queue));
    expect(await revoke(id)).toMatchObject({ id, state: 'REVOKED' });
    expect(await revoke(id)).toMatchObject({ id, state: 'REVOKED' });
    expectProblem(await at(elsewhere, key).get(queue), 401, 'API_KEY_REVOKED');
    expectProblem(await at(city, key).get(queue), 401, 'API_KEY_REVOKED');
  }
});

test('under load no request that begins after the revocation is let in', async () => {
  const { key, id } = await issue();
  let revokedAtMs = Number.POSITIVE_INFINITY;
  const late: number[] = [];
  let good = 0;
  const knocking = [city, elsewhere, city, elsewhere].map(async (place) => {
    for (let after = 0; after < 20;) {
      const startedMs = performance.now();
      if (startedMs > revokedAtMs) after += 1;
      const { status } = await at(place, key).get(queue);
      if (status === 200) good += 1;
      if (status === 200 && startedMs > revokedAtMs) late.push(startedMs - revokedAtMs);
    }
  });
  await waitFor('requests are answered', () => good > 20);
  await revoke(id);
  revokedAtMs = performance.now();
  await Promise.all(knocking);
  expect(late).toEqual([]);
});

test('an open stream of a key ends within seconds of its revocation, and says so', async () => {
  const { key, id } = await issue();
  const url = `${elsewhere.url}/v1/departments/dp-water/dispatches/stream`;
  const client = await SseClient.open(url, { Authorization: `Bearer ${key}` });
  try {
    await revoke(id);
    await client.closed;
    expect(client.received.at(-1)).toEqual({ event: 'end', data: '{"reason":"TOKEN_REVOKED"}' });
  } finally {
    client.close();
  }
});

test('an issuer that is back is trusted without a restart, its keys also while it is away; the local one is not', async () => {
  issuer.answer = undefined;
  await waitFor('it is asked again', async () => (await (await adminElsewhere()).get(queue)).status === 200);
  issuer.answer = (request) => request.destroy();
  expected(200, await (await adminElsewhere()).get(queue));
  expectProblem(await elsewhere.as('admin').get(queue), 401, 'TOKEN_INVALID');
});

test('a rotated key has two secrets for a while; with no overlap the former one ends at once', async () => {
  const { key: first, id } = await issue();
  const rotated = expected(200, await city.as('admin').post<Issued>(`/v1/api-keys/${id}/rotate`));
  seen.push(rotated.key);
  for (const key of [first, rotated.key]) expected(200, await at(elsewhere, key).get(queue));
  const path = `/v1/api-keys/${id}/rotate`;
  const again = expected(200, await (await adminElsewhere()).post<Issued>(path, { overlapHours: 0 }));
  seen.push(again.key);
  expectProblem(await at(city, first).get(queue), 401, 'API_KEY_INVALID');
  expectProblem(await at(city, rotated.key).get(queue), 401, 'API_KEY_EXPIRED');
  expected(200, await at(city, again.key).get(queue));
});

test('expired, mistyped and made-up keys are refused, in two languages and with a challenge', async () => {
  const past = new SimulatedClock(new Date(Date.now() - 3 * 86_400_000));
  const keys = new ApiKeys({ store: log, clock: past, daysMax: 365 });
  const commandId = uuidV7(systemClock);
  const actor = { id: 'e2e', role: 'admin', orgUnitId: null };
  const { secret } = await keys.issue(
    { ...{ label: 'past', role: 'department', orgUnitId: 'dp-water' }, readOnly: false, days: 2 },
    { ...{ commandId, correlationId: commandId, causationId: commandId }, actor },
  );
  seen.push(secret as string);
  const answer = await at(city, secret as string).get<Problem>(queue, { 'Accept-Language': 'zh-CN' });
  expect(expectProblem(answer, 401, 'API_KEY_EXPIRED').title).toBe('API 密钥已过期');
  expect(answer.headers.get('www-authenticate')).toContain('Bearer');
  const { key } = await issue();
  for (const bad of [
    `${key.slice(0, -1)}x`,
    key.slice(0, 50),
    'shy_',
    `shy_${'0'.repeat(16)}_${'0'.repeat(72)}`,
  ]) {
    expectProblem(await at(city, bad).get(queue), 401, 'API_KEY_INVALID');
  }
});

test.each<[string, object, number, string]>([
  ['a role that machines do not have', { role: 'admin' }, 400, 'VALIDATION_FAILED'],
  ['a unit that is not there', { orgUnitId: 'dp-nowhere' }, 404, 'ORG_UNIT_NOT_FOUND'],
  ['a unit of another kind', { orgUnitId: 'st-hepan' }, 422, 'API_KEY_UNIT'],
  ['a life longer than the settings allow', { expiresInDays: 366 }, 422, 'API_KEY_LIFETIME'],
  ['no life', { expiresInDays: 0 }, 400, 'VALIDATION_FAILED'],
  ['a blank label', { label: ' ' }, 400, 'VALIDATION_FAILED'],
])('%s is refused', async (_what, changes, status, code) => {
  expectProblem(await city.as('admin').post('/v1/api-keys', { ...wanted, ...changes }), status, code);
});

test('who is no administrator issues and ends no key; oversight sees who did', async () => {
  const { id } = await issue();
  await revoke(id);
  for (const who of ['oversight', 'urbanManagement', 'street', 'supervision'] satisfies PersonName[]) {
    expectProblem(await city.as(who).post('/v1/api-keys', wanted), 403, 'ROLE_NOT_PERMITTED');
    expectProblem(await city.as(who).delete(`/v1/api-keys/${id}`), 403, 'ROLE_NOT_PERMITTED');
  }
  const { history } = expected(200, await city.as('oversight').get<ApiKeyAnswer>(`/v1/api-keys/${id}`));
  expect(history.map(({ what, by }) => [what, by])).toEqual([
    ['ISSUED', 'e2e-admin'],
    ['REVOKED', 'e2e-admin'],
  ]);
  expectProblem(await city.as('admin').get('/v1/api-keys/0123456789abcdef'), 404, 'API_KEY_NOT_FOUND');
});

test('the same request twice is one key, shown once', async () => {
  const first = await city.as('admin').post<Issued>('/v1/api-keys', wanted, { key: 'one-key' });
  const again = await (await adminElsewhere()).post<Issued>('/v1/api-keys', wanted, { key: 'one-key' });
  seen.push(first.body.key);
  expect(expected(201, again)).toEqual({ ...first.body, key: null });
  expect(again.headers.get('idempotency-replayed')).toBe('true');
});

test('all keys are listed page by page, without secrets, with the day they were last used on', async () => {
  const { id, key } = await issue();
  await at(elsewhere, key).get(queue);
  const listed: ApiKeyAnswer[] = [];
  for (let cursor = ''; ;) {
    const path = `/v1/api-keys?limit=7${cursor}`;
    const { body, text } = await city
      .as('oversight')
      .get<{ items: ApiKeyAnswer[]; nextCursor: string | null }>(path);
    expect(text).not.toMatch(/shy_|[0-9a-f]{64}/);
    listed.push(...body.items);
    if (body.nextCursor === null) break;
    cursor = `&cursor=${body.nextCursor}`;
  }
  expect(new Set(listed.map((item) => item.id)).size).toBe(listed.length);
  const today = new Date().toISOString().slice(0, 10);
  await waitFor('its use is noted', async () => {
    const { body } = await city.as('admin').get<ApiKeyAnswer>(`/v1/api-keys/${id}`);
    return body.lastUsedOn !== null;
  });
  expect(listed.find((item) => item.id === id)).toMatchObject({ state: 'ACTIVE', label: '供水调度系统' });
  expect((await city.as('admin').get<ApiKeyAnswer>(`/v1/api-keys/${id}`)).body.lastUsedOn).toBe(today);
});

test('no key is in a line of the log at its most talkative, in an event, or in a row of any table', async () => {
  expect(seen.length).toBeGreaterThan(15);
  const client = new Client({ connectionString: await home.postgresUrl() });
  await client.connect();
  const texts = servers.flatMap(({ process }) => [process.stderr, process.stdout]);
  expect(texts.join('').length).toBeGreaterThan(1_000);
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
      texts.push(rows.map(({ row }) => row).join('\n'));
    }
  } finally {
    await client.end();
  }
  const everything = texts.join('\n');
  // The search would find them: what is kept of each is there.
  expect(everything).toContain('secretHash');
  const secrets = seen.map((key) => key.split('_')[2]?.slice(0, 64) ?? key);
  expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
});
