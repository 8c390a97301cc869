import { systemClock } from '@shaoying/config';
import { ApiKeys } from '@shaoying/identity';
import { EventSourcedJurisdictionDirectory, JurisdictionPublisher } from '@shaoying/jurisdiction-application';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { incidentIdOf } from '@shaoying/incident-contracts';
import type { ProjectionStatus } from '@shaoying/projections';
import { newEvent } from '@shaoying/projections/testing';
import { MasterKeyFolder, masterKeyStatus, PostgresPersonalDataVault } from '@shaoying/personal-data';
import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { SchedulerReporter, schedulerReports } from '@shaoying/timers';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliProcess } from '../testing/index.js';
import type { SeedSummary } from './seed.command.js';

const root = join(__dirname, '../../../..');
const actor = { id: 'spec', role: 'admin', orgUnitId: null };

let database: TestDatabase;
let cli: CliProcess;
let store: PostgresEventStore;

/** The sample city, and one round of demo incidents, each in another state. */
beforeAll(async () => {
  database = await createTestDatabase();
  cli = await CliProcess.over(root, database.url);
  store = await PostgresEventStore.open({ url: database.url });
}, 30_000);

afterAll(async () => {
  await store.close();
  await database.drop();
  await cli.remove();
});

const inEachState = 9;

test('seed: without a jurisdiction it says what to do', async () => {
  const answer = await cli.run('seed');
  expect([answer.exitCode, answer.stderr]).toMatchObject([1, expect.stringContaining('run npm start once')]);
}, 30_000);

test('seed: incidents in every state by the real commands; seeding again writes nothing', async () => {
  const directory = new EventSourcedJurisdictionDirectory(store);
  await directory.start();
  const yaml = readFileSync(join(root, 'samples/lindong.yaml'), 'utf8');
  await new JurisdictionPublisher(store, directory).publishFile(yaml, actor, new Date().toISOString());
  await directory.stop();
  const first = await cli.json<SeedSummary>('seed', '--incidents', String(inEachState));
  expect(first).toMatchObject({ incidents: inEachState, replayed: 0 });
  const head = await store.head();
  const second = await cli.json<SeedSummary>('seed', '--incidents', String(inEachState));
  expect(second).toMatchObject({ incidents: inEachState, eventsWritten: 0 });
  expect(await store.head()).toBe(head);
}, 30_000);

async function closedIncident(): Promise<string> {
  const events = await store.readAll('0', { limit: 5_000 });
  const closed = events.find(({ type }) => type === 'IncidentClosed');
  return incidentIdOf(closed?.streamId ?? '') ?? '';
}

test('replay: plain lines in both languages up to a revision, and what came next', async () => {
  const incidentId = await closedIncident();
  const { stdout, exitCode } = await cli.run('replay', incidentId, '--at', '2');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/吹哨/);
  expect(stdout).toMatch(/blew the whistle/);
  expect(stdout).not.toMatch(/IncidentClosed|Closed, resolved/);
  const whole = await cli.json<{ state: { state: string }; next: null }>('replay', incidentId);
  expect(whole).toMatchObject({ state: { state: 'CLOSED' }, next: null });
  const before = await cli.json<{ state: null }>('replay', incidentId, '--at', '2020-01-01T00:00:00Z');
  expect(before).toMatchObject({ state: null, next: { event: { revision: 0 } } });
  expect(await cli.run('replay', 'nobody')).toMatchObject({ exitCode: 1 });
}, 30_000);

test('verify: the whole log is read and fits; a key that is none is refused', async () => {
  const before = Number(await store.head());
  const whole = await cli.json<{ outcome: string; leaves: number; root: string }>('verify');
  expect(whole).toMatchObject({
    outcome: 'WHOLE',
    leaves: before,
    keysFromOutside: false,
  });
  // That somebody has looked is on record, behind what was looked at.
  const [record] = await store.readAll(String(before));
  expect(record).toMatchObject({ type: 'LogVerified', data: { leaves: before } });
  const { exitCode, stdout } = await cli.run('verify', '--key', 'nonsense');
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
}, 30_000);

