import { randomUUID } from 'node:crypto';
import type { Actor, NewEvent, RecordedEvent } from '@shaoying/event-store';

export interface EventSketch<Data = unknown> {
  readonly streamId: string;
  readonly type: string;
  readonly data: Data;
  /** ISO 8601; default one minute after the event before. */
  readonly occurredAt?: string;
  /** Default: `occurredAt`. */
  readonly recordedAt?: string;
  readonly actor?: Actor;
  readonly schemaVersion?: number;
}

const firstInstant = Date.parse('2026-03-02T01:00:00.000Z');
const system: Actor = { id: 'system:test', role: 'system', orgUnitId: null };

/** As a handler would append it. Ids are new at each call. */
export function newEvent<Data>(
  type: string,
  data: Data,
  overrides: Partial<NewEvent<Data>> = {},
): NewEvent<Data> {
  const eventId = randomUUID();
  const occurredAt = overrides.occurredAt ?? new Date(firstInstant).toISOString();
  return {
    eventId,
    type,
    schemaVersion: 1,
    occurredAt,
    recordedAt: occurredAt,
    actor: system,
    correlationId: eventId,
    causationId: eventId,
    commandId: eventId,
    data,
    ...overrides,
  };
}

/** As the log gives them back: dense revisions per stream, positions from 1, one minute apart unless told. */
export function recordedEvents(sketches: readonly EventSketch[]): RecordedEvent[] {
  const revisions = new Map<string, number>();
  return sketches.map((sketch, index) => {
    const revision = (revisions.get(sketch.streamId) ?? -1) + 1;
    revisions.set(sketch.streamId, revision);
    const occurredAt = sketch.occurredAt ?? new Date(firstInstant + index * 60_000).toISOString();
    return {
      ...newEvent(sketch.type, sketch.data, { occurredAt, recordedAt: sketch.recordedAt ?? occurredAt }),
      actor: sketch.actor ?? system,
      schemaVersion: sketch.schemaVersion ?? 1,
      streamId: sketch.streamId,
      revision,
      position: String(index + 1),
    };
  });
}
