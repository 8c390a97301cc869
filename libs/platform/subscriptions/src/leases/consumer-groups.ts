import type { Position } from '@shaoying/event-store';
import type { Pool } from 'pg';
import type { FeedSource } from '../feed.js';
import { ConsumerGroupNotFound, TooManyConsumerGroups } from '../subscriptions.errors.js';
import type { ConsumerGroup, LeaseRequest, MadeGroup } from './consumer-group.js';
import {
  parseDeliveryId,
  plainDeliveryId,
  type DeadLetter,
  type Delivery,
  type Lent,
  type Settled,
} from './delivery.js';
import { Gathered } from './gathered.js';
import { isTaken, LeaseCommands, type LeaseCommand, type RecordedCommand } from './lease-commands.js';
import {
  ACKNOWLEDGE,
  ENDED,
  EXTEND,
  GIVE_BACK,
  isFree,
  MAKE_GROUP,
  makeLeaseTables,
  REDRIVE,
  REMOVE_GROUP,
  windowItems,
  type LeaseSql,
  type Prepared,
} from './lease.tables.js';
import { Lender, type Asking, type AskingOnce } from './lender.js';
import { Wake } from './wake.js';

export const groupsPerFeedMax = 20;
/** A lease that ran out is nothing that anybody is told of: whoever waits looks for one this often. */
const lookAgainMs = 1_000;

/** What one caller wants done to some deliveries of a group. */
interface Settling {
  readonly feed: string;
  readonly name: string;
  readonly deliveryIds: readonly string[];
  readonly command: LeaseCommand | undefined;
}

/**
 * Competing consumers of feeds, at least once: each group gets everything, its consumers share it. Items of one subject come in
 * order, one after the other; a subject's next one waits for the acknowledgement of the one before. All state is in
 * PostgreSQL, one statement for each act: a process that dies holds nothing but leases that run out. Who leases or acknowledges
 * while others of the same group do shares their statement, and their flush to disk.
 *
 * A request that is repeated is answered as the first time: with a `command` for as long as that is remembered, and an
 * acknowledgement, or what was given back, also without one, by its lease (docs/adr/0043).
 */
export class ConsumerGroups {
  private readonly asking = new Gathered<Asking, readonly Delivery[]>((all) => this.lender.lend(all));
  private readonly askingOnce = new Gathered<AskingOnce, readonly Delivery[] | null>((all) =>
    this.lender.lendEach(all),
  );
  private readonly acknowledging = new Gathered<Settling, ReadonlySet<string> | null>((all) =>
    this.acknowledgeTogether(all),
  );
  private readonly lender: Lender;
  private readonly commands: LeaseCommands;

  private constructor(
    private readonly sql: LeaseSql,
    private readonly source: FeedSource,
  ) {
    this.lender = new Lender(sql, source);
    this.commands = new LeaseCommands(sql);
  }

  /**
   * Makes its tables once. @param sql the same database, for whoever wants its errors told otherwise
   * @throws what PostgreSQL throws
   */
  static async open(pool: Pool, source: FeedSource, sql: LeaseSql = pool): Promise<ConsumerGroups> {
    await makeLeaseTables(pool);
    return new ConsumerGroups(sql, source);
  }

  /** As {@link make}. @returns whether it is new */
  async create(feed: string, name: string, after: Position, maxDeliveries: number): Promise<boolean> {
    return (await this.makeOnce(feed, name, after, maxDeliveries)) !== null;
  }

  /**
   * Makes a group, or leaves the one of that name where it is.
   * @param after position after which it begins
   * @throws TooManyConsumerGroups, LeaseCommandReused, ConsumerGroupNotFound where it is forgotten at this moment
   */
  async make(
    feed: string,
    name: string,
    after: Position,
    maxDeliveries: number,
    command?: LeaseCommand,
  ): Promise<MadeGroup> {
    const asNew = (madeAt: Date): ConsumerGroup => ({
      ...{ name, position: after, maxDeliveries, createdAt: madeAt.toISOString() },
      ...{ leased: 0, waiting: 0, dead: 0 },
    });
    return this.commands.once<MadeGroup>(
      command,
      async () => {
        const madeAt = await this.makeOnce(feed, name, after, maxDeliveries, command);
        if (madeAt !== null) return { group: asNew(madeAt), isNew: true, replayed: false };
        const group = (await this.list(feed)).find((one) => one.name === name);
        if (group === undefined) throw new ConsumerGroupNotFound(name);
        return { group, isNew: false, replayed: false };
      },
      ({ outcome }) => ({ group: asNew(new Date(outcome)), isNew: true, replayed: true }),
    );
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
    const { rowCount } = await this.sql.query({ ...REMOVE_GROUP, values: [feed, name] });
    if (rowCount === 0) throw new ConsumerGroupNotFound(name);
  }

