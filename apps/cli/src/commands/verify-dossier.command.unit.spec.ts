import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DossierMaker, LogQuery, ndjsonExport } from '@shaoying/audit';
import { logKey, provedLog } from '@shaoying/audit/testing';
import { SimulatedCity } from '@shaoying/incident-read-models/testing';
import type { Terminal } from '../terminal.js';
import {
  isDossierFile,
  isPartialExport,
  verifyDossierFile,
  verifyPartialFile,
} from './verify-dossier.command.js';

let folder: string;
let dossier: string;
let checkpoint: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shaoying-dossier-'));
  const { store, proofs } = await provedLog(
    new SimulatedCity().report('inc').pass(5).whistle('inc', ['dept-1']),
  );
  const clock = { now: () => new Date('2026-03-03T04:00:00.000Z') };
  const { file } = await new DossierMaker(store, proofs, [logKey()], (id) => id ?? '—', clock).make('inc');
  dossier = await written('dossier.json', file);
  checkpoint = await written('checkpoint.txt', (await proofs.lastCheckpoint())!.note);
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function verify(file: string, keys: readonly string[] = [], known: string | null = null) {
  const out: string[] = [];
  const terminal: Terminal = { out: (text) => out.push(text), note: () => undefined, interactive: false };
  const checkpoints = known === null ? [] : [known];
  const options = { file, keys, keyFiles: [], checkpoints, json: false };
  const exitCode = await verifyDossierFile(options, terminal);
  return { exitCode, out: out.join('\n') };
}

test('a whole dossier: what was checked, and by whose keys', async () => {
  expect(await isDossierFile(dossier)).toBe(true);
  expect(await isDossierFile(checkpoint)).toBe(false);
  const own = await verify(dossier, [logKey().verifierKey], checkpoint);
  expect([own.exitCode, own.out]).toEqual([0, expect.stringContaining('checked against a key of yours')]);
  const itself = await verify(dossier);
  expect([itself.exitCode, itself.out]).toEqual([0, expect.stringContaining('give a key that you trust')]);
});

test('one with a revision of another program: whole, and it says which, and that nothing proves it', async () => {
  const { store, proofs } = await provedLog(
    new SimulatedCity().report('inc').pass(5).whistle('inc', ['dept-1']),
    { foreign: [1] },
  );
  Object.assign(store, { foreignRevisions: async () => [1] });
  const clock = { now: () => new Date('2026-03-03T04:00:00.000Z') };
  const { file } = await new DossierMaker(store, proofs, [logKey()], (id) => id ?? '—', clock).make('inc');
  const { exitCode, out } = await verify(await written('foreign.json', file), [logKey().verifierKey]);
  expect([exitCode, out]).toEqual([
    0,
    expect.stringMatching(/revisions said to be another program's: 1\n.*nothing in the file proves it/),
  ]);
});

test('one that does not fit: exit code 1, and each thing that does not is named', async () => {
  const stranger = await verify(dossier, [logKey(8).verifierKey]);
  expect([stranger.exitCode, stranger.out]).toEqual([
    1,
    expect.stringMatching(/SIGNED_BY_ANOTHER_KEY {2}signature/),
  ]);
  const empty = await verify(await written('empty.json', '{"dossier":'));
  expect([empty.exitCode, empty.out]).toEqual([1, expect.stringContaining('NOT_A_DOSSIER')]);
});

test('an export of a selection: every leaf by its proof, and the line that does not fit', async () => {
  const { store, proofs } = await provedLog(
    new SimulatedCity().report('inc').pass(5).whistle('inc', ['dept-1']),
  );
  const filter = { actorId: null, orgUnitIds: null, incidentId: 'inc', types: [], from: null, to: null };
  const request = { filter, after: '0', upTo: await store.head() };
  let text = '';
  for await (const piece of ndjsonExport(
    new LogQuery(store, String),
    proofs,
    (await proofs.lastCheckpoint())!,
    request,
  ))
    text += piece.text;
  const told = async (content: string) => {
    const file = await written('export.ndjson', content);
    const out: string[] = [];
    const terminal: Terminal = { out: (line) => out.push(line), note: () => undefined, interactive: false };
    const options = { file, keys: [logKey().verifierKey], keyFiles: [], checkpoints: [], json: false };
    return [await isPartialExport(file), await verifyPartialFile(options, terminal), out.join('\n')];
  };
  expect(await told(text)).toEqual([true, 0, expect.stringMatching(/^WHOLE: \d+ events/)]);
  const changed = text.replace('"type":"', '"type":"X');
  expect(await told(changed)).toEqual([true, 1, expect.stringContaining('code LEAF_NOT_IN_LOG · line 2')]);
  expect(await isPartialExport(dossier)).toBe(false);
});

test('keys, checkpoints and files that are none are wrong usage, or cannot be read', async () => {
  await expect(verify(dossier, ['x'])).rejects.toMatchObject({ code: 'USAGE' });
  await expect(verify(dossier, [], dossier)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(verify(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  await expect(isDossierFile(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
});
