import { InvalidArgument, LIMITS, UnreadableEvent } from '@shaoying/event-store';
import type { Position, RecordedEvent } from '@shaoying/event-store';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { backoffMs, pause, unlessAborted } from '@shaoying/event-store';
import type { Connection, LogClient, ReadResp } from './eventstoredb.client.js';
import { isInvalidPosition } from './log.errors.js';
import type { Warn } from './log.errors.js';
import { bytesOf, positionMax, serverEventIn, subscriptionRequest } from './log.messages.js';
import type { ServerEvent } from './log.messages.js';
import { isOfType } from './log.reader.js';
import type { LogReader } from './log.reader.js';

const resubscribeBackoff = { baseMs: 50, maxMs: 5_000 };
/** Servers before 23.10 do not say that a subscriber has caught up: silence after an event says it for them. */
const lingerMs = 100;
/** A batch ahead of the one the consumer works on; then the call is paused, and the server waits with the rest. */
const batchesAhead = 2;

export interface Following {
  readonly client: LogClient;
  readonly reader: LogReader;
  readonly warn: Warn;
  readonly limit: number;
  readonly types: ReadonlySet<string> | undefined;
  /** For the first answer, and between answers until the subscriber has caught up; later the channel's keep-alive. */
  readonly silenceMsMax: number;
  readonly ended: AbortSignal;
  /** Between a lost call and the next one. Default: {@link pause}. */
  readonly pause?: typeof pause;
}

interface Arrived {
  readonly event: RecordedEvent;
  readonly bytes: number;
}

/** One call of the server's subscription: what has arrived, in batches. Events after `resume` only, each once. */
class Feed {
  private readonly arrived: Arrived[] = [];
  private arrivedBytes = 0;
  private lastArrived: bigint;
  private failure: { readonly cause: unknown } | undefined;
  private caughtUp = false;
  private linger: NodeJS.Timeout | undefined;
  private silence: NodeJS.Timeout | undefined;
  private wake: () => void = () => undefined;
  private readonly onEnded = (): void => this.wake();

  constructor(
    private readonly call: ClientReadableStream<ReadResp>,
    private resume: Position,
    private readonly following: Following,
  ) {
    this.lastArrived = BigInt(resume);
    call.on('data', (answer: ReadResp) => {
      // Nothing behind what could not be taken: it would have been passed by.
      if (this.failure) return;
      try {
        this.take(answer);
      } catch (error) {
        this.fail(error);
      }
    });
    call.on('error', (error) => this.fail(error));
    call.on('end', () => this.fail(new Error('the event log ended a subscription')));
    following.ended.addEventListener('abort', this.onEnded);
    this.expectAnswer();
  }

