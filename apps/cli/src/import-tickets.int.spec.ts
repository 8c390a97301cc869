import { START, type EventStore } from '@shaoying/event-store';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImportSummary } from './commands/import-tickets.command.js';
import { CliProcess } from './testing/index.js';

const root = join(__dirname, '../../..');
const header = 'id,opened,target,closed,office,area,kind,text,lon,lat';

const ticketMap = {
  format: 'shaoying-ticket-map/1',
  source: 'spec',
  timeZone: 'America/New_York',
  timeFormat: 'yyyy-MM-dd HH:mm',
  columns: {
    ...{ externalId: 'id', openedAt: 'opened', targetAt: 'target', closedAt: 'closed', department: 'office' },
    ...{ neighbourhood: 'area', category: 'kind', description: 'text', lon: 'lon', lat: 'lat' },
  },
  severity: 'MINOR',
  jurisdiction: {
    effectiveFrom: '2020-01-01',
    units: [
      { id: 'ct-spec', kind: 'CITY', name: 'Spec', parentId: null },
      { id: 'di-spec', kind: 'DISTRICT', name: 'Spec', parentId: 'ct-spec' },
    ],
    departments: { parentId: 'ct-spec', idPrefix: 'dp-spec-' },
    neighbourhoods: { kind: 'SUBDISTRICT', parentId: 'di-spec', idPrefix: 'st-spec-' },
  },
};

interface ReportEntry {
  readonly line: number;
  readonly column: string | null;
  readonly code: string;
  readonly externalId: string | null;
}

let folder: string;
let database: TestDatabase;
let cli: CliProcess;
let store: EventStore;
let map: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shaoying-import-'));
  database = await createTestDatabase();
  cli = await CliProcess.over(root, database.url);
  store = await PostgresEventStore.open({ url: database.url });
  map = join(folder, 'map.json');
  await writeFile(map, JSON.stringify(ticketMap));
}, 30_000);

afterEach(async () => {
  await store.close();
  await database.drop();
  await cli.remove();
  await rm(folder, { recursive: true, force: true });
});

