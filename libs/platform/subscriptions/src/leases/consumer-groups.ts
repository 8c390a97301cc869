import { START, type Position } from '@shaoying/event-store';
import { randomUUID } from 'node:crypto';
import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import type { FeedItem, FeedSource } from '../feed.js';
import { ConsumerGroupNotFound, TooManyConsumerGroups } from '../subscriptions.errors.js';
import {
  ACKNOWLEDGE,
  BURY,
  EXTEND,
  GIVE_BACK,
  LEASE,
  makeLeaseTables,
  REDRIVE,
  TAKE_IN,
  WINDOW,
  type Prepared,
} from './lease.tables.js';

/** Items of a group that are not done and not dead; what comes after them waits in the feed. */
const windowItems = 1_000;
/** Items taken from the feed at once. */
const takeInItems = 500;
export const groupsPerFeedMax = 20;
/** A lease that ran out is nothing that anybody is told of: whoever waits looks for one this often. */
const lookAgainMs = 1_000;
/** Where consumers find enough: how long a dead letter may pass for one that is to come. */
const buryEveryMs = 1_000;
const groupsRememberedMax = 10_000;
/** A burst of items wakes whoever waits once. */
const settleMs = 20;

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

export interface LeaseRequest {
  readonly max: number;
  readonly visibilityMs: number;
  /** How long to wait where there is nothing; 0 for not at all. */
  readonly waitMs: number;
  /** Ends the wait, as with nothing. */
  readonly signal: AbortSignal;
}

/** Which deliveries an answer was about, and which of them had been lent to somebody else or ended by then. */
export interface Settled {
  readonly settled: readonly string[];
  readonly lost: readonly string[];
}

interface LeasedRow {
  position: string;
  deliveries: number;
  visible_at: Date;
  item: string;
}

/** Asks the database that the tables lie in. */
export interface LeaseSql {
  query<Row extends QueryResultRow>(
    text: string | QueryConfig,
    values?: unknown[],
  ): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>;
}

/**
 * Competing consumers of feeds, at least once: each group gets everything, its consumers share it. Items of one subject come in
 * order, one after the other; a subject's next one waits for the acknowledgement of the one before. All state is in
 * PostgreSQL, one statement for each act: a process that dies holds nothing but leases that run out.
 */
export class ConsumerGroups {
  private readonly buryAgainAtMs = new Map<string, number>();

  private constructor(
    private readonly sql: LeaseSql,
    private readonly source: FeedSource,
  ) {}

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
         count(d.position) filter (where d.dead_at is null and d.lease_id is not null and d.visible_at > now())::int as leased,
         count(d.position) filter (where d.dead_at is null and (d.lease_id is null or d.visible_at <= now()))::int as waiting,
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

  /** Lends the next items, or waits for some. @throws ConsumerGroupNotFound */
  async lease(
    feed: string,
    name: string,
    { max, visibilityMs, waitMs, signal }: LeaseRequest,
  ): Promise<Delivery[]> {
    const untilMs = performance.now() + waitMs;
    const wake = new Wake(this.source, feed, signal);
    try {
      for (;;) {
        wake.reset();
        const deliveries = await this.lendWhatThereIs(feed, name, max, visibilityMs);
        const leftMs = untilMs - performance.now();
        if (deliveries.length > 0 || leftMs <= 0 || signal.aborted) return deliveries;
        await wake.within(Math.min(leftMs, lookAgainMs));
      }
    } finally {
      wake.close();
    }
  }

  /** Done: nobody gets them again. @throws ConsumerGroupNotFound */
  acknowledge(feed: string, name: string, deliveryIds: readonly string[]): Promise<Settled> {
    return this.settle(ACKNOWLEDGE, feed, name, deliveryIds);
  }

  /** Not done: to be delivered again, after a while. @throws ConsumerGroupNotFound */
  giveBack(feed: string, name: string, deliveryIds: readonly string[], delayMs: number): Promise<Settled> {
    return this.settle(GIVE_BACK, feed, name, deliveryIds, delayMs);
  }