const apiKeys = () => new ApiKeys({ store, clock: systemClock, daysMax: 365 });
let issued: { readonly id: string; readonly key: string };

test('api-keys: one is issued for a unit that is there', async () => {
  issued = await cli.json('api-keys', 'issue', '--label', '燃气工单系统', '--org', 'dp-gas');
  const { id, key } = issued;
  const system = { id: `key-${id}`, roles: ['department'], orgUnitId: 'dp-gas' };
  expect(await apiKeys().verify(key)).toMatchObject(system);
}, 30_000);

test('projections: rebuilt from the log without a server; status tells how far each is', async () => {
  const absent = await cli.json<ProjectionStatus[]>('projections', 'status');
  expect(absent.map(({ status }) => status)).toEqual(absent.map(() => 'absent'));
  const names = absent.map(({ name }) => name);
  for (const name of names) await cli.json('projections', 'rebuild', name);
  const head = await store.head();
  const after = await cli.json<ProjectionStatus[]>('projections', 'status');
  expect(after.map(({ name, position, lagEvents }) => ({ name, position, lagEvents }))).toEqual(
    names.map((name) => ({ name, position: head, lagEvents: 0 })),
  );
  expect(await cli.run('projections', 'rebuild', 'nothing')).toMatchObject({ exitCode: 2 });
  expect(await cli.json('projections', 'retry', names[0] ?? '')).toMatchObject({ retried: false });
}, 60_000);

test('projections: compared row by row, rebuilt, rolled back, and what is kept discarded', async () => {
  const compared = await cli.run('projections', 'compare', 'containment');
  expect(compared).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^closures +(\d+) +\1 /m) as string,
  });
  const pool = createPool(database.url, { max: 1 });
  await pool.query(`update projections.checkpoints set version = version - 1 where name = 'containment';
    create table containment.left_off (id int)`);
  await pool.end();
  const raised = await cli.run('projections', 'rebuild', 'containment');
  expect(raised).toMatchObject({ exitCode: 0 });
  expect(raised.stdout).toMatch(/compared at position \d+, version \d+ with \d+\n/);
  expect(raised.stdout).toMatch(/^closures +(\d+) +\1 +\d+ +0$/m);
  expect(raised.stdout).toMatch(/^left_off +0 +— +— +table is gone$/m);
  await cli.json('projections', 'rebuild', 'containment');
  const listed = await cli.run('projections', 'list');
  expect(listed.stdout).toMatch(/containment: tables of version \d+ that served until .* are kept/);
  const versions = await cli.json<{ version: number }>('projections', 'rollback', 'containment');
  expect(versions.version).toBeGreaterThan(0);
  expect(await cli.json('projections', 'discard', 'containment')).toMatchObject({ dropped: true });
  expect(await cli.run('projections', 'rollback', 'containment')).toMatchObject({
    ...{ exitCode: 1, stderr: 'no tables of containment are kept that served before\n' },
  });
}, 60_000);

