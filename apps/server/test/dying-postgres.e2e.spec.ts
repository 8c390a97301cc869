import type { HistoryEntry } from '@shaoying/audit';
import type { IncidentView } from '@shaoying/incident-read-models';
import { killPostgres } from '@shaoying/postgres/testing';
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { City } from './kit/city.js';
import { blowWhistle, expected, fileIncident, taskOf } from './kit/incident-steps.js';
import { knockEverywhere, type Knocked } from './kit/knocking.js';
import { Load, type Acknowledged } from './kit/load.js';
import { moments } from './kit/moments.js';
import { expectNothingLost } from './kit/nothing-lost.js';
import { useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes();

/** A busy machine starts PostgreSQL late; nothing here depends on how soon. */
const patience = { timeoutMs: 60_000, everyMs: 50 };

const readiness = async ({ url }: Pick<Started, 'url'>): Promise<number> =>
  (await fetch(`${url}/health/ready`)).status;

async function kill(home: ServerHome): Promise<void> {
  const pid = await waitFor('PostgreSQL runs', async () => (await home.postgresPid()) ?? undefined, patience);
  await killPostgres(pid);
}

/** Keeps PostgreSQL from starting, as a broken disk would, until the returned function is called. */
async function keepDown(home: ServerHome): Promise<() => Promise<void>> {
  const control = join(home.dataDir, 'postgres/global/pg_control');
  await rename(control, `${control}.away`);
  return () => rename(`${control}.away`, control);
}

async function stealPort(port: number): Promise<Server> {
  const thief = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  await once(thief, 'listening');
  return thief;
}

describe('one server, started again where it ends', () => {
  let home: ServerHome;
  let server: Started;
  let city: City;
  const acknowledged: Acknowledged[] = [];

  async function startAgain(): Promise<void> {
    server = await home.start();
    city = await City.of(home, server);
  }

  beforeAll(async () => {
    home = await newHome();
    await startAgain();
  });

  test('PostgreSQL killed -9 under load: clients are told to come back, then go on; nothing acknowledged is lost', async () => {
    const random = moments();
    const load = new Load(city, 'dying-postgres');
    const said = (): string[] => server.process.log().map(({ message }) => String(message));
    const timesBack = (): number => said().filter((words) => words === 'PostgreSQL is back').length;
    const knocking = new AbortController();
    const doors: Knocked = { strange: [], later: 0 };
    const knocked = knockEverywhere(city, knocking.signal, doors);
    await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20, patience);
    for (let round = 1; round <= 3; round += 1) {
      await sleep(random() * 400);
      // In the second round it stays away for a while: nobody can miss that.
      const bringBack = round === 2 ? await keepDown(home) : undefined;
      const before = load.comeBackLater;
      await kill(home);
      if (bringBack) {
        await waitFor('callers are told to come back', () => load.comeBackLater >= before + 20, patience);
        // On a busy machine commands are, long before whoever knocks at one door after the other.
        await waitFor('who knocks is told so too', () => doors.later > 0, patience);
        expect(await readiness(server)).toBe(503);
        expect((await fetch(`${city.url}/health/live`)).status).toBe(200);
        await bringBack();
      }
      // Killed again before the server has noticed that it is back, it would have died once in its eyes.
      await waitFor(`death ${round} is over`, () => timesBack() === round, patience);
      const sinceThen = load.acknowledged.length;
      await waitFor(
        `commands after death ${round}`,
        () => load.acknowledged.length >= sinceThen + 20,
        patience,
      );
    }
    await waitFor('the server is ready', async () => (await readiness(server)) === 200, patience);
    await load.end();
    knocking.abort();
    expect((await knocked).strange).toEqual([]);
    expect(load.refused).toEqual([]);
    expect(server.process.ended).toBe(false);
    acknowledged.push(...load.acknowledged);
    await expectNothingLost(home, city, acknowledged);
    expect(said().filter((words) => words.includes('ended; it is started again'))).toHaveLength(3);
    expect(timesBack()).toBe(3);
  });

  test('a server whose PostgreSQL is dead still stops in order when told to, and nothing keeps running', async () => {
    const failures = (): number => server.process.stderr.split('could not be started again').length;
    const before = failures();
    const bringBack = await keepDown(home);
    await kill(home);
    await waitFor('a restart has failed', () => failures() > before, patience);
    // 1 would be the answer of what had to be cut off.
    expect((await server.process.stop('SIGTERM')).code).toBe(0);
    expect(await home.processesInside()).toEqual([]);
    await bringBack();
    await startAgain();
    expect((await fileIncident(city)).state).toBe('FILED');
  });

  test('a PostgreSQL that cannot come back on its port ends the server, loudly; started again, it has lost nothing', async () => {
    const load = new Load(city, 'port-lost');
    await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20, patience);
    const { port } = new URL(await home.postgresUrl());
    const bringBack = await keepDown(home);
    await kill(home);
    // Retried: the server itself looks from time to time whether the port is free.
    const thief = await waitFor('the port is stolen', () => stealPort(Number(port)), patience);
    await bringBack();
    const { code } = await server.process.exited;
    await load.end();
    thief.close();
    expect(code).toBeGreaterThan(0);
    expect(server.process.log()).toContainEqual(
      expect.objectContaining({ level: 'fatal', message: expect.stringContaining('PostgreSQL has ended') }),
    );
    expect(load.refused).toEqual([]);
    acknowledged.push(...load.acknowledged);
    await startAgain();
    await expectNothingLost(home, city, acknowledged);
  });
});

