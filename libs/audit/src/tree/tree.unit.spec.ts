import { hash } from 'node:crypto';
import fc from 'fast-check';
import { MerkleTree, TreeFrontier } from './merkle-tree.js';
import { TreeHasher } from './tree-hash.js';
import { isConsistent, isIncluded } from './tree-proofs.js';
import { OutsideTree } from './tree-shape.js';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const hexes = (hashes: readonly Uint8Array[]): string[] =>
  hashes.map((value) => Buffer.from(value).toString('hex'));

/** The reference tree of the Certificate Transparency project, which implementations of RFC 6962 share. */
const leaves = [
  ...['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'],
].map(bytes);
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const [h01, h23, h4] = [
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
];
const [h0, h1, h45, h67, h0123, h4567] = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
];

function treeOf(contents: readonly Uint8Array[], hasher = new TreeHasher()): MerkleTree {
  const tree = new MerkleTree(hasher);
  for (const content of contents) tree.append(hasher.leaf(content));
  return tree;
}

describe('the tree of RFC 6962', () => {
  const tree = treeOf(leaves);

  it.each(roots.map((root, size) => ({ size, root })))(
    'of $size leaves has the reference root',
    (expected) => {
      expect(hexes([tree.root(expected.size)])).toEqual([expected.root]);
      const frontier = new TreeFrontier();
      for (const leaf of leaves.slice(0, expected.size)) frontier.append(frontier.hasher.leaf(leaf));
      expect(hexes([frontier.root()])).toEqual([expected.root]);
      expect(frontier.size).toBe(expected.size);
    },
  );

  it.each([
    { index: 0, size: 1, proof: [] },
    { index: 0, size: 8, proof: [h1, h23, h4567] },
    { index: 5, size: 8, proof: [h4, h67, h0123] },
    { index: 2, size: 3, proof: [h01] },
    { index: 1, size: 5, proof: [h0, h23, h4] },
  ])('proves leaf $index of $size as the reference does', ({ index, size, proof }) => {
    expect(hexes(tree.inclusionProof(index, size))).toEqual(proof);
  });

  it.each([
    { from: 1, to: 1, proof: [] },
    { from: 1, to: 8, proof: [h1, h23, h4567] },
    { from: 6, to: 8, proof: [h45, h67, h0123] },
    { from: 2, to: 5, proof: [h23, h4] },
  ])('proves that $from leaves begin $to as the reference does', ({ from, to, proof }) => {
    expect(hexes(tree.consistencyProof(from, to))).toEqual(proof);
  });

  it('refuses what no tree of its size can prove', () => {
    expect(() => tree.inclusionProof(8)).toThrow(OutsideTree);
    expect(() => tree.inclusionProof(0, 9)).toThrow(OutsideTree);
    expect(() => tree.inclusionProof(0, 0)).toThrow(OutsideTree);
    expect(() => tree.consistencyProof(9, 8)).toThrow(OutsideTree);
    expect(() => tree.consistencyProof(0.5, 8)).toThrow(OutsideTree);
  });
});

describe.each(['sha256', 'sm3'] as const)('proofs with %s', (algorithm) => {
  const hasher = new TreeHasher(algorithm);
  const tree = treeOf(
    Array.from({ length: 70 }, (_, index) => Buffer.from(`leaf ${index}`)),
    hasher,
  );
  const sizes = fc.integer({ min: 1, max: tree.size });

  it('are accepted for every leaf of every size, and for no other leaf, place, size or root', () => {
    for (let size = 1; size <= tree.size; size += 1) {
      const root = tree.root(size);
      for (let index = 0; index < size; index += 1) {
        const leafHash = hasher.leaf(`leaf ${index}`);
        const claim = { index, size, leafHash, proof: tree.inclusionProof(index, size), root };
        expect(isIncluded(hasher, claim)).toBe(true);
        expect(isIncluded(hasher, { ...claim, leafHash: hasher.leaf('another') })).toBe(false);
        expect(isIncluded(hasher, { ...claim, index: index + 1 })).toBe(false);
        expect(isIncluded(hasher, { ...claim, proof: [...claim.proof, root] })).toBe(false);
        expect(isIncluded(hasher, { ...claim, root: hasher.empty() })).toBe(false);
      }
    }
  });

  it('of consistency are accepted for every two sizes', () => {
    for (let to = 0; to <= tree.size; to += 1) {
      for (let from = 0; from <= to; from += 1) {
        const claim = { from: { size: from, root: tree.root(from) }, to: { size: to, root: tree.root(to) } };
        expect(isConsistent(hasher, { ...claim, proof: tree.consistencyProof(from, to) })).toBe(true);
      }
    }
  });

  it('of consistency are refused once any hash, root or size in them is another', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.nat(), (a, b, place) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        fc.pre(from < to);
        const proof = tree.consistencyProof(from, to);
        const claim = {
          from: { size: from, root: tree.root(from) },
          to: { size: to, root: tree.root(to) },
          proof,
        };
        const altered = proof.map((value, index) =>
          index === place % proof.length ? hasher.empty() : value,
        );
        expect(isConsistent(hasher, { ...claim, proof: altered })).toBe(false);
        expect(isConsistent(hasher, { ...claim, proof: proof.slice(1) })).toBe(false);
        expect(isConsistent(hasher, { ...claim, proof: [...proof, hasher.empty()] })).toBe(false);
        expect(isConsistent(hasher, { ...claim, from: { size: from, root: tree.root(from - 1) } })).toBe(
          false,
        );
        expect(isConsistent(hasher, { ...claim, to: { size: to, root: tree.root(to - 1) } })).toBe(false);
        expect(isConsistent(hasher, { ...claim, from: claim.to, to: claim.from })).toBe(false);
      }),
    );
  });
});

describe('the hashes of a tree', () => {
  it('are SHA-256 and SM3 over the prefix and the content', () => {
    // GB/T 32905-2016, example 1.
    const abc = '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0';
    expect(hash('sm3', 'abc', 'hex')).toBe(abc);
    const sm3 = new TreeHasher('sm3');
    expect(hexes([sm3.leaf('abc')])).toEqual([hash('sm3', '\u0000abc', 'hex')]);
    expect(hexes([new TreeHasher().leaf('abc')])).toEqual([hash('sha256', '\u0000abc', 'hex')]);
  });

  it('are of the whole content, however long, and of nothing that was hashed before', () => {
    const hasher = new TreeHasher();
    for (const text of ['街道'.repeat(5_000), 'x', '', 'y'.repeat(4_095), 'z'.repeat(4_096)]) {
      expect(hexes([hasher.leaf(text)])).toEqual([hash('sha256', `\u0000${text}`, 'hex')]);
      expect(hexes([hasher.leaf(Buffer.from(text))])).toEqual([hash('sha256', `\u0000${text}`, 'hex')]);
    }
  });
});
