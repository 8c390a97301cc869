import type { Position } from '@shaoying/event-store';
import { randomUUID } from 'node:crypto';
import type { FeedItem, FeedSource } from '../feed.js';
import { ConsumerGroupNotFound } from '../subscriptions.errors.js';
import { deliveryIdOf, parseDeliveryId, type Delivery } from './delivery.js';
import { isTaken, type LeaseCommand, type RecordedCommand } from './lease-commands.js';
import {
  LEASE,
  LEASE_ONCE,
  LOOK,
  STILL_LENT,
  TAKE_BACK,
  TAKE_IN,
  windowItems,
  type LeaseSql,
} from './lease.tables.js';
import { dealt } from './shares.js';

/** Items taken from the feed at once. */
const takeInItems = 500;
/** Where consumers find enough: how long a dead letter may pass for one that is to come. */
const buryEveryMs = 1_000;
const groupsRememberedMax = 10_000;

interface LentRow {
  position: string;
  deliveries: number;
  visible_at: Date;
  item: string;
}

/** Null but for `reached`, the group's position, where nothing was lent. */
type LeasedRow = { reached: string } & (LentRow | { position: null });

interface LookedRow {
  position: string;
  alive: number;
  buried: number;
}

interface FromWindow {
  readonly deliveries: readonly Delivery[];
  readonly reached: Position;
}

/** Consumers of one group who ask at once, for as long each. */
export interface Asking {
  readonly feed: string;
  readonly name: string;
  readonly visibilityMs: number;
  readonly max: number;
  readonly signal: AbortSignal;
}

/** A request with a key: what it is lent is its own, and is recorded with it. */
export interface AskingOnce extends Asking {
  readonly command: LeaseCommand;
}

/** Lends what a group has to do to those who ask at once. */
export class Lender {
  private readonly buryAgainAtMs = new Map<string, number>();

  constructor(
    private readonly sql: LeaseSql,
    private readonly source: FeedSource,
  ) {}

  /**
   * Whoever has gone away by the time that something is lent gets none of it: it is dealt to the others, and what is left is taken
   * back. What is lent to somebody who goes away after that runs out.
   * @param all of one group, for as long each @returns for each of them @throws ConsumerGroupNotFound
   */
  async lend(all: readonly Asking[]): Promise<readonly (readonly Delivery[])[]> {
    const [first] = all;
    if (first === undefined) return [];
    const lent = await this.lendWhatThereIs(first, Math.min(windowItems, sumOf(mostOf(all))));
    const most = mostOf(all);
    const wanted = sumOf(most);
    if (lent.length > wanted) await this.takeBack(first, lent.slice(wanted));
    return dealt(lent.slice(0, wanted), most);
  }

  /**
   * One after the other: what one is lent is recorded by the statement that lends it, so that it is lent to nobody else, whatever
   * becomes of this process. Where there is nothing for one there is nothing for those after it.
   * @param all of one group @returns for each of them; null where another process has carried out that request meanwhile
   * @throws ConsumerGroupNotFound
   */
  async lendEach(all: readonly AskingOnce[]): Promise<readonly (readonly Delivery[] | null)[]> {
    const lent: (readonly Delivery[] | null)[] = [];
    let isEmpty = false;
    for (const asking of all) {
      if (isEmpty || asking.signal.aborted) {
        lent.push([]);
        continue;
      }
      const deliveries: readonly Delivery[] | null = await this.lendOnce(asking).catch(nullIfTaken);
      isEmpty = deliveries?.length === 0;
      lent.push(deliveries);
    }
    return lent;
  }

  /** What a request was lent and still has; whatever it has settled since is no longer there. */
  async stillLent(
    feed: string,
    name: string,
    { leaseId, outcome }: RecordedCommand,
  ): Promise<readonly Delivery[]> {
    const values = [feed, name, leaseId, outcome];
    const { rows } = await this.sql.query<LentRow>({ ...STILL_LENT, values });
    return deliveriesOf(rows, leaseId ?? '');
  }

  /** As much as is asked for from the window as it is, else what there is once more has been looked for. */
  private async lendOnce(asking: AskingOnce): Promise<readonly Delivery[]> {
    const { feed, name, max } = asking;
    const { deliveries, reached } = await this.lendFromWindow(asking, max, max);
    if (deliveries.length > 0) {
      if (this.isTimeToBury(feed, name)) await this.look(feed, name).catch(() => undefined);
      return deliveries;
    }
    try {
      await this.lookForMore(feed, name, reached);
    } catch (error) {
      // What there is counts, as for everybody.
      const there = await this.lendFromWindow(asking, max, 1);
      if (there.deliveries.length === 0) throw error;
      return there.deliveries;
    }
    return (await this.lendFromWindow(asking, max, 1)).deliveries;
  }

