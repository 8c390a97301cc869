import { Buffer } from 'node:buffer';
import { consistencyRanges, inclusionRanges, nodesOf, type LeafRange, type TreeNode } from './tree-shape.js';
import type { TreeHasher } from './tree-hash.js';

/** The hash of a complete subtree, from wherever the tree is kept. */
export type HashOf = (node: TreeNode) => Uint8Array;

/** Hashes of a proof in the order of RFC 9162. */
export type Proof = readonly Uint8Array[];

/** The hash of a range, from its complete subtrees: joined from the right, as the tree is lower there. */
export function rangeHash(hasher: TreeHasher, range: LeafRange, hashOf: HashOf): Uint8Array {
  const hashes = nodesOf(range).map(hashOf);
  return hashes.length === 0
    ? hasher.empty()
    : hashes.reduceRight((right, left) => hasher.parent(left, right));
}

/** @throws OutsideTree */
export function inclusionProof(
  hasher: TreeHasher,
  index: number,
  size: number,
  hashOf: HashOf,
): Uint8Array[] {
  return inclusionRanges(index, size).map((range) => rangeHash(hasher, range, hashOf));
}

/** @throws OutsideTree */
export function consistencyProof(hasher: TreeHasher, from: number, to: number, hashOf: HashOf): Uint8Array[] {
  return consistencyRanges(from, to).map((range) => rangeHash(hasher, range, hashOf));
}

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: Proof;
  readonly root: Uint8Array;
}

/** Whether the proof shows that the leaf is at `index` in the tree of `size` leaves with `root` (RFC 9162, 2.1.3.2). */
export function isIncluded(
  hasher: TreeHasher,
  { index, size, leafHash, proof, root }: InclusionClaim,
): boolean {
  if (!areSizes(index, size) || index >= size) return false;
  let [node, last] = [index, size - 1];
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = hasher.parent(sibling, hash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = hasher.parent(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(hash, root);
}

export interface ConsistencyClaim {
  readonly from: { readonly size: number; readonly root: Uint8Array };
  readonly to: { readonly size: number; readonly root: Uint8Array };
  readonly proof: Proof;
}

/** Whether the proof shows that the smaller tree is the beginning of the larger (RFC 9162, 2.1.4.2). */
export function isConsistent(hasher: TreeHasher, { from, to, proof }: ConsistencyClaim): boolean {
  if (!areSizes(from.size, to.size) || from.size > to.size) return false;
  if (from.size === to.size) return proof.length === 0 && isSame(from.root, to.root);
  if (from.size === 0) return proof.length === 0 && isSame(from.root, hasher.empty());
  let [node, last] = [from.size - 1, to.size - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // The older tree is complete: its root is the first hash of the proof, and is not sent.
  const path = node === 0 ? [from.root, ...proof] : proof;
  const [first, ...rest] = path;
  if (!first) return false;
  let [older, newer] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      older = hasher.parent(sibling, older);
      newer = hasher.parent(sibling, newer);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newer = hasher.parent(newer, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(older, from.root) && isSame(newer, to.root);
}

const areSizes = (...sizes: number[]): boolean =>
  sizes.every((size) => Number.isSafeInteger(size) && size >= 0);
const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