test('replay --day: what a unit lived through, line by line, at any speed, and cut by a signal', async () => {
  const [from, to] = [-30, 30].map((days) => new Date(Date.now() + days * 12 * 3_600_000).toISOString());
  const span = ['--from', from!, '--to', to!];
  const plain = await cli.run('replay', ...span, '--street', 'st-hepan');
  expect(plain.exitCode).toBe(0);
  expect(plain.stdout).toMatch(/── \d{4}-\d{2}-\d{2} ──\n\d{2}:\d{2}:\d{2} {2}\S+ {2}\S+\n {10}\S/);
  expect(plain.stdout).toMatch(/吹哨[\s\S]*blew the whistle/);
  const { stdout } = await cli.run('replay', ...span, '--street', 'st-hepan', '--json');
  const told = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; occurredAt: string });
  expect(told.length).toBeGreaterThan(20);
  expect(told.map(({ id }) => id)).toEqual(told.map(({ id }) => id).toSorted());
  const { stdout: none } = await cli.run(
    'replay',
    '--day',
    '2020-03-02',
    '--department',
    'dp-water',
    '--json',
  );
  expect(none).toBe('');
  for (const wrong of [
    ['--day', '2026-02-30', '--street', 'st-hepan'],
    ['--day', '2026-03-02'],
    ['--day', '2026-03-02', '--street', 'st-hepan', '--speed', '0x'],
    [...span, '--day', '2026-03-02', '--street', 'st-hepan'],
  ])
    expect(await cli.run('replay', ...wrong)).toMatchObject({ exitCode: 2, stdout: '' });
  expect(await cli.run('replay', ...span, '--unit', 'nowhere')).toMatchObject({ exitCode: 1 });

  // The seeded incidents are minutes apart: at their own speed it would take long.
  const slow = cli.start(['replay', ...span, '--street', 'st-hepan', '--speed', '1x', '--json']);
  await new Promise((resolve) => slow.child.stdout?.once('data', resolve));
  slow.child.kill('SIGINT');
  const { exitCode, stderr } = await slow.ended;
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('stopped before the end of the replay')]);
}, 60_000);

interface Compared {
  readonly name: string;
  readonly position: string;
  readonly same: boolean | null;
  readonly tables: readonly { table: string; rows: number; checksum: string; firstDifference: unknown }[];
}

test('replay --all: fresh read models are those that serve, up to a position or as they stand; what differs is named', async () => {
  const pool = createPool(database.url, { max: 1 });
  try {
    const compared = await cli.json<Compared[]>('replay', '--all', '--compare');
    const head = await store.head();
    expect(compared.map(({ same, position }) => [same, position])).toEqual(compared.map(() => [true, head]));
    expect(compared.flatMap(({ tables }) => tables).filter(({ rows }) => rows > 0).length).toBeGreaterThan(8);
    // Those that are made of the rows of others, too.
    const facts = compared.find(({ name }) => name === 'incident-facts');
    expect(facts?.tables.map(({ table }) => table)).toEqual(
      expect.arrayContaining(['facts', 'over_closings', 'over_ends']),
    );
    expect(facts?.tables.find(({ table }) => table === 'over_ends')?.rows).toBeGreaterThan(0);
    const sums = ({ tables }: Compared) =>
      tables.map(({ table, rows, checksum }) => ({ table, rows, checksum }));
    const board = ['--only', 'incident-board'];
    const [whole] = await cli.json<Compared[]>('replay', '--all', ...board, '--until', head);
    expect(sums(whole!)).toEqual(sums(compared.find(({ name }) => name === 'incident-board')!));
    const half = String(Number(head) - 20);
    const [earlier] = await cli.json<Compared[]>('replay', '--all', ...board, '--until', half);
    expect([earlier?.position, earlier?.same]).toEqual([half, null]);
    expect(sums(earlier!)).not.toEqual(sums(whole!));

    const { rows } = await pool.query<{ incident_id: string }>(
      `update incident_board.incidents set state = 'CLOSED' where incident_id =
         (select incident_id from incident_board.incidents where state <> 'CLOSED' limit 1) returning incident_id`,
    );
    await pool.query(`delete from incident_board.involvements where incident_id =
      (select min(incident_id) from incident_board.involvements)`);
    const differing = await cli.run('replay', '--all', '--compare', ...board);
    expect(differing.exitCode).toBe(1);
    expect(differing.stdout).toContain(
      `incident-board.incidents: first difference {"incident_id":"${rows[0]?.incident_id}"} in state`,
    );
    expect(differing.stdout).toMatch(
      /incident-board\.involvements: first difference .* is missing where it serves/,
    );
    expect(differing.stdout).toMatch(/incident-board\.reports .* same/);

    const left = `select nspname from pg_namespace where nspname like '%\\_\\_replay'`;
    expect((await pool.query(left)).rows).toEqual([]);
    for (const wrong of [['--all'], ['--all', '--compare', '--only', 'x'], ['--all', '--until', 'x']])
      expect(await cli.run('replay', ...wrong)).toMatchObject({ exitCode: 2 });
  } finally {
    await pool.end();
  }
}, 120_000);

