import { findDumpPrograms, OwnCluster } from '@shaoying/postgres/testing';
import { Receiver } from '@shaoying/webhooks/testing';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { City } from './kit/city.js';
import { blowWhistle, expected, report } from './kit/incident-steps.js';
import { repositoryRoot } from './kit/running-server.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';
import { expectAsRebuilt } from './kit/as-rebuilt.js';
import { PostgresEventStore } from '@shaoying/event-store-postgres';

// The log alone is restored: what was made of it, and what consumers remember of it, is newer.

const newHome = useServerHomes({ ...inOneProcess, WEBHOOK_LOCAL_ADDRESSES: '127.0.0.1' });
const runProgram = promisify(execFile);
const checkInSeconds = 2;

interface Item {
  readonly id: string;
  readonly subject: string;
  readonly sequence: string;
}
interface Delivery {
  readonly deliveryId: string;
  readonly event: Item;
}
interface Restored {
  readonly feedItems: number;
  readonly rebuilt: readonly string[];
}
interface Told {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Due within seconds: what was missed after the backup has to be missed again. */
function soon(yaml: string): string {
  const checkIn = '{ timer: CHECK_IN, duration: { amount: 1, unit: WORKING_DAY } }';
  if (!yaml.includes(checkIn)) throw new Error('the sample has changed');
  const hours = (checkInSeconds / 3_600).toFixed(9);
  return yaml.replace(checkIn, `{ timer: CHECK_IN, duration: { amount: ${hours}, unit: CLOCK_HOUR } }`);
}

const found = findDumpPrograms();
const describeWithDump = found ? describe : describe.skip;
const skipped = found ? '' : ' (skipped: no pg_dump and pg_restore with a server of their major version)';
const groups = '/v1/departments/dp-water/consumer-groups';

interface Hook {
  readonly id: string;
  readonly position: string;
  readonly waiting: number;
}

describeWithDump(`a log restored alone${skipped}`, () => {
  const programs = found ?? { initdb: '', postgres: '', pgDump: '', pgRestore: '', major: 0 };
  let cluster: OwnCluster;
  let url: string;
  let home: ServerHome;
  let server: Started;
  let city: City;
  let receiver: Receiver;
  let backup: string;

  const stores = (): Record<string, string> => ({
    EVENT_STORE_URL: url,
    READ_MODEL_URL: url,
    TIMERS_URL: url,
  });
  const start = async (): Promise<void> => {
    server = await home.start(stores());
    city = await City.of(home, server);
  };

  beforeAll(async () => {
    receiver = await Receiver.start();
    cluster = await OwnCluster.start({ programs });
    url = await cluster.createDatabase('shaoying');
    home = await newHome({ jurisdiction: soon });
    backup = join(cluster.home, 'log.dump');
  });
  afterAll(async () => {
    await server.process.stop('SIGTERM');
    await receiver.close();
    await cluster.remove();
  });

  const backUp = (): Promise<unknown> =>
    runProgram(programs.pgDump, ['-Fc', '--schema=log', `--file=${backup}`, `--dbname=${url}`]);

  /** @returns where the log ends then */
  async function restore(): Promise<string> {
    const admin = new Client({ connectionString: url });
    await admin.connect();
    await admin.query('drop schema log cascade');
    await admin.end();
    await runProgram(programs.pgRestore, ['--exit-on-error', `--dbname=${url}`, backup]);
    const log = await PostgresEventStore.open({ url, onWarning: () => undefined });
    const head = await log.head();
    await log.close();
    return head;
  }

  async function shaoying(...args: string[]): Promise<Told> {
    const script = join(repositoryRoot, 'bundle/cli.js');
    const env = { ...process.env, ...stores(), DATA_DIR: home.dataDir, NODE_ENV: 'development' };
    return runProgram(process.execPath, [script, ...args], { env }).then(
      (told) => ({ ...told, exitCode: 0 }),
      (error: { code: number; stdout: string; stderr: string }) => ({ ...error, exitCode: error.code }),
    );
  }

  const feed = async (): Promise<readonly Item[]> => {
    const path = '/v1/departments/dp-water/dispatches?limit=200';
    return expected(200, await city.as('water').get<{ items: Item[] }>(path)).items;
  };
  const ids = (items: readonly Item[]): string[] => items.map(({ id }) => id);

  async function lease(group: string, isDone: boolean): Promise<string[]> {
    const given: string[] = [];
    for (;;) {
      const body = { max: 100, visibilitySeconds: isDone ? 60 : 1 };
      const { items } = expected(
        200,
        await city.as('water').post<{ items: Delivery[] }>(`${groups}/${group}/lease`, body),
      );
      given.push(...items.map(({ event }) => event.id));
      if (!isDone || items.length === 0) return given;
      const deliveryIds = items.map(({ deliveryId }) => deliveryId);
      expected(
        200,
        await city.as('water').post(`${groups}/${group}/ack`, { deliveryIds }, { key: deliveryIds[0] ?? '' }),
      );
    }
  }

  const webhooks = '/v1/departments/dp-water/webhooks';
  const hook = async (): Promise<Hook> => {
    const { items } = expected(200, await city.as('water').get<{ items: Hook[] }>(webhooks));
    return items[0] ?? { id: '', position: '', waiting: -1 };
  };
  /** Of what lies behind a position, and of all requests: how much of what was answered is remembered. */
  async function remembered(
    after: string,
  ): Promise<{ endings: number; commands: number; redeliveries: number }> {
    const admin = new Client({ connectionString: url });
    await admin.connect();
    const { rows } = await admin.query<{ endings: number; commands: number; redeliveries: number }>(
      `select (select count(*)::integer from leases.endings where position > $1::bigint) as endings,
         (select count(*)::integer from leases.commands) as commands,
         (select count(*)::integer from webhooks.redeliveries) as redeliveries`,
      [after],
    );
    await admin.end();
    return rows[0]!;
  }
  const isCalled = (items: readonly Item[]) =>
    waitFor('the webhook was called with everything', () =>
      items.every(({ id }) => receiver.ids.includes(id)),
    );
  const typesOf = async (id: string): Promise<string[]> =>
    expected(
      200,
      await city.as('oversight').get<{ items: { type: string }[] }>(`/v1/incidents/${id}/events`),
    ).items.map(({ type }) => type);

  async function lived(): Promise<{ missedId: string; given: readonly Item[] }> {
    await start();
    for (const name of ['done', 'slow']) expected(200, await city.as('water').post(groups, { name }));
    const body = { url: receiver.url, after: '0' };
    expected(201, await city.as('water').post(webhooks, body));
    const { id: missedId } = await blowWhistle(city, { lead: 'dp-water' });
    const kept = { ...report, description: '备份之前' };
    expected(201, await city.as('street').post('/v1/incidents', kept, { key: 'kept' }));
    await backUp();

    await waitFor('it is missed', async () => (await typesOf(missedId)).includes('TaskOverdue'));
    expected(201, await city.as('street').post('/v1/incidents', kept, { key: 'lost' }));
    for (let i = 0; i < 4; i += 1) await blowWhistle(city, { lead: 'dp-water' });
    const all = await feed();
    await isCalled(all);
    await waitFor('all of it is written', async () => (await hook()).waiting === 0);
    expect(await lease('done', true)).toEqual(expect.arrayContaining(ids(all)));
    expect((await lease('slow', false)).length).toBeGreaterThan(0);
    const once = { from: all.at(-1)?.sequence ?? '' };
    expected(
      200,
      await city.as('water').post(`${webhooks}/${(await hook()).id}/redeliver`, once, { key: 'once' }),
    );
    await waitFor('it is sent once more', async () => (await hook()).waiting === 0);
    const running = await shaoying('restored');
    expect(running).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('stop every server first'),
    });
    await server.process.stop('SIGTERM');
    return { missedId, given: all };
  }

