import type { Position } from '@shaoying/event-store';
import type { Reader } from '../endpoints/webhook-index.js';
import type { DeliveryOutcome } from './delivery-store.js';
import type { SendError } from '../sending/sender.js';

/** How deliveries to an endpoint go. Instants are ISO 8601 in UTC. */
export interface DeliveryState {
  /** Up to here everything is done, given up, or waits. */
  readonly position: Position;
  readonly waiting: number;
  readonly givenUp: number;
  readonly failuresInARow: number;
  readonly failingSince: string | null;
  readonly deliveredAt: string | null;
}

/** One attempt, without what was said. */
export interface LoggedAttempt {
  readonly id: string;
  readonly position: Position;
  readonly eventId: string;
  readonly attempt: number;
  readonly at: string;
  readonly tookMs: number;
  readonly outcome: DeliveryOutcome;
  readonly status: number | null;
  readonly error: SendError | null;
}

interface StateRow {
  readonly position: string;
  readonly waiting: number;
  readonly given_up: number;
  readonly failures: number;
  readonly failing_since: Date | null;
  readonly delivered_at: Date | null;
}

interface AttemptRow {
  readonly id: string;
  readonly position: string;
  readonly event_id: string;
  readonly attempt: number;
  readonly at: Date;
  readonly took_ms: number;
  readonly outcome: DeliveryOutcome;
  readonly status: number | null;
  readonly error: SendError | null;
}

/** Null before anybody has begun to deliver. @throws what PostgreSQL throws */
export async function deliveryStateOf(reader: Reader, webhookId: string): Promise<DeliveryState | null> {
  const { rows } = await reader.query<StateRow>(
    `select position::text, given_up::float8 as given_up, failures, failing_since, delivered_at,
       (select count(*)::integer from webhooks.items i where i.webhook_id = e.webhook_id) as waiting
     from webhooks.endpoints e where webhook_id = $1`,
    [webhookId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  return {
    ...{ position: row.position, waiting: row.waiting, givenUp: row.given_up, failuresInARow: row.failures },
    failingSince: row.failing_since?.toISOString() ?? null,
    deliveredAt: row.delivered_at?.toISOString() ?? null,
  };
}

/** Attempts before an id, the newest first. @param before null for the newest of all @throws what PostgreSQL throws */
export async function attemptsOf(
  reader: Reader,
  webhookId: string,
  before: string | null,
  limit: number,
): Promise<readonly LoggedAttempt[]> {
  const { rows } = await reader.query<AttemptRow>(
    `select a.id::text, a.position::text, a.event_id, a.attempt, a.at, a.took_ms, a.outcome, a.status, a.error
     from webhooks.attempts a
     where a.webhook_id = $1 and ($2::bigint is null or a.id < $2) order by a.id desc limit $3`,
    [webhookId, before, limit],
  );
  return rows.map(({ event_id, took_ms, at, ...row }) => ({
    ...row,
    ...{ eventId: event_id, tookMs: took_ms, at: at.toISOString() },
  }));
}