test('api-keys: listed without their secrets, rotated, and ended for whoever asks next', async () => {
  const { id, key } = issued;
  const { stdout } = await cli.run('api-keys', 'list');
  expect(stdout).toMatch(new RegExp(`${id} +ACTIVE +department +dp-gas .*燃气工单系统`));
  expect(stdout).not.toContain(key.slice(-72, -8));
  const second = await cli.run('api-keys', 'rotate', id, '--overlap', '1h');
  await Promise.all([apiKeys().verify(key), apiKeys().verify(second.stdout.trim())]);
  expect(await cli.json('api-keys', 'revoke', id)).toMatchObject({ id, state: 'REVOKED' });
  await expect(apiKeys().verify(key)).rejects.toMatchObject({ code: 'API_KEY_REVOKED' });
}, 60_000);

test('timers: open deadlines are counted and armed again, and nothing fires', async () => {
  const head = await store.head();
  const status = await cli.json<{ open: number; due: number }>('timers', 'status');
  expect(status.open).toBeGreaterThan(0);
  const { armed } = await cli.json<{ armed: number }>('timers', 'rearm', '--within', '2d');
  expect(armed).toBeGreaterThan(0);
  expect(await cli.json('timers', 'status')).toMatchObject({ clock: { delayed: armed } });
  expect(await store.head()).toBe(head);
}, 30_000);

test('timers status: what the running servers measure, and which of them is gone', async () => {
  const plain = await cli.run('timers', 'status');
  expect(plain.stdout).toContain('no scheduler is running: nothing fires');
  const pool = createPool(database.url, { max: 2 });
  const measures = () => ({ armed: 4, lostAndFound: 3, lastLatenessMs: 10, maxLatenessMs: 5_200 });
  const reporters = [1, 2].map(() => new SchedulerReporter(pool, { measures }));
  try {
    for (const reporter of reporters) reporter.start();
    for (const end = Date.now() + 10_000; (await schedulerReports(pool)).length < 2 && Date.now() < end;);
    await pool.query(
      `insert into shaoying_schedulers.reports
       values (gen_random_uuid(), 'host:1', 9, 8, 0, 9000, now(), now() - interval '20 seconds')`,
    );
    const status = await cli.json<{ schedulers: { name: string; live: boolean }[] }>('timers', 'status');
    expect(status).toMatchObject({ armed: 4, lostAndFound: 6, maxLatenessMs: 5_200 });
    expect(status.schedulers.map(({ live }) => live)).toEqual([true, true, false]);
    expect((await cli.run('timers', 'status')).stdout).toMatch(
      /schedulers running: 2[\s\S]*host:1: gone, last heard of at \S+; armed 9, lost and found 8/,
    );
  } finally {
    await Promise.all(reporters.map((reporter) => reporter.stop()));
    await pool.end();
  }
}, 30_000);

test('calendar due: over the Spring Festival, and over a make-up Sunday', async () => {
  const due = (start: string, amount: string, unit: string) =>
    cli.json('calendar', 'due', 'default', '--start', start, '--amount', amount, '--unit', unit);
  expect(await due('2026-02-13T16:00', '3', 'WORKING_DAY')).toMatchObject({
    due: '2026-02-25T08:00:00.000Z',
  });
  expect(await due('2025-12-31T09:00:00Z', '2', 'WORKING_HOUR')).toMatchObject({
    due: '2026-01-04T02:00:00.000Z',
  });
  const unknown = await cli.run(
    'calendar',
    'due',
    'x',
    '--start',
    '2026-02-13T16:00',
    '--amount',
    '3',
    '--unit',
    'WORKING_DAY',
  );
  expect([unknown.exitCode, unknown.stderr]).toMatchObject([1, expect.stringContaining('there are default')]);
}, 30_000);