  test('is refused at the start in clear words, set right by one command, and gone on with: no dispatch is lost to a group or a webhook', async () => {
    const { missedId, given } = await lived();
    const head = await restore();
    const isKept = ({ sequence }: Item): boolean => BigInt(sequence) <= BigInt(head);
    const [before, lost] = [given.filter(isKept), given.filter((item) => !isKept(item))];
    expect([before.length > 0, lost.length > 3]).toEqual([true, true]);

    for (const processes of ['1', '2']) {
      const refused = home.launch({ ...stores(), PROCESSES: processes });
      await expect(refused.listening()).rejects.toThrow('npm run -s shaoying -- restored');
      expect((await refused.exited).code).toBe(1);
    }
    // Nor are the feeds filled anew beneath what consumers remember.
    const rebuild = await shaoying('projections', 'rebuild', 'dispatch-feed');
    expect(rebuild).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('shaoying restored') });

    for (const to of ['there', String(BigInt(head) + 1n)])
      expect(await shaoying('restored', '--to', to)).toMatchObject({ exitCode: 2, stdout: '' });
    const lastKept = before.at(-1)?.sequence;
    const dry = JSON.parse((await shaoying('restored', '--dry-run', '--json')).stdout) as object;
    const known = await remembered(head);
    expect(Object.entries(known).filter(([, count]) => count === 0)).toEqual([]);
    const done = JSON.parse((await shaoying('restored', '--json')).stdout) as Restored;
    // It named items that are gone, at positions that other ones will have.
    expect(await remembered(head)).toEqual({ endings: 0, commands: 0, redeliveries: 0 });
    expect(done).toMatchObject({ to: lastKept, groups: { followers: 2 }, webhooks: { followers: 1 } });
    // Other departments have theirs.
    expect(done.feedItems).toBeGreaterThanOrEqual(lost.length);
    expect(dry).toEqual({ ...done, dryRun: true });
    expect(done.rebuilt).toContain('dispatch-feed');
    const again = JSON.parse((await shaoying('restored', '--json')).stdout) as object;
    const nothing = { followers: 0, items: 0 };
    expect(again).toMatchObject({ groups: nothing, webhooks: nothing, feedItems: 0, rebuilt: [] });

