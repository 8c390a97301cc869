import { SimulatedCity } from '@shaoying/incident-read-models/testing';
import { parseCheckpoint, parseNote } from '../checkpoints/index.js';
import { LogQuery, type LogFilter } from '../log/log-query.js';
import { isIncluded, MerkleTree, TreeHasher } from '../tree/index.js';
import { logKey, provedLog } from '../testing/proved-log.js';
import { isProvedLine, verifyPartialExport } from './partial-export.verify.js';
import { ndjsonExport } from './event-export.js';

const everything: LogFilter = {
  ...{ actorId: null, orgUnitIds: null, incidentId: null, types: [], from: null, to: null },
};

function city(): SimulatedCity {
  const city = new SimulatedCity().report('a').pass(10).whistle('a', ['dept-1']).report('b');
  return city.checkIn('a', 'dept-1').complete('a', 'dept-1').pass(5).whistle('b', ['dept-2']);
}

interface Exported {
  readonly header: { readonly format: string; readonly from: number };
  readonly leaves: readonly { index: number; position: string; proof?: string[]; leaf: string }[];
  readonly checkpoint: string;
  readonly events: number;
  readonly lines: readonly string[];
}

async function exported(
  filter: Partial<LogFilter>,
  { after = '0', covered = Infinity } = {},
): Promise<Exported> {
  const { store, proofs } = await provedLog(city(), { covered });
  const checkpoint = await proofs.lastCheckpoint();
  const request = { filter: { ...everything, ...filter }, after, upTo: await store.head() };
  let [text, events] = ['', 0];
  for await (const piece of ndjsonExport(new LogQuery(store, String), proofs, checkpoint!, request)) {
    text += piece.text;
    events += piece.events;
  }
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.slice(0, -1).split('\n');
  const leaves = lines.slice(1, -1).map((line) => {
    const { index, position, proof } = JSON.parse(line) as {
      index: number;
      position: string;
      proof?: string[];
    };
    const leaf = line.slice(line.indexOf('"event":') + '"event":'.length, -1);
    return { index, position, leaf, ...(proof === undefined ? {} : { proof }) };
  });
  const last = JSON.parse(lines.at(-1)!) as { checkpoint: string };
  return {
    header: JSON.parse(lines[0]!) as Exported['header'],
    leaves,
    checkpoint: last.checkpoint,
    events,
    lines,
  };
}

it('the whole log gives the root that its checkpoint has signed, leaf by leaf', async () => {
  const { header, leaves, checkpoint, events } = await exported({});
  expect(header).toMatchObject({ format: 'shaoying-audit/1', algorithm: 'sha256', from: 0 });
  expect(leaves.map(({ index }) => index)).toEqual(leaves.map((_, index) => index));
  expect(events).toBe(leaves.length);
  expect(leaves.flatMap(({ proof }) => proof ?? [])).toEqual([]);
  const tree = new MerkleTree();
  for (const { leaf } of leaves) tree.append(tree.hasher.leaf(leaf));
  const signed = parseCheckpoint(parseNote(checkpoint).text);
  expect([tree.size, tree.root()]).toEqual([signed.size, signed.root]);
});

it.each([
  ['types', { types: ['WhistleBlown'] }, '0', 2],
  ['an incident', { incidentId: 'a' }, '0', null],
  ['a unit', { orgUnitIds: new Set(['dept-1']) }, '0', null],
  ['what stands behind a position', {}, '3', null],
] as const)('of %s each leaf has the proof that it is in the log', async (_what, filter, after, count) => {
  const { leaves, checkpoint } = await exported(filter, { after });
  const { size, root } = parseCheckpoint(parseNote(checkpoint).text);
  const hasher = new TreeHasher();
  expect(leaves.length).toBeGreaterThan(0);
  if (count !== null) expect(leaves).toHaveLength(count);
  for (const { index, proof = [], leaf } of leaves) {
    const claim = { index, size, root, leafHash: hasher.leaf(leaf) };
    expect(isIncluded(hasher, { ...claim, proof: proof.map((hash) => Buffer.from(hash, 'base64')) })).toBe(
      true,
    );
  }
});

it('what no checkpoint covers yet is not in it', async () => {
  expect((await exported({}, { covered: 7 })).leaves).toHaveLength(7);
  const some = await exported({ types: ['IncidentReported', 'WhistleBlown'] }, { covered: 7 });
  expect(some.leaves.map(({ index }) => index < 7)).toEqual(some.leaves.map(() => true));
  expect(some.leaves.length).toBeLessThan(4);
});

it('of nothing it is a header and a checkpoint', async () => {
  const { leaves, checkpoint } = await exported({ types: ['Nothing'] });
  expect([leaves, parseNote(checkpoint).signatures]).toMatchObject([[], [{}]]);
});

describe('an export that leaves events out', () => {
  const keys = [logKey().verifierKey];
  const judged = (lines: readonly string[], by = keys) => verifyPartialExport(lines, by);

  it('is checked leaf by leaf, by keys that are trusted', async () => {
    const { lines, leaves } = await exported({ types: ['WhistleBlown', 'IncidentReported'] });
    expect(lines.slice(1, -1).map(isProvedLine)).toEqual(leaves.map(() => true));
    expect(judged(lines)).toMatchObject({ outcome: 'WHOLE', leaves: leaves.length, trusted: true });
    expect(judged([...lines, '']).outcome).toBe('WHOLE');
    expect(judged(lines, [])).toMatchObject({ outcome: 'WHOLE', trusted: false });
    expect(() => judged(lines, ['x'])).toThrow(expect.objectContaining({ code: 'MALFORMED_NOTE' }) as Error);
  });

  it('says which line is the first that does not fit', async () => {
    const { lines } = await exported({ incidentId: 'a' });
    const changed = (line: number, from: string | RegExp, to: string): string[] =>
      lines.map((text, at) => (at === line - 1 ? text.replace(from, to) : text));
    const faultOf = (some: readonly string[], by = keys) => judged(some, by).fault;
    expect(faultOf(changed(3, '"type":"', '"type":"X'))).toEqual({ code: 'LEAF_NOT_IN_LOG', line: 3 });
    expect(faultOf(changed(2, /"index":\d+/, '"index":99'))).toEqual({ code: 'LEAF_NOT_IN_LOG', line: 2 });
    expect(faultOf(changed(2, '"proof":', '"path":'))).toEqual({ code: 'LINE_MALFORMED', line: 2 });
    const [header, first, second, ...rest] = lines;
    expect(faultOf([header!, second!, first!, ...rest])).toEqual({ code: 'LEAF_OUT_OF_ORDER', line: 3 });
    expect(faultOf(lines.slice(0, -1))?.code).toBe('CHECKPOINT_INVALID');
    expect(faultOf(lines, [logKey(9).verifierKey])?.code).toBe('CHECKPOINT_INVALID');
    expect(faultOf(changed(1, /"origin":"[^"]*"/, '"origin":"other"'))?.code).toBe('CHECKPOINT_INVALID');
    expect(faultOf([])?.code).toBe('CHECKPOINT_INVALID');
  });
});
