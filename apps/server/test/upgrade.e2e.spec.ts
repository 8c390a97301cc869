import { PostgresEventStore } from '@shaoying/event-store-postgres';
import type { EventStore } from '@shaoying/event-store';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { expectAsRebuilt } from './kit/as-rebuilt.js';
import { City, type Answer, type PersonName, type Problem } from './kit/city.js';
import { expected, report, type Moved, type Reported } from './kit/incident-steps.js';
import { live, type Life } from './kit/lives.js';
import { expectProblem } from './kit/problems.js';
import { recipes } from './kit/reads.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

// A release starts over the tables of the one before, which its queries cannot read: what everybody sees until its own are
// swapped in. One database for log and read models, so that the tables can be made those of another release in between.

const newHome = useServerHomes(inOneProcess);
const patience = { timeoutMs: 60_000, everyMs: 100 };

let database: TestDatabase;
let admin: Client;
let home: ServerHome;
let log: EventStore;
let life: Life;
/** Of this release. */
let versions: ReadonlyMap<string, number>;

const settings = () => ({
  EVENT_STORE_URL: database.url,
  READ_MODEL_URL: database.url,
  TIMERS_URL: database.url,
});

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.url });
  admin.on('error', () => undefined);
  await admin.connect();
  log = await PostgresEventStore.open({ url: database.url });
  home = await newHome();
  const server = await home.start(settings());
  const city = await City.of(home, server);
  life = await live(city, 'CHECKED_IN');
  const head = await log.head();
  await waitFor(
    'every read model is there',
    async () => {
      const { rows } = await admin.query<{ position: string; name: string; version: number }>(
        'select name, position, version from projections.checkpoints',
      );
      versions = new Map(rows.map(({ name, version }) => [name, version]));
      return rows.length > 0 && rows.every(({ position }) => BigInt(position) >= BigInt(head));
    },
    patience,
  );
  await server.process.stop('SIGTERM');
});

afterAll(async () => {
  await log.close();
  await admin.end();
  await database.drop();
});

const schemaOf = (name: string): string => name.replaceAll('-', '_');

type Older = 'TABLES' | 'COLUMNS' | 'TYPES' | 'MEANING';

/**
 * Of the release before: without a table that there is now, without a column, with columns of another type, or with nothing by
 * which a question could tell.
 */
async function makeOlder(name: string, how: Older): Promise<void> {
  const schema = schemaOf(name);
  const { rows } = await admin.query<{ table: string; column: string; type: string }>(
    `select c.relname as table, a.attname as column, format_type(a.atttypid, null) as type
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and c.relnamespace = to_regnamespace($1)`,
    [schema],
  );
  for (const table of new Set(rows.map((row) => row.table))) {
    if (how === 'TABLES') await admin.query(`alter table "${schema}"."${table}" rename to "${table}_before"`);
  }
  for (const { table, column, type } of rows) {
    const of = `alter table "${schema}"."${table}"`;
    const isOfAnotherType = how === 'TYPES' && type.startsWith('timestamp');
    if (how === 'COLUMNS' || isOfAnotherType)
      await admin.query(`${of} rename column "${column}" to "${column}_before"`);
    if (isOfAnotherType) await admin.query(`${of} add column "${column}" text`);
  }
  const version = versions.get(name) ?? 0;
  await admin.query(`alter domain "${schema}".version_${version} rename to version_${version - 1}`);
  await admin.query('update projections.checkpoints set version = version - 1 where name = $1', [name]);
}

/** As if each rebuild took as long as it is held. */
async function holdRebuilds(): Promise<() => Promise<void>> {
  const holder = new Client({ connectionString: database.url });
  holder.on('error', () => undefined);
  await holder.connect();
  for (const name of versions.keys())
    await holder.query('select pg_advisory_lock(hashtextextended($1, 0))', [`projections/${name}/rebuild`]);
  return () => holder.end();
}

const older: Readonly<Record<string, Older>> = {
  ...{ 'incident-board': 'COLUMNS', 'dispatch-feed': 'COLUMNS', 'api-keys': 'COLUMNS' },
  'incident-facts': 'TYPES',
  ...{ 'department-tasks': 'MEANING', containment: 'MEANING', 'open-deadlines': 'MEANING' },
};

const readers: readonly PersonName[] = ['oversight', 'admin', 'street', 'urbanManagement', 'supervision'];
const now = { 'Shaoying-Min-Position': '0' };