    receiver.received.length = 0;
    await start();
    await waitFor('it is ready', async () => (await fetch(`${server.url}/health/ready`)).status === 200);
    const kept = { ...report, description: '备份之前' };
    const answered = async (key: string): Promise<string | null> => {
      const answer = await city.as('street').post('/v1/incidents', kept, { key });
      expect(answer.status).toBe(201);
      return answer.headers.get('Idempotency-Replayed');
    };
    expect([await answered('kept'), await answered('lost')]).toEqual(['true', null]);
    await waitFor('it is missed again', async () => (await typesOf(missedId)).includes('TaskOverdue'));
    await blowWhistle(city, { lead: 'dp-water' });
    const now = await feed();
    expect(ids(now).slice(0, before.length)).toEqual(ids(before));
    const anew = now.slice(before.length);
    // At positions that consumers had passed.
    expect(BigInt(anew[0]?.sequence ?? 0)).toBeLessThanOrEqual(BigInt(lost.at(-1)?.sequence ?? 0));

    await isCalled(anew);
    const [byDone, bySlow] = [await lease('done', true), await lease('slow', true)];
    expect(byDone).toEqual(expect.arrayContaining(ids(anew)));
    // It had done nothing.
    expect(bySlow).toEqual(expect.arrayContaining(ids(now)));
    // What the timers find again is the same event as it was; the incidents reported since are gone.
    const gone = lost.filter(({ subject }) => !before.some((item) => item.subject === subject));
    expect(gone.length).toBeGreaterThan(0);
    for (const id of ids(gone)) expect([...byDone, ...bySlow, ...receiver.ids]).not.toContain(id);

    const log = await PostgresEventStore.open({ url, onWarning: () => undefined });
    await expectAsRebuilt(url, log);
    await log.close();
  });
});
