import { START, type Position } from '@shaoying/event-store';
import type { FeedItem, FeedSource } from '@shaoying/subscriptions';
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { TooManyRedeliveries, WebhookCommandReused } from '../endpoints/webhook.errors.js';
import type { Reader } from '../endpoints/webhook-index.js';
import type { Webhook } from '../endpoints/webhook.state.js';
import type { WebhookCommand } from '../endpoints/webhooks.js';
import type { SendError } from '../sending/sender.js';
import { itemsWithin, type RedeliverRange } from './redeliver-range.js';
import type { Overview } from './webhook-metrics.js';
import {
  CLAIM,
  claimMs,
  DUE,
  makeDeliveryTables,
  RELEASE,
  RENEW,
  SETTLE,
  STANDING,
  TAKE_IN,
} from './delivery.tables.js';

/** Items of an endpoint that are not done; what comes after them waits in the feed. */
const windowItems = 1_000;
const takeInItems = 500;
/** Beyond the window, for what is delivered again by hand. */
const waitingItemsMax = 2_000;
/** Attempts kept of each endpoint: a day of a busy one, and a year of most. */
export const attemptsKept = 5_000;

/** Of each endpoint, of requests with a key: as many of the last day are answered again. */
export const redeliveriesKept = 1_000;

/** A request with an `Idempotency-Key`: the same for each attempt. */
export type RedeliverCommand = Pick<WebhookCommand, 'commandId'> & { readonly requestHash: string };

export interface Redelivered {
  readonly redelivered: number;
  /** Where to go on when there may be more. */
  readonly next: Position | null;
  /** The first answer again. */
  readonly replayed?: true;
}

export interface DueItem {
  readonly position: Position;
  /** Of the CloudEvent: the `webhook-id`. */
  readonly eventId: string;
  readonly body: string;
  /** Before this one. */
  readonly attempts: number;
  readonly firstAttemptAt: Date | null;
  /** How often it was asked for by hand before this attempt. */
  readonly asked: number;
}

export const DELIVERY_OUTCOMES = ['DELIVERED', 'FAILED', 'GONE', 'GIVEN_UP'] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

export interface Attempt {
  readonly item: DueItem;
  readonly at: Date;
  readonly tookMs: number;
  readonly outcome: DeliveryOutcome;
  readonly status: number | null;
  readonly error: SendError | null;
  /** Null: there is no further one. */
  readonly retryMs: number | null;
}

/** How often an endpoint has failed in a row, and since when. */
export interface Health {
  readonly failures: number;
  readonly failingSince: Date | null;
}

export interface Claimed extends Health {
  readonly claim: string;
}

export interface Standing {
  readonly webhookId: string;
  readonly departmentId: string;
  readonly position: Position;
  readonly disabled: boolean;
  /** It rests, or somebody has it in hand. */
  readonly busy: boolean;
  /** Until something is due and may be sent; null for nothing. */
  readonly dueInMs: number | null;
}

/** The tables of deliveries; each act is one statement. */
export class DeliveryStore {
  private constructor(
    private readonly sql: Reader,
    private readonly feeds: FeedSource,
  ) {}

  /**
   * Makes its tables once. @param sql the same database, for whoever wants its errors told otherwise
   * @throws what PostgreSQL throws
   */
  static async open(pool: Pool, feeds: FeedSource, sql: Reader = pool): Promise<DeliveryStore> {
    await makeDeliveryTables(pool);
    return new DeliveryStore(sql, feeds);
  }

  /** An endpoint that is known already stays where it is. */
  async begin({ webhookId, departmentId, after, disabled }: Webhook): Promise<void> {
    await this.sql.query(
      `insert into webhooks.endpoints (webhook_id, department_id, position, disabled)
       values ($1, $2, $3::bigint, $4) on conflict do nothing`,
      [webhookId, departmentId, after, disabled !== null],
    );
  }

  async forget(webhookId: string): Promise<void> {
    await this.sql.query('delete from webhooks.endpoints where webhook_id = $1', [webhookId]);
  }

  async setDisabled(webhookId: string): Promise<void> {
    await this.sql.query('update webhooks.endpoints set disabled = true where webhook_id = $1', [webhookId]);
  }

  /** What waits is as new, and all of it due. */
  async setEnabled(webhookId: string): Promise<void> {
    await this.sql.query(
      `with anew as (
         update webhooks.items set attempts = 0, first_attempt_at = null, due_at = 'epoch' where webhook_id = $1
       )
       update webhooks.endpoints
       set disabled = false, failures = 0, failing_since = null, rests_until = '-infinity' where webhook_id = $1`,
      [webhookId],
    );
  }