async function csv(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** External ids in the order they entered the log, each as often as it is there. */
async function imported(): Promise<string[]> {
  const ids: string[] = [];
  let after = START;
  for (;;) {
    const events = await store.readAll(after, { limit: 5_000 });
    for (const { type, data } of events) {
      if (type === 'IncidentReported') ids.push((data as { externalId: string }).externalId);
    }
    const last = events.at(-1);
    if (last === undefined) return ids;
    after = last.position;
  }
}

function manyRows(count: number): string {
  const rows = Array.from({ length: count }, (_, i) => {
    const day = String((i % 28) + 1).padStart(2, '0');
    return `T${i},2022-01-${day} 10:00,2022-02-${day} 10:00,2022-02-01 09:30,Office ${i % 7},Area ${i % 11},kind,"text, ${i}",-71.05,42.35`;
  });
  return `${header}\n${rows.join('\n')}\n`;
}

test('bad rows go to the report with their lines; the good ones are kept; exit code 3', async () => {
  const rows = [
    header,
    'A1,2022-01-03 10:00,2022-01-05 10:00,2022-01-04 10:00,Roads,North,pothole,"one line',
    'and another",-71.05,42.35',
    ',2022-01-03 10:00,,,Roads,North,pothole,x,,', // 4
    'A2,2022-01-32 10:00,,,Roads,North,pothole,x,,', // 5
    'A3,2022-01-03 10:00,,2022-01-02 10:00,Roads,North,pothole,x,,', // 6
    'A4,2022-01-03 10:00,2022-01-02 10:00,,Roads,North,pothole,x,,', // 7
    'A5,2022-03-13 02:30,,,Roads,North,pothole,x,,', // 8: the clock went forward
    'A6,2022-11-06 01:30,,,Roads,North,pothole,x,,', // 9: the clock went back
    'A7,2022-01-03 10:00,,,Roads,North,pothole,x,-191,42', // 10
    'A8,2022-01-03 10:00,,,Roads,North,pothole,"never closed,,', // 11
    'A9,2022-01-03 10:00,,,Roads,South,pothole,fine,,', // 12
    'A1,2022-01-03 10:00,,,Roads,North,other,contents,,', // 13
    '',
    'A10,2022-01-03 10:00,,,Roads', // 15
    'A9,2022-01-03 10:00,,,Roads,South,pothole,fine,,', // 16: the same again
    'A11,2199-01-03 10:00,,,Roads,South,pothole,x,,', // 17
    'A12,2022-01-03 10:00,,,Lights,South,lamp,x"y,,', // 18
    'A13,2022-01-03 10:00,,,Lights,South,lamp,Mrs Personal lives here,,', // 19
  ];
  const file = await csv('bad.csv', `\ufeff${rows.join('\r\n')}\r\n`);
  const report = join(folder, 'rejected.json');
  const answer = await cli.run('import', 'tickets', '--map', map, file, '--report', report, '--json');
  expect(answer.exitCode).toBe(3);
  expect(JSON.parse(answer.stdout)).toMatchObject({ rows: 16, imported: 3, alreadyThere: 1, rejected: 12 });
  const entries = JSON.parse(await readFile(report, 'utf8')) as ReportEntry[];
  expect(entries.map(({ line, column, code, externalId }) => [line, column, code, externalId])).toEqual([
    [4, 'id', 'VALUE_MISSING', null],
    [5, 'opened', 'TIME_UNPARSABLE', 'A2'],
    [6, 'closed', 'CLOSED_BEFORE_OPENED', 'A3'],
    [7, 'target', 'TARGET_BEFORE_OPENED', 'A4'],
    [8, 'opened', 'TIME_SKIPPED', 'A5'],
    [9, 'opened', 'TIME_AMBIGUOUS', 'A6'],
    [10, 'lon', 'COORDINATES_OUT_OF_RANGE', 'A7'],
    [11, null, 'BAD_QUOTES', null],
    [13, 'id', 'DUPLICATE_DIFFERS', 'A1'],
    [15, null, 'COLUMN_COUNT', null],
    [17, 'opened', 'TIME_IN_FUTURE', 'A11'],
    [18, null, 'BAD_QUOTES', null],
  ]);
  expect((await imported()).sort()).toEqual(['A1', 'A13', 'A9']);
  expect(await readFile(report, 'utf8')).not.toContain('Personal');
  expect(answer.stderr).not.toContain('Personal');
}, 30_000);

test('stopped with SIGTERM, then killed with -9 in the middle, then run again: complete, nothing twice', async () => {
  const count = 2_000;
  const file = await csv('many.csv', manyRows(count));
  const startAndSee = async (more: number): Promise<ReturnType<CliProcess['start']>> => {
    const there = (await imported()).length;
    const running = cli.start(['import', 'tickets', '--map', map, file, '--json']);
    // On a busy machine the run before may have come far beyond what was waited for: then half of the rest is enough.
    const enough = there + Math.min(more, Math.ceil((count - there) / 2));
    while ((await imported()).length < enough) {
      if (running.child.exitCode !== null)
        throw new Error('the import has ended before it was to be stopped');
      await sleep(10);
    }
    return running;
  };
  // Told to stop it ends at a row with exit code 1, and says so.
  const first = await startAndSee(100);
  first.child.kill('SIGTERM');
  const { exitCode, stdout, stderr } = await first.ended;
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([1, { complete: false }]);
  expect(stderr).toContain('run the same import again');
  const stopped = JSON.parse(stdout) as ImportSummary;
  expect((await imported()).length).toBe(stopped.imported);

  const second = await startAndSee(100);
  second.child.kill('SIGKILL');
  expect((await second.ended).exitCode).toBeNull();
  const before = await imported();
  expect(before.length).toBeLessThan(count);

  const summary = await cli.json<ImportSummary>('import', 'tickets', '--map', map, file);
  expect(summary).toMatchObject({ rows: count, rejected: 0, complete: true });
  expect(summary.imported + summary.alreadyThere).toBe(count);
  expect(summary.alreadyThere).toBeGreaterThanOrEqual(before.length);
  const ids = await imported();
  expect([ids.length, new Set(ids).size]).toEqual([count, count]);
}, 180_000);

test('two imports of the same file at once into an empty log: each case once', async () => {
  const count = 500;
  const file = await csv('many.csv', manyRows(count));
  const both = await Promise.all(
    [1, 2].map(() => cli.json<ImportSummary>('import', 'tickets', '--map', map, file)),
  );
  expect(both.map(({ rejected }) => rejected)).toEqual([0, 0]);
  expect(both.reduce((sum, { imported }) => sum + imported, 0)).toBe(count);
  const ids = await imported();
  expect([ids.length, new Set(ids).size]).toEqual([count, count]);
}, 60_000);

test('a case that the other system has changed since is told, and the log is left as it is', async () => {
  const open = await csv('open.csv', `${header}\nA1,2022-01-03 10:00,,,Roads,North,pothole,x,,\n`);
  await cli.run('import', 'tickets', '--map', map, open);
  const head = await store.head();
  const closed = await csv(
    'closed.csv',
    `${header}\nA1,2022-01-03 10:00,,2022-01-04 10:00,Roads,North,pothole,x,,\n`,
  );
  const answer = await cli.run('import', 'tickets', '--map', map, closed, '--json');
  expect([answer.exitCode, answer.stderr]).toMatchObject([
    3,
    expect.stringContaining('ALREADY_IMPORTED_DIFFERENTLY'),
  ]);
  expect(await store.head()).toBe(head);
}, 30_000);

test('a dry run checks everything and writes nothing; a missing column or a bad map is wrong usage', async () => {
  const file = await csv('one.csv', `${header}\nA1,2022-01-03 10:00,,,Roads,North,pothole,x,,\n`);
  const dry = await cli.json<ImportSummary>('import', 'tickets', '--map', map, file, '--dry-run');
  expect(dry).toMatchObject({ dryRun: true, rows: 1, imported: 1, eventsWritten: 0 });
  const other = await csv('other.csv', 'id,opened\nA1,2022-01-03 10:00\n');
  const missing = await cli.run('import', 'tickets', '--map', map, other);
  expect([missing.exitCode, missing.stderr]).toMatchObject([2, expect.stringContaining('"office"')]);
  const bad = await csv('bad.json', JSON.stringify({ ...ticketMap, timeZone: 'Mars/Olympus', extra: 1 }));
  const refused = await cli.run('import', 'tickets', '--map', bad, file);
  expect([refused.exitCode, refused.stderr]).toMatchObject([
    2,
    expect.stringContaining('extra: there is no such field'),
  ]);
  expect(await store.head()).toBe(START);
}, 30_000);
