import { recordedEvent, type RecordedEvent, type StoredRecord } from '@shaoying/event-store';
import {
  checkpointEventType,
  checkpointIn,
  type CheckpointSigned,
} from '../checkpoints/checkpoint.events.js';
import { leafOf, anyStoredLeaf } from '../tree/leaf.js';
import type { TreeHasher } from '../tree/tree-hash.js';

/** What the tree keeps of an event. */
export interface TreeLeaf {
  readonly position: string;
  readonly eventId: string;
  readonly type: string;
  readonly hash: Uint8Array;
  /** Where the event is one. */
  readonly checkpoint: LoggedSignature | undefined;
}

interface LoggedSignature {
  readonly signed: CheckpointSigned;
  readonly revision: number;
  readonly recordedAt: string;
}

export function leafOfEvent(hasher: TreeHasher, event: RecordedEvent): TreeLeaf {
  const { position, eventId, type } = event;
  return { position, eventId, type, hash: hasher.leaf(leafOf(event)), checkpoint: signatureIn(event) };
}

/**
 * The same from the stored texts, of which only those of a checkpoint are parsed. There is a leaf for every event, whatever was
 * done to it, and of one that was changed never the leaf that was signed; to tell is for `shaoying verify`.
 */
export function leafOfRecord(hasher: TreeHasher, record: StoredRecord): TreeLeaf {
  const { position, eventId, type } = record;
  const checkpoint = type === checkpointEventType ? signatureIn(eventOf(record)) : undefined;
  return { position, eventId, type, hash: hasher.leaf(anyStoredLeaf(record)), checkpoint };
}

function eventOf(record: StoredRecord): RecordedEvent {
  const { streamId, revision, position, metadata, data } = record;
  const texts = { metadata: metadata.toString(), data: data.toString() };
  return recordedEvent({ ...record, ...texts }, streamId, revision, position);
}

function signatureIn(event: RecordedEvent): LoggedSignature | undefined {
  const signed = checkpointIn(event);
  const { revision, recordedAt } = event;
  return signed && { signed, revision, recordedAt };
}
