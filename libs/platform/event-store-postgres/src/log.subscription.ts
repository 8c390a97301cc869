import type { Position, RecordedEvent } from '@shaoying/event-store';
import { backoffMs, pause } from './backoff.js';
import type { LogListener } from './log.listener.js';
import type { LogReader } from './log.reader.js';
import type { Warn } from './log.connection.js';

const readBackoff = { baseMs: 50, maxMs: 5_000 };

export interface Following {
  readonly reader: LogReader;
  readonly listener: LogListener;
  readonly warn: Warn;
  readonly limit: number;
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
async function pageWhateverHappens(from: Position, { reader, warn, limit, ended }: Following) {
  for (let failures = 1; !ended.aborted; failures += 1) {
    try {
      return await reader.page(from, limit);
    } catch (error) {
      warn('a subscription cannot read and tries again', error);
      await pause(backoffMs(failures, readBackoff), ended);
    }
  }
  return [];
}

/**
 * Catch-up, then live. Each batch is read at the position after the last event handed out, so nothing is skipped,
 * repeated or reordered. While catching up, one batch is read ahead while the consumer works on the one before.
 */
export async function* follow(after: Position, following: Following): AsyncGenerator<RecordedEvent[]> {
  const { listener, limit, ended } = following;
  let from = after;
  let ahead: Promise<RecordedEvent[]> | undefined;
  while (!ended.aborted) {
    const seen = listener.generation;
    const batch = await unlessEnded(ahead ?? pageWhateverHappens(from, following), ended);
    ahead = undefined;
    if (!batch || ended.aborted) return;
    const last = batch.at(-1);
    if (last) {
      from = last.position;
      if (batch.length === limit) ahead = pageWhateverHappens(from, following);
      yield batch;
    } else {
      await listener.changed(seen, ended);
    }
  }
}
