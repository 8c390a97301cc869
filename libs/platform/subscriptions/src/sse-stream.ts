import type { ServerResponse } from 'node:http';
import { type Position, comparePositions, isPosition } from '@shaoying/event-store';
import type { FeedItem, FeedSource } from './feed.js';
import { InvalidFeedPosition, UnorderedFeed } from './subscriptions.errors.js';

export interface StreamFeedOptions {
  readonly source: FeedSource;
  readonly feedId: string;
  /** What `event:` says of each item. Default `dispatch`. */
  readonly eventName?: string;
  /** The stream starts after this position: see `resumePosition`. */
  readonly after: Position;
  /** Raw; nothing sent yet. */
  readonly response: ServerResponse;
  /** A comment is sent after this long without anything else. Default 15,000; 1 to 20,000 ms. */
  readonly heartbeatMs?: number;
  /**
   * Most bytes kept for a client that does not read. Default 1 MiB. Catching up waits for the client, so only single
   * items near this size ever come close.
   */
  readonly bufferBytesMax?: number;
  /** A client that takes nothing for this long is disconnected. Default 30,000 ms. */
  readonly stallMsMax?: number;
  /** Ends the stream cleanly: shutdown. */
  readonly signal?: AbortSignal;
  /** Of the access token. The stream ends then with `event: end`. */
  readonly expiresAt?: Date;
  /** Asked every few seconds; false ends the stream with `event: end`. For credentials that may be revoked. */
  readonly stillCounts?: () => Promise<boolean>;
  /** Default 3,000 ms. */
  readonly askAgainMs?: number;
  /** Told why a stream ended that should not have: the source failed. The client reconnects by itself. */
  readonly onError?: (error: unknown) => void;
}

/** Why the server ended a stream, as told to the client in `event: end`. */
export type EndReason = 'TOKEN_EXPIRED' | 'TOKEN_REVOKED' | 'SHUTTING_DOWN' | 'UNAVAILABLE' | 'COMPLETED';

const heartbeatMsMax = 20_000;
const bufferBytesDefault = 1024 * 1024;
const stallMsDefault = 30_000;
/** What an EventSource waits before it reconnects. Short of the 5 s after which people reload the page. */
const retryMs = 3_000;
/** Items per read: with 1 KiB each, a page is about what a socket takes at once. */
const pageSize = 100;
/** Items are joined up to this size, since each write is a system call of its own. */
const chunkBytes = 64 * 1024;
/** The least time between two live reads of one connection: a burst of events becomes one read. */
const readIntervalMs = 50;
const farewellMsMax = 1_000;
/** setTimeout takes no more; a token that lives longer than 24 days is checked no later than that. */
const timerMsMax = 2 ** 31 - 1;
/** With the 5,000 streams that a process holds at the most, 1,700 questions a second, which the log reads by the dozen. */
const askAgainMsDefault = 3_000;

/**
 * Sends a feed as Server-Sent Events: first what the client missed, then what comes, until either side ends it.
 * `id:` is the position, `event:` is `dispatch` or what is asked for, `data:` one JSON text. Resolves when the stream is over
 * and leaves no timer or listener behind; after the headers are sent it does not reject.
 * @throws InvalidFeedPosition, RangeError before anything is sent
 */
export async function streamFeed(options: StreamFeedOptions): Promise<void> {
  const { after, heartbeatMs = 15_000 } = options;
  if (!isPosition(after)) throw new InvalidFeedPosition(after);
  if (!(heartbeatMs >= 1 && heartbeatMs <= heartbeatMsMax)) {
    throw new RangeError(`heartbeatMs ${heartbeatMs} is not within 1 to ${heartbeatMsMax}`);
  }
  if (options.response.destroyed) return;
  if (options.response.req.method === 'HEAD') {
    // What GET would begin with; there is no body to go on with.
    options.response.writeHead(200, STREAM_HEADERS).end();
    return;
  }
  await new FeedStream(options, heartbeatMs).run();
}

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx would otherwise collect the stream in its own buffer.
  'x-accel-buffering': 'no',
};

/** An item goes to every stream of its feed as one text, made once. */
const frames = new WeakMap<FeedItem, string>();

function frameOf(item: FeedItem, eventName: string): string {
  const known = frames.get(item);
  if (known !== undefined) return known;
  // A line break inside the text would end the field; in JSON it can only be white space.
  const data = item.cloudEvent.replace(/[\r\n]+/g, ' ');
  const frame = `id: ${item.position}\nevent: ${eventName}\ndata: ${data}\n\n`;
  frames.set(item, frame);
  return frame;
}

