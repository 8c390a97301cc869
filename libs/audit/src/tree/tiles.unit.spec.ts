import { hash } from 'node:crypto';
import { MerkleTree } from './merkle-tree.js';
import { TreeHasher } from './tree-hash.js';
import { inclusionProof, rangeHash } from './tree-proofs.js';
import { inclusionRanges, nodesOf, OutsideTree, type TreeNode } from './tree-shape.js';
import { edgeTiles, GrowingTiles, hashFromTiles, tileKey, tilesOf } from './tiles.js';

const hasher = new TreeHasher();
const leaves = Array.from({ length: 66_000 }, (_, index) => hash('sha256', String(index), 'buffer'));

/** Tiles as they lie in the table after appends in batches of these sizes. */
function grown(batches: readonly number[]): Map<string, Uint8Array> {
  const tiles = new Map<string, Uint8Array>();
  let size = 0;
  for (const batch of batches) {
    const edge = edgeTiles(size).map(({ level, index }) => ({
      ...{ level, index, hashes: Buffer.from(tiles.get(tileKey({ level, index })) ?? []) },
    }));
    const growing = new GrowingTiles(hasher, size, edge);
    for (const leaf of leaves.slice(size, size + batch)) growing.append(leaf);
    for (const tile of growing.changed()) tiles.set(tileKey(tile), tile.hashes);
    size = growing.size;
  }
  return tiles;
}

it('tiles give the hashes of the tree, at their edges and two levels up', () => {
  const tree = new MerkleTree(hasher);
  for (const leaf of leaves) tree.append(leaf);
  const tiles = grown([leaves.length]);
  const hashOf = (node: TreeNode) => hashFromTiles(hasher, tiles, node);
  for (const size of [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 66_000]) {
    expect(rangeHash(hasher, { from: 0, to: size }, hashOf)).toEqual(tree.root(size));
    for (const index of [0, Math.floor(size / 3), size - 1]) {
      expect(inclusionProof(hasher, index, size, hashOf)).toEqual(tree.inclusionProof(index, size));
    }
  }
});

it('tiles are the same however they grew', () => {
  const whole = grown([1_000]);
  for (const batches of [[1, 255, 256, 257, 231], Array.from({ length: 1_000 }, () => 1)]) {
    expect(grown(batches)).toEqual(whole);
  }
});

it('a proof at five million leaves asks for six tiles at the most', () => {
  const asked = [0, 2_500_000, 4_999_999].map(
    (index) => tilesOf(inclusionRanges(index, 5_000_000).flatMap(nodesOf)).length,
  );
  expect(Math.max(...asked)).toBeLessThanOrEqual(6);
});

it('a tile that is missing or too short is not taken for a tree', () => {
  expect(() => new GrowingTiles(hasher, 300, [])).toThrow(OutsideTree);
  const short = { level: 0, index: 1, hashes: Buffer.alloc(32 * 43) };
  const root = { level: 1, index: 0, hashes: Buffer.alloc(32) };
  expect(() => new GrowingTiles(hasher, 300, [short, root])).toThrow(OutsideTree);
  expect(() => hashFromTiles(hasher, grown([10]), { level: 0, index: 10 })).toThrow(OutsideTree);
});
