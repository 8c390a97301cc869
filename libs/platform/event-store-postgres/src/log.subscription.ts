import type { Position, RecordedEvent } from '@shaoying/event-store';
import { backoffMs, pause, unlessAborted, UnreadableEvent } from '@shaoying/event-store';
import type { LogListener } from './log.listener.js';
import type { LogReader, PageRequest, Page } from './log.reader.js';
import type { Warn } from './log.connection.js';

/** How much later a subscriber to some types may hear of one, so that it does not look after each batch of others. */
const filteredPauseMs = 100;
const readBackoff = { baseMs: 50, maxMs: 5_000 };

export interface Following {
  readonly reader: LogReader;
  readonly listener: LogListener;
  readonly warn: Warn;
  readonly request: PageRequest;
  readonly ended: AbortSignal;
}

/**
 * Reads until it succeeds: a server that is gone for a minute delays a subscriber and does not end it.
 * @throws UnreadableEvent, which would be the same the next time
 */
async function pageWhateverHappens(
  from: Position,
  { reader, warn, request, ended }: Following,
): Promise<Page | undefined> {
  for (let failures = 1; !ended.aborted; failures += 1) {
    try {
      return await reader.page(from, request);
    } catch (error) {
      if (error instanceof UnreadableEvent) throw error;
      if (ended.aborted) break;
      warn('a subscription cannot read and tries again', error);
      await pause(backoffMs(failures, readBackoff), ended);
    }
  }
  return undefined;
}

/**
 * Catch-up, then live. Each batch is read at the position after the last event handed out, so nothing is skipped,
 * repeated or reordered. While catching up, the next page is read, and made into events as its rows come, while the consumer
 * waits for anything else.
 */
export async function* follow(after: Position, following: Following): AsyncGenerator<RecordedEvent[]> {
  const { listener, request, ended } = following;
  let from = after;
  let ahead: Promise<Page | undefined> | undefined;
  // Remembered before a read begins, ahead or not: what is appended during it must not be slept through.
  let seen = listener.generation;
  const read = (): Promise<Page | undefined> => {
    seen = listener.generation;
    return pageWhateverHappens(from, following);
  };
  while (!ended.aborted) {
    const page = await unlessAborted(ahead ?? read(), ended);
    ahead = undefined;
    if (!page || ended.aborted) return;
    from = page.reached;
    if (page.events.length === request.limit) {
      ahead = read();
      // Heard when it is awaited; whoever leaves before that does not ask.
      ahead.catch(() => undefined);
    }
    if (page.events.length > 0) {
      yield page.events;
    } else {
      await listener.changed(seen, ended);
      // Nearly every hint is of an event that is not wanted: several are answered by one look.
      if (request.types) await pause(filteredPauseMs, ended);
    }
  }
}