  /** Still at it: nobody else gets them for as long again. @throws ConsumerGroupNotFound */
  extend(feed: string, name: string, deliveryIds: readonly string[], visibilityMs: number): Promise<Settled> {
    return this.settle(EXTEND, feed, name, deliveryIds, visibilityMs);
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

  /** The window as it is serves most; what it lacks is looked for only then, or once a second for dead letters to be seen as such. */
  private async lendWhatThereIs(
    feed: string,
    name: string,
    max: number,
    visibilityMs: number,
  ): Promise<Delivery[]> {
    const first = await this.lend(feed, name, max, visibilityMs);
    const isShort = first.length < max;
    if (isShort || this.isTimeToBury(feed, name)) await this.sql.query({ ...BURY, values: [feed, name] });
    if (!isShort) return first;
    await this.takeIn(feed, name);
    return [...first, ...(await this.lend(feed, name, max - first.length, visibilityMs))];
  }

  private isTimeToBury(feed: string, name: string): boolean {
    const [key, nowMs] = [`${feed}/${name}`, performance.now()];
    if (nowMs < (this.buryAgainAtMs.get(key) ?? 0)) return false;
    if (this.buryAgainAtMs.size >= groupsRememberedMax) this.buryAgainAtMs.clear();
    this.buryAgainAtMs.set(key, nowMs + buryEveryMs);
    return true;
  }

  /** Takes what the feed has, as long as the window has room. */
  private async takeIn(feed: string, name: string): Promise<void> {
    const values = [feed, name];
    const { rows } = await this.sql.query<{ position: string; open: number }>({ ...WINDOW, values });
    const [group] = rows;
    if (group === undefined) throw new ConsumerGroupNotFound(name);
    const room = Math.min(takeInItems, windowItems - group.open);
    if (room <= 0) return;
    const items = await this.source.read(feed, group.position, room);
    const last = items.at(-1);
    if (last === undefined) return;
    const columns = [
      items.map(({ position }) => position),
      items.map(subjectOf),
      items.map(({ cloudEvent }) => cloudEvent),
    ];
    await this.sql.query({ ...TAKE_IN, values: [...values, group.position, last.position, ...columns] });
  }

  private async lend(feed: string, name: string, max: number, visibilityMs: number): Promise<Delivery[]> {
    const leaseId = randomUUID();
    const values = [feed, name, max, leaseId, visibilityMs];
    const { rows } = await this.sql.query<LeasedRow>({ ...LEASE, values });
    return rows
      .sort((a, b) => Number(BigInt(a.position) - BigInt(b.position)))
      .map(({ position, deliveries, visible_at, item }) => ({
        ...{ deliveryId: `${position}-${leaseId}`, deliveries },
        ...{ leasedUntil: visible_at.toISOString(), cloudEvent: item },
      }));
  }

  private async settle(
    statement: Prepared,
    feed: string,
    name: string,
    deliveryIds: readonly string[],
    ...more: number[]
  ): Promise<Settled> {
    const parsed = deliveryIds.map(parseDeliveryId);
    const [positions, leaseIds] = [
      parsed.map(({ position }) => position),
      parsed.map(({ leaseId }) => leaseId),
    ];
    const values = [feed, name, positions, leaseIds, ...more];
    const { rows } = await this.sql.query<{ id: string }>({ ...statement, values });
    if (rows.length === 0) await this.assertExists(feed, name);
    const held = new Set(rows.map(({ id }) => id));
    const isHeld = (_: string, index: number): boolean => {
      const { position = '', leaseId = '' } = parsed[index] ?? {};
      return held.has(`${position}-${leaseId}`);
    };
    const settled = deliveryIds.filter(isHeld);
    return { settled, lost: deliveryIds.filter((id) => !settled.includes(id)) };
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

const deliveryId = /^(\d{1,19})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const positionMax = 2n ** 63n - 1n;

/** Whether a text could be the id of a delivery. */
export function isDeliveryId(text: string): boolean {
  const position = deliveryId.exec(text)?.[1];
  return position !== undefined && BigInt(position) <= positionMax;
}

function parseDeliveryId(text: string): { position: string; leaseId: string } {
  const [, position = START, leaseId = ''] = deliveryId.exec(text) ?? [];
  // As PostgreSQL tells it.
  return { position: BigInt(position).toString(), leaseId };
}

/** What items are kept in order by. An item without a subject is its own. */
function subjectOf({ position, cloudEvent }: FeedItem): string {
  const { subject } = JSON.parse(cloudEvent) as { subject?: string };
  return subject ?? position;
}

/** Tells when a feed has advanced since it was last asked. */
class Wake {
  private advanced = false;
  private settling = false;
  private notify: (() => void) | undefined;
  private readonly unsubscribe: () => void;
  private readonly onAbort = (): void => this.notify?.();

  constructor(
    source: FeedSource,
    feed: string,
    private readonly signal: AbortSignal,
  ) {
    const onNews = (): void => {
      this.advanced = true;
      if (!this.settling) this.notify?.();
    };
    this.unsubscribe = source.onNews?.(feed, onNews) ?? source.onAdvance(onNews);
    signal.addEventListener('abort', this.onAbort);
  }

  reset(): void {
    this.advanced = false;
  }

  /** Until the feed has advanced, and a moment more for what comes with it, the wait is ended or the time is over. */
  async within(ms: number): Promise<void> {
    if (!this.advanced) await this.pause(ms);
    if (!this.advanced) return;
    this.settling = true;
    await this.pause(Math.min(ms, settleMs));
    this.settling = false;
  }

  close(): void {
    this.unsubscribe();
    this.signal.removeEventListener('abort', this.onAbort);
  }

  private async pause(ms: number): Promise<void> {
    if (this.signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.notify = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.notify = undefined;
  }
}
