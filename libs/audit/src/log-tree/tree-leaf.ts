import type { RecordedEvent, StoredRecord } from '@shaoying/event-store';
import { checkpointIn, checkpointInRecord, type CheckpointSigned } from '../checkpoints/checkpoint.events.js';
import { anyStoredLeaf, leafOf } from '../tree/leaf.js';
import type { HashText, TreeHasher } from '../tree/tree-hash.js';

/** What the tree keeps of an event. */
export interface TreeLeaf {
  readonly position: string;
  readonly eventId: string;
  readonly type: string;
  readonly hash: HashText;
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
  const checkpoint = logged(checkpointIn(event), event);
  return { position, eventId, type, hash: hasher.leafText(leafOf(event)), checkpoint };
}

/**
 * The same from the stored texts, of which only those of a checkpoint are parsed. There is a leaf for every event, whatever was
 * done to it, and of one that was changed never the leaf that was signed; to tell is for `shaoying verify`.
 */
export function leafOfRecord(hasher: TreeHasher, record: StoredRecord): TreeLeaf {
  const { position, eventId, type } = record;
  const checkpoint = logged(checkpointInRecord(record), record);
  return { position, eventId, type, hash: hasher.leafText(anyStoredLeaf(record)), checkpoint };
}

function logged(
  signed: CheckpointSigned | undefined,
  { revision, recordedAt }: Pick<StoredRecord, 'revision' | 'recordedAt'>,
): LoggedSignature | undefined {
  return signed && { signed, revision, recordedAt };
}
