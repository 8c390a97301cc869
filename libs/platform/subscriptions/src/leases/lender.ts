import type { Position } from '@shaoying/event-store';
import { randomUUID } from 'node:crypto';
import type { FeedItem, FeedSource } from '../feed.js';
import { ConsumerGroupNotFound } from '../subscriptions.errors.js';
import { deliveryIdOf, parseDeliveryId, type Delivery } from './delivery.js';
import { LEASE, LOOK, TAKE_BACK, TAKE_IN, windowItems, type LeaseSql } from './lease.tables.js';
import { dealt } from './shares.js';

/** Items taken from the feed at once. */
const takeInItems = 500;
/** Where consumers find enough: how long a dead letter may pass for one that is to come. */
const buryEveryMs = 1_000;
const groupsRememberedMax = 10_000;

/** Null but for `reached`, the group's position, where nothing was lent. */
interface LeasedRow {
  reached: string;
  position: string | null;
  deliveries: number;
  visible_at: Date;
  item: string;
}

interface LookedRow {
  position: string;
  alive: number;
  buried: number;
}

interface Lent {
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
    const values = [feed, name];
    const { rows } = await this.sql.query<LookedRow>({ ...LOOK, values });
    const [group] = rows;
    if (group === undefined) throw new ConsumerGroupNotFound(name);
    if (lacking === 0) return [];
    const { position, alive, buried } = group;
    const came = await this.takeIn(feed, name, position, windowItems - alive + buried);
    if (!came && buried === 0 && position === reached) return [];
    return (await this.lendFromWindow(asking, lacking)).deliveries;
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

  private async lendFromWindow({ feed, name, visibilityMs }: Asking, max: number): Promise<Lent> {
    const leaseId = randomUUID();
    const values = [feed, name, max, leaseId, visibilityMs];
    const { rows } = await this.sql.query<LeasedRow>({ ...LEASE, values });
    const [group] = rows;
    if (group === undefined) throw new ConsumerGroupNotFound(name);
    const deliveries = rows
      .flatMap(({ position, ...row }) => (position === null ? [] : [{ position, ...row }]))
      .sort((a, b) => Number(BigInt(a.position) - BigInt(b.position)))
      .map(({ position, deliveries: count, visible_at, item }) => ({
        ...{ deliveryId: deliveryIdOf(position, leaseId), deliveries: count },
        ...{ leasedUntil: visible_at.toISOString(), cloudEvent: item },
      }));
    return { deliveries, reached: group.reached };
  }

  private async takeBack({ feed, name }: Asking, deliveries: readonly Delivery[]): Promise<void> {
    const parsed = deliveries.map(({ deliveryId }) => parseDeliveryId(deliveryId));
    const positions = parsed.map(({ position }) => position);
    const leaseIds = parsed.map(({ leaseId }) => leaseId);
    try {
      await this.sql.query({ ...TAKE_BACK, values: [feed, name, positions, leaseIds] });
    } catch {
      // Then these leases run out, and those who are still there get theirs.
    }
  }
}

const mostOf = (all: readonly Asking[]): number[] => all.map(({ max, signal }) => (signal.aborted ? 0 : max));
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** What items are kept in order by. An item without a subject is its own. */
function subjectOf({ position, cloudEvent }: FeedItem): string {
  const { subject } = JSON.parse(cloudEvent) as { subject?: string };
  return subject ?? position;
}

const idOf = ({ cloudEvent }: FeedItem): string => (JSON.parse(cloudEvent) as { id: string }).id;
