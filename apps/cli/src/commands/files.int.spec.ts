import { loadConfig, systemClock } from '@shaoying/config';
import type { RecordedEvent } from '@shaoying/event-store';
import { sampleEvent } from '@shaoying/event-store/testing';
import { DiskFileStore, EvidenceFiles } from '@shaoying/files';
import { samplePhoto } from '@shaoying/files/testing';
import { MasterKeyFolder, PostgresPersonalDataVault } from '@shaoying/personal-data';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { openStores } from '@shaoying/runtime';
import { createLogger } from '@shaoying/telemetry';
import { readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Terminal } from '../terminal.js';
import { CliProcess } from '../testing/index.js';
import type { Workplace } from '../workplace.js';
import { removeFile, sweepFiles, type SweepOptions } from './files.command.js';

interface Swept {
  readonly old: number;
  readonly unnamed: number;
  readonly removed: number;
}

let database: TestDatabase;
let cli: CliProcess;
let place: Workplace;
let files: EvidenceFiles;
let root: string;

beforeAll(async () => {
  database = await createTestDatabase();
  cli = await CliProcess.over(join(__dirname, '../../../..'), database.url);
  const config = loadConfig(cli.env);
  const stores = await openStores(config, { readModels: [], log: () => undefined });
  place = { config, stores, clock: systemClock, logger: createLogger({ level: 'silent', role: 'cli' }) };
  const vault = await PostgresPersonalDataVault.open(stores.pool, await MasterKeyFolder.open(cli.dataDir));
  root = join(cli.dataDir, 'files');
  files = new EvidenceFiles(await DiskFileStore.open(root), vault, systemClock);
}, 60_000);

afterAll(async () => {
  await place.stores.close();
  await database.drop();
  await cli.remove();
});

/** What the command prints, once it is done. */
async function printed<Answer>(run: (terminal: Terminal) => Promise<void>): Promise<Answer> {
  const lines: string[] = [];
  await run({ out: (text) => lines.push(text), note: () => undefined, interactive: false });
  return JSON.parse(lines.join('\n')) as Answer;
}

const sweep = (change: Partial<SweepOptions> = {}): Promise<Swept> =>
  printed((terminal) =>
    sweepFiles({ olderThan: '30d', dryRun: false, json: true, ...change }, terminal, place),
  );

/** A photo that was sent some days ago. */
async function sent(shade: number, daysAgo: number): Promise<string> {
  const photo = await samplePhoto({ type: 'png', shade, place: { lon: 120, lat: 31 } });
  await files.add(photo.bytes, 'image/png', { id: 'worker', orgUnitId: 'dp-water' });
  const folder = join(root, photo.sha256.slice(0, 2), photo.sha256.slice(2, 4), photo.sha256);
  const at = new Date(Date.now() - daysAgo * 86_400_000);
  for (const name of await readdir(folder)) await utimes(join(folder, name), at, at);
  return photo.sha256;
}

const isThere = async (sha256: string): Promise<boolean> => (await files.find(sha256)) !== null;

test('sweep: with an empty log nothing is removed, for it cannot be the log of these files', async () => {
  const photo = await sent(1, 40);
  await expect(sweep()).rejects.toThrow('the log is empty');
  expect(await isThere(photo)).toBe(true);
});

test('sweep: removes what is old and named by no event, and nothing else; a dry run nothing at all', async () => {
  const all = [await sent(2, 40), await sent(3, 40), await sent(4, 20), await sent(5, 40)] as const;
  const [named, checked] = all;
  const [reported, added] = [await sent(7, 40), await sent(8, 40)];
  await place.stores.log.append('incident-1', 'none', [
    sampleEvent({ type: 'DepartmentCheckedIn', data: { evidence: ['f'.repeat(64), named] } }),
    sampleEvent({ type: 'CheckPassed', data: { evidence: [checked] } }),
    // As earlier releases wrote it: it named none.
    sampleEvent({ type: 'IncidentReported', schemaVersion: 2, data: { deadlines: [] } }),
    sampleEvent({ type: 'IncidentReported', schemaVersion: 3, data: { evidence: [reported] } }),
    sampleEvent({ type: 'ReportSupplemented', data: { evidence: [added] } }),
  ]);
  expect(await sweep({ dryRun: true })).toEqual({ old: 6, unnamed: 2, removed: 0 });
  expect(await Promise.all(all.map(isThere))).toEqual([true, true, true, true]);
  expect(await sweep()).toEqual({ old: 6, unnamed: 2, removed: 2 });
  expect(await Promise.all(all.map(isThere))).toEqual([true, true, true, false]);
  expect(await Promise.all([reported, added].map(isThere))).toEqual([true, true]);
  expect(await sweep()).toEqual({ old: 4, unnamed: 0, removed: 0 });
  await expect(sweep({ olderThan: '3h' })).rejects.toThrow('a day at least');
});

test('forget: the photos of the report go with its reporter, though no name was left', async () => {
  const { stored } = JSON.parse(
    await readFile(
      join(__dirname, '../../../../libs/incident/contracts/golden/IncidentReported.v3.json'),
      'utf8',
    ),
  ) as { stored: RecordedEvent };
  const { streamId, revision: _r, position: _p, ...reported } = stored;
  const incidentId = streamId.slice('incident-'.length);
  const [own, shared] = [await samplePhoto({ shade: 11 }), await samplePhoto({ shade: 12 })];
  const data = { ...(stored.data as object), reporter: null, evidence: [own.sha256, shared.sha256] };
  await place.stores.log.append(streamId, 'none', [{ ...reported, data }]);
  for (const photo of [own, shared]) await files.add(photo.bytes, 'image/jpeg', { reportOf: incidentId });
  await files.add(shared.bytes, 'image/jpeg', { id: 'worker', orgUnitId: 'dp-water' });
  expect(await cli.json('forget', '--incident', incidentId)).toEqual({
    ...{ subjectIds: [], incidentId, recorded: true },
  });
  expect(await Promise.all([own, shared].map(({ sha256 }) => isThere(sha256)))).toEqual([false, true]);
  expect(await files.isFrom(shared.sha256, { reportOf: incidentId })).toBe(false);
  expect(await cli.json('forget', '--incident', incidentId)).toMatchObject({ recorded: false });
}, 60_000);

test('remove: one file by order, named or not; its place can never be read again', async () => {
  const photo = await sent(6, 0);
  const record = (await files.find(photo))!;
  expect(await files.placeOf(record)).not.toBeNull();
  expect(await cli.json('files', 'remove', photo)).toEqual({ sha256: photo, removed: true });
  expect(await isThere(photo)).toBe(false);
  expect(await files.placeOf(record)).toBeNull();
  const again = printed((terminal) => removeFile(photo, true, terminal, place));
  await expect(again).rejects.toThrow('there is no such file');
  const elsewhere = printed((terminal) => removeFile('../../keys/master.key', true, terminal, place));
  await expect(elsewhere).rejects.toThrow('64 lower-case hex digits');
}, 30_000);