test('token: refused in production and where tokens come from elsewhere', async () => {
  const { exitCode, stdout } = await cli.run('token', '--role', 'department', '--org', 'dp-gas');
  expect([exitCode, stdout.split('.').length]).toEqual([0, 3]);
  const elsewhere = await cli
    .with({ OIDC_ISSUER: 'https://id.example', OIDC_AUDIENCE: 'a' })
    .run('token', '--role', 'admin');
  expect([elsewhere.exitCode, elsewhere.stdout]).toEqual([2, '']);
  const production = await cli
    .with({ NODE_ENV: 'production', ROLES: 'projector' })
    .run('token', '--role', 'admin');
  expect([production.exitCode, production.stdout]).toEqual([2, '']);
}, 30_000);

test('wrong settings: exit code 2, every problem told, nothing on standard output', async () => {
  const answer = await cli.with({ PORT: 'x', EVENT_STORE_URL: 'mysql://h/x' }).run('projections', 'status');
  expect([answer.exitCode, answer.stdout]).toEqual([2, '']);
  expect(answer.stderr).toMatch(/PORT[\s\S]*EVENT_STORE_URL/);
}, 30_000);

// Last in the file: the log stays so.
test('an event of a release to come: named by its place, on standard error, with exit code 1', async () => {
  const events = await store.readAll('0', { limit: 5_000, types: ['IncidentReported'] });
  const { streamId, revision: _r, position: _p, ...event } = events[0]!;
  const eventId = '018f2f6e-0000-7000-8000-0000000000ff';
  const foreign = { ...event, eventId, schemaVersion: 1, type: 'IncidentForgotten', data: {} };
  const { position } = await store.append(streamId, 'any', [foreign]);
  const place = `event IncidentForgotten version 1 at position ${position} is unknown to this release`;

  const replay = await cli.run('replay', incidentIdOf(streamId) ?? '');
  expect(replay).toEqual({ exitCode: 1, stdout: '', stderr: `${place}\n` });
  const why = ['--by', 'u-1001', '--reason', '试运行数据'];
  expect(await cli.run('projections', 'skip', 'incident-board', position, ...why)).toEqual({
    ...{ exitCode: 1, stdout: '', stderr: 'incident-board is not stopped at that event\n' },
  });
  // Only a rebuild has come to it: who has the tables that serve filled by an older release is in this place.
  const rebuild = await cli.run('projections', 'rebuild', 'incident-facts');
  expect([rebuild.exitCode, rebuild.stderr]).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`stopped at position ${position}; nothing that is served has changed: .*${place}\n`),
    ),
  ]);
  expect(rebuild.stderr).toContain(`projections skip incident-facts ${position} --by`);
  const shown = `incident-facts: rebuild of version \\d+ stopped at position ${position}: .*IncidentForgotten.*${place}`;
  const { stdout: stoppedList } = await cli.run('projections', 'list');
  expect(stoppedList).toMatch(new RegExp(shown));
  expect(stoppedList).toMatch(/incident-facts: rebuild of version \d+ is at \d+, \d+ events behind\n/);
  const untimed = (list: string): string => list.replace(/, [\d.]+ s$/gm, '');
  const status = await cli.run('projections', 'status');
  expect({ ...status, stdout: untimed(status.stdout) }).toEqual({
    ...{ exitCode: 1, stdout: untimed(stoppedList), stderr: '' },
  });
  const again = await cli.run('projections', 'rebuild', 'incident-facts');
  expect([again.exitCode, again.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^incident-facts: goes on from position \d+, to which an earlier rebuild had come\n/,
    ),
  ]);
  const skipped = await cli.run('projections', 'skip', 'incident-facts', position, ...why);
  expect(skipped).toMatchObject({
    ...{
      exitCode: 0,
      stdout: expect.stringMatching(/^incident-facts passes by IncidentForgotten at /) as string,
    },
  });
  expect(await cli.run('projections', 'rebuild', 'incident-facts')).toMatchObject({ exitCode: 0 });
  expect((await cli.run('projections', 'list')).stdout).not.toMatch(/incident-facts: rebuild of version/);

  const pool = createPool(database.url);
  await pool.query(
    `update projections.checkpoints set status = 'stopped', error_position = '${position}', error = 'unknown'
     where name = 'incident-board'`,
  );
  await pool.end();
  const listed = await cli.run('projections', 'list');
  expect(listed).toMatchObject({
    ...{ exitCode: 0, stdout: expect.stringContaining(`stopped at position ${position}: unknown`) as string },
  });
  expect(await cli.run('projections', 'status')).toMatchObject({ exitCode: 1 });
  expect(
    await cli.run('projections', 'skip', 'incident-board', position, '--by', '张 三', ...why.slice(2)),
  ).toMatchObject({ exitCode: 2 });
  await cli.json('projections', 'skip', 'incident-board', position, ...why);
  expect(await cli.run('projections', 'rebuild', 'incident-board')).toMatchObject({ exitCode: 0 });
  expect((await cli.run('projections', 'list')).stdout).toContain(
    `incident-board passes by IncidentForgotten at position ${position}: 试运行数据 (u-1001,`,
  );
  // A replay of everything passes it by as well, in that read model alone.
  const replayed = await cli.json<Compared[]>('replay', '--all', '--compare', '--only', 'incident-board');
  expect(replayed).toMatchObject([{ name: 'incident-board', position: await store.head(), same: true }]);
  const other = await cli.run('replay', '--all', '--until', position, '--only', 'department-tasks');
  expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining(place)]);
}, 240_000);

