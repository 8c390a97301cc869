import {
  type EventStore,
  type Position,
  type RecordedEvent,
  UnreadableEvent,
  comparePositions,
  joinedSignal,
} from '@shaoying/event-store';
import { pause } from './pause.js';
import { asPage, type ReadEvent } from './read-event.js';

/** The cache never holds more than this many pages' worth of events, nor more than this many bytes. */
const pagesCachedMax = 8;
const bytesCachedMax = 64 * 1024 * 1024;
/** How long the reader in front waits, per page, for those behind before it pushes out a page they still need. */
const politenessMs = 250;
/** A notice lost by the store is made good after this long. */
const pollMs = 5_000;
const resubscribeDelayMs = 500;
/**
 * Rest after a live page, by its events: under load every commit would be read by itself, for readers that take a batch
 * every 200 ms then. A reading costs PostgreSQL about 0.5 ms, however few events it brings.
 */
const restMsPerEvent = 2;
const restMsMax = 50;

interface Page {
  readonly after: Position;
  last: Position;
  readonly events: RecordedEvent[];
  bytes: number;
}

/** One projection's place in the tail. An event that cannot be read is answered by itself; go on from its position. */
export interface TailReader {
  /** The events after `after`, at least one; waits for them. `[]` only when `signal` aborts. */
  next(after: Position, signal: AbortSignal): Promise<ReadEvent[]>;
  /** The events after `after` without waiting; `[]` at the end of the log. */
  read(after: Position): Promise<ReadEvent[]>;
  /** Must be called once: readers left open hold others back. */
  close(): void;
}

/**
 * One reading of the log for all projections of a process. Each keeps its own position and takes what it needs from a
 * bounded cache of pages; only a page that nobody has read yet, or that was pushed out, comes from the store. At the
 * head one live subscription feeds everyone.
 *
 * When the cache is full, the page that will be needed latest goes first (every reader moves forward, so that is
 * known), and the reader in front waits a little for the others: without that wait six projections catching up on a
 * long log drift apart and each parses it alone.
 */
export class LogTail {
  private readonly pages: Page[] = [];
  private readonly loading = new Map<Position, Promise<RecordedEvent[]>>();
  private readonly places = new Map<object, Position>();
  /** At the end of the log. Apart from those below: every batch of every reader would wake all the others in vain. */
  private readonly waitingForEvents = new Set<() => void>();
  /** In front, with a full cache. */
  private readonly waitingForOthers = new Set<() => void>();
  private readonly stopped = new AbortController();
  private liveEnd: Position | undefined;
  /** When the oldest read began that what is held here rests on. */
  private readSinceMs: number | undefined;
  /** Ends the live subscription, and outdates the reads under way. */
  private forgotten = new AbortController();
  private pumping: Promise<void> | undefined;