interface Read {
  readonly operation: string;
  readonly who: PersonName;
  readonly answer: Answer<Problem>;
}

async function everythingRead(city: City): Promise<Read[]> {
  const reads: Read[] = [];
  for (const [operation, { path, streams }] of Object.entries(recipes)) {
    if (!operation.startsWith('GET /v1/')) continue;
    for (const who of readers) {
      const caller = city.as(who);
      const answer =
        streams === true
          ? await caller.peek<Problem>(path(life))
          : await caller.get<Problem>(path(life), now);
      reads.push({ operation, who, answer });
    }
  }
  return reads;
}

const told = (reads: readonly Read[]): string[] =>
  reads.map(
    ({ operation, who, answer }) => `${operation} ${who} ${answer.status} ${answer.body?.code ?? ''}`,
  );

test('what its queries cannot read is 503 and said to be rebuilt, everything else goes on, and after the swap all is there', async () => {
  const before = await admin.query<{ name: string }>(
    'select name from projections.checkpoints order by name',
  );
  const names = before.rows.map(({ name }) => name);
  for (const name of names) await makeOlder(name, older[name] ?? 'TABLES');
  const letGo = await holdRebuilds();
  const server = await home.start(settings());
  const city = await City.of(home, server);

  const reads = await everythingRead(city);
  expect(reads.length).toBeGreaterThan(20 * readers.length);
  const failed = reads.filter(({ answer }) => answer.status >= 500);
  expect(told(failed.filter(({ answer }) => answer.body.code !== 'READ_MODELS_BEING_REBUILT'))).toEqual([]);
  for (const { answer } of failed) {
    expectProblem(answer, 503, 'READ_MODELS_BEING_REBUILT');
    expect(answer.headers.get('retry-after')).toBe('10');
  }
  const board = await city.as('street').get<Problem>('/v1/incidents', { ...now, 'Accept-Language': 'zh-CN' });
  expect([board.status, board.body.detail]).toEqual([503, expect.stringContaining('正在重建')]);
  const failedOperations = new Set(failed.map(({ operation }) => operation));
  // Without a table, without a column, of another type, and of another meaning.
  expect([...failedOperations]).toEqual(
    expect.arrayContaining([
      ...['GET /v1/incidents', 'GET /v1/departments/{id}/queue', 'GET /v1/departments/{id}/dispatches'],
      ...['GET /v1/workload', 'GET /v1/metrics/{name}/explain', 'GET /v1/receipts/{receiptCode}'],
    ]),
  );
  for (const path of ['/v1/departments/dp-urban-management/queue', '/v1/metrics/containment-street'])
    expectProblem(await city.as('oversight').get<Problem>(path, now), 503, 'READ_MODELS_BEING_REBUILT');
  // What is read from the log goes on, and so does what is decided by it.
  for (const operation of ['GET /v1/events', 'GET /v1/org-units', 'GET /v1/deadline-policies'])
    expect(told(reads)).toContain(`${operation} oversight 200 `);
  const { id } = expected(201, await city.as('street').post<Reported>('/v1/incidents', report));
  expected(200, await city.as('street').post<Moved>(`/v1/incidents/${id}/file`));

  const ready = await city.anonymous.get<{ notReady: { part: string; reason: string }[] }>('/health/ready');
  expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '2']);
  for (const name of names)
    expect(ready.body.notReady).toContainEqual({
      part: `read-model ${name}`,
      reason: expect.stringMatching(/^tables of version \d+, not \d+: being rebuilt/) as string,
    });
  // Alarms are looked up in the older tables, which say enough for that.
  expect(ready.body.notReady.map(({ part }) => part)).not.toContain('timers');

  await letGo();
  await waitFor(
    'it is ready',
    async () => (await city.anonymous.get('/health/ready')).status === 200,
    patience,
  );
  const after = await everythingRead(city);
  expect(after.filter(({ answer }) => answer.status >= 500)).toEqual([]);
  // What was answered before the swap was answered as it is now.
  const asNow = new Set(told(after));
  expect(told(reads.filter(({ answer }) => answer.status < 500)).filter((line) => !asNow.has(line))).toEqual(
    [],
  );
  expected(200, await city.as('street').get(`/v1/incidents/${id}`));
  await expectAsRebuilt(database.url, log);
}, 180_000);
