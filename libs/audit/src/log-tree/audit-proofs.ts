import { Buffer } from 'node:buffer';
import type { EventStore } from '@shaoying/event-store';
import { leafOf } from '../tree/leaf.js';
import { isIncluded } from '../tree/tree-proofs.js';
import { TreeHasher, type TreeAlgorithm } from '../tree/tree-hash.js';
import type { AuditTreeQuery, LoggedCheckpoint } from './audit-tree.query.js';

/** Thrown when the tree has no such event; it may be about to come. */
export class EventNotInTree extends Error {
  readonly code = 'EVENT_NOT_IN_TREE';
}

/** Thrown when nothing is signed yet that covers what was asked for. */
export class NoCheckpoint extends Error {
  readonly code = 'NO_CHECKPOINT_YET';
}

/** Thrown when an event in the log is not the one that the tree was made of. */
export class LogContradictsTree extends Error {
  readonly code = 'LOG_CONTRADICTS_TREE';
}

/** Thrown when no tree of such a size is there. */
export class NoSuchTree extends Error {
  readonly code = 'NO_SUCH_TREE';
}

/** That an event is in the log, for somebody who has the checkpoint. Hashes in base64. */
export interface EventProof {
  readonly eventId: string;
  readonly index: number;
  readonly position: string;
  /** Its canonical bytes as text: `H(0x00 ‖ leaf)` is the hash of the leaf. */
  readonly leaf: string;
  readonly leafHash: string;
  readonly algorithm: TreeAlgorithm;
  readonly size: number;
  readonly proof: readonly string[];
  /** The signed note over the tree of `size` leaves. */
  readonly checkpoint: string;
}

export interface ConsistencyAnswer {
  readonly from: number;
  readonly to: number;
  readonly algorithm: TreeAlgorithm;
  readonly fromRoot: string;
  readonly toRoot: string;
  readonly proof: readonly string[];
}

const nothingSigned = 'no checkpoint has been signed yet';
const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64');

/** Proofs for others, each checked before it is given away. */
export class AuditProofs {
  constructor(
    private readonly tree: AuditTreeQuery,
    private readonly store: Pick<EventStore, 'eventAt'>,
  ) {}

  /** The last signed checkpoint. @throws NoCheckpoint */
  async checkpoint(): Promise<LoggedCheckpoint> {
    const last = await this.tree.lastCheckpoint();
    if (!last) throw new NoCheckpoint(nothingSigned);
    return last;
  }

  /**
   * Under the last checkpoint. @throws EventNotInTree, NoCheckpoint while it covers the event not, LogContradictsTree
   */
  async ofEvent(eventId: string): Promise<EventProof> {
    const last = await this.tree.lastCheckpoint();
    const found = await this.tree.inclusionOf(eventId, last?.size ?? 0, last?.algorithm ?? 'sha256');
    if (!found) throw new EventNotInTree(eventId);
    if (!last) throw new NoCheckpoint(nothingSigned);
    const { place, proof } = found;
    if (!proof) throw new NoCheckpoint('no checkpoint covers the event yet');
    const { index, position } = place;
    const { size, algorithm, root, note } = last;
    const hasher = new TreeHasher(algorithm);
    const event = await this.store.eventAt(position);
    if (event?.eventId !== eventId) {
      throw new LogContradictsTree(`at position ${position} the log does not hold event ${eventId}`);
    }
    const leaf = leafOf(event);
    const leafHash = hasher.leaf(leaf);
    if (!isIncluded(hasher, { index, size, leafHash, proof, root: Buffer.from(root, 'base64') })) {
      throw new LogContradictsTree(`event ${eventId} at position ${position} is not the one that was signed`);
    }
    return {
      ...{ eventId, index, position, leaf, leafHash: base64(leafHash), algorithm, size },
      ...{ proof: proof.map(base64), checkpoint: note },
    };
  }

  /** That the tree of `from` leaves is the beginning of that of `to`. @throws NoSuchTree */
  async ofConsistency(from: number, to: number): Promise<ConsistencyAnswer> {
    const state = await this.tree.state();
    if (!state || from > to || to > state.size)
      throw new NoSuchTree(`the tree has ${state?.size ?? 0} leaves`);
    const { algorithm } = state;
    const [fromRoot, toRoot, proof] = await Promise.all([
      this.tree.root(from, algorithm),
      this.tree.root(to, algorithm),
      this.tree.consistencyProof(from, to, algorithm),
    ]);
    return {
      from,
      to,
      algorithm,
      fromRoot: base64(fromRoot),
      toRoot: base64(toRoot),
      proof: proof.map(base64),
    };
  }
}
