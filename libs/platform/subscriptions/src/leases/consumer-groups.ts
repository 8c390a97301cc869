import type { Position } from '@shaoying/event-store';
import type { Pool } from 'pg';
import type { FeedSource } from '../feed.js';
import { ConsumerGroupNotFound, TooManyConsumerGroups } from '../subscriptions.errors.js';
import type { ConsumerGroup, LeaseRequest } from './consumer-group.js';
import { parseDeliveryId, settledOf, type DeadLetter, type Delivery, type Settled } from './delivery.js';
import { Gathered } from './gathered.js';
import {
  ACKNOWLEDGE,
  EXTEND,
  GIVE_BACK,
  isFree,
  makeLeaseTables,
  REDRIVE,
  windowItems,
  type LeaseSql,
  type Prepared,
} from './lease.tables.js';
import { Lender, type Asking } from './lender.js';
import { Wake } from './wake.js';

export const groupsPerFeedMax = 20;
/** A lease that ran out is nothing that anybody is told of: whoever waits looks for one this often. */
const lookAgainMs = 1_000;

interface Acknowledging {
  readonly feed: string;
  readonly name: string;
  readonly deliveryIds: readonly string[];
}

/**
 * Competing consumers of feeds, at least once: each group gets everything, its consumers share it. Items of one subject come in
 * order, one after the other; a subject's next one waits for the acknowledgement of the one before. All state is in
 * PostgreSQL, one statement for each act: a process that dies holds nothing but leases that run out. Who leases or acknowledges
 * while others of the same group do shares their statement, and their flush to disk.
 */
export class ConsumerGroups {
  private readonly asking = new Gathered<Asking, readonly Delivery[]>((all) => this.lender.lend(all));
  private readonly acknowledging = new Gathered<Acknowledging, Settled>((all) =>
    this.acknowledgeTogether(all),
  );
  private readonly lender: Lender;

  private constructor(
    private readonly sql: LeaseSql,
    private readonly source: FeedSource,
  ) {
    this.lender = new Lender(sql, source);
  }

  /**
   * Makes its tables once. @param sql the same database, for whoever wants its errors told otherwise
   * @throws what PostgreSQL throws
   */
  static async open(pool: Pool, source: FeedSource, sql: LeaseSql = pool): Promise<ConsumerGroups> {
    await makeLeaseTables(pool);
    return new ConsumerGroups(sql, source);
  }

  /**
   * Makes a group, or leaves the one of that name where it is.
   * @param after position after which it begins @returns whether it is new @throws TooManyConsumerGroups
   */
  async create(feed: string, name: string, after: Position, maxDeliveries: number): Promise<boolean> {
    const { rows } = await this.sql.query<{ made: boolean; known: boolean }>(
      `with made as (
         insert into leases.groups (feed, name, position, max_deliveries)
         select $1, $2, $3::bigint, $4 where (select count(*) from leases.groups where feed = $1) < $5
         on conflict do nothing returning 1
       )
       select exists (select 1 from made) as made,
         exists (select 1 from leases.groups where feed = $1 and name = $2) as known`,
      [feed, name, after, maxDeliveries, groupsPerFeedMax],
    );
    const [{ made, known } = { made: false, known: false }] = rows;
    // Known to a statement that began before this one ended, too: then it was made by another one at this moment.
    if (!made && !known && !(await this.exists(feed, name)))
      throw new TooManyConsumerGroups(groupsPerFeedMax);
    return made;
  }

  async list(feed: string): Promise<ConsumerGroup[]> {
    const { rows } = await this.sql.query<Omit<ConsumerGroup, 'createdAt'> & { createdAt: Date }>(
      `select g.name, g.position::text, g.max_deliveries as "maxDeliveries", g.created_at as "createdAt",
         count(d.position) filter (where d.dead_at is null and d.lease_id is not null and not ${isFree('d.visible_at')})::int as leased,
         count(d.position) filter (where d.dead_at is null and (d.lease_id is null or ${isFree('d.visible_at')}))::int as waiting,
         count(d.dead_at)::int as dead
       from leases.groups g left join leases.deliveries d on d.feed = g.feed and d.group_name = g.name
       where g.feed = $1 group by g.feed, g.name order by g.name`,
      [feed],
    );
    return rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
  }

  /** Forgets a group with all it has left to do. @throws ConsumerGroupNotFound */
  async remove(feed: string, name: string): Promise<void> {
    const { rowCount } = await this.sql.query('delete from leases.groups where feed = $1 and name = $2', [
      feed,
      name,
    ]);
    if (rowCount === 0) throw new ConsumerGroupNotFound(name);
  }

