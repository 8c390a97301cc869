import { START, type Position } from '@shaoying/event-store';

/** One item lent to one consumer. */
export interface Delivery {
  /** Of this lease; another lease of the same item has another one. */
  readonly deliveryId: string;
  /** How often it has been delivered, this time included. */
  readonly deliveries: number;
  /** ISO 8601, UTC, by the clock of the database: until then nobody else gets it. */
  readonly leasedUntil: string;
  /** One CloudEvents 1.0 JSON text. */
  readonly cloudEvent: string;
}

export interface DeadLetter {
  readonly position: Position;
  readonly deliveries: number;
  readonly deadAt: string;
  readonly cloudEvent: string;
}

/**
 * Which deliveries an answer was about, and which of them had been lent to somebody else or ended otherwise by then. What the same
 * lease was acknowledged or given back by before is settled.
 */
export interface Settled {
  readonly settled: readonly string[];
  readonly lost: readonly string[];
  /** Nothing was done by this: all that is settled was so before. */
  readonly replayed?: true;
}

/** What a request was lent. */
export interface Lent {
  readonly deliveries: readonly Delivery[];
  /** Again: what it was lent the first time, and still has. */
  readonly replayed: boolean;
}

const deliveryId = /^(\d{1,19})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const positionMax = 2n ** 63n - 1n;

/** Whether a text could be the id of a delivery. */
export function isDeliveryId(text: string): boolean {
  const position = deliveryId.exec(text)?.[1];
  return position !== undefined && BigInt(position) <= positionMax;
}

export const deliveryIdOf = (position: Position, leaseId: string): string => `${position}-${leaseId}`;

/** Of what {@link isDeliveryId} takes for one. */
export function parseDeliveryId(text: string): { readonly position: Position; readonly leaseId: string } {
  const [, position = START, leaseId = ''] = deliveryId.exec(text) ?? [];
  // As PostgreSQL tells it.
  return { position: BigInt(position).toString(), leaseId };
}

/** The same id as {@link deliveryIdOf} makes it, of what {@link isDeliveryId} takes for one. */
export function plainDeliveryId(text: string): string {
  const { position, leaseId } = parseDeliveryId(text);
  return deliveryIdOf(position, leaseId);
}