class FeedStream {
  private readonly response: ServerResponse;
  private isOver = false;
  /** Whoever waits for the end. Not an AbortController: of thousands of streams each is counted in bytes. */
  private readonly whenOver = new Set<() => void>();
  private readonly cleanUps: (() => void)[] = [];
  private position: Position;
  private endReason: EndReason | undefined;
  private advanced = true;
  private wake: () => void = () => undefined;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: StreamFeedOptions,
    private readonly heartbeatMs: number,
  ) {
    this.response = options.response;
    this.position = options.after;
  }

  async run(): Promise<void> {
    const ended = this.watch();
    try {
      this.open();
      const delivering = this.deliver();
      // The end does not wait for a read under way; what that read fails with concerns nobody any more.
      delivering.catch(() => undefined);
      await Promise.race([delivering, ended]);
    } catch (error) {
      this.finish('UNAVAILABLE');
      this.options.onError?.(error);
    }
    for (const cleanUp of this.cleanUps) cleanUp();
    await this.close();
  }

  private open(): void {
    this.response.writeHead(200, STREAM_HEADERS);
    // Goes out at once, so that the client (and every proxy between) knows that it is connected.
    this.response.write(`: connected\nretry: ${retryMs}\n\n`);
  }

  /** Listens to whatever may wake or end the stream. @returns settles with the end */
  private watch(): Promise<void> {
    const { response, options } = this;
    const listen = (remove: () => void) => this.cleanUps.push(remove);

    const ended = new Promise<void>((resolve) => this.whenOver.add(resolve));
    const onGone = () => this.finish(undefined);
    response.on('close', onGone);
    response.on('error', onGone);
    listen(() => response.off('close', onGone));

    const onNews = (): void => {
      this.advanced = true;
      this.wake();
    };
    const { source, feedId } = options;
    listen(source.onNews?.(feedId, onNews) ?? source.onAdvance(onNews));

    this.heartbeat = setInterval(() => {
      // Behind data that the client has not taken, a comment would only add to the pile.
      if (response.writableLength === 0) response.write(': still here\n\n');
    }, this.heartbeatMs);
    listen(() => clearInterval(this.heartbeat));

    const { signal, expiresAt } = options;
    const onAbort = () => this.finish('SHUTTING_DOWN');
    signal?.addEventListener('abort', onAbort, { once: true });
    listen(() => signal?.removeEventListener('abort', onAbort));
    if (signal?.aborted) onAbort();

    if (expiresAt) {
      const leftMs = Math.min(Math.max(0, expiresAt.getTime() - Date.now()), timerMsMax);
      const expiry = setTimeout(() => this.finish('TOKEN_EXPIRED'), leftMs);
      listen(() => clearTimeout(expiry));
    }
    this.askAgain(listen);
    return ended;
  }

  /** Whoever cannot answer now says nothing: the stream goes on. */
  private askAgain(listen: (remove: () => void) => void): void {
    const { stillCounts, askAgainMs = askAgainMsDefault } = this.options;
    if (stillCounts === undefined) return;
    const asking = setInterval(() => {
      const answer = stillCounts().catch(() => true);
      void answer.then((counts) => counts || this.finish('TOKEN_REVOKED'));
    }, askAgainMs);
    listen(() => clearInterval(asking));
  }

  /** The first reason counts. */
  private finish(reason: EndReason | undefined): void {
    if (this.isOver) return;
    this.endReason = reason;
    this.isOver = true;
    for (const tell of [...this.whenOver]) tell();
    this.wake();
  }

  private async deliver(): Promise<void> {
    const { source, feedId } = this.options;
    while (!this.isOver) {
      if (!this.advanced) await this.sleep(undefined);
      if (this.isOver) return;
      this.advanced = false;
      const startedMs = performance.now();
      let items: FeedItem[];
      do {
        items = await source.read(feedId, this.position, pageSize);
        await this.send(items);
      } while (items.length >= pageSize && !this.isOver);
      if (source.isOver === true) return this.finish('COMPLETED');
      const leftMs = readIntervalMs - (performance.now() - startedMs);
      if (leftMs > 0) await this.sleepAtLeast(leftMs);
    }
  }

  private async send(items: readonly FeedItem[]): Promise<void> {
    const { eventName = 'dispatch' } = this.options;
    let chunk = '';
    for (const item of items) {
      if (this.isOver) return;
      if (!isPosition(item.position) || comparePositions(item.position, this.position) <= 0) {
        throw new UnorderedFeed(`item at ${item.position} after ${this.position} in ${this.options.feedId}`);
      }
      chunk += frameOf(item, eventName);
      this.position = item.position;
      if (chunk.length < chunkBytes) continue;
      await this.write(chunk);
      chunk = '';
    }
    if (chunk !== '') await this.write(chunk);
  }

  /** Returns when the client has room again, or is gone, or was cut off for not reading. */
  private async write(chunk: string): Promise<void> {
    if (this.isOver) return;
    this.heartbeat?.refresh();
    if (this.response.write(chunk)) return;
    const { bufferBytesMax = bufferBytesDefault, stallMsMax = stallMsDefault } = this.options;
    if (this.response.writableLength > bufferBytesMax || !(await this.drained(stallMsMax))) {
      this.finish(undefined);
      this.response.destroy();
    }
  }

  /** @returns false when the client has taken nothing for `stallMsMax`. */
  private drained(stallMsMax: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (result: boolean) => {
        clearTimeout(timer);
        this.response.off('drain', onDrain);
        this.whenOver.delete(onDrain);
        resolve(result);
      };
      const onDrain = () => settle(true);
      const timer = setTimeout(() => settle(false), stallMsMax);
      this.response.on('drain', onDrain);
      this.whenOver.add(onDrain);
    });
  }

  /** Until {@link wake}, or for `delayMs`. */
  private sleep(delayMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = delayMs === undefined ? undefined : setTimeout(() => this.wake(), delayMs);
      this.wake = () => {
        clearTimeout(timer);
        this.wake = () => undefined;
        resolve();
      };
    });
  }

  /** Advances in the meantime are noted and wait; only the end of the stream does not. */
  private async sleepAtLeast(delayMs: number): Promise<void> {
    const untilMs = performance.now() + delayMs;
    for (;;) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0 || this.isOver) return;
      await this.sleep(leftMs);
    }
  }

  /** Whoever does not take the farewell either must not hold up a shutdown. */
  private async close(): Promise<void> {
    const { response } = this;
    if (response.destroyed) return;
    await new Promise<void>((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        response.off('finish', settle).off('close', settle);
        resolve();
      };
      const timer = setTimeout(() => {
        response.destroy();
        settle();
      }, farewellMsMax);
      response.on('finish', settle).on('close', settle);
      response.end(this.endReason ? `event: end\ndata: {"reason":"${this.endReason}"}\n\n` : undefined);
    });
  }
}
