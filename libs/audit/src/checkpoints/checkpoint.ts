import { Buffer } from 'node:buffer';
import { HASH_BYTES, TREE_ALGORITHMS, type TreeAlgorithm } from '../tree/tree-hash.js';
import { MalformedNote } from './signed-note.js';

/** The head of a tree: what a checkpoint signs (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  /** Names the log, such as `audit.street.example.gov.cn/log`. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  readonly root: Uint8Array;
  readonly algorithm: TreeAlgorithm;
}

/** The only extension line: the standard means SHA-256 where nothing is said. */
const algorithmLine = 'hash ';

/** The text that is signed. */
export function checkpointText({ origin, size, root, algorithm }: Checkpoint): string {
  const extension = algorithm === 'sha256' ? '' : `${algorithmLine}${algorithm}\n`;
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n${extension}`;
}

/** Reads the text of a note as a checkpoint; extension lines of others are passed by. @throws MalformedNote */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...extensions] = text.split('\n').slice(0, -1);
  const hash = Buffer.from(root, 'base64');
  const isSize = /^(0|[1-9]\d{0,15})$/.test(size) && Number.isSafeInteger(Number(size));
  const isRoot = hash.length === HASH_BYTES && hash.toString('base64') === root;
  if (origin === '' || !isSize || !isRoot || extensions.includes('')) {
    throw new MalformedNote('a checkpoint has an origin, a size and a root hash in its first three lines');
  }
  const named = extensions.find((line) => line.startsWith(algorithmLine))?.slice(algorithmLine.length);
  const algorithm = TREE_ALGORITHMS.find((known) => known === (named ?? 'sha256'));
  if (!algorithm) throw new MalformedNote(`a checkpoint with the unknown hash ${named}`);
  return { origin, size: Number(size), root: hash, algorithm };
}
