import { Buffer } from 'node:buffer';
import { consistencyProof, inclusionProof, rangeHash } from './tree-proofs.js';
import { HASH_BYTES, TreeHasher } from './tree-hash.js';
import { OutsideTree, type TreeNode } from './tree-shape.js';

/**
 * The right edge of a growing tree: the hashes of its complete subtrees, largest first. Enough to append and to tell the
 * root, in memory that grows with the logarithm of the leaves; what a verifier keeps while it reads a log.
 */
export class TreeFrontier {
  /** By level; there is one where the number of leaves has a bit, what else lies here is of an earlier edge. */
  private readonly edge: Buffer[] = [];
  private readonly carried = Buffer.alloc(HASH_BYTES);
  private leaves = 0;

  constructor(readonly hasher: TreeHasher = new TreeHasher()) {}

  get size(): number {
    return this.leaves;
  }

  append(leafHash: Uint8Array): void {
    const { carried } = this;
    carried.set(leafHash);
    let level = 0;
    // No bit operators: they end at 2^31.
    for (let rest = this.leaves; rest % 2 === 1; rest = (rest - 1) / 2) {
      this.hasher.parentInto(this.edge[level] as Buffer, carried, carried);
      level += 1;
    }
    (this.edge[level] ??= Buffer.alloc(HASH_BYTES)).set(carried);
    this.leaves += 1;
  }

  root(): Uint8Array {
    let root: Uint8Array | undefined;
    for (let [level, rest] = [0, this.leaves]; rest > 0; [level, rest] = [level + 1, Math.floor(rest / 2)]) {
      if (rest % 2 === 0) continue;
      const hash = this.edge[level] as Buffer;
      root = root === undefined ? Buffer.from(hash) : this.hasher.parent(hash, root);
    }
    return root ?? this.hasher.empty();
  }
}

/** A whole tree in memory, some 64 bytes a leaf: for a dossier, an export, a test. The log's own is kept in tiles. */
export class MerkleTree {
  /** By level: the hashes of all complete subtrees, left to right. */
  private readonly levels: Uint8Array[][] = [[]];

  constructor(readonly hasher: TreeHasher = new TreeHasher()) {}

  get size(): number {
    return this.levels[0]?.length ?? 0;
  }

  append(leafHash: Uint8Array): void {
    let hash = leafHash;
    for (let level = 0; ; level += 1) {
      const hashes = (this.levels[level] ??= []);
      hashes.push(hash);
      if (hashes.length % 2 === 1) return;
      hash = this.hasher.parent(hashes[hashes.length - 2] as Uint8Array, hash);
    }
  }

  /** Of the first `size` leaves; of all by default. @throws OutsideTree */
  root(size: number = this.size): Uint8Array {
    return rangeHash(this.hasher, { from: 0, to: size }, this.hashOf);
  }

  /** @throws OutsideTree */
  inclusionProof(index: number, size: number = this.size): Uint8Array[] {
    return inclusionProof(this.hasher, index, size, this.hashOf);
  }

  /** @throws OutsideTree */
  consistencyProof(from: number, to: number = this.size): Uint8Array[] {
    return consistencyProof(this.hasher, from, to, this.hashOf);
  }

  private readonly hashOf = ({ level, index }: TreeNode): Uint8Array => {
    const hash = this.levels[level]?.[index];
    if (!hash) throw new OutsideTree(`this tree has ${this.size} leaves`);
    return hash;
  };
}