// Last of those that read the log: nobody reads past it but who was told to.
test('an event that nobody can read: passed by by all that are stopped there at once, and taken as it is by the tree', async () => {
  const { position } = await store.append('notes', 'any', [newEvent('Noted', {})]);
  const pool = createPool(database.url);
  try {
    await pool.query('alter table log.events disable trigger append_only');
    await pool.query('update log.events set data = left(data, -1) where position = $1', [position]);
    await pool.query('alter table log.events enable trigger append_only');
    const stopped: string[] = [];
    for (const name of ['webhook-index', 'api-keys']) {
      const rebuild = await cli.run('projections', 'rebuild', name);
      expect([rebuild.exitCode, rebuild.stderr]).toEqual([
        1,
        expect.stringMatching(
          new RegExp(`stopped at position ${position};.*cannot apply Noted .*is no JSON`),
        ),
      ]);
      stopped.push(name);
    }
    await pool.query(
      `update projections.checkpoints set status = 'stopped', error_position = $1, error = 'no JSON' where name = 'audit-tree'`,
      [position],
    );
    const why = ['--by', 'u-1001', '--reason', '存储损坏'];
    for (const wrong of [['--all', 'containment', position], ['containment']])
      expect(await cli.run('projections', 'skip', ...wrong, ...why)).toMatchObject({ exitCode: 2 });
    expect(await cli.run('projections', 'skip', '--all', '1', ...why)).toMatchObject({
      ...{ exitCode: 1, stderr: 'no read model is stopped at position 1\n' },
    });
    const told = await cli.run('projections', 'skip', '--all', position, ...why);
    expect(told.exitCode).toBe(0);
    for (const name of stopped)
      expect(told.stdout).toMatch(new RegExp(`^${name} passes by Noted at position ${position} `, 'm'));
    expect(told.stdout).toMatch(/^audit-tree takes it as it is stored .*projections rebuild audit-tree$/m);
    expect(told.stdout).toMatch(/^incident-board has not come to position \d+ yet, and will stop there$/m);
    for (const name of [...stopped, 'audit-tree'])
      expect(await cli.run('projections', 'rebuild', name)).toMatchObject({ exitCode: 0 });
    const replayed = await cli.json<Compared[]>('replay', '--all', '--compare', '--only', 'webhook-index');
    expect(replayed).toMatchObject([{ name: 'webhook-index', same: true }]);
    const other = await cli.run('replay', '--all', '--until', position, '--only', 'incident-board');
    expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('is no JSON')]);
  } finally {
    await pool.end();
  }
}, 240_000);

