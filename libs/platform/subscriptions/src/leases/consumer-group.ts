import type { Position } from '@shaoying/event-store';

export interface ConsumerGroup {
  readonly name: string;
  /** Where in the feed it has got to: everything up to here is done, or counted below. */
  readonly position: Position;
  /** After as many deliveries without an acknowledgement an item is a dead letter. */
  readonly maxDeliveries: number;
  readonly createdAt: string;
  /** Leased to somebody now. */
  readonly leased: number;
  /** Not leased and not done, of what it has taken from the feed. */
  readonly waiting: number;
  readonly dead: number;
}

export interface LeaseRequest {
  readonly max: number;
  readonly visibilityMs: number;
  /** How long to wait where there is nothing; 0 for not at all. */
  readonly waitMs: number;
  /** Ends the wait, as with nothing. */
  readonly signal: AbortSignal;
}

/** A group as it was made, or as it is where it was there. */
export interface MadeGroup {
  readonly group: ConsumerGroup;
  readonly isNew: boolean;
  /** The first answer again. */
  readonly replayed: boolean;
}
