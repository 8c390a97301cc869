import { randomUUID } from 'node:crypto';
import {
  AppendTooLarge,
  EventIdTaken,
  EventTooLarge,
  Overloaded,
  RevisionConflict,
  StoreUnavailable,
  UnknownOutcome,
} from '@shaoying/event-store';
import type { AdmittedAppend, AppendResult } from '@shaoying/event-store';
import type { AppendPath, Outcome, WireAppend } from './append.call.js';
import { backoffMs, pause } from '@shaoying/event-store';
import type { KnownIds } from './known-ids.js';
import type { Warn } from './log.errors.js';
import { envelopeOf, proposedEvent } from './log.messages.js';
import type { ServerEvent } from './log.messages.js';
import type { LogReader } from './log.reader.js';

/** Nothing was sent yet: three attempts within about 0.2 s, then the callers hear 503 and come back. */
const unsentAttemptsMax = 3;
/** Something was sent: waits of 50, 100 … 3,200 ms make about 5 s beside the deadlines, an election of a new leader. */
const settleAttemptsMax = 8;
const retryBackoff = { baseMs: 50, maxMs: 3_200 };
/** What another writer wrote is in conflict before it is replicated and can be read: looked for as long, and as often. */
const visibleAttemptsMax = 8;
/** `'any'` on a stream that moves on every time: somebody else succeeds each time, so this is a very hot stream. */
const anyRoundsMax = 50;
const pageOfIds = 1_000;

type Written = Extract<Outcome, { kind: 'written' }>;
type Conflict = Extract<Outcome, { kind: 'conflict' }>;

export interface Writing {
  /** The path over the present connection. Rejects when there is none; nothing was sent then. */
  readonly path: () => Promise<AppendPath>;
  readonly reader: LogReader;
  readonly known: KnownIds;
  readonly warn: Warn;
  /** Aborted when the store is closing: attempts under way end, no more are made. */
  readonly closing: AbortSignal;
}

/**
 * Appends exactly once, and tells the truth about it.
 *
 * The server's own idempotency cannot tell a new event from an old one: it answers both alike, and drops without any
 * answer an append whose first copy is not replicated yet. So each call gives its events ids of their own for the server
 * (our event id stands in the metadata) and always names an expected revision. A success is then this call's write and
 * nobody else's; a repetition of the *same call*, after an unknown outcome, carries the same ids and is answered as the
 * first; and the same events from *another call* are a conflict, after which the stream is read and shows them.
 */
export class AppendWriter {
  constructor(private readonly writing: Writing) {}

  /** @throws RevisionConflict, EventIdTaken, EventTooLarge, AppendTooLarge, Overloaded, StoreUnavailable, UnknownOutcome */
  async append(append: AdmittedAppend): Promise<AppendResult> {
    const { streamId, expected } = append;
    const eventIds = append.events.map((event) => event.eventId);
    const events = append.events.map((event) => proposedEvent(event, randomUUID()));
    let stream = await this.streamBefore(append);
    if (holdsAny(stream, eventIds)) stream = await this.readOn(streamId, stream, 0);
    let after = lastExpected(expected, stream);
    for (let round = 1; ; round += 1) {
      const earlier = await this.earlierResult(streamId, stream, eventIds, events.at(-1)?.nativeId ?? '');
      if (earlier) return earlier;
      const outcome = await this.write({ streamId, expected: after === -1 ? 'none' : after, events });
      if (outcome.kind === 'written') return this.written(streamId, stream, eventIds, outcome);
      stream = await this.streamAfterConflict(streamId, stream, after, outcome);
      const written = await this.earlierResult(streamId, stream, eventIds, events.at(-1)?.nativeId ?? '');
      if (written) return written;
      if (expected !== 'any' && !hasOnlyOthersBehind(stream, after))
        throw new RevisionConflict(streamId, expected, lastOfOurs(stream));
      after = stream.length - 1;
      if (round >= anyRoundsMax) throw new Overloaded();
      await pause(Math.random() * round, this.writing.closing);
    }
  }

  /**
   * The ids a stream holds up to the revision the writer expects, or as far as they are known for `'any'`: the server
   * tells when there are more. A new stream has none.
   */
  private async streamBefore({ streamId, expected }: AdmittedAppend): Promise<readonly string[]> {
    if (expected === 'none') return [];
    const known = this.writing.known.of(streamId);
    if (expected === 'any') return known.length > 0 ? known : this.readOn(streamId, known, 0);
    return known.length > expected ? known : this.readOn(streamId, known, expected);
  }

  /**
   * Reads on from what is known to the end of the stream; again, until it shows revision `through` or time is up. The last
   * known event is read once more: where it is not what it was, the log was replaced by an older copy and nothing is known.
   */
  private async readOn(
    streamId: string,
    known: readonly string[],
    through: number,
    attemptsMax = 1,
  ): Promise<readonly string[]> {
    const ids = (await this.isStillThere(streamId, known)) ? [...known] : [];
    if (ids.length < known.length) this.writing.known.forget(streamId);
    for (let attempt = 1; ; attempt += 1) {
      for (let page = await this.pageAfter(streamId, ids); page.length > 0;) {
        for (const event of page) ids[event.revision] = idOf(event);
        page = await this.pageAfter(streamId, ids);
      }
      if (ids.length > through || attempt >= attemptsMax || this.writing.closing.aborted) break;
      await pause(backoffMs(attempt, retryBackoff), this.writing.closing);
    }
    this.writing.known.remember(streamId, ids);
    return ids;
  }

  private async isStillThere(streamId: string, known: readonly string[]): Promise<boolean> {
    if (known.length === 0) return true;
    const revision = known.length - 1;
    const [event] = (await this.writing.reader.streamPage(streamId, revision, 1)) ?? [];
    return event?.revision === revision && idOf(event) === known[revision];
  }

