import {
  checkpointEventType,
  checkpointIn,
  type CheckpointSigned,
} from '../checkpoints/checkpoint.events.js';

/** Whoever has this text has a checkpoint; JSON.parse of every leaf would take as long as hashing it. */
const mayBeCheckpoint = `"type":"${checkpointEventType}"`;

/** A checkpoint in a leaf; undefined for every other event. */
export function checkpointOfLeaf(leaf: string): CheckpointSigned | undefined {
  if (!leaf.includes(mayBeCheckpoint)) return undefined;
  try {
    return checkpointIn(JSON.parse(leaf) as Parameters<typeof checkpointIn>[0]);
  } catch {
    return undefined;
  }
}
