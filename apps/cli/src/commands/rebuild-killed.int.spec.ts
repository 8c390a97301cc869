import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { newEvent } from '@shaoying/projections/testing';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { CliProcess } from '../testing/index.js';

const root = join(__dirname, '../../../..');
/** Of a rebuild, in one transaction. */
const batch = 5_000;
const events = 5 * batch;
/** A rebuild tells once a second how far it is. */
const progressMs = 1_100;

let database: TestDatabase;
let cli: CliProcess;

/** Every event of the log is a row of the audit's tree, in its order: one too many, or too few, and no hash is right. */
beforeAll(async () => {
  database = await createTestDatabase();
  cli = await CliProcess.over(root, database.url);
  const store = await PostgresEventStore.open({ url: database.url });
  for (let n = 0; n < events; n += 500) {
    const some = Array.from({ length: 500 }, (_, index) => newEvent('Noted', { n: n + index }));
    await store.append(`notes-${n}`, 'none', some);
  }
  await store.close();
}, 60_000);

afterAll(async () => {
  await cli.remove();
  await database.drop();
});

const clientOf = async (): Promise<Client> => {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return client;
};

/** Where the new tables are, as far as it is committed; NaN before there are any. */
async function shadowAt(client: Client): Promise<number> {
  const { rows } = await client.query<{ position: string }>('select position from projections.shadows');
  return Number(rows[0]?.position);
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await check().catch(() => false)); await sleep(20))
    if (Date.now() > end) throw new Error(`not within 30 s: ${what}`);
}

const isWaiting = async (client: Client, application: string): Promise<boolean> => {
  const { rows } = await client.query(
    `select from pg_stat_activity where application_name like $1 and wait_event_type = 'Lock'`,
    [application],
  );
  return rows.length === 1;
};

/** Held by two that follow each other, the rebuild comes one batch further between them, and stands still again. */
async function heldBetweenBatches(child: ChildProcess, work: () => Promise<void>): Promise<void> {
  const [first, second, asking] = await Promise.all([clientOf(), clientOf(), clientOf()]);
  const hold = 'begin; select from projections.shadows for update';
  try {
    await until('it has begun', async () => (await shadowAt(asking)) >= 0);
    await first.query(hold);
    await until('it waits', () => isWaiting(asking, 'shaoying-rebuild-%'));
    const from = await shadowAt(asking);
    await second.query(`set application_name = 'second'`);
    const holding = second.query(hold);
    await until('the second waits', () => isWaiting(asking, 'second'));
    await sleep(progressMs);
    const told = once(child.stderr!, 'data');
    await first.query('rollback');
    await holding;
    await told;
    await until('it waits again', () => isWaiting(asking, 'shaoying-rebuild-%'));
    expect(await shadowAt(asking)).toBe(from + batch);
    await work();
  } finally {
    await Promise.all([first, second, asking].map((client) => client.end()));
  }
}

test('a rebuild that is killed in the middle tells how far it is, and goes on from there when it is run again', async () => {
  const killed = cli.start(['projections', 'rebuild', 'audit-tree']);
  let left = 0;
  await heldBetweenBatches(killed.child, async () => {
    killed.child.kill('SIGKILL');
    await killed.ended;
    const client = await clientOf();
    left = await shadowAt(client);
    await client.end();
  });
  expect(left).toBeLessThan(events);
  const { exitCode, stdout, stderr } = await killed.ended;
  expect([exitCode, stdout]).toEqual([null, '']);
  // How far, how fast, how long still.
  expect(stderr).toMatch(new RegExp(`^${left}/${events} events, [1-9]\\d*/s, (\\d+ min )?\\d+ s left$`, 'm'));

  // PostgreSQL looks once a second whether anybody is there, and then gives the dead one's lock back.
  let again = await cli.run('projections', 'rebuild', 'audit-tree');
  for (let n = 0; n < 10 && again.stderr.includes('is being rebuilt by another process'); n += 1)
    again = await cli.run('projections', 'rebuild', 'audit-tree');
  const goesOn = `audit-tree: goes on from position ${left}, to which an earlier rebuild had come\n`;
  expect(again).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(
      new RegExp(`^${goesOn}audit-tree: rebuilt from ${events - left} events`),
    ) as string,
    stderr: expect.stringMatching(
      new RegExp(`^${goesOn}[\\s\\S]*making indexes .*…[\\s\\S]*comparing .*…[\\s\\S]*swapping …`),
    ) as string,
  });
  const compared = await cli.json<{ comparison: { table: string; different: number }[] }>(
    ...(['projections', 'compare', 'audit-tree'] as const),
  );
  expect(compared).toMatchObject({
    ...{ from: '0', swapped: false, comparedWith: { position: String(events) } },
    comparison: [
      { table: 'checkpoints', serving: 0, rebuilt: 0 },
      { table: 'leaf_places', serving: events, rebuilt: events, compared: 2 * events, different: 0 },
      { table: 'tiles', different: 0 },
      { table: 'tree', serving: 1, rebuilt: 1, different: 0 },
    ],
  });
}, 120_000);

test('what one has left is thrown away where it is told to start over, and where it was of another version', async () => {
  const client = await clientOf();
  const leftAt = async (version: number): Promise<void> => {
    await client.query(`delete from projections.shadows; drop schema if exists audit_tree__shadow cascade`);
    await client.query('create schema audit_tree__shadow');
    await client.query(
      `insert into projections.shadows (name, version, position, started_at, updated_at) values ('audit-tree', $1, '7', now(), now())`,
      [version],
    );
  };
  const startsOver = (version: number, why: string): string =>
    `audit-tree: starts over; an earlier rebuild of version ${version} that had come to position 7 is thrown away: ${why}\n`;
  try {
    await leftAt(1);
    const told = await cli.run('projections', 'rebuild', 'audit-tree', '--from-start');
    expect([told.exitCode, told.stdout]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(`^${startsOver(1, 'as asked for')}audit-tree: rebuilt from ${events} events`),
      ),
    ]);
    await leftAt(2);
    const other = await cli.run('projections', 'rebuild', 'audit-tree');
    expect([other.exitCode, other.stderr]).toEqual([
      0,
      expect.stringContaining(startsOver(2, 'it is of another version')),
    ]);
  } finally {
    await client.end();
  }
}, 120_000);
