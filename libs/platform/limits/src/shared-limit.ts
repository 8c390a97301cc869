import { isOfClockAhead, type Limit, type SharedPoints } from './shared-points.js';

/** Whether a request may pass, and what its caller is told of the window. */
export interface Verdict {
  readonly limit: Limit;
  readonly admitted: boolean;
  /** As far as this process knows. */
  readonly remaining: number;
  /** On the clock of the limit. */
  readonly endsAtMs: number;
  readonly resetMs: number;
}

export interface SharedLimitOptions {
  /** Milliseconds since the epoch. Default: the system's. */
  readonly now?: () => number;
  /** Callers remembered at once; whoever began first is forgotten first. Default 20,000, some 4 MiB. */
  readonly callersMax?: number;
}

const CALLERS_MAX = 20_000;
/** A portion is at most this part of the limit, so that a process that ends with it takes little away. */
const PORTIONS_MIN = 20;
/** From this size on the next portion is fetched before the one in hand is used up, and nobody waits for it. */
const FETCHED_AHEAD_MIN = 8;

/** What this process holds of one caller's window. */
class Purse {
  /** Taken from the store and not used. */
  inHand = 0;
  /** Left in the store when it was last asked. */
  left: number;
  endsAtMs = Number.NEGATIVE_INFINITY;
  /** The store had less than was asked for: there is no more in this window. */
  spent = false;
  asking = false;
  portion = 1;
  readonly waiting: { resolve: (verdict: Verdict) => void; reject: (error: unknown) => void }[] = [];

  constructor(points: number) {
    this.left = points;
  }
}

/**
 * One limit, shared by processes that each take points in portions and hand them out by themselves: 1, 2, 4 … up to a
 * twentieth of the limit, so that a busy caller costs the store a statement per portion and not one per request.
 *
 * Never more than the limit is admitted in a window, whatever the number of processes: a portion ends with the window it
 * was taken in. What a process holds and does not use is lost to the others until then, a tenth of the limit at most.
 * The windows are fixed: who waits for the end of one may send its points and at once those of the next.
 */
export class SharedLimit {
  private readonly purses = new Map<string, Purse>();
  private readonly now: () => number;
  private readonly callersMax: number;
  private readonly portionMax: number;

  constructor(
    readonly limit: Limit,
    private readonly points: SharedPoints,
    { now = Date.now, callersMax = CALLERS_MAX }: SharedLimitOptions = {},
  ) {
    this.now = now;
    this.callersMax = callersMax;
    this.portionMax = Math.ceil(limit.points / PORTIONS_MIN);
  }

  /** Takes a point for one request of this caller. At once where one is in hand. @throws what the store throws */
  take(key: string): Verdict | Promise<Verdict> {
    const nowMs = this.now();
    const purse = this.purseOf(key, nowMs);
    // Over, and another portion under way: what it brings is waited for.
    const isOver = this.isOver(purse, nowMs);
    if (purse.inHand > 0 && !isOver) {
      purse.inHand -= 1;
      if (this.shouldFetchAhead(purse)) void this.fetch(key, purse);
      return this.verdict(purse, true, nowMs);
    }
    if (purse.spent && !isOver) return this.verdict(purse, false, nowMs);
    return new Promise((resolve, reject) => {
      purse.waiting.push({ resolve, reject });
      if (!purse.asking) void this.fetch(key, purse);
    });
  }

  /** Puts the point of an admitted request back, as long as its window lasts. */
  giveBack(key: string, { endsAtMs }: Verdict): void {
    const purse = this.purses.get(key);
    if (purse !== undefined && this.now() < Math.min(endsAtMs, purse.endsAtMs)) purse.inHand += 1;
  }

  private purseOf(key: string, nowMs: number): Purse {
    const known = this.purses.get(key);
    if (known !== undefined && (!this.isOver(known, nowMs) || known.asking)) return known;
    // Begun anew at the end of the line: whoever comes first in it began first.
    this.purses.delete(key);
    if (this.purses.size >= this.callersMax) {
      const oldest = this.purses.keys().next();
      if (oldest.done !== true) this.purses.delete(oldest.value);
    }
    const purse = new Purse(this.limit.points);
    if (known !== undefined) purse.portion = Math.max(1, known.portion >> 2);
    this.purses.set(key, purse);
    return purse;
  }

  /** Also where the clock was set back since it began. */
  private isOver({ endsAtMs }: Purse, nowMs: number): boolean {
    return nowMs >= endsAtMs || isOfClockAhead(this.limit, endsAtMs - nowMs);
  }

  private shouldFetchAhead({ asking, spent, portion, inHand }: Purse): boolean {
    return !asking && !spent && portion >= FETCHED_AHEAD_MIN && inHand < portion / 4;
  }

  /** Asks the store until nobody waits; one question at a time, for everybody who waits at that moment. */
  private async fetch(key: string, purse: Purse): Promise<void> {
    purse.asking = true;
    try {
      do {
        await this.fetchOnce(key, purse);
        this.serve(purse);
      } while (purse.waiting.length > 0);
    } catch (error) {
      for (const { reject } of purse.waiting.splice(0)) reject(error);
    } finally {
      purse.asking = false;
    }
  }

  private async fetchOnce(key: string, purse: Purse): Promise<void> {
    const wanted = Math.max(purse.portion, purse.waiting.length);
    const sentAtMs = this.now();
    const { granted, left, endsInMs } = await this.points.take(this.limit, key, wanted);
    const arrivedAtMs = this.now();
    // From when it was sent: on the safe side of the store's own end of the window.
    const endsAtMs = sentAtMs + endsInMs;
    if (this.isOver(purse, arrivedAtMs)) {
      purse.inHand = 0;
      purse.endsAtMs = endsAtMs;
    }
    if (arrivedAtMs >= endsAtMs) return;
    purse.endsAtMs = Math.max(purse.endsAtMs, endsAtMs);
    purse.inHand += granted;
    purse.left = left;
    purse.spent = granted < wanted;
    purse.portion = Math.min(purse.portion * 2, this.portionMax);
  }

  private serve(purse: Purse): void {
    const nowMs = this.now();
    if (nowMs >= purse.endsAtMs) return;
    while (purse.waiting.length > 0 && (purse.inHand > 0 || purse.spent)) {
      const admitted = purse.inHand > 0;
      if (admitted) purse.inHand -= 1;
      purse.waiting.shift()?.resolve(this.verdict(purse, admitted, nowMs));
    }
  }

  private verdict(purse: Purse, admitted: boolean, nowMs: number): Verdict {
    const { endsAtMs } = purse;
    const remaining = purse.inHand + purse.left;
    return { limit: this.limit, admitted, remaining, endsAtMs, resetMs: endsAtMs - nowMs };
  }
}
