import type { LivePart, WindowPart } from './window.part.js';

/**
 * Streams in a part: PostgreSQL answers them in one statement, and 10 ms of a thread live them. With twice as many a year took a
 * tenth longer: what is being lived when V8 sweeps is copied.
 */
const STREAMS_IN_PART = 32;
/** Parts that each of those who live them has at a time: while one is read, another is lived, and what a third came to is written. */
const AT_A_TIME = 3;
/** Parts for each of them that may be given out and not taken yet, some 100 KB each where everything differs. */
const AHEAD = 16;

/** Who lives the parts of a window. */
export interface Hands {
  /** Here; what fails here has failed. */
  readonly own: LivePart;
  /** Elsewhere. What one of them fails in, or is long about, is done here; whoever has failed is asked no more. */
  readonly helpers: readonly LivePart[];
  /** Default 32. */
  readonly streamsInPart?: number | undefined;
}

/**
 * Hands a window out in parts, and takes what they came to in the order of the streams, whoever is faster.
 * @param take is waited for before the next part is taken, and before this ends; is not called any more once it has ended
 * @throws the signal's reason, what the own hand throws, what `take` throws
 */
export async function handOut(
  streams: readonly string[],
  { own, helpers, streamsInPart = STREAMS_IN_PART }: Hands,
  signal: AbortSignal,
  take: (part: WindowPart, streamIds: readonly string[]) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const ends = AbortSignal.any([signal, failed.signal]);
  const parts = new PartsInOrder(streams, streamsInPart, (helpers.length + 1) * AHEAD);
  ends.addEventListener('abort', () => parts.changed());
  const work = async (live: LivePart, where: Where): Promise<void> => {
    for (let part; (part = await parts.next(where, ends)) !== null;) {
      const lived = await live(part.streamIds);
      // Nobody wants it any more, or what came before it was not taken.
      ends.throwIfAborted();
      await parts.add(part.place, lived, { take, ends }).catch((error: unknown) => failed.abort(error));
    }
  };
  const atATime = (live: LivePart, where: Where): Promise<void>[] =>
    Array.from({ length: AT_A_TIME }, () => work(live, where));
  // What a helper fails in is told by whoever has started it; here the work is done without it.
  for (const helping of helpers.flatMap((live) => atATime(live, 'ELSEWHERE'))) helping.catch(() => undefined);
  const done = atATime(own, 'HERE').map((working) => working.catch((error: unknown) => failed.abort(error)));
  await Promise.all(done);
  // It may be a helper's part that is being taken.
  await parts.taken();
  ends.throwIfAborted();
}

type Where = 'HERE' | 'ELSEWHERE';

interface Taking {
  readonly take: (part: WindowPart, streamIds: readonly string[]) => Promise<void>;
  readonly ends: AbortSignal;
}

interface Part {
  readonly place: number;
  readonly streamIds: readonly string[];
}

/** The parts of a window: given out in order, taken in order, and not many at a time between the two. */
class PartsInOrder {
  private given = 0;
  /** The first that is not taken yet. */
  private untaken = 0;
  private isTaking = false;
  private taking: Promise<void> = Promise.resolve();
  private readonly held = new Map<number, Where>();
  private readonly ready = new Map<number, WindowPart>();
  private waiting: (() => void)[] = [];

  constructor(
    private readonly streams: readonly string[],
    private readonly streamsInPart: number,
    private readonly aheadMax: number,
  ) {}

  /** The next part, waited for; null where there is none for whoever asks. @throws the signal's reason */
  async next(where: Where, signal: AbortSignal): Promise<Part | null> {
    for (;;) {
      signal.throwIfAborted();
      const place = this.placeFor(where);
      if (place !== null) {
        this.held.set(place, where);
        return { place, streamIds: this.streamsOf(place) };
      }
      const isOver = where === 'HERE' ? !this.isLeft(this.untaken) : !this.isLeft(this.given);
      if (isOver) return null;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private placeFor(where: Where): number | null {
    if (this.isLeft(this.given) && this.given - this.untaken < this.aheadMax) return this.given++;
    // Everything waits for a part that another thread has: on a machine that is busy it may not even have begun.
    const isLate = !this.isTaking && this.held.get(this.untaken) === 'ELSEWHERE';
    return where === 'HERE' && isLate ? this.untaken : null;
  }

  /** Lets everybody look again who waits. */
  changed(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const goOn of waiting) goOn();
  }

  /**
   * Takes every part that is ready and has nothing before it that is not; one that is there already is let go.
   * @throws the signal's reason, what `take` throws; then nothing is taken any more
   */
  async add(place: number, part: WindowPart, taking: Taking): Promise<void> {
    if (!this.held.delete(place)) return;
    this.ready.set(place, part);
    if (this.isTaking) return;
    this.taking = this.takeReady(taking);
    await this.taking;
  }

  /** Waits until nothing is being taken, however it ends. */
  async taken(): Promise<void> {
    await this.taking.catch(() => undefined);
  }

  private async takeReady({ take, ends }: Taking): Promise<void> {
    this.isTaking = true;
    for (let next; (next = this.ready.get(this.untaken)) !== undefined; this.untaken += 1, this.changed()) {
      ends.throwIfAborted();
      this.ready.delete(this.untaken);
      await take(next, this.streamsOf(this.untaken));
    }
    this.isTaking = false;
    this.changed();
  }

  private isLeft(place: number): boolean {
    return place * this.streamsInPart < this.streams.length;
  }

  private streamsOf(place: number): readonly string[] {
    return this.streams.slice(place * this.streamsInPart, (place + 1) * this.streamsInPart);
  }
}
