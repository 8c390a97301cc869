import type { HistoryEntry } from '@shaoying/audit';
import type { EventStore } from '@shaoying/event-store';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import type { IncidentView } from '@shaoying/incident-read-models';
import { TwoServers } from '@shaoying/postgres/testing';
import { expectAsRebuilt } from './kit/as-rebuilt.js';
import { City } from './kit/city.js';
import { blowWhistle, expected } from './kit/incident-steps.js';
import { knockEverywhere, type Knocked } from './kit/knocking.js';
import { Load } from './kit/load.js';
import { expectNothingLost } from './kit/nothing-lost.js';
import { useServerHomes } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

/*
 * Log, read models, timers, leases, limits and keys by one address that leads to the first of two servers, and then to the second.
 * The first can only be read from then on, goes on living, and closes nothing: whoever is connected could ask it for ever.
 */

const onLinux = process.platform === 'linux';
const testOnLinux = onLinux ? test : test.skip;

const newHome = useServerHomes();

const checkInSeconds = 15;

/** A check-in due in seconds for emergencies alone, and one order for it. */
function soonInEmergencies(yaml: string): string {
  const checkIn =
    '{ timer: CHECK_IN, when: { whistleKind: EMERGENCY }, duration: { amount: 0.5, unit: CLOCK_HOUR } }';
  if (!yaml.includes(checkIn)) throw new Error('the sample has changed');
  const amount = (checkInSeconds / 3_600).toFixed(9);
  return yaml
    .replace(checkIn, checkIn.replace('0.5', amount))
    .replaceAll(/^.*trigger: \d+, level: (ORANGE|RED).*\n/gm, '');
}

interface Lease {
  readonly items: readonly { readonly deliveryId: string }[];
}

let servers: TwoServers;
beforeAll(async () => {
  if (onLinux) servers = await TwoServers.start();
});
afterAll(() => servers?.remove());

/** The log itself, past the server and the address. */
function logOf(url: string): { openLog(): Promise<EventStore>; closeLogs(): Promise<void> } {
  const logs: EventStore[] = [];
  return {
    openLog: async () => {
      const log = await PostgresEventStore.open({ url });
      logs.push(log);
      return log;
    },
    closeLogs: async () => {
      await Promise.all(logs.splice(0).map((log) => log.close()));
    },
  };
}

testOnLinux(
  `a fail-over under load: callers are told to come back, then everything goes on at the other server, and nothing of it stays behind${onLinux ? '' : ' (skipped: needs /proc)'}`,
  async () => {
    const { url } = servers.address;
    const home = await newHome({ jurisdiction: soonInEmergencies });
    const everything = { EVENT_STORE_URL: url, READ_MODEL_URL: url, TIMERS_URL: url };
    const server = await home.start(everything);
    const city = await City.of(home, server);
    const group = '/v1/departments/dp-water/consumer-groups';
    await city.as('water').post(group, { name: 'crews' });
    const lease = async (): Promise<string[]> =>
      expected(
        200,
        await city.as('water').post<Lease>(`${group}/crews/lease`, { waitSeconds: 10 }),
      ).items.map(({ deliveryId }) => deliveryId);
    await blowWhistle(city, { lead: 'dp-water' });
    const leasedBefore = await lease();
    expect(leasedBefore).toHaveLength(1);

    const load = new Load(city, 'fail-over');
    const knocking = new AbortController();
    const doors: Knocked = { strange: [], later: 0 };
    const knocked = knockEverywhere(city, knocking.signal, doors);
    await waitFor('some commands are acknowledged', () => load.acknowledged.length >= 20);
    const neglected = await blowWhistle(city, { lead: 'dp-water', kind: 'EMERGENCY' });
    await servers.failOver();
    const sinceThen = load.acknowledged.length;
    await waitFor('commands go on', () => load.acknowledged.length >= sinceThen + 20);
    await waitFor(
      'nobody is on the first',
      async () => (await servers.connectedTo(servers.first)).length === 0,
    );
    knocking.abort();
    await load.end();

    expect((await knocked).strange).toEqual([]);
    expect(load.refused).toEqual([]);
    expect(doors.later + load.comeBackLater).toBeGreaterThan(0);
    await waitFor('it is ready', async () => (await fetch(`${city.url}/health/ready`)).status === 200);
    const leasedAfter = await lease();
    expect(leasedAfter).toHaveLength(1);
    expect(leasedAfter).not.toEqual(leasedBefore);

    const breaches = await waitFor('the neglected task is overdue', async () => {
      const path = `/v1/incidents/${neglected.id}/events`;
      const { items } = expected(200, await city.as('oversight').get<{ items: HistoryEntry[] }>(path));
      const found = items.filter(({ type }) => type === 'TaskOverdue' || type === 'SupervisionIssued');
      return found.length >= 2 && found;
    });
    expect(breaches.map(({ type }) => type)).toEqual(['TaskOverdue', 'SupervisionIssued']);
    // The history comes from the log; the incident from its read model, which follows.
    const supervisions = await waitFor('the order is in the incident', async () => {
      const path = `/v1/incidents/${neglected.id}`;
      const view = expected(200, await city.as('oversight').get<IncidentView>(path));
      return view.supervisions.length > 0 && view.supervisions;
    });
    expect(supervisions).toHaveLength(1);

    await expectNothingLost(logOf(servers.secondUrl), city, load.acknowledged);
    const log = logOf(servers.secondUrl);
    await expectAsRebuilt(servers.secondUrl, await log.openLog());
    await log.closeLogs();
    expect(await servers.connectedTo(servers.first)).toEqual([]);
    expect((await server.process.stop('SIGTERM')).code).toBe(0);
  },
);