  /** Waits for a batch; `undefined` when `ended`. @throws what ended the call, after all that had arrived before */
  async next(): Promise<RecordedEvent[] | undefined> {
    for (;;) {
      if (this.following.ended.aborted) return undefined;
      if (this.isBatchReady()) return this.batch();
      if (this.failure) throw this.failure.cause;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  close(): void {
    this.following.ended.removeEventListener('abort', this.onEnded);
    clearTimeout(this.linger);
    clearTimeout(this.silence);
    this.call.cancel();
  }

  private take(answer: ReadResp): void {
    const event = serverEventIn(answer);
    if (event) this.arrive(event);
    const checkpoint = answer.getCheckpoint()?.getCommitPosition();
    // Only with nothing in hand: otherwise the last of what is in hand will be the place to go on from.
    if (checkpoint !== undefined && this.arrived.length === 0 && BigInt(checkpoint) > BigInt(this.resume)) {
      this.resume = checkpoint;
    }
    if (answer.hasCaughtUp()) this.caughtUp = true;
    this.expectAnswer();
    this.wake();
  }

  private arrive(event: ServerEvent): void {
    const { limit, types, reader } = this.following;
    const position = BigInt(event.position);
    // The server begins after the position asked for; a repetition would be its mistake, and must not become ours.
    if (position <= this.lastArrived) return;
    this.lastArrived = position;
    const recorded = isOfType(event, types) ? reader.ours(event) : undefined;
    if (!recorded) return;
    const bytes = bytesOf(event);
    this.arrived.push({ event: recorded, bytes });
    this.arrivedBytes += bytes;
    const ahead = batchesAhead * limit;
    if (this.arrived.length >= ahead || this.arrivedBytes >= batchesAhead * LIMITS.readBytesMax)
      this.call.pause();
    clearTimeout(this.linger);
    this.linger = setTimeout(() => {
      this.caughtUp = true;
      this.wake();
    }, lingerMs);
  }

  /** While catching up only full batches are handed out; live, whatever is there. */
  private isBatchReady(): boolean {
    const full = this.arrived.length >= this.following.limit || this.arrivedBytes >= LIMITS.readBytesMax;
    return full || (this.arrived.length > 0 && (this.caughtUp || this.failure !== undefined));
  }

  private batch(): RecordedEvent[] {
    let count = 0;
    let bytes = 0;
    for (const { bytes: eventBytes } of this.arrived) {
      if (count === this.following.limit || (count > 0 && bytes + eventBytes > LIMITS.readBytesMax)) break;
      count += 1;
      bytes += eventBytes;
    }
    const events = this.arrived.splice(0, count).map(({ event }) => event);
    this.arrivedBytes -= bytes;
    this.resume = events.at(-1)?.position ?? this.resume;
    if (this.call.isPaused() && this.arrived.length < this.following.limit) {
      this.call.resume();
      this.expectAnswer();
    }
    return events;
  }

  /** Where a later call goes on: after all that was handed out, or a checkpoint behind it. */
  get position(): Position {
    return this.resume;
  }

  private fail(cause: unknown): void {
    this.failure ??= { cause };
    clearTimeout(this.silence);
    this.wake();
  }

  /** Restarts the clock of silence. A paused call is silent by our own will; a live one by that of the world. */
  private expectAnswer(): void {
    clearTimeout(this.silence);
    if (this.caughtUp || this.failure || this.call.isPaused()) return;
    const { silenceMsMax } = this.following;
    this.silence = setTimeout(
      () => this.fail(new Error(`the event log was silent for ${silenceMsMax} ms`)),
      silenceMsMax,
    );
  }
}

/**
 * Catch-up, then live, for ever: the client does not subscribe again by itself, so every lost call is followed by another
 * from where the consumer is. Nothing is skipped, repeated or reordered, whatever happens to the calls.
 * @throws InvalidArgument when the log has no event at the position to go on from: it is not the log it was;
 * UnreadableEvent at one that cannot be read, after all that was before it
 */
export async function* follow(after: Position, following: Following): AsyncGenerator<RecordedEvent[]> {
  const { client, warn, ended } = following;
  let resume = BigInt(after) > positionMax ? positionMax.toString() : after;
  for (let failures = 0; !ended.aborted;) {
    let feed: Feed | undefined;
    let connection: Connection | undefined;
    try {
      connection = await unlessAborted(client.connection(), ended);
      if (!connection || ended.aborted) return;
      feed = open(connection, resume, following);
      for (let batch = await feed.next(); batch; batch = await feed.next()) {
        failures = 0;
        yield batch;
      }
    } catch (error) {
      if (isInvalidPosition(error)) {
        throw new InvalidArgument(`the event log has no position ${resume} to go on from`, { cause: error });
      }
      // Asked again, it would be the same.
      if (error instanceof UnreadableEvent) throw error;
      if (connection && error instanceof Error) void client.noteFailure(connection, error);
      resume = feed?.position ?? resume;
      failures += 1;
      if (!ended.aborted) warn('a subscription was lost and is made again', error);
      await (following.pause ?? pause)(backoffMs(failures, resubscribeBackoff), ended);
    } finally {
      feed?.close();
    }
  }
}

function open({ streams }: Connection, resume: Position, following: Following): Feed {
  const { client, types } = following;
  // No deadline: it lives until the consumer leaves. Followers of a cluster serve it as well as the leader.
  const call = streams.read(subscriptionRequest(resume, types), ...client.callArguments(Infinity, false));
  return new Feed(call, resume, following);
}