  /** Lends the next items, or waits for some. @throws ConsumerGroupNotFound, TooManyWaiting */
  async lease(feed: string, name: string, request: LeaseRequest): Promise<Delivery[]> {
    const { max, visibilityMs, signal } = request;
    const key = JSON.stringify([feed, name, visibilityMs]);
    const asking = { feed, name, visibilityMs, max, signal };
    return [...(await this.untilLent(feed, request, () => this.asking.ask(key, asking)))];
  }

  /**
   * Lends the next items to a request with a key, or waits for some: the same again to its repetition, as far as they are still lent,
   * and never others. Where nothing was lent the repetition is judged anew.
   * @throws ConsumerGroupNotFound, TooManyWaiting, LeaseCommandReused
   */
  async leaseOnce(feed: string, name: string, request: LeaseRequest, command: LeaseCommand): Promise<Lent> {
    const { max, visibilityMs, signal } = request;
    const asking = { feed, name, visibilityMs, max, signal, command };
    const again = async (recorded: RecordedCommand): Promise<Lent> => ({
      deliveries: await this.lender.stillLent(feed, name, recorded),
      replayed: true,
    });
    const attempt = (): Promise<Lent> =>
      this.commands.once(
        command,
        async () => {
          const deliveries = await this.askingOnce.ask(JSON.stringify([feed, name]), asking);
          return deliveries === null ? attempt() : { deliveries, replayed: false };
        },
        again,
      );
    let lent: Lent = { deliveries: [], replayed: false };
    await this.untilLent(feed, request, async () => {
      lent = await attempt();
      return lent;
    });
    // Where another process has carried out the same request meanwhile, that nothing was left is not the answer.
    if (lent.deliveries.length > 0 || lent.replayed) return lent;
    return this.commands.once(command, () => Promise.resolve(lent), again);
  }

  /** Done: nobody gets them again. @throws ConsumerGroupNotFound, TooManyWaiting, LeaseCommandReused */
  acknowledge(
    feed: string,
    name: string,
    deliveryIds: readonly string[],
    command?: LeaseCommand,
  ): Promise<Settled> {
    const asked = { feed, name, deliveryIds, command };
    return this.settle(asked, false, async () => {
      const held = await this.acknowledging.ask(JSON.stringify([feed, name]), asked);
      return held ?? this.settleNow(ACKNOWLEDGE, [asked]);
    });
  }

  /** Not done: to be delivered again, after a while. @throws ConsumerGroupNotFound, LeaseCommandReused */
  giveBack(
    feed: string,
    name: string,
    deliveryIds: readonly string[],
    delayMs: number,
    command?: LeaseCommand,
  ): Promise<Settled> {
    const asked = { feed, name, deliveryIds, command };
    return this.settle(asked, true, () => this.settleNow(GIVE_BACK, [asked], delayMs));
  }