  /** Ids that are not known here yet, of some. */
  async missing(webhookIds: readonly string[]): Promise<readonly string[]> {
    const { rows } = await this.sql.query<{ id: string }>(
      `select id from unnest($1::text[]) as id where not exists (select from webhooks.endpoints where webhook_id = id)`,
      [webhookIds],
    );
    return rows.map(({ id }) => id);
  }

  /** Of all, or of one. */
  async standings(webhookId: string | null = null): Promise<readonly Standing[]> {
    const { rows } = await this.sql.query<StandingRow>(STANDING, [webhookId]);
    return rows.map((row) => ({
      ...{ webhookId: row.webhook_id, departmentId: row.department_id, position: row.position },
      ...{ disabled: row.disabled, busy: row.busy, dueInMs: row.due_in_ms },
    }));
  }

  /** Null while another one has it, or it rests. */
  async claim(webhookId: string): Promise<Claimed | null> {
    const claim = randomUUID();
    const { rows } = await this.sql.query<ClaimRow>(CLAIM, [webhookId, claim, claimMs]);
    const [row] = rows;
    return row ? { claim, failures: row.failures, failingSince: row.failing_since } : null;
  }

  async renew(webhookId: string, { claim }: Pick<Claimed, 'claim'>): Promise<void> {
    await this.sql.query(RENEW, [webhookId, claim, claimMs]);
  }

  async release(webhookId: string, { claim }: Pick<Claimed, 'claim'>): Promise<void> {
    await this.sql.query(RELEASE, [webhookId, claim]);
  }

  /** Takes from the feed what the window has room for. @returns whether there may be more in the feed */
  async takeIn(webhookId: string, departmentId: string): Promise<boolean> {
    const { rows } = await this.sql.query<{ position: string; waiting: number }>(
      `select position::text, (select count(*)::integer from webhooks.items where webhook_id = $1) as waiting
       from webhooks.endpoints where webhook_id = $1`,
      [webhookId],
    );
    const [endpoint] = rows;
    const room = Math.min(takeInItems, windowItems - (endpoint?.waiting ?? windowItems));
    if (endpoint === undefined || room <= 0) return false;
    const items = await this.feeds.read(departmentId, endpoint.position, room);
    const last = items.at(-1);
    if (last === undefined) return false;
    const columns = columnsOf(items);
    const lastId = columns[2].at(-1);
    await this.sql.query(TAKE_IN, [webhookId, endpoint.position, last.position, ...columns, lastId]);
    return items.length === room;
  }

  /** The first of each incident that is due, but those under way. */
  async due(webhookId: string, underWay: readonly Position[], limit: number): Promise<readonly DueItem[]> {
    const { rows } = await this.sql.query<DueRow>(DUE, [webhookId, underWay, limit]);
    return rows.map((row) => ({
      ...{ position: row.position, eventId: row.event_id, body: row.item },
      ...{ attempts: row.attempts, firstAttemptAt: row.first_attempt_at, asked: row.asked },
    }));
  }

  async settle(
    webhookId: string,
    attempts: readonly Attempt[],
    { failures, failingSince }: Health,
    restMs: number,
  ): Promise<void> {
    const came = attempts.map(({ item, at, tookMs, outcome, status, error, retryMs }) => ({
      ...{
        position: item.position,
        asked: item.asked,
        event_id: item.eventId,
        attempt: item.attempts + 1,
        at,
      },
      ...{ took_ms: tookMs, outcome, status, error, retry_ms: retryMs },
    }));
    const delivered = attempts.some(({ outcome }) => outcome === 'DELIVERED');
    const givenUp = attempts.filter(({ outcome }) => outcome === 'GIVEN_UP').length;
    const text = JSON.stringify(came);
    await this.sql.query(SETTLE, [webhookId, text, failures, failingSince, restMs, delivered, givenUp]);
  }

  /**
   * Puts items of the feed before the endpoint once more, under their ids; what it has not come to yet comes by itself. At most
   * {@link redeliverItemsMax} at once, found among {@link redeliverWalkMax}.
   * @param command done once: what another process does with it at the same moment is undone, and told by {@link redelivered}
   * @throws TooManyRedeliveries, WebhookCommandReused, and what PostgreSQL throws
   */
  async redeliver(webhook: Webhook, range: RedeliverRange, command?: RedeliverCommand): Promise<Redelivered> {
    try {
      return await this.putBefore(webhook, range, command);
    } catch (error) {
      const earlier = command !== undefined && isTaken(error) ? await this.redelivered(command) : undefined;
      if (earlier === undefined) throw error;
      return earlier;
    }
  }

