import type { EventStore, RecordedEvent } from '@shaoying/event-store';

/** What the fuzzing has been told of each request that may write. */
export interface Told {
  /** Answered with 2xx. */
  readonly accepted: boolean;
  /** The answer said that it had written something: a revision, a version, a position. */
  readonly wrote: boolean;
}

export interface Account {
  /** Events of requests that were refused, or of none at all. */
  readonly unasked: readonly string[];
  /** Requests that were told of an effect and left no event. */
  readonly missing: readonly string[];
  readonly events: number;
}

/** Compares what the log has got since `after` by these actors with what was acknowledged, by correlation ids. */
export async function accountOf(
  log: EventStore,
  after: string,
  told: ReadonlyMap<string, Told>,
  isOurs: (event: RecordedEvent) => boolean,
): Promise<Account> {
  const seen = new Set<string>();
  const unasked: string[] = [];
  let events = 0;
  for (let position = after; ;) {
    const page = await log.readAll(position, { limit: 1_000 });
    const last = page.at(-1);
    if (last === undefined) break;
    position = last.position;
    for (const event of page.filter(isOurs)) {
      events += 1;
      seen.add(event.correlationId);
      if (told.get(event.correlationId)?.accepted !== true) {
        unasked.push(`${event.type} at ${event.position} of ${event.correlationId}`);
      }
    }
  }
  const wrote = [...told].filter(([, { wrote }]) => wrote).map(([correlationId]) => correlationId);
  return { unasked, missing: wrote.filter((id) => !seen.has(id)), events };
}
