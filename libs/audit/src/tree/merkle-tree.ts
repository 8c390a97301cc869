import { consistencyProof, inclusionProof, rangeHash } from './tree-proofs.js';
import { TreeHasher } from './tree-hash.js';
import { OutsideTree, type TreeNode } from './tree-shape.js';

/**
 * The right edge of a growing tree: the hashes of its complete subtrees, largest first. Enough to append and to tell the
 * root, in memory that grows with the logarithm of the leaves; what a verifier keeps while it reads a log.
 */
export class TreeFrontier {
  private readonly edge: { readonly level: number; readonly hash: Uint8Array }[] = [];
  private leaves = 0;

  constructor(readonly hasher: TreeHasher = new TreeHasher()) {}

  get size(): number {
    return this.leaves;
  }

  append(leafHash: Uint8Array): void {
    let [level, hash] = [0, leafHash];
    for (let last = this.edge.at(-1); last?.level === level; last = this.edge.at(-1)) {
      hash = this.hasher.parent(last.hash, hash);
      level += 1;
      this.edge.pop();
    }
    this.edge.push({ level, hash });
    this.leaves += 1;
  }

  root(): Uint8Array {
    const hashes = this.edge.map(({ hash }) => hash);
    if (hashes.length === 0) return this.hasher.empty();
    return hashes.reduceRight((right, left) => this.hasher.parent(left, right));
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
