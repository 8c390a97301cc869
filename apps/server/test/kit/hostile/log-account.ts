import type { EventStore, RecordedEvent } from '@shaoying/event-store';

/** What the fuzzing has been told of each request that may write. */
export interface Told {
  /** Answered with 2xx. */
  readonly accepted: boolean;
  /** The answer said that it had written something: a revision, a version, a position. */
  readonly wrote: boolean;
  /** What was asked and answered, for who looks for an event or for its cause. */
  readonly what: string;
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
  const written = new Map<string, RecordedEvent[]>();
  for (let position = after; ;) {
    const page = await log.readAll(position, { limit: 1_000 });
    const last = page.at(-1);
    if (last === undefined) break;
    position = last.position;
    for (const event of page.filter(isOurs)) {
      const events = written.get(event.correlationId) ?? [];
      written.set(event.correlationId, [...events, event]);
    }
  }
  const refused = [...written].filter(([id, events]) => told.get(id)?.accepted !== true && !isUndone(events));
  const toldOf = (id: string): string => told.get(id)?.what ?? 'nobody asked';
  const missing = [...told].filter(([id, { wrote }]) => wrote && !written.has(id));
  return {
    unasked: refused.flatMap(([id, events]) => events.map(({ type }) => `${type} of ${id}: ${toldOf(id)}`)),
    missing: missing.map(([id]) => `${id}: ${toldOf(id)}`),
    events: [...written.values()].flat().length,
  };
}

/** A merge has two streams: refused at the second because of a request beside it, it takes back what it did to the first. */
function isUndone(events: readonly RecordedEvent[]): boolean {
  const types = events.map(({ type }) => type);
  return types[0] === 'DuplicateJoined' && types.at(-1) === 'DuplicateLeft';
}