  /** Lends the next items, or waits for some. @throws ConsumerGroupNotFound, TooManyWaiting */
  async lease(
    feed: string,
    name: string,
    { max, visibilityMs, waitMs, signal }: LeaseRequest,
  ): Promise<Delivery[]> {
    const untilMs = performance.now() + waitMs;
    const key = JSON.stringify([feed, name, visibilityMs]);
    const asking = { feed, name, visibilityMs, max, signal };
    // Listening costs whoever does not wait as much as whoever does.
    if (waitMs <= 0) return [...(await this.asking.ask(key, asking))];
    const wake = new Wake(this.source, feed, signal);
    try {
      for (;;) {
        wake.reset();
        const deliveries = await this.asking.ask(key, asking);
        const leftMs = untilMs - performance.now();
        if (deliveries.length > 0 || leftMs <= 0 || signal.aborted) return [...deliveries];
        await wake.within(Math.min(leftMs, lookAgainMs));
      }
    } finally {
      wake.close();
    }
  }

  /** Done: nobody gets them again. @throws ConsumerGroupNotFound, TooManyWaiting */
  acknowledge(feed: string, name: string, deliveryIds: readonly string[]): Promise<Settled> {
    return this.acknowledging.ask(JSON.stringify([feed, name]), { feed, name, deliveryIds });
  }

  /** Not done: to be delivered again, after a while. @throws ConsumerGroupNotFound */
  async giveBack(
    feed: string,
    name: string,
    deliveryIds: readonly string[],
    delayMs: number,
  ): Promise<Settled> {
    return settledOf(deliveryIds, await this.settle(GIVE_BACK, feed, name, deliveryIds, delayMs));
  }

  /** Still at it: nobody else gets them for as long again. @throws ConsumerGroupNotFound */
  async extend(
    feed: string,
    name: string,
    deliveryIds: readonly string[],
    visibilityMs: number,
  ): Promise<Settled> {
    return settledOf(deliveryIds, await this.settle(EXTEND, feed, name, deliveryIds, visibilityMs));
  }

  /** Dead letters after a position, in order. @throws ConsumerGroupNotFound */
  async deadLetters(feed: string, name: string, after: Position, limit: number): Promise<DeadLetter[]> {
    await this.assertExists(feed, name);
    const { rows } = await this.sql.query<{
      position: string;
      deliveries: number;
      dead_at: Date;
      item: string;
    }>(
      `select position::text, deliveries, dead_at, item from leases.deliveries
       where feed = $1 and group_name = $2 and dead_at is not null and position > $3::bigint
       order by leases.deliveries.position limit $4`,
      [feed, name, after, limit],
    );
    return rows.map(({ position, deliveries, dead_at, item }) => ({
      ...{ position, deliveries, deadAt: dead_at.toISOString(), cloudEvent: item },
    }));
  }

  /**
   * Delivers dead letters again, as if for the first time: a thousand at once, the first ones.
   * @param positions null for all @returns of those that were dead @throws ConsumerGroupNotFound
   */
  async redrive(feed: string, name: string, positions: readonly Position[] | null): Promise<Position[]> {
    await this.assertExists(feed, name);
    const values = [feed, name, positions, windowItems];
    const { rows } = await this.sql.query<{ position: string }>({ ...REDRIVE, values });
    return rows.map(({ position }) => position).sort((a, b) => Number(BigInt(a) - BigInt(b)));
  }

  private async acknowledgeTogether(all: readonly Acknowledging[]): Promise<readonly Settled[]> {
    const [first] = all;
    if (first === undefined) return [];
    const { feed, name } = first;
    const deliveryIds = all.flatMap((one) => one.deliveryIds);
    const held = await this.settle(ACKNOWLEDGE, feed, name, deliveryIds);
    return all.map((one) => settledOf(one.deliveryIds, held));
  }

  /** @returns ids of deliveries that were held until then */
  private async settle(
    statement: Prepared,
    feed: string,
    name: string,
    deliveryIds: readonly string[],
    ...more: number[]
  ): Promise<Set<string>> {
    const parsed = deliveryIds.map(parseDeliveryId);
    const positions = parsed.map(({ position }) => position);
    const leaseIds = parsed.map(({ leaseId }) => leaseId);
    const values = [feed, name, positions, leaseIds, ...more];
    const { rows } = await this.sql.query<{ id: string }>({ ...statement, values });
    if (rows.length === 0) await this.assertExists(feed, name);
    return new Set(rows.map(({ id }) => id));
  }

  private async exists(feed: string, name: string): Promise<boolean> {
    const { rowCount } = await this.sql.query('select 1 from leases.groups where feed = $1 and name = $2', [
      feed,
      name,
    ]);
    return rowCount !== 0;
  }

  private async assertExists(feed: string, name: string): Promise<void> {
    if (!(await this.exists(feed, name))) throw new ConsumerGroupNotFound(name);
  }
}
