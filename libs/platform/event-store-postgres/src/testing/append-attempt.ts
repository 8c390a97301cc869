import { isEventStoreError } from '@shaoying/event-store';
import type { EventStore, ExpectedRevision, NewEvent } from '@shaoying/event-store';

/** One append as its writer means it, whoever sends it, and however often. */
export interface Attempt {
  readonly streamId: string;
  readonly expected: ExpectedRevision;
  /** At least one; the first of them is the attempt's own name. */
  readonly eventIds: readonly string[];
}

export type Answer =
  | { readonly kind: 'written'; readonly revision: number; readonly duplicate: boolean }
  | { readonly kind: 'conflict'; readonly actual: number };

/** What a writer says of an attempt: before it is sent, and once it is answered. */
export type Utterance = { readonly tries: Attempt } | { readonly answered: string; readonly answer: Answer };

/** What a writer begins with: what those before it left. */
export interface Orders {
  /** Attempts that nobody has been answered: sent first, as they were. */
  readonly unanswered: readonly Attempt[];
  /** By stream the revision of the last event that was acknowledged. */
  readonly revisions: Readonly<Record<string, number>>;
  /** Streams that were begun as such that must not exist yet, by names with numbers. */
  readonly begun: number;
}

/** Sends an attempt, the same events each time. @throws whatever else than a conflict the log answers */
export async function send(store: EventStore, { streamId, expected, eventIds }: Attempt): Promise<Answer> {
  try {
    const { revision, duplicate } = await store.append(streamId, expected, eventIds.map(eventOf));
    return { kind: 'written', revision, duplicate };
  } catch (error) {
    if (!isEventStoreError(error) || error.code !== 'REVISION_CONFLICT') throw error;
    return { kind: 'conflict', actual: error.actual };
  }
}

function eventOf(eventId: string): NewEvent {
  const instant = '2026-02-13T08:00:00.000Z';
  return {
    eventId,
    type: 'IncidentReported',
    schemaVersion: 1,
    occurredAt: instant,
    recordedAt: instant,
    actor: { id: 'system:test', role: 'system', orgUnitId: null },
    correlationId: 'c',
    causationId: 'c',
    commandId: 'c',
    data: { of: eventId },
  };
}