  /**
   * The window as it is serves most; what it lacks is looked for only then, or once a second for dead letters to be seen as such. What
   * is lent by then counts as delivered and is told, whatever happens while more is looked for: who asks next hears of that.
   */
  private async lendWhatThereIs(asking: Asking, wanted: number): Promise<readonly Delivery[]> {
    const { deliveries, reached } = await this.lendFromWindow(asking, wanted);
    const lacking = wanted - deliveries.length;
    if (lacking === 0 && !this.isTimeToBury(asking.feed, asking.name)) return deliveries;
    try {
      return [...deliveries, ...(await this.lendMore(asking, lacking, reached))];
    } catch (error) {
      if (deliveries.length === 0 || error instanceof ConsumerGroupNotFound) throw error;
      return deliveries;
    }
  }

  /** Asks the window once more only where looking has found something, or another process has moved the group on. */
  private async lendMore(asking: Asking, lacking: number, reached: Position): Promise<readonly Delivery[]> {
    const { feed, name } = asking;
    if (lacking === 0) await this.look(feed, name);
    if (lacking === 0 || !(await this.lookForMore(feed, name, reached))) return [];
    return (await this.lendFromWindow(asking, lacking)).deliveries;
  }

  /** @returns whether the window is another one than it was. @throws ConsumerGroupNotFound */
  private async lookForMore(feed: string, name: string, reached: Position): Promise<boolean> {
    const { position, alive, buried } = await this.look(feed, name);
    const came = await this.takeIn(feed, name, position, windowItems - alive + buried);
    return came || buried > 0 || position !== reached;
  }

  /** @throws ConsumerGroupNotFound */
  private async look(feed: string, name: string): Promise<LookedRow> {
    const { rows } = await this.sql.query<LookedRow>({ ...LOOK, values: [feed, name] });
    const [group] = rows;
    if (group === undefined) throw new ConsumerGroupNotFound(name);
    return group;
  }

  private isTimeToBury(feed: string, name: string): boolean {
    const [key, nowMs] = [`${feed}/${name}`, performance.now()];
    if (nowMs < (this.buryAgainAtMs.get(key) ?? 0)) return false;
    if (this.buryAgainAtMs.size >= groupsRememberedMax) this.buryAgainAtMs.clear();
    this.buryAgainAtMs.set(key, nowMs + buryEveryMs);
    return true;
  }

  /** Takes what the feed has after a position, as long as there is room. @returns whether it had anything, for whomever */
  private async takeIn(feed: string, name: string, position: Position, room: number): Promise<boolean> {
    if (room <= 0) return false;
    const items = await this.source.read(feed, position, Math.min(takeInItems, room));
    const last = items.at(-1);
    if (last === undefined) return false;
    const columns = [
      items.map((item) => item.position),
      items.map(subjectOf),
      items.map(({ cloudEvent }) => cloudEvent),
    ];
    const values = [feed, name, position, last.position, ...columns, idOf(last)];
    await this.sql.query({ ...TAKE_IN, values });
    return true;
  }

  /** @param least of a request with a key: nothing where there are fewer */
  private async lendFromWindow(
    { feed, name, visibilityMs, ...asking }: Asking | AskingOnce,
    max: number,
    least = 0,
  ): Promise<FromWindow> {
    const leaseId = randomUUID();
    const values = [feed, name, max, leaseId, visibilityMs];
    const statement =
      'command' in asking
        ? { ...LEASE_ONCE, values: [...values, asking.command.commandId, asking.command.requestHash, least] }
        : { ...LEASE, values };
    const { rows } = await this.sql.query<LeasedRow>(statement);
    const [group] = rows;
    if (group === undefined) throw new ConsumerGroupNotFound(name);
    const lent = rows.filter((row): row is LeasedRow & LentRow => row.position !== null);
    return { deliveries: deliveriesOf(lent, leaseId), reached: group.reached };
  }

  private async takeBack({ feed, name }: Asking, deliveries: readonly Delivery[]): Promise<void> {
    const parsed = deliveries.map(({ deliveryId }) => parseDeliveryId(deliveryId));
    const positions = parsed.map(({ position }) => position);
    const leaseIds = parsed.map(({ leaseId }) => leaseId);
    try {
      const without = deliveries.map(() => null);
      await this.sql.query({ ...TAKE_BACK, values: [feed, name, positions, leaseIds, without, without] });
    } catch {
      // Then these leases run out, and those who are still there get theirs.
    }
  }
}

const deliveriesOf = (rows: readonly LentRow[], leaseId: string): Delivery[] =>
  rows
    .toSorted((a, b) => Number(BigInt(a.position) - BigInt(b.position)))
    .map(({ position, deliveries, visible_at, item }) => ({
      ...{ deliveryId: deliveryIdOf(position, leaseId), deliveries },
      ...{ leasedUntil: visible_at.toISOString(), cloudEvent: item },
    }));

function nullIfTaken(error: unknown): null {
  if (isTaken(error)) return null;
  throw error;
}

const mostOf = (all: readonly Asking[]): number[] => all.map(({ max, signal }) => (signal.aborted ? 0 : max));
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** What items are kept in order by. An item without a subject is its own. */
function subjectOf({ position, cloudEvent }: FeedItem): string {
  const { subject } = JSON.parse(cloudEvent) as { subject?: string };
  return subject ?? position;
}

const idOf = ({ cloudEvent }: FeedItem): string => (JSON.parse(cloudEvent) as { id: string }).id;
