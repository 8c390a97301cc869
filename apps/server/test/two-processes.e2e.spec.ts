import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { background, inTwoProcesses, isThere, pidsBeside } from './kit/beside.js';
import { City } from './kit/city.js';
import { act, blowWhistle, expected, fileIncident, taskOf } from './kit/incident-steps.js';
import { Load, type Acknowledged } from './kit/load.js';
import { moments } from './kit/moments.js';
import { expectNothingLost } from './kit/nothing-lost.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

// One life of a server in two processes, and what is left of it; that none of them outlives the other under load is in
// process.e2e.spec.ts.

const newHome = useServerHomes(inTwoProcesses);
const patience = { timeoutMs: 60_000, everyMs: 50 };

let home: ServerHome;
let server: Started;
let city: City;
let acknowledged: readonly Acknowledged[] = [];

beforeAll(async () => {
  home = await newHome();
});

interface Ready {
  readonly status: string;
  readonly roles: readonly string[];
  readonly notReady: readonly { readonly part: string; readonly reason: string }[];
}

const readiness = async (): Promise<Ready> =>
  (await (await fetch(`${server.url}/health/ready`)).json()) as Ready;

const isReady = async (): Promise<boolean> => (await readiness()).status === 'ready';

/** Why a server did not start: the one line beside its log. */
async function reasonOfNoStart(timersUrl: string): Promise<string | undefined> {
  const failing = home.launch({ TIMERS_URL: timersUrl });
  expect((await failing.exited).code).toBe(1);
  const lines = failing.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  expect(lines).toHaveLength(1);
  expect(await home.processesInside()).toEqual([]);
  return lines[0];
}

test('a first start that fails beside ends the whole with one line that says why', async () => {
  // Refused for good, by a server that is there: what plays `timers` need not try again.
  const { host } = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
  expect(await reasonOfNoStart(`postgres://nobody:nothing@${host}/none`)).toContain(
    `Shaoying could not start: ${background}: `,
  );
});

test('where nobody listens at TIMERS_URL, what needs it at once is named', async () => {
  expect(await reasonOfNoStart('postgres://nobody@127.0.0.1:1/none')).toContain(
    'Shaoying could not start: the counters of the rate limits (TIMERS_URL): ',
  );
});

test('one start is two processes, which log and are measured as one', async () => {
  server = await home.start();
  city = await City.of(home, server);
  const [pid = 0] = pidsBeside(server.process);
  expect(pid).toBeGreaterThan(0);
  expect(pid).not.toBe(server.process.pid);
  expect(await readiness()).toEqual({
    ...{ status: 'ready', roles: ['api', 'projector', 'timers', 'notifier'], notReady: [] },
  });
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const types = text.split('\n').filter((line) => line.startsWith('# TYPE'));
  expect(new Set(types).size).toBe(types.length);
  for (const role of ['api', background]) {
    expect(text).toMatch(new RegExp(`^process_resident_memory_bytes\\{role="${role}"\\} \\d+$`, 'm'));
  }
});

interface Explained {
  readonly cases: readonly { readonly incidentId: string }[];
}

