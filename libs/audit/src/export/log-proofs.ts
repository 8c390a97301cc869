import type { TreeAlgorithm } from '../tree/index.js';

/** A signed head of the log's tree. */
export interface ProvingCheckpoint {
  /** The whole signed note. */
  readonly note: string;
  readonly origin: string;
  /** Leaves that it speaks about. */
  readonly size: number;
  readonly algorithm: TreeAlgorithm;
}

/** Where proofs come from: the tree over the whole log, as `docs/formats/audit.md` has it. */
export interface LogProofs {
  /** The last one signed; null before the first. */
  lastCheckpoint(): Promise<ProvingCheckpoint | null>;
  /** Leaves of events by id; none where the tree does not have it yet. */
  placesOf(
    eventIds: readonly string[],
  ): Promise<readonly { readonly eventId: string; readonly index: number }[]>;
  inclusionProof(index: number, size: number, algorithm: TreeAlgorithm): Promise<Uint8Array[]>;
}