  /** Still at it: nobody else gets them for as long again. @throws ConsumerGroupNotFound, LeaseCommandReused */
  extend(
    feed: string,
    name: string,
    deliveryIds: readonly string[],
    visibilityMs: number,
    command?: LeaseCommand,
  ): Promise<Settled> {
    const asked = { feed, name, deliveryIds, command };
    return this.settle(asked, null, () => this.settleNow(EXTEND, [asked], visibilityMs));
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
   * @param positions null for all @returns of those that were dead @throws ConsumerGroupNotFound, LeaseCommandReused
   */
  async redrive(
    feed: string,
    name: string,
    positions: readonly Position[] | null,
    command?: LeaseCommand,
  ): Promise<{ readonly redriven: readonly Position[]; readonly replayed: boolean }> {
    const { commandId = null, requestHash = null } = command ?? {};
    return this.commands.once<{ redriven: Position[]; replayed: boolean }>(
      command,
      async () => {
        await this.assertExists(feed, name);
        const values = [feed, name, positions, windowItems, commandId, requestHash];
        const { rows } = await this.sql.query<{ position: string }>({ ...REDRIVE, values });
        return { redriven: inOrder(rows.map(({ position }) => position)), replayed: false };
      },
      ({ outcome }) => ({ redriven: inOrder(outcome.match(/\d+/g) ?? []), replayed: true }),
    );
  }

  /** @returns when it was made; null where there was one of the name. @throws TooManyConsumerGroups */
  private async makeOnce(
    feed: string,
    name: string,
    after: Position,
    maxDeliveries: number,
    { commandId, requestHash }: Partial<LeaseCommand> = {},
  ): Promise<Date | null> {
    const values = [feed, name, after, maxDeliveries, groupsPerFeedMax, commandId, requestHash];
    const { rows } = await this.sql.query<{ made_at: Date | null; known: boolean }>({
      ...MAKE_GROUP,
      values,
    });
    const [{ made_at: madeAt, known } = { made_at: null, known: false }] = rows;
    // Known to a statement that began before this one ended, too: then it was made by another one at this moment.
    if (madeAt === null && !known && !(await this.exists(feed, name)))
      throw new TooManyConsumerGroups(groupsPerFeedMax);
    return madeAt;
  }

  /** Asks until something is lent, or was; or the time is over. */
  private async untilLent<Answer extends readonly Delivery[] | Lent>(
    feed: string,
    { waitMs, signal }: LeaseRequest,
    ask: () => Promise<Answer>,
  ): Promise<Answer> {
    this.commands.sweep();
    const untilMs = performance.now() + waitMs;
    // Listening costs whoever does not wait as much as whoever does.
    if (waitMs <= 0) return ask();
    const wake = new Wake(this.source, feed, signal);
    try {
      for (;;) {
        wake.reset();
        const answer = await ask();
        const isAnswered =
          'replayed' in answer ? answer.replayed || answer.deliveries.length > 0 : answer.length > 0;
        const leftMs = untilMs - performance.now();
        if (isAnswered || leftMs <= 0 || signal.aborted) return answer;
        await wake.within(Math.min(leftMs, lookAgainMs));
      }
    } finally {
      wake.close();
    }
  }

  /**
   * What a lease has been ended by before is settled, whoever asks again: it was its own.
   * @param givenBack how; null for what ends no lease @param act tells which are held
   */
  private async settle(
    asked: Settling,
    givenBack: boolean | null,
    act: () => Promise<ReadonlySet<string>>,
  ): Promise<Settled> {
    this.commands.sweep();
    const { deliveryIds } = asked;
    const plainIds = deliveryIds.map(plainDeliveryId);
    const answer = async (isHeld: (index: number) => boolean, isRepeated: boolean): Promise<Settled> => {
      const missing = plainIds.filter((_, index) => !isHeld(index));
      const ended =
        givenBack === null || missing.length === 0
          ? new Set()
          : await this.endedSo(asked, missing, givenBack);
      const isSettled = (_: string, index: number): boolean =>
        isHeld(index) || ended.has(plainIds[index] ?? '');
      const settled = deliveryIds.filter(isSettled);
      const lost = deliveryIds.filter((id, index) => !isSettled(id, index));
      const isReplay = isRepeated || (missing.length === plainIds.length && settled.length > 0);
      return isReplay ? { settled, lost, replayed: true } : { settled, lost };
    };
    return this.commands.once(
      asked.command,
      async () => {
        const held = await act();
        return answer((index) => held.has(plainIds[index] ?? ''), false);
      },
      ({ outcome }) => answer((index) => outcome[index] === '1', true),
    );
  }

  /** Null for all of them where one has been carried out by another process meanwhile: then each asks for itself. */
  private async acknowledgeTogether(
    all: readonly Settling[],
  ): Promise<readonly (ReadonlySet<string> | null)[]> {
    try {
      const held = await this.settleNow(ACKNOWLEDGE, all);
      return all.map(() => held);
    } catch (error) {
      if (!isTaken(error)) throw error;
      return all.map(() => null);
    }
  }

  /** @param all of one group @returns ids of deliveries that were held until then */
  private async settleNow(
    statement: Prepared,
    all: readonly Settling[],
    ...more: number[]
  ): Promise<ReadonlySet<string>> {
    const [{ feed, name } = { feed: '', name: '' }] = all;
    const named = all.flatMap(({ deliveryIds, command }) =>
      deliveryIds.map((id) => ({ ...parseDeliveryId(id), command })),
    );
    const values = [
      ...[feed, name, named.map(({ position }) => position), named.map(({ leaseId }) => leaseId)],
      ...[named.map(({ command }) => command?.commandId), named.map(({ command }) => command?.requestHash)],
      ...more,
    ];
    const { rows } = await this.sql.query<{ id: string }>({ ...statement, values });
    if (rows.length === 0) await this.assertExists(feed, name);
    return new Set(rows.map(({ id }) => id));
  }

  private async endedSo(
    { feed, name }: Settling,
    ids: readonly string[],
    givenBack: boolean,
  ): Promise<ReadonlySet<string>> {
    const parsed = ids.map(parseDeliveryId);
    const positions = parsed.map(({ position }) => position);
    const leaseIds = parsed.map(({ leaseId }) => leaseId);
    const values = [feed, name, positions, leaseIds, givenBack];
    const { rows } = await this.sql.query<{ id: string }>({ ...ENDED, values });
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

const inOrder = (positions: readonly Position[]): Position[] =>
  positions.toSorted((a, b) => Number(BigInt(a) - BigInt(b)));
