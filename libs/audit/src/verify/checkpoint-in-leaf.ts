import { Buffer } from 'node:buffer';
import {
  checkpointEventType,
  checkpointIn,
  type CheckpointSigned,
} from '../checkpoints/checkpoint.events.js';

/** Only who has this text may be a checkpoint; JSON.parse of every leaf would take as long as hashing it. */
const mayBeCheckpoint = Buffer.from(`"type":"${checkpointEventType}"`);

/** A checkpoint in a leaf; undefined for every other event. */
export function checkpointOfLeaf(leaf: Buffer): CheckpointSigned | undefined {
  if (!leaf.includes(mayBeCheckpoint)) return undefined;
  try {
    return checkpointIn(JSON.parse(leaf.toString()) as Parameters<typeof checkpointIn>[0]);
  } catch {
    return undefined;
  }
}
