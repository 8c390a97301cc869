import type { IncidentView } from '@shaoying/incident-read-models';
import { SseClient } from '@shaoying/subscriptions/testing';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { inTwoProcesses, isThere, pidsBeside } from './kit/beside.js';
import { City, type Problem } from './kit/city.js';
import { expected, fileIncident, report, type Moved } from './kit/incident-steps.js';
import { Load, type Acknowledged } from './kit/load.js';
import { moments } from './kit/moments.js';
import { everyPage, expectNothingLost } from './kit/nothing-lost.js';
import { expectProblem } from './kit/problems.js';
import { useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

// One installation from its empty folder on: each test begins with how the one before it has ended, for starts are most of
// what this costs.

const newHome = useServerHomes(inTwoProcesses);

/** Everything ends within 5 s of a signal. */
const stopMsMax = 5_000;

let home: ServerHome;
let server: Started;
let city: City;
/** By every server of this installation. */
const acknowledged: Acknowledged[] = [];

beforeAll(async () => {
  home = await newHome({ empty: true });
});

async function startAgain(): Promise<void> {
  server = await home.start();
  city = await City.of(home, server);
}

async function expectPostgresGone(folder: ServerHome): Promise<void> {
  expect(await folder.postgresPid()).toBeNull();
  expect(await folder.processesInside()).toEqual([]);
}

test('settings that cannot be used are all told, and nothing is started', async () => {
  const refused = home.launch({ PORT: 'many', ROLES: 'api,cook', LOG_LEVEL: 'loud' });
  expect(await refused.exited).toEqual({ code: 2, signal: null });
  for (const name of ['PORT', 'ROLES', 'LOG_LEVEL']) expect(refused.stderr).toContain(name);
  expect(await home.postgresPid()).toBeNull();
});

test('a signal while it starts for the first time ends it', async () => {
  const starting = home.launch();
  await waitFor('PostgreSQL is starting', () => starting.stderr.includes('new PostgreSQL cluster'));
  const { code, tookMs } = await starting.stop('SIGTERM');
  expect({ code, inTime: tookMs < stopMsMax }).toEqual({ code: 0, inTime: true });
  await expectPostgresGone(home);
});

test('a port that is taken is told in one line, and neither server nor PostgreSQL stays', async () => {
  const owner = createServer().listen(0, '127.0.0.1');
  await once(owner, 'listening');
  const { port } = owner.address() as AddressInfo;
  const refused = home.launch({ PORT: String(port) });
  const { code } = await refused.exited;
  owner.close();
  expect(code).toBeGreaterThan(0);
  const lines = refused.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(new RegExp(`^Shaoying could not start: .*${port}.* in use`));
  await expectPostgresGone(home);
});

describe('after all that it starts, beside another installation whose roles are in processes of their own', () => {
  const roles = ['api', 'projector', 'timers'] as const;
  let otherHome: ServerHome;
  let others: readonly Started[];
  let other: City;

  // All at once: on the empty folder one of the three makes the cluster, one publishes the jurisdiction.
  beforeAll(async () => {
    otherHome = await newHome({ empty: true });
    const launched = roles.map((ROLES) => otherHome.start({ ROLES, ALLOW_ANONYMOUS_REPORTS: 'false' }));
    await Promise.all([startAgain(), ...launched]);
    others = await Promise.all(launched);
    other = await City.of(otherHome, others[0] as Started);
  });

  test('they know nothing of each other', async () => {
    const cities = [city, other] as const;
    const ids: string[] = [];
    for (const each of cities) {
      const { id, state } = await fileIncident(each);
      expect(state).toBe('FILED');
      ids.push(id);
    }
    for (const [index, each] of cities.entries()) {
      const board = await everyPage<IncidentView>(each, '/v1/incidents');
      expect(board.map(({ id }) => id)).toEqual([ids[index]]);
    }
    // The keys of one are nothing to the other.
    const stranger = await other.withToken(city.as('oversight').token ?? '').get('/v1/incidents');
    expect(stranger.status).toBe(401);
  });

  test('without ALLOW_ANONYMOUS_REPORTS a report needs a token', async () => {
    const refused = await other.anonymous.post<Problem>('/v1/incidents', report);
    expectProblem(refused, 401, 'TOKEN_MISSING');
    expected(201, await other.as('resident').post('/v1/incidents', report));
  });

  test('the roles share one PostgreSQL, which stays until the last of them ends', async () => {
    const [api, projector, timers] = others as [Started, Started, Started];
    const { id } = await fileIncident(other);
    const view = await other.as('oversight').get<IncidentView>(`/v1/incidents/${id}`);
    expect(expected(200, view).state).toBe('FILED');
    const elsewhere = await fetch(`${projector.url}/v1/incidents/${id}`);
    expect(elsewhere.status).toBe(404);
    await otherHome.expectAsRebuilt();
    for (const { process } of [timers, projector]) expect((await process.stop()).code).toBe(0);
    expect((await fileIncident(other)).state).toBe('FILED');
    expect((await api.process.stop()).code).toBe(0);
    await expectPostgresGone(otherHome);
  });
});

const noCurl = spawnSync('curl', ['--version']).status !== 0;
const describeWithCurl = noCurl ? describe.skip : describe;

describeWithCurl(`the three lines it prints${noCurl ? ' (skipped: no curl on PATH)' : ''}`, () => {
  test('report an incident, blow the whistle on it and check a department in, each as it stands', async () => {
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

test('SIGTERM and SIGINT under load, with a stream open, end everything within 5 s and lose nothing', async () => {
  await home.closeLogs();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const stream = await openStream();
    const load = new Load(city, signal);
    await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20);
    const [beside = 0] = pidsBeside(server.process);
    const { code, tookMs } = await server.process.stop(signal);
    await load.end();
    expect({ signal, code, inTime: tookMs < stopMsMax }).toEqual({ signal, code: 0, inTime: true });
    expect(isThere(beside)).toBe(false);
    await stream.closed;
    expect(stream.received.at(-1)).toMatchObject({ event: 'end' });
    expect(load.refused).toEqual([]);
    await expectPostgresGone(home);
    expect(server.process.log().filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
    acknowledged.push(...load.acknowledged);

    await startAgain();
    expect(server.process.stderr).not.toContain('sample jurisdiction published');
    await expectNothingLost(home, city, acknowledged);
  }
});

function openStream(): Promise<SseClient> {
  const url = `${city.url}/v1/departments/dp-urban-management/dispatches/stream`;
  return SseClient.open(url, { Authorization: `Bearer ${city.as('urbanManagement').token ?? ''}` });
}

test('killed in the middle of a load, three times: nothing stays beside, and everything acknowledged is there, once', async () => {
  const random = moments();
  for (let round = 1; round <= 3; round += 1) {
    const load = new Load(city, `kill-${round}`);
    await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20);
    await sleep(random() * 500);
    const [beside = 0] = pidsBeside(server.process);
    expect(isThere(beside)).toBe(true);
    await server.process.stop('SIGKILL');
    await waitFor('the process of the other roles is gone', () => !isThere(beside), {
      timeoutMs: stopMsMax,
    });
    await load.end();
    expect(load.refused).toEqual([]);
    acknowledged.push(...load.acknowledged);
    await startAgain();
  }
  await expectNothingLost(home, city, acknowledged);
});

test('a stop that hangs is cut off within 5 s; PostgreSQL stops all the same, in order, and has everything', async () => {
  const [holder, watcher] = await Promise.all(
    [1, 2].map(async () => {
      const client = new Client({ connectionString: await home.postgresUrl() });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    }),
  );
  await holder?.query('begin; lock table incident_board.reports in access exclusive mode');
  // Waited for by whoever closes the pool that it was asked of.
  const hanging = city
    .as('street')
    .get('/v1/incidents')
    .catch(() => undefined);
  await waitFor('a question waits for the lock', async () => {
    const waiting = await watcher?.query(
      `select from pg_stat_activity where application_name = 'shaoying-queries' and wait_event_type = 'Lock'`,
    );
    return (waiting?.rowCount ?? 0) > 0;
  });
  await home.closeLogs();
  const { code, tookMs } = await server.process.stop('SIGTERM');
  expect({ code, inTime: tookMs < stopMsMax }).toEqual({ code: 1, inTime: true });
  expect(server.process.stderr).toContain('stopping took too long');
  await hanging;
  await waitFor('PostgreSQL has stopped', async () => (await home.processesInside()).length === 0);
  await expectPostgresGone(home);
  const said = await readFile(join(home.dataDir, 'postgres.log'), 'utf8');
  expect(said.trimEnd()).toMatch(/database system is shut down$/);
  await startAgain();
  await expectNothingLost(home, city, acknowledged);
});
