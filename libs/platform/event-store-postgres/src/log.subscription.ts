import type { Position, RecordedEvent } from '@shaoying/event-store';
import { backoffMs, pause } from './backoff.js';
import type { LogListener } from './log.listener.js';
import type { LogReader, PageRequest, RawPage } from './log.reader.js';
import type { Warn } from './log.connection.js';

/** How much later a subscriber to some types may hear of one, so that it does not look after each batch of others. */
const filteredPauseMs = 25;
const readBackoff = { baseMs: 50, maxMs: 5_000 };

export interface Following {
  readonly reader: LogReader;
  readonly listener: LogListener;
  readonly warn: Warn;
  readonly request: PageRequest;
  readonly ended: AbortSignal;
}

/** `undefined` when `ended` aborts first; the work's later outcome is then nobody's business. */
async function unlessEnded<T>(work: Promise<T>, ended: AbortSignal): Promise<T | undefined> {
  if (ended.aborted) return undefined;
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    ended.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    ended.removeEventListener('abort', onAbort);
  }
}

/** Reads until it succeeds: a server that is gone for a minute delays a subscriber and does not end it. */
async function pageWhateverHappens(
  from: Position,
  { reader, warn, request, ended }: Following,
): Promise<RawPage | undefined> {
  for (let failures = 1; !ended.aborted; failures += 1) {
    try {
      return await reader.page(from, request);
    } catch (error) {
      warn('a subscription cannot read and tries again', error);
      await pause(backoffMs(failures, readBackoff), ended);
    }
  }
  return undefined;
}

/**
 * Catch-up, then live. Each batch is read at the position after the last event handed out, so nothing is skipped,
 * repeated or reordered. While catching up, the next page is asked for before this one is turned into events: the server
 * works on it while we and the consumer work on this one.
 */
export async function* follow(after: Position, following: Following): AsyncGenerator<RecordedEvent[]> {
  const { listener, request, ended } = following;
  let from = after;
  let ahead: Promise<RawPage | undefined> | undefined;
  // Remembered before a read begins, ahead or not: what is appended during it must not be slept through.
  let seen = listener.generation;
  const read = (): Promise<RawPage | undefined> => {
    seen = listener.generation;
    return pageWhateverHappens(from, following);
  };
  while (!ended.aborted) {
    const page = await unlessEnded(ahead ?? read(), ended);
    ahead = undefined;
    if (!page || ended.aborted) return;
    from = page.reached;
    if (page.count === request.limit) ahead = read();
    if (page.count > 0) {
      yield page.events();
    } else {
      await listener.changed(seen, ended);
      // Nearly every hint is of an event that is not wanted: several are answered by one look.
      if (request.types) await pause(filteredPauseMs, ended);
    }
  }
}