/** The sample's policy, with a check-in due within seconds. */
function soon(yaml: string): string {
  const usual = '{ timer: CHECK_IN, duration: { amount: 1, unit: WORKING_DAY } }';
  if (!yaml.includes(usual)) throw new Error('the sample has no such rule any more');
  return yaml.replace(
    usual,
    `{ timer: CHECK_IN, duration: { amount: ${(3 / 3_600).toFixed(9)}, unit: CLOCK_HOUR } }`,
  );
}

test('roles in processes of their own: a deadline that falls due while PostgreSQL is dead is kept once one of them has brought it back, and later ones as ever', async () => {
  const home = await newHome({ jurisdiction: soon });
  const servers = await Promise.all(['api', 'projector', 'timers'].map((ROLES) => home.start({ ROLES })));
  const city = await City.of(home, servers[0] as Started);
  const overdue = (id: string): Promise<HistoryEntry[]> =>
    waitFor(
      `the breach of ${id}`,
      async () => {
        const answer = await city
          .as('oversight')
          .get<{ items: HistoryEntry[] }>(`/v1/incidents/${id}/events`);
        const found = expected(200, answer).items.filter(({ type }) => type === 'TaskOverdue');
        return found.length > 0 && found;
      },
      patience,
    );
  const dueAtOf = (whistled: Awaited<ReturnType<typeof blowWhistle>>): string =>
    taskOf(whistled, 'dp-water').deadlines.find(({ timer }) => timer === 'CHECK_IN')?.dueAt ?? '';

  const whistled = await blowWhistle(city, { lead: 'dp-water' });
  const dueAt = dueAtOf(whistled);
  const bringBack = await keepDown(home);
  await kill(home);
  await sleep(Math.max(0, Date.parse(dueAt) + 500 - Date.now()));
  await bringBack();
  for (const server of servers) {
    await waitFor('it is back', () => server.process.stderr.includes('PostgreSQL is back'), patience);
    await waitFor('it is ready', async () => (await readiness(server)) === 200, patience);
  }
  expect(await overdue(whistled.id)).toMatchObject([{ occurredAt: dueAt }]);

  const later = await blowWhistle(city, { lead: 'dp-water' });
  expect(await overdue(later.id)).toMatchObject([{ occurredAt: dueAtOf(later) }]);
  const view = await city.as('oversight').get<IncidentView>(`/v1/incidents/${later.id}`);
  expect(expected(200, view).state).toBe('HANDLING');
  // Longer than a round of the sweeper, which would write it a second time if anybody did.
  await sleep(6_000);
  expect(await overdue(whistled.id)).toHaveLength(1);

  await home.expectAsRebuilt();
  expect(await home.processesInside()).not.toEqual([]);
  for (const { process } of servers) expect((await process.stop()).code).toBe(0);
  expect(await home.processesInside()).toEqual([]);
});
