import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';

/** SHA-256 as everywhere; SM3 (GB/T 32905) where a Chinese national algorithm is asked for. Both give 32 bytes. */
export const TREE_ALGORITHMS = ['sha256', 'sm3'] as const;
export type TreeAlgorithm = (typeof TREE_ALGORITHMS)[number];

export const HASH_BYTES = 32;

// RFC 6962, 2.1: without different first bytes a node could be shown as a leaf.
const leafPrefix = 0x00;
const nodePrefix = 0x01;

/** The hashing of a Merkle tree as in RFC 6962, section 2.1 (unchanged in RFC 9162), with a choice of algorithm. */
export class TreeHasher {
  private readonly node = Buffer.alloc(1 + 2 * HASH_BYTES, nodePrefix);
  private scratch = Buffer.alloc(4_096, leafPrefix);

  constructor(readonly algorithm: TreeAlgorithm = 'sha256') {}

  /** Root of the tree without leaves: the hash of nothing. */
  empty(): Buffer {
    return hash(this.algorithm, '', 'buffer');
  }

  /** Hash of a leaf; a text stands for its UTF-8 bytes. */
  leaf(content: string | Uint8Array): Buffer {
    const bytes = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
    if (bytes >= this.scratch.length) this.scratch = Buffer.alloc(2 * (bytes + 1), leafPrefix);
    if (typeof content === 'string') this.scratch.write(content, 1);
    else this.scratch.set(content, 1);
    return hash(this.algorithm, this.scratch.subarray(0, bytes + 1), 'buffer');
  }

  /** Hash of the node above two others. */
  parent(left: Uint8Array, right: Uint8Array): Buffer {
    this.node.set(left, 1);
    this.node.set(right, 1 + HASH_BYTES);
    return hash(this.algorithm, this.node, 'buffer');
  }
}
