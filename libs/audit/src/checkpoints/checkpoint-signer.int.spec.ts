import { mkdtemp, readFile, rm, appendFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { KeptExport, otherKey, realKey, SignedLog } from '../testing/signed-log.js';
import { FileExport, notesIn, UrlExport } from './checkpoint-export.js';
import { parseCheckpoint } from './checkpoint.js';
import { judgeNote, noteVerifier, parseNote } from './signed-note.js';

const sizeOf = (note: string): number => parseCheckpoint(parseNote(note).text).size;

let database: TestDatabase;
let log: SignedLog;
let folder: string;
const kept = new KeptExport(async (note) => parseCheckpoint(parseNote(note).text));

beforeAll(async () => {
  database = await createTestDatabase();
  log = await SignedLog.open(database.url);
  folder = await mkdtemp(join(tmpdir(), 'shaoying-checkpoints-'));
}, 30_000);
afterAll(async () => {
  await log.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

/** The tree brought up to date, and a look at it. */
async function look() {
  await log.build();
  return log.look(kept);
}

test('signs the first events, and then only when something other than a checkpoint came', async () => {
  expect((await log.look(kept).catch(() => null))?.outcome).toBeUndefined();
  await log.append('incident-1', 3);
  expect(await look()).toMatchObject({ outcome: { state: 'signed', size: 3 }, treeSize: 3 });
  expect((await log.look(kept)).outcome).toEqual({ state: 'waiting' });
  for (let minute = 0; minute < 3; minute += 1) {
    log.clock.advanceMs(60_000);
    expect(await look()).toMatchObject({
      outcome: { state: 'idle' },
      treeSize: 4,
      signedSize: 3,
      exportLag: 0,
    });
  }
  expect(kept.notes.map(sizeOf)).toEqual([3]);
}, 30_000);

test('signs within a minute of an event, and at once after a thousand', async () => {
  await log.append('incident-1', 1);
  log.clock.advanceMs(-180_000);
  expect((await look()).outcome).toEqual({ state: 'idle' });
  log.clock.advanceMs(55_000);
  expect((await log.look(kept)).outcome).toEqual({ state: 'signed', size: 5 });
  await log.append('incident-1', 500);
  await log.append('incident-2', 499);
  expect((await look()).outcome).toEqual({ state: 'idle' });
  await log.append('incident-2', 1);
  expect((await look()).outcome).toEqual({ state: 'signed', size: 1_006 });
}, 30_000);

test('signs earlier for who asks, not sooner than three seconds after the last, and never a checkpoint alone', async () => {
  await log.build();
  log.clock.advanceMs(10_000);
  expect((await log.look(kept, [realKey], true)).outcome).toEqual({ state: 'idle' });
  await log.append('incident-1', 1);
  expect((await look()).outcome).toEqual({ state: 'idle' });
  log.clock.advanceMs(-8_000);
  expect((await log.look(kept, [realKey], true)).outcome).toEqual({ state: 'idle' });
  log.clock.advanceMs(1_000);
  expect((await log.look(kept, [realKey], true)).outcome).toEqual({ state: 'signed', size: 1_008 });
  log.clock.advanceMs(52_000);
}, 30_000);

test('signs also where the last one is of a clock that was two days ahead, and then by its own again', async () => {
  log.clock.advanceMs(48 * 3_600_000);
  await log.append('incident-1', 1);
  expect((await look()).outcome.state).toBe('signed');
  log.clock.advanceMs(-48 * 3_600_000);
  await log.append('incident-1', 1);
  expect((await look()).outcome.state).toBe('signed');
  await log.append('incident-1', 1);
  expect((await look()).outcome).toEqual({ state: 'idle' });
  log.clock.advanceMs(60_000);
  expect((await log.look(kept)).outcome.state).toBe('signed');
}, 30_000);

test('both keys sign while they change', async () => {
  await log.append('incident-1', 1);
  await log.build();
  log.clock.advanceMs(60_000);
  await log.look(kept, [realKey, otherKey]);
  await log.build();
  await log.look(kept, [realKey, otherKey]);
  const note = parseNote(kept.notes.at(-1)!);
  for (const { verifierKey } of [realKey, otherKey]) {
    expect(judgeNote(note, [noteVerifier(verifierKey)]).verdict).toBe('signed');
  }
  expect(await log.tree.keys()).toEqual([realKey.verifierKey, otherKey.verifierKey]);
}, 30_000);

test('what cannot be exported is, once it can, and signing goes on meanwhile', async () => {
  kept.failing = true;
  await log.append('incident-1', 1);
  log.clock.advanceMs(60_000);
  expect((await look()).outcome.state).toBe('signed');
  await log.build();
  expect(await log.look(kept)).toMatchObject({ exportLag: 1, exportFailure: 'nobody is there' });
  kept.failing = false;
  expect(await log.look(kept)).toMatchObject({ exportLag: 0, exportFailure: null });
  expect(sizeOf(kept.notes.at(-1)!)).toBe((await log.tree.lastCheckpoint())?.size);
}, 30_000);

test('of two processes that sign at once, one does', async () => {
  await log.append('incident-1', 1);
  await log.build();
  log.clock.advanceMs(60_000);
  const another = new KeptExport(kept.last.bind(kept));
  const outcomes = await Promise.all([log.look(kept), log.look(another, [otherKey])]);
  expect(outcomes.map(({ outcome }) => outcome.state).sort()).toEqual(['signed', 'waiting']);
}, 30_000);

test('a file gets them one after another, each whole, also behind one that was cut off', async () => {
  const file = new FileExport(join(folder, 'deep', 'checkpoints.txt'));
  expect(await file.last()).toBeNull();
  const [first, second, third] = kept.notes as [string, string, string];
  await file.write(first);
  await file.write(second);
  expect((await file.last())?.size).toBe(sizeOf(second));
  await appendFile(file.name, third.slice(0, 60));
  expect((await file.last())?.size).toBe(sizeOf(second));
  await file.write(third);
  expect(notesIn(await readFile(file.name, 'utf8'))).toEqual([first, second, third]);
  expect((await file.last())?.size).toBe(sizeOf(third));
});

describe('a URL', () => {
  let server: Server;
  let status = 200;
  const received: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => received.push(text));
      request.on('end', () => response.writeHead(status).end());
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('gets each by POST, and none counts as exported without its receipt', async () => {
    const { port } = server.address() as AddressInfo;
    const url = new UrlExport(`http://127.0.0.1:${port}/log`, new FileExport(join(folder, 'sent.txt')));
    const [first, second] = kept.notes as [string, string];
    await url.write(first);
    expect(received).toEqual([first]);
    expect((await url.last())?.size).toBe(sizeOf(first));
    status = 503;
    await expect(url.write(second)).rejects.toThrow('503');
    expect((await url.last())?.size).toBe(sizeOf(first));
  });
});
