import { Buffer } from 'node:buffer';
import { HASH_BYTES, type HashText, type TreeHasher } from './tree-hash.js';
import { OutsideTree, type TreeNode } from './tree-shape.js';

/** Levels of the tree in one tile: 256 hashes, as c2sp.org/tlog-tiles has it. */
export const tileLevels = 8;
export const TILE_HASHES = 2 ** tileLevels;
/** Levels of tiles of the largest tree whose size is a number: beyond 2^53 leaves. */
export const TILE_LEVELS_MAX = 7;

/**
 * 256 neighbouring hashes of one level: of leaves at level 0, at level `n` the roots of full tiles of level `n - 1`. At
 * the right edge a tile holds fewer; full ones never change. The levels between are computed from them when a proof asks.
 */
export interface Tile {
  readonly level: number;
  readonly index: number;
  /** One after another. */
  readonly hashes: Uint8Array;
}

export type TileName = Pick<Tile, 'level' | 'index'>;

export const tileKey = ({ level, index }: TileName): string => `${level}/${index}`;

/** How many levels of tiles a tree has. */
export function tileLevelsOf(size: number): number {
  let levels = 0;
  for (let hashes = size; hashes > 0; hashes = Math.floor(hashes / TILE_HASHES)) levels += 1;
  return levels;
}

/** The tiles at the right edge of a tree that are not full, by level; those without a hash are left out. */
export function edgeTiles(size: number): (TileName & { readonly count: number })[] {
  const edge: (TileName & { readonly count: number })[] = [];
  for (let [level, hashes] = [0, size]; hashes > 0; level += 1) {
    const count = hashes % TILE_HASHES;
    hashes = Math.floor(hashes / TILE_HASHES);
    if (count > 0) edge.push({ level, index: hashes, count });
  }
  return edge;
}

/** Root of a complete subtree from its 1, 2, 4 … 256 lowest hashes. */
function foldComplete(hasher: TreeHasher, hashes: Uint8Array): Buffer {
  const work = Buffer.from(hashes);
  for (let count = hashes.length / HASH_BYTES; count > 1; count /= 2) hasher.fold(work, count);
  return work.subarray(0, HASH_BYTES);
}

/** The edge of a tree that grows: takes leaves, gives the tiles that have changed. */
export class GrowingTiles {
  /** By level: the tile at the right edge that is not full. */
  private readonly open: { index: number; count: number; hashes: Buffer }[] = [];
  private readonly full: Tile[] = [];
  private readonly touched = new Set<number>();
  private leaves: number;

  /**
   * @param edge the tiles of {@link edgeTiles}; hashes beyond a tree of `size` leaves are passed by
   * @throws OutsideTree when one is missing or holds too few hashes
   */
  constructor(
    private readonly hasher: TreeHasher,
    size: number,
    edge: readonly Tile[],
  ) {
    this.leaves = size;
    for (const { level, index, count } of edgeTiles(size)) {
      const tile = edge.find((candidate) => candidate.level === level && candidate.index === index);
      const bytes = count * HASH_BYTES;
      if (!tile || tile.hashes.length < bytes) {
        throw new OutsideTree(`tile ${level}/${index} of the tree of ${size} leaves is missing`);
      }
      const open = this.openAt(level);
      open.hashes.set(tile.hashes.subarray(0, bytes));
      open.count = count;
    }
  }

  get size(): number {
    return this.leaves;
  }

  append(leafHash: Uint8Array | HashText): void {
    this.add(0, leafHash);
    this.leaves += 1;
  }

  /** What is to be written: full tiles, and those at the edge as they are now. */
  changed(): Tile[] {
    const edge = [...this.touched].flatMap((level) => {
      const { index, count, hashes } = this.openAt(level);
      return count === 0 ? [] : [{ level, index, hashes: hashes.subarray(0, count * HASH_BYTES) }];
    });
    return [...this.full, ...edge];
  }

  private add(level: number, hash: Uint8Array | HashText): void {
    const open = this.openAt(level);
    const at = open.count * HASH_BYTES;
    if (typeof hash === 'string') open.hashes.write(hash, at, 'binary');
    else open.hashes.set(hash, at);
    open.count += 1;
    this.touched.add(level);
    if (open.count < TILE_HASHES) return;
    this.full.push({ level, index: open.index, hashes: open.hashes });
    const root = foldComplete(this.hasher, open.hashes);
    this.open[level] = { index: open.index + 1, count: 0, hashes: Buffer.alloc(TILE_HASHES * HASH_BYTES) };
    this.add(level + 1, root);
  }

  private openAt(level: number): { index: number; count: number; hashes: Buffer } {
    return (this.open[level] ??= {
      index: Math.floor(this.leaves / TILE_HASHES ** (level + 1)),
      count: 0,
      hashes: Buffer.alloc(TILE_HASHES * HASH_BYTES),
    });
  }
}

/** The tile that a complete subtree is computed from, and where in it. */
function placeOf({ level, index }: TreeNode): TileName & { readonly from: number; readonly count: number } {
  const [tileLevel, count] = [Math.floor(level / tileLevels), 2 ** (level % tileLevels)];
  const at = index * count;
  return { level: tileLevel, index: Math.floor(at / TILE_HASHES), from: at % TILE_HASHES, count };
}

/** The tiles that these nodes are computed from, each once. */
export function tilesOf(nodes: readonly TreeNode[]): TileName[] {
  const named = nodes
    .map(placeOf)
    .map(({ level, index }) => [tileKey({ level, index }), { level, index }] as const);
  return [...new Map(named).values()];
}

/** @param tiles by {@link tileKey} @throws OutsideTree when a tile is missing or holds too few hashes */
export function hashFromTiles(
  hasher: TreeHasher,
  tiles: ReadonlyMap<string, Uint8Array>,
  node: TreeNode,
): Uint8Array {
  const { level, index, from, count } = placeOf(node);
  const hashes = tiles.get(tileKey({ level, index }));
  if (!hashes || hashes.length < (from + count) * HASH_BYTES) {
    throw new OutsideTree(`the tree is not there yet up to tile ${level}/${index}`);
  }
  return foldComplete(hasher, hashes.subarray(from * HASH_BYTES, (from + count) * HASH_BYTES));
}
