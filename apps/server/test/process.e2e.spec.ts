import type { IncidentView } from '@shaoying/incident-read-models';
import { SseClient } from '@shaoying/subscriptions/testing';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { City, type Problem } from './kit/city.js';
import { expected, fileIncident, report, type Moved } from './kit/incident-steps.js';
import { Load, type Acknowledged } from './kit/load.js';
import { moments } from './kit/moments.js';
import { everyPage, expectNothingLost } from './kit/nothing-lost.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes();

/** Everything ends within 5 s of a signal. */
const stopMsMax = 5_000;

test('killed in the middle of a load, three times: everything acknowledged is there, once', async () => {
  const random = moments();
  const home = await newHome();
  const acknowledged: Acknowledged[] = [];
  for (let round = 1; round <= 3; round += 1) {
    const server = await home.start();
    const load = new Load(await City.of(home, server), `kill-${round}`);
    await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20);
    await sleep(random() * 500);
    await server.process.stop('SIGKILL');
    await load.end();
    expect(load.refused).toEqual([]);
    acknowledged.push(...load.acknowledged);
  }
  const server = await home.start();
  await expectNothingLost(home, await City.of(home, server), acknowledged);
});

test('SIGTERM and SIGINT under load, with a stream open, end everything within 5 s and lose nothing', async () => {
  const home = await newHome();
  const acknowledged: Acknowledged[] = [];
  let server = await home.start();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const city = await City.of(home, server);
    const stream = await openStream(city);
    const load = new Load(city, signal);
    await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20);
    const { code, tookMs } = await server.process.stop(signal);
    await load.end();
    expect({ signal, code, inTime: tookMs < stopMsMax }).toEqual({ signal, code: 0, inTime: true });
    await stream.closed;
    expect(stream.received.at(-1)).toMatchObject({ event: 'end' });
    expect(load.refused).toEqual([]);
    await expectPostgresGone(home);
    expect(server.process.log().filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
    acknowledged.push(...load.acknowledged);

    server = await home.start();
    expect(server.process.stderr).not.toContain('sample jurisdiction published');
    await expectNothingLost(home, await City.of(home, server), acknowledged);
  }
});

function openStream(city: City): Promise<SseClient> {
  const url = `${city.url}/v1/departments/dp-urban-management/dispatches/stream`;
  return SseClient.open(url, { Authorization: `Bearer ${city.as('urbanManagement').token ?? ''}` });
}

async function expectPostgresGone(home: ServerHome): Promise<void> {
  expect(await home.postgresPid()).toBeNull();
  expect(await home.processesInside()).toEqual([]);
}

test('a signal while it starts ends it, and the next start works', async () => {
  const home = await newHome({ empty: true });
  const starting = home.launch();
  await waitFor('PostgreSQL is starting', () => starting.stderr.includes('new PostgreSQL cluster'));
  const { code, tookMs } = await starting.stop('SIGTERM');
  expect({ code, inTime: tookMs < stopMsMax }).toEqual({ code: 0, inTime: true });
  await expectPostgresGone(home);
  const city = await City.of(home, await home.start());
  expect((await fileIncident(city)).state).toBe('FILED');
});

test('two servers run side by side and know nothing of each other', async () => {
  const homes = [await newHome({ empty: true }), await newHome({ empty: true })] as const;
  const servers = await Promise.all(homes.map((home) => home.start(inOneProcess)));
  const cities = await Promise.all(homes.map((home, index) => City.of(home, servers[index] as Started)));
  const ids: string[] = [];
  for (const city of cities) ids.push((await fileIncident(city)).id);
  for (const [index, city] of cities.entries()) {
    const board = await everyPage<IncidentView>(city, '/v1/incidents');
    expect(board.map(({ id }) => id)).toEqual([ids[index]]);
  }
  // The keys of one are nothing to the other.
  const [first, second] = cities as [City, City];
  const stranger = await second.withToken(first.as('oversight').token ?? '').get('/v1/incidents');
  expect(stranger.status).toBe(401);
});