test('whoever names the position of a write reads it in the board, tasks, facts, closures and the feed, also under load', async () => {
  const load = new Load(city, 'around', 6);
  // Its own city: what the load has written is nobody's position but the load's.
  const writer = await City.of(home, server);
  const oversight = writer.as('oversight');
  const casesOf = async (metric: string, from: string): Promise<readonly string[]> => {
    const path = `/v1/metrics/${metric}/explain?from=${from}`;
    return expected(200, await oversight.get<Explained>(path)).cases.map(({ incidentId }) => incidentId);
  };
  const departmentId = 'dp-urban-management';
  for (let round = 0; round < 8; round += 1) {
    const from = new Date(Date.now() - 1).toISOString();
    const before = writer.position || '0';
    const { id, tasks } = await blowWhistle(writer);
    const { taskId } = taskOf({ tasks }, departmentId);
    const dispatches = `/v1/departments/${departmentId}/dispatches?limit=200&after=${before}`;
    expect((await writer.as('urbanManagement').get(dispatches)).text).toContain(taskId);
    expect(await casesOf('whistle-rate', from)).toContain(id);
    await act(writer, 'urbanManagement', id, `tasks/${taskId}/check-in`);
    const found = expected(200, await oversight.get<{ tasks: { state: string }[] }>(`/v1/incidents/${id}`));
    expect(found.tasks.map(({ state }) => state)).toContain('CHECKED_IN');
    expect(await casesOf('check-in-on-time', from)).toContain(id);
    await act(writer, 'urbanManagement', id, `tasks/${taskId}/complete`, { evidence: ['a'.repeat(64)] });
    await act(writer, 'supervision', id, 'check', { result: 'PASS', note: '已处理' });
    await act(writer, 'callback', id, 'feedback', { solved: 'SOLVED', satisfaction: 'SATISFIED' });
    await act(writer, 'supervision', id, 'close');
    const listed = `/v1/incidents?from=${from}&state=CLOSED&limit=200`;
    expect((await oversight.get(listed)).text).toContain(id);
    expect(await casesOf('containment-estate', from)).toContain(id);
  }
  await load.end();
  expect(load.refused).toEqual([]);
  expect(load.acknowledged.length).toBeGreaterThan(0);
}, 120_000);

test('the process of the other roles killed -9 under load: it comes back, nothing is lost, the read models are equal', async () => {
  const random = moments();
  const load = new Load(city, 'beside');
  await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20, patience);
  for (let death = 1; death <= 3; death += 1) {
    await sleep(random() * 400);
    process.kill(pidsBeside(server.process).at(-1) ?? 0, 'SIGKILL');
    const before = load.acknowledged.length;
    const missing = await waitFor(
      'its absence is told',
      async () => (await readiness()).notReady.find(({ part }) => part.includes(background)),
      { ...patience, everyMs: 5 },
    );
    expect(missing.reason).not.toBe('');
    await waitFor(
      `it is back from death ${death}`,
      () => pidsBeside(server.process).length > death,
      patience,
    );
    // Commands need it for nothing.
    expect(load.acknowledged.length).toBeGreaterThan(before);
  }
  await waitFor('the server is ready', isReady, patience);
  await load.end();
  expect(load.refused).toEqual([]);
  expect(load.comeBackLater).toBe(0);
  acknowledged = load.acknowledged;
  await expectNothingLost(home, city, acknowledged);
});

/** Makes a key of the data folder unreadable as one; nothing can start on it. @returns how to put it back */
async function spoilKey(): Promise<() => Promise<void>> {
  const file = join(home.dataDir, 'keys', 'master.key');
  const kept = await readFile(file);
  await rename(file, `${file}.away`);
  await writeFile(file, 'spoilt', { mode: 0o600 });
  return () => writeFile(file, kept, { mode: 0o600 });
}

test('one that cannot be started again is tried on and on, and told; commands are taken meanwhile', async () => {
  const putBack = await spoilKey();
  process.kill(pidsBeside(server.process).at(-1) ?? 0, 'SIGKILL');
  const failures = (): number =>
    server.process.log().filter(({ message }) => String(message).includes('could not be started again'))
      .length;
  await waitFor('two starts have failed', () => failures() >= 2, patience);
  expect(await readiness()).toMatchObject({
    ...{ status: 'not ready', notReady: [{ part: `process ${background}` }] },
  });
  expect((await fileIncident(city)).state).toBe('FILED');
  await putBack();
  await waitFor('the server is ready', isReady, patience);
});

test('told to stop, both end as one', async () => {
  const pid = pidsBeside(server.process).at(-1) ?? 0;
  expect(isThere(pid)).toBe(true);
  expect((await server.process.stop()).code).toBe(0);
  expect(isThere(pid)).toBe(false);
  expect(server.process.log().map(({ message }) => message)).toContain('stopped');
});

test('with PROCESSES=1 it is one process, with all that the two have written', async () => {
  server = await home.start(inOneProcess);
  city = await City.of(home, server);
  expect(await isReady()).toBe(true);
  expect(pidsBeside(server.process)).toEqual([]);
  expect(new Set(server.process.log().map(({ pid }) => pid))).toEqual(new Set([server.process.pid]));
  await expectNothingLost(home, city, acknowledged);
});