  /** What a request has put before an endpoint; undefined where it has not. @throws WebhookCommandReused */
  async redelivered({ commandId, requestHash }: RedeliverCommand): Promise<Redelivered | undefined> {
    const { rows } = await this.sql.query<{
      readonly request_hash: string;
      readonly redelivered: number;
      readonly next: Position | null;
    }>('select request_hash, redelivered, next::text from webhooks.redeliveries where command_id = $1', [
      commandId,
    ]);
    const [row] = rows;
    if (row === undefined) return undefined;
    if (row.request_hash !== requestHash) throw new WebhookCommandReused();
    return { redelivered: row.redelivered, next: row.next, replayed: true };
  }

  private async putBefore(
    { webhookId, departmentId }: Webhook,
    range: RedeliverRange,
    { commandId, requestHash }: Partial<RedeliverCommand> = {},
  ): Promise<Redelivered> {
    const { rows } = await this.sql.query<{ position: string; waiting: number }>(
      `select position::text, (select count(*)::integer from webhooks.items where webhook_id = $1) as waiting
       from webhooks.endpoints where webhook_id = $1`,
      [webhookId],
    );
    const [endpoint = { position: START, waiting: 0 }] = rows;
    if (endpoint.waiting >= waitingItemsMax) throw new TooManyRedeliveries(waitingItemsMax);
    const { items, next } = await itemsWithin(this.feeds, departmentId, range, endpoint.position);
    await this.sql.query(
      `with recorded as (
         insert into webhooks.redeliveries (command_id, webhook_id, request_hash, redelivered, next)
         select $6::uuid, webhook_id, $7, $8::integer, $9::bigint from webhooks.endpoints
         where webhook_id = $1 and $6::uuid is not null
       )
       insert into webhooks.items (webhook_id, position, subject, event_id, item, due_at)
       select $1, *, 'epoch'::timestamptz from unnest($2::bigint[], $3::text[], $4::text[], $5::text[])
       on conflict (webhook_id, position) do update
         set attempts = 0, first_attempt_at = null, due_at = 'epoch', asked = webhooks.items.asked + 1`,
      [webhookId, ...columnsOf(items), commandId, requestHash, items.length, next],
    );
    return { redelivered: items.length, next };
  }

  /** Of all endpoints together. */
  async overview(): Promise<Overview> {
    const { rows } = await this.sql.query<Record<'enabled' | 'disabled' | 'waiting' | 'oldest_ms', number>>(
      `select count(*) filter (where not disabled)::integer as enabled, count(*) filter (where disabled)::integer as disabled,
         (select count(*)::integer from webhooks.items) as waiting,
         (select coalesce(extract(epoch from now() - min(taken_at)) * 1000, 0)::float8
          from webhooks.items join webhooks.endpoints using (webhook_id) where not disabled) as oldest_ms
       from webhooks.endpoints`,
    );
    const { enabled = 0, disabled = 0, waiting = 0, oldest_ms: oldestWaitingMs = 0 } = rows[0] ?? {};
    return { enabled, disabled, waiting, oldestWaitingMs };
  }

  /** Only the newest attempts of each endpoint are kept, and of what was asked for by hand the last day's. */
  async forgetOldAttempts(webhookId: string): Promise<void> {
    await this.sql.query(
      `delete from webhooks.attempts where webhook_id = $1 and id <= (
         select id from webhooks.attempts where webhook_id = $1 order by id desc offset $2 limit 1)`,
      [webhookId, attemptsKept],
    );
    await this.sql.query(
      `delete from webhooks.redeliveries where webhook_id = $1 and (at < now() - interval '1 day' or at > now() + interval '1 day'
         or at <= (select at from webhooks.redeliveries where webhook_id = $1 order by at desc offset $2 limit 1))`,
      [webhookId, redeliveriesKept],
    );
  }
}

/** Whether another process has recorded the same command meanwhile. */
const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505';

interface StandingRow {
  readonly webhook_id: string;
  readonly department_id: string;
  readonly position: string;
  readonly disabled: boolean;
  readonly busy: boolean;
  readonly due_in_ms: number | null;
}

interface ClaimRow {
  readonly failures: number;
  readonly failing_since: Date | null;
}

interface DueRow {
  readonly position: string;
  readonly event_id: string;
  readonly item: string;
  readonly attempts: number;
  readonly first_attempt_at: Date | null;
  readonly asked: number;
}

/** Positions, subjects, ids and texts. An item without a subject is its own. */
function columnsOf(
  items: readonly FeedItem[],
): readonly [positions: string[], subjects: string[], ids: string[], texts: string[]] {
  const parsed = items.map(({ cloudEvent }) => JSON.parse(cloudEvent) as { id: string; subject?: string });
  return [
    items.map(({ position }) => position),
    items.map(({ position }, index) => parsed[index]?.subject ?? position),
    parsed.map(({ id }) => id),
    items.map(({ cloudEvent }) => cloudEvent),
  ];
}