test('roles in processes of their own share one PostgreSQL, which stays until the last of them ends', async () => {
  const home = await newHome({ empty: true });
  // Started at once on an empty folder: one of them makes the cluster, one publishes the jurisdiction.
  const [api, projector, timers] = await Promise.all(
    ['api', 'projector', 'timers'].map((ROLES) => home.start({ ROLES })),
  );
  const city = await City.of(home, api as Started);
  const { id } = await fileIncident(city);
  const view = await city.as('oversight').get<IncidentView>(`/v1/incidents/${id}`);
  expect(expected(200, view).state).toBe('FILED');
  const elsewhere = await fetch(`${projector?.url}/v1/incidents/${id}`);
  expect(elsewhere.status).toBe(404);
  for (const server of [timers, projector]) expect((await server?.process.stop())?.code).toBe(0);
  expect((await fileIncident(city)).state).toBe('FILED');
  expect((await api?.process.stop())?.code).toBe(0);
  await expectPostgresGone(home);
});

test('without ALLOW_ANONYMOUS_REPORTS a report needs a token', async () => {
  const home = await newHome();
  const city = await City.of(home, await home.start({ ...inOneProcess, ALLOW_ANONYMOUS_REPORTS: 'false' }));
  const refused = await city.anonymous.post<Problem>('/v1/incidents', report);
  expectProblem(refused, 401, 'TOKEN_MISSING');
  expected(201, await city.as('resident').post('/v1/incidents', report));
});

test('a port that is taken is told in one line, and neither server nor PostgreSQL stays', async () => {
  const owner = createServer().listen(0, '127.0.0.1');
  await once(owner, 'listening');
  const { port } = owner.address() as AddressInfo;
  const home = await newHome();
  const refused = home.launch({ PORT: String(port) });
  const { code } = await refused.exited;
  owner.close();
  expect(code).toBeGreaterThan(0);
  const lines = refused.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(new RegExp(`^Shaoying could not start: .*${port}.* in use`));
  await expectPostgresGone(home);
  const city = await City.of(home, await home.start());
  expect((await fileIncident(city)).state).toBe('FILED');
});

test('settings that cannot be used are all told, and nothing is started', async () => {
  const home = await newHome();
  const refused = home.launch({ PORT: 'many', ROLES: 'api,cook', LOG_LEVEL: 'loud' });
  expect(await refused.exited).toEqual({ code: 2, signal: null });
  for (const name of ['PORT', 'ROLES', 'LOG_LEVEL']) expect(refused.stderr).toContain(name);
  expect(await home.postgresPid()).toBeNull();
});

const noCurl = spawnSync('curl', ['--version']).status !== 0;
const describeWithCurl = noCurl ? describe.skip : describe;

describeWithCurl(`the three lines it prints${noCurl ? ' (skipped: no curl on PATH)' : ''}`, () => {
  test('report an incident, blow the whistle on it and check a department in, each as it stands', async () => {
    const home = await newHome({ empty: true });
    const server = await home.start();
    const lines = server.process.stdout
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('curl '));
    expect(lines).toHaveLength(3);
    const answers: Moved[] = [];
    for (const line of lines) {
      const { stdout } = await promisify(execFile)('sh', ['-c', line]);
      answers.push(JSON.parse(stdout) as Moved);
    }
    expect(answers.map(({ state }) => state)).toEqual(['FILED', 'HANDLING', 'HANDLING']);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    const city = await City.of(home, server);
    city.sawWrite(await (await home.openLog()).head());
    const view = await city.as('oversight').get<IncidentView>(`/v1/incidents/${answers[0]?.id}`);
    // In its community's grid: a caller who changes the text and nothing else reports from the right place.
    expect(expected(200, view)).toMatchObject({
      tasks: [{ state: 'CHECKED_IN' }],
      location: { lon: 120.41, lat: 31.83, crs: 'WGS84' },
      communityId: 'co-liuyin',
    });
    // The tokens it prints, one per role, are good.
    const tokens = [...server.process.stdout.matchAll(/^ {4}(\S+) +\S+ +(eyJ\S+)$/gm)];
    expect(tokens).toHaveLength(10);
    for (const [, , token] of tokens) {
      expect((await city.withToken(token ?? '').get('/v1/categories')).status).toBe(200);
    }
  });
});