describe('the master key', () => {
  interface KeyStatus {
    readonly inUse: string;
    readonly previous: string | null;
    readonly wrappedBy: Readonly<Record<string, number>>;
  }

  test('rotate: killed in the middle, both keys serve and the next call goes on', async () => {
    const pool = createPool(database.url);
    const vault = await PostgresPersonalDataVault.open(pool, await MasterKeyFolder.open(cli.dataDir));
    const sealed: Awaited<ReturnType<typeof vault.sealNew>>[] = [];
    for (let n = 0; n < 1_200; n += 1) sealed.push(await vault.sealNew({ phone: String(n) }));
    await vault.close();
    // The rotation waits for a row of its second batch, until it is killed there.
    const blocker = await pool.connect();
    const held = sealed.map(({ subjectId }) => subjectId).toSorted()[700];
    await blocker.query('BEGIN');
    await blocker.query('SELECT FROM personal_data.subject_keys WHERE subject_id = $1 FOR UPDATE', [held]);
    const rotating = cli.start(['master-key', 'rotate']);
    const isHalf = async (): Promise<boolean> => {
      const { wrappedBy } = await masterKeyStatus(pool);
      return Object.values(wrappedBy).includes(500);
    };
    for (let left = 1_200; left > 0 && !(await isHalf()); left -= 1) await sleep(50);
    rotating.child.kill('SIGKILL');
    expect((await rotating.ended).exitCode).toBeNull();
    await blocker.query('ROLLBACK');
    blocker.release();
    const half = await cli.json<KeyStatus>('master-key', 'status');
    expect(Object.values(half.wrappedBy).toSorted()).toEqual([500, 700]);
    expect(half.previous).not.toBeNull();
    for (const n of [0, 600, 1_199]) expect(await vault.unseal(sealed[n]!)).toEqual({ phone: String(n) });
    const whole = await cli.json<KeyStatus & { rewrapped: number; resumed: boolean }>(
      ...(['master-key', 'rotate', '--destroy-old'] as const),
    );
    expect(whole).toMatchObject({ resumed: true, rewrapped: 700, previous: null, inUse: half.inUse });
    expect(whole.wrappedBy).toEqual({ [half.inUse]: 1_200 });
    for (const n of [0, 600, 1_199]) expect(await vault.unseal(sealed[n]!)).toEqual({ phone: String(n) });
    await pool.end();
  }, 120_000);
});

describe('forget', () => {
  test('of what is no reference, or of both or neither, is wrong usage; of no incident a failure', async () => {
    const { exitCode, stderr } = await cli.run('forget', '13800138000');
    expect([exitCode, stderr]).toMatchObject([2, expect.stringContaining('UUID')]);
    expect(stderr).not.toContain('13800138000');
    expect((await cli.run('forget')).exitCode).toBe(2);
    const nowhere = await cli.run('forget', '--incident', '7f0f2f6c-8f0a-4a7e-9a53-3c1d0b9e5a11');
    expect([nowhere.exitCode, nowhere.stderr]).toMatchObject([1, expect.stringContaining('no incident')]);
  }, 60_000);
});
