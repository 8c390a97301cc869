import { Buffer } from 'node:buffer';
import { checkpointIn, checkpointStreamId, type CheckpointSigned } from '../checkpoints/checkpoint.events.js';

/** How the leaf of a checkpoint begins; JSON.parse of every leaf would take as long as hashing it. */
const beginning = Buffer.from(`{"streamId":${JSON.stringify(checkpointStreamId)},`);

/** A checkpoint in a leaf; undefined for every other event. */
export function checkpointOfLeaf(leaf: Buffer): CheckpointSigned | undefined {
  if (
    leaf.length < beginning.length ||
    leaf.compare(beginning, 0, beginning.length, 0, beginning.length) !== 0
  )
    return undefined;
  try {
    return checkpointIn(JSON.parse(leaf.toString()) as Parameters<typeof checkpointIn>[0]);
  } catch {
    return undefined;
  }
}
