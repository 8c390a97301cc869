import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordedEvents } from '@shaoying/projections/testing';
import { checkpointText } from '../checkpoints/checkpoint.js';
import { noteSigner, signNote, type NoteSigner } from '../checkpoints/signed-note.js';
import { leafOf } from '../tree/leaf.js';
import { MerkleTree } from '../tree/merkle-tree.js';
import { TreeHasher, type TreeAlgorithm } from '../tree/tree-hash.js';
import { exportLines, ExportSource } from './export.source.js';
import { verifyLog, type VerifyOptions } from './verify-log.js';

const origin = 'audit.example/log';
const [first, second, third] = [1, 2, 3].map((fill) => noteSigner(origin, Buffer.alloc(32, fill))) as [
  NoteSigner,
  NoteSigner,
  NoteSigner,
];

/** Ten events, then a checkpoint over all before, as often as there are sets of keys; in the log and, where asked, in the file. */
function written(rounds: readonly (readonly NoteSigner[])[], algorithm: TreeAlgorithm = 'sha256') {
  const tree = new MerkleTree(new TreeHasher(algorithm));
  const lines = [exportLines.header({ origin, algorithm, from: 0 })];
  const notes: string[] = [];
  const add = (streamId: string, type: string, data: object): void => {
    const [event] = recordedEvents([{ streamId, type, data }]);
    const leaf = leafOf(event!);
    lines.push(exportLines.leaf(tree.size, String(tree.size * 100), leaf));
    tree.append(tree.hasher.leaf(leaf));
  };
  for (const signers of rounds) {
    for (let nth = 0; nth < 10; nth += 1) add('incident-1', 'Anything', { nth, text: '行 \u2028 line\r' });
    const { size } = tree;
    const root = tree.root();
    const note = signNote(checkpointText({ origin, size, root, algorithm }), signers);
    notes.push(note);
    const keys = signers.map(({ verifierKey }) => verifierKey);
    add('audit-checkpoints', 'AuditCheckpointSigned', {
      ...{ origin, size, root: Buffer.from(root).toString('base64'), algorithm, note, keys },
    });
  }
  return { lines, notes };
}

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'shaoying-export-'))));
afterAll(() => rm(folder, { recursive: true }));

async function verify(content: string, options: Partial<VerifyOptions> = {}) {
  const path = join(folder, 'log.ndjson');
  await writeFile(path, content);
  return verifyLog(new ExportSource(path), { keys: [], notes: [], known: null, ...options });
}
const fileOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe.each(['sha256', 'sm3'] as const)('an export with %s', (algorithm) => {
  const { lines, notes } = written([[first], [first], [first]], algorithm);
  const whole = fileOf([...lines, exportLines.checkpoint(notes[2]!)]);

  it('is checked to its last leaf without a database', async () => {
    expect(await verify(whole, { keys: [first.verifierKey], notes: notes.slice(0, 1) })).toMatchObject({
      ...{ outcome: 'WHOLE', leaves: 33, upTo: '3200', signedLeaves: 32, algorithm, fault: null },
      checkpoints: { inLog: 3, fromOutside: 2 },
    });
  });

  it('with an altered event says between which checkpoints it is', async () => {
    const { fault } = await verify(whole.replace('{"nth":3,', '{"nth":4,'));
    expect(fault).toMatchObject({
      ...{ code: 'CONTRADICTS_CHECKPOINT', event: { index: 0 }, checkpoint: { size: 10 } },
      message: expect.stringContaining('index 0 to 9'),
    });
  });

  it('with a line left out, twice, or cut off says which', async () => {
    const without = lines.filter((_, line) => line !== 5);
    expect((await verify(fileOf(without))).fault).toMatchObject({
      code: 'MALFORMED_LINE',
      event: { index: 4 },
    });
    const twice = [...lines.slice(0, 5), lines[4]!, ...lines.slice(5)];
    expect((await verify(fileOf(twice))).fault).toMatchObject({
      code: 'MALFORMED_LINE',
      event: { index: 4 },
    });
    const { fault } = await verify(whole.slice(0, -3));
    expect(fault).toMatchObject({ code: 'MALFORMED_LINE', message: expect.stringContaining('cut off') });
  });

  it('that ends before a checkpoint is cut off', async () => {
    const short = fileOf(lines.slice(0, 20));
    expect((await verify(short, { notes })).fault).toMatchObject({
      code: 'TRUNCATED',
      checkpoint: { size: 21 },
    });
  });
});

it.each([
  ['nothing', ''],
  ['another format', '{"format":"something/1"}\n'],
  ['a later beginning', `${exportLines.header({ origin, algorithm: 'sha256', from: 5 })}\n`],
  ['a line that is none', `${exportLines.header({ origin, algorithm: 'sha256', from: 0 })}\n[]\n`],
])('a file with %s is not taken for an export', async (_, content) => {
  expect(await verify(content)).toMatchObject({ outcome: 'BROKEN', fault: { code: 'MALFORMED_LINE' } });
});

describe('a change of keys', () => {
  const keys = [first.verifierKey];

  it('is followed from the old key to the new, once a checkpoint of the old has covered its naming', async () => {
    const { lines } = written([[first], [first, second], [first, second], [second], [second]]);
    const report = await verify(fileOf(lines), { keys });
    expect(report).toMatchObject({ outcome: 'WHOLE', checkpoints: { inLog: 5 } });
    expect(report.trustedKeys).toEqual([first.verifierKey, second.verifierKey]);
  });

  it('to a key that the old one never vouched for is not', async () => {
    const { lines } = written([[first], [second]]);
    expect((await verify(fileOf(lines), { keys })).fault).toMatchObject({
      code: 'UNKNOWN_KEY',
      event: { index: 21 },
    });
    const tooSoon = written([[first], [first, second], [second]]);
    expect((await verify(fileOf(tooSoon.lines), { keys })).fault).toMatchObject({ code: 'UNKNOWN_KEY' });
  });

  it('cannot be begun by a stranger', async () => {
    const { lines, notes } = written([[first], [first], [third]]);
    const { fault } = await verify(fileOf(lines), { keys, notes });
    expect(fault).toMatchObject({ code: 'UNKNOWN_KEY', event: { index: 32 } });
  });
});

it('stops when asked, and says how far it came', async () => {
  const { lines } = written([[first]]);
  const signal = AbortSignal.abort();
  expect(await verify(fileOf(lines), { signal })).toMatchObject({
    outcome: 'STOPPED',
    leaves: 11,
    fault: null,
  });
});
