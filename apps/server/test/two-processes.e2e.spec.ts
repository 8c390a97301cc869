import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { City } from './kit/city.js';
import { fileIncident } from './kit/incident-steps.js';
import { Load, type Acknowledged } from './kit/load.js';
import { moments } from './kit/moments.js';
import { expectNothingLost } from './kit/nothing-lost.js';
import type { ServerProcess } from './kit/running-server.js';
import { useServerHomes, type ServerHome } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes();

/** One with a single core would play all roles in one process. */
const two = { PROCESSES: '2' };
const background = 'projector,timers,notifier';
const patience = { timeoutMs: 60_000, everyMs: 50 };

/** Numbers of the processes that have played the other roles, in order; from their own lines in the log. */
const pidsBeside = (server: ServerProcess): number[] =>
  server
    .log()
    .filter(({ role, message }) => role === background && message === 'started')
    .map(({ pid }) => Number(pid));

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface Ready {
  readonly status: string;
  readonly roles: readonly string[];
  readonly notReady: readonly { readonly part: string; readonly reason: string }[];
}

const readiness = async (url: string): Promise<Ready> =>
  (await (await fetch(`${url}/health/ready`)).json()) as Ready;

const isReady = async (url: string): Promise<boolean> => (await readiness(url)).status === 'ready';

test('one start is two processes, which log, are measured and end as one', async () => {
  const home = await newHome();
  const { process: server, url } = await home.start(two);
  const [pid = 0] = pidsBeside(server);
  expect(pid).toBeGreaterThan(0);
  expect(pid).not.toBe(server.pid);
  expect(await readiness(url)).toEqual({
    ...{ status: 'ready', roles: ['api', 'projector', 'timers', 'notifier'], notReady: [] },
  });
  const text = await (await fetch(`${url}/metrics`)).text();
  const types = text.split('\n').filter((line) => line.startsWith('# TYPE'));
  expect(new Set(types).size).toBe(types.length);
  for (const role of ['api', background]) {
    expect(text).toMatch(new RegExp(`^process_resident_memory_bytes\\{role="${role}"\\} \\d+$`, 'm'));
  }
  expect((await server.stop()).code).toBe(0);
  expect(isThere(pid)).toBe(false);
  expect(server.log().map(({ message }) => message)).toContain('stopped');
});

test('with PROCESSES=1 it is one process', async () => {
  const home = await newHome();
  const { process: server, url } = await home.start({ PROCESSES: '1' });
  expect(await isReady(url)).toBe(true);
  expect(pidsBeside(server)).toEqual([]);
  expect(new Set(server.log().map(({ pid }) => pid))).toEqual(new Set([server.pid]));
});

test('the process of the other roles killed -9 under load: it comes back, nothing is lost, the read models are equal', async () => {
  const random = moments();
  const home = await newHome();
  const { process: server, url } = await home.start(two);
  const city = await City.of(home, { url });
  const load = new Load(city, 'beside');
  await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20, patience);
  for (let death = 1; death <= 3; death += 1) {
    await sleep(random() * 400);
    process.kill(pidsBeside(server).at(-1) ?? 0, 'SIGKILL');
    const before = load.acknowledged.length;
    const missing = await waitFor(
      'its absence is told',
      async () => (await readiness(url)).notReady.find(({ part }) => part.includes(background)),
      { ...patience, everyMs: 5 },
    );
    expect(missing.reason).not.toBe('');
    await waitFor(`it is back from death ${death}`, () => pidsBeside(server).length > death, patience);
    // Commands need it for nothing.
    expect(load.acknowledged.length).toBeGreaterThan(before);
  }
  await waitFor('the server is ready', () => isReady(url), patience);
  await load.end();
  expect(load.refused).toEqual([]);
  expect(load.comeBackLater).toBe(0);
  await expectNothingLost(home, city, load.acknowledged);
});

test('the server killed -9: the process of the other roles is gone within seconds, and the next start has lost nothing', async () => {
  const home = await newHome();
  const acknowledged: Acknowledged[] = [];
  const first = await home.start(two);
  const load = new Load(await City.of(home, first), 'orphan');
  await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20, patience);
  const [pid = 0] = pidsBeside(first.process);
  await first.process.stop('SIGKILL');
  await waitFor('it is gone', () => !isThere(pid), { timeoutMs: 5_000 });
  await load.end();
  acknowledged.push(...load.acknowledged);
  const next = await home.start(two);
  await expectNothingLost(home, await City.of(home, next), acknowledged);
});

/** Makes a key of the data folder unreadable as one; nothing can start on it. @returns how to put it back */
async function spoilKey(home: ServerHome): Promise<() => Promise<void>> {
  const file = join(home.dataDir, 'keys', 'master.key');
  const kept = await readFile(file);
  await rename(file, `${file}.away`);
  await writeFile(file, 'spoilt', { mode: 0o600 });
  return () => writeFile(file, kept, { mode: 0o600 });
}

test('one that cannot be started again is tried on and on, and told; commands are taken meanwhile', async () => {
  const home = await newHome();
  const started = await home.start(two);
  const city = await City.of(home, started);
  const putBack = await spoilKey(home);
  process.kill(pidsBeside(started.process).at(-1) ?? 0, 'SIGKILL');
  const failures = (): number =>
    started.process.log().filter(({ message }) => String(message).includes('could not be started again'))
      .length;
  await waitFor('two starts have failed', () => failures() >= 2, patience);
  expect(await readiness(started.url)).toMatchObject({
    ...{ status: 'not ready', notReady: [{ part: `process ${background}` }] },
  });
  expect((await fileIncident(city)).state).toBe('FILED');
  await putBack();
  await waitFor('the server is ready', () => isReady(started.url), patience);
});

test('a first start that fails beside ends the whole with one line that says why', async () => {
  const home = await newHome();
  // Nobody listens there: only what plays `timers` minds.
  const server = home.launch({ ...two, TIMERS_URL: 'postgres://nobody@127.0.0.1:1/none' });
  expect((await server.exited).code).toBe(1);
  const lines = server.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(`Shaoying could not start: ${background}: `);
  expect(await home.processesInside()).toEqual([]);
});