  private async pageAfter(streamId: string, ids: readonly string[]): Promise<readonly ServerEvent[]> {
    return (await this.writing.reader.streamPage(streamId, ids.length, pageOfIds)) ?? [];
  }

  /**
   * The stream with what an append expecting revision `after` has met in it. What an earlier call sent and was never told of
   * may be what cannot be read yet: "conflict" would be a definite no.
   * @throws UnknownOutcome when it does not show it in time: the revision the server names, or the one behind `after`
   */
  private async streamAfterConflict(
    streamId: string,
    known: readonly string[],
    after: number,
    { actual }: Conflict,
  ): Promise<readonly string[]> {
    const through = actual ?? after + 1;
    const stream = await this.readOn(streamId, known, through, visibleAttemptsMax);
    if (stream.length > through) return stream;
    throw new UnknownOutcome(`stream ${streamId} does not show yet what an append to it met`);
  }

  /**
   * The answer of the attempt that wrote these events, when the stream holds them.
   * @throws EventIdTaken when it holds some of them, or in another order
   */
  private async earlierResult(
    streamId: string,
    stream: readonly string[],
    eventIds: readonly string[],
    lastNativeId: string,
  ): Promise<AppendResult | undefined> {
    const wanted = new Set(eventIds);
    const first = stream.findIndex((id) => wanted.has(id));
    if (first === -1) return undefined;
    const others = stream.filter((id) => wanted.has(id)).length > eventIds.length;
    if (others || eventIds.some((id, index) => stream[first + index] !== id))
      throw new EventIdTaken(streamId);
    const revision = first + eventIds.length - 1;
    const last = await this.eventOf(streamId, revision);
    // Ids of this very call: its first attempt was written, although nobody said so.
    return { revision, position: last.position, duplicate: last.nativeId !== lastNativeId };
  }

  private async written(
    streamId: string,
    before: readonly string[],
    eventIds: readonly string[],
    { revision, position }: Written,
  ): Promise<AppendResult> {
    const first = revision - eventIds.length + 1;
    if (before.length >= first)
      this.writing.known.remember(streamId, [...before.slice(0, first), ...eventIds]);
    if (position !== undefined) return { revision, position, duplicate: false };
    const last = await this.eventOf(streamId, revision).catch((cause: unknown) => {
      throw new UnknownOutcome('an append is written, but its position cannot be read', { cause });
    });
    return { revision, position: last.position, duplicate: false };
  }

  private async eventOf(streamId: string, revision: number): Promise<ServerEvent> {
    const [event] = (await this.writing.reader.streamPage(streamId, revision, 1)) ?? [];
    if (event?.revision === revision) return event;
    throw new StoreUnavailable(`stream ${streamId} does not show revision ${revision}, which it holds`);
  }

  /** Repeats until the server has said yes or no. @throws EventTooLarge, AppendTooLarge, StoreUnavailable, UnknownOutcome */
  private async write(append: WireAppend): Promise<Written | Conflict> {
    const { closing, warn } = this.writing;
    let sent = false;
    let lastCause: unknown;
    for (let attempt = 0; attempt < (sent ? settleAttemptsMax : unsentAttemptsMax); attempt += 1) {
      if (attempt > 0) await pause(backoffMs(attempt, retryBackoff), closing);
      if (attempt > 0 && closing.aborted) break;
      const outcome = await this.attempt(append);
      if (outcome.kind === 'written' || outcome.kind === 'conflict') return outcome;
      if (outcome.kind === 'too-large') throw tooLarge(append, outcome.message);
      lastCause = outcome.cause;
      if (outcome.kind === 'refused' && !sent) break;
      if (outcome.kind === 'unknown') {
        sent = true;
        warn(`an append to ${append.streamId} has an unknown outcome and is sent again`, outcome.cause);
      }
    }
    if (sent) {
      throw new UnknownOutcome('an append was sent to the event log and never answered', {
        cause: lastCause,
      });
    }
    throw new StoreUnavailable('the event log does not take appends', { cause: lastCause });
  }

  private async attempt(append: WireAppend): Promise<Outcome> {
    let path: AppendPath;
    try {
      path = await this.writing.path();
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      return { kind: 'not-written', cause };
    }
    return path.send(append);
  }
}

/** Empty for somebody else's event. */
const idOf = (event: ServerEvent): string => envelopeOf(event)?.envelope.eventId ?? '';

/** Revision the server is to expect at first, -1 for no stream. */
function lastExpected(expected: AdmittedAppend['expected'], stream: readonly string[]): number {
  if (expected === 'any') return stream.length - 1;
  return expected === 'none' ? -1 : expected;
}

/** Revision of the last event that is ours, or of which nobody knows whose it is; -1 where there is none. */
const lastOfOurs = (stream: readonly string[]): number => stream.findLastIndex((id) => id !== '');

/** True when the stream goes on behind a revision, with events of others alone: nothing a writer should have decided on. */
const hasOnlyOthersBehind = (stream: readonly string[], revision: number): boolean =>
  stream.length - 1 > revision && lastOfOurs(stream) <= revision;

function holdsAny(stream: readonly string[], eventIds: readonly string[]): boolean {
  const wanted = new Set(eventIds);
  return stream.some((id) => wanted.has(id));
}

function tooLarge({ events, streamId }: WireAppend, reason: string): EventTooLarge | AppendTooLarge {
  const message = `the server does not take an append of this size to ${streamId} (${reason}); see its MaxAppendSize`;
  return events.length === 1 ? new EventTooLarge(message) : new AppendTooLarge(message);
}