  constructor(
    private readonly store: EventStore,
    /** Events per page and per batch, 1 to 5,000. */
    private readonly pageSize: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  reader(): TailReader {
    const place = {};
    return {
      next: (after, signal) => this.next(place, after, signal).catch(asPage),
      read: async (after) => {
        this.moveTo(place, after);
        const cached = this.take(after);
        return cached.length > 0 ? cached : this.load(place, after).catch(asPage);
      },
      close: () => {
        this.places.delete(place);
        wake(this.waitingForOthers);
      },
    };
  }

  /**
   * Reads everything anew from the store if anything was read before `sinceMs` (of `performance.now()`): when a database
   * was away, it may have come back as an older copy, and events read before may be in it no more.
   */
  forget(sinceMs: number): void {
    if (this.readSinceMs === undefined || this.readSinceMs >= sinceMs) return;
    this.readSinceMs = undefined;
    this.forgotten.abort();
    this.forgotten = new AbortController();
    this.pages.length = 0;
    this.loading.clear();
    this.liveEnd = undefined;
    this.wakeAll();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.wakeAll();
    await this.pumping;
  }

  private async next(place: object, after: Position, signal: AbortSignal): Promise<RecordedEvent[]> {
    this.moveTo(place, after);
    let overdue = false;
    while (!signal.aborted && !this.stopped.signal.aborted) {
      let events = this.take(after);
      if (events.length === 0 && (overdue || !this.isLiveAt(after))) events = await this.load(place, after);
      if (events.length > 0) return events;
      if (this.take(after).length === 0) {
        overdue = !(await woken(this.waitingForEvents, pollMs, signal));
      }
    }
    return [];
  }

  private moveTo(place: object, position: Position): void {
    this.places.set(place, position);
    wake(this.waitingForOthers);
  }

  private isLiveAt(position: Position): boolean {
    return this.liveEnd !== undefined && comparePositions(position, this.liveEnd) >= 0;
  }

  /** From the cache alone: up to a page of events after `after`, across neighbouring pages. */
  private take(after: Position): RecordedEvent[] {
    const taken: RecordedEvent[] = [];
    let cursor = after;
    for (;;) {
      const page = this.pages.find(
        (p) => comparePositions(p.after, cursor) <= 0 && comparePositions(cursor, p.last) < 0,
      );
      if (!page) return taken;
      const from = firstAfter(page.events, cursor);
      for (let i = from; i < page.events.length && taken.length < this.pageSize; i += 1) {
        taken.push(page.events[i] as RecordedEvent);
      }
      const last = taken.at(-1);
      if (!last || taken.length >= this.pageSize) return taken;
      cursor = last.position;
    }
  }

  /** Readers that ask for the same page at the same time share one read. */
  private async load(place: object, after: Position): Promise<RecordedEvent[]> {
    await this.roomFor(place, after);
    const cached = this.take(after);
    if (cached.length > 0) return cached;
    const underWay = this.loading.get(after);
    if (underWay) return underWay;
    const read = this.readPage(after).finally(() => {
      if (this.loading.get(after) === read) this.loading.delete(after);
    });
    this.loading.set(after, read);
    return read;
  }

  private async readPage(after: Position): Promise<RecordedEvent[]> {
    for (;;) {
      const { signal } = this.forgotten;
      this.readSinceMs ??= performance.now();
      const events = await this.store.readAll(after, { limit: this.pageSize });
      if (signal.aborted) continue;
      // A short page is not the end of the log: the store also limits a page by its bytes.
      if (events.length > 0) this.insert(after, events);
      else this.goLive(after);
      return events;
    }
  }

  private goLive(from: Position): void {
    if (this.liveEnd !== undefined) return;
    this.liveEnd = from;
    const { signal, release } = joinedSignal(this.stopped.signal, this.forgotten.signal);
    // One that was forgotten ends on its own; stop() waits for it as well.
    this.pumping = Promise.all([this.pumping, this.pump(signal).finally(release)]).then(() => undefined);
  }

  private async pump(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const options = { batchSize: this.pageSize, signal };
        for await (const events of this.store.subscribe(this.liveEnd as Position, options)) {
          if (signal.aborted) break;
          await this.roomFor(undefined, this.liveEnd as Position);
          if (signal.aborted) break;
          this.insert(this.liveEnd as Position, events);
          this.liveEnd = events.at(-1)?.position ?? this.liveEnd;
          wake(this.waitingForEvents);
          await pause(Math.min(restMsMax, restMsPerEvent * events.length), signal);
        }
      } catch (error) {
        this.onError(error);
        if (error instanceof UnreadableEvent && !signal.aborted) return this.endLive();
      }
      await pause(resubscribeDelayMs, signal);
    }
  }

  /** There is no going on from here: every reader asks the store itself, and is told why. Whoever passes it by goes live anew. */
  private endLive(): void {
    this.liveEnd = undefined;
    wake(this.waitingForEvents);
  }

  private insert(after: Position, events: readonly RecordedEvent[]): void {
    const last = (events.at(-1) as RecordedEvent).position;
    const bytes = events.reduce((sum, event) => sum + approximateBytes(event.data), 0);
    const neighbour = this.pages.find(
      (p) => p.last === after && p.events.length + events.length <= this.pageSize,
    );
    if (neighbour) {
      // Live events come a few at a time; a page per handful would make every search a long one.
      neighbour.events.push(...events);
      neighbour.last = last;
      neighbour.bytes += bytes;
    } else {
      this.pages.push({ after, last, events: [...events], bytes });
    }
    while (this.isOverfull(0)) this.dropLeastUseful();
  }

  private isOverfull(incoming: number): boolean {
    const events = this.pages.reduce((sum, page) => sum + page.events.length, incoming);
    const bytes = this.pages.reduce((sum, page) => sum + page.bytes, 0);
    return this.pages.length > 0 && (events > pagesCachedMax * this.pageSize || bytes > bytesCachedMax);
  }

  private dropLeastUseful(): void {
    let worst = 0;
    this.pages.forEach((page, index) => {
      const distance = this.distanceTo(page);
      if (distance === undefined || distance > (this.distanceTo(this.pages[worst] as Page) ?? distance))
        worst = index;
    });
    this.pages.splice(worst, 1);
  }

  /** How far the nearest reader still has to go to `page`; undefined when all have passed it. Only ranks pages. */
  private distanceTo(page: Page): bigint | undefined {
    let nearest: bigint | undefined;
    for (const position of this.places.values()) {
      if (comparePositions(position, page.last) >= 0) continue;
      const distance = BigInt(page.after) - BigInt(position);
      if (nearest === undefined || distance < nearest) nearest = distance;
    }
    return nearest;
  }

  private async roomFor(place: object | undefined, position: Position): Promise<void> {
    const deadline = performance.now() + politenessMs;
    while (
      !this.stopped.signal.aborted &&
      this.isOverfull(this.pageSize) &&
      this.isInFront(place, position)
    ) {
      if (this.pages.some((page) => this.distanceTo(page) === undefined)) return;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return;
      await woken(this.waitingForOthers, leftMs, this.stopped.signal);
    }
  }

  private isInFront(place: object | undefined, position: Position): boolean {
    for (const [other, at] of this.places) {
      if (other !== place && comparePositions(at, position) > 0) return false;
    }
    return true;
  }

  private wakeAll(): void {
    wake(this.waitingForEvents);
    wake(this.waitingForOthers);
  }
}

function wake(sleepers: ReadonlySet<() => void>): void {
  for (const resume of [...sleepers]) resume();
}

/** Resolves true when woken, false after `timeoutMs` or when `signal` aborts. */
function woken(sleepers: Set<() => void>, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (moved: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      sleepers.delete(resume);
      resolve(moved);
    };
    const resume = () => finish(true);
    const onAbort = () => finish(false);
    const timer = setTimeout(() => finish(false), timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    sleepers.add(resume);
    if (signal.aborted) finish(false);
  });
}

/** Index of the first event after `position`: binary search, since every projection searches for every batch. */
function firstAfter(events: readonly RecordedEvent[], position: Position): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePositions((events[middle] as RecordedEvent).position, position) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Good to a factor of two or so, which is all that a memory limit needs. */
function approximateBytes(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let sum = 16;
  for (const part of Object.values(value)) sum += 8 + approximateBytes(part);
  return sum;
}
