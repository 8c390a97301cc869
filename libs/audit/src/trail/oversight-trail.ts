import { uuidV7, type Clock } from '@shaoying/config';
import type { Actor, EventStore, NewEvent, Position } from '@shaoying/event-store';
import { fitsOversightSchema, oversightCatalogue, type OversightEvent } from './oversight.events.js';

/** Thrown when an event of the trail does not fit its schema: nothing is told then. */
export class InvalidOversightEvent extends Error {
  readonly code = 'INVALID_EVENT_DATA';
  constructor(type: string) {
    super(`data of ${type} does not fit its schema`);
  }
}

/** Who asks, and under which correlation id. */
export interface OversightCaller {
  readonly actor: Actor;
  readonly correlationId: string;
}

/**
 * Oversight's own trail: one stream per day (UTC), so that none grows beyond what is read at once. Whoever answers
 * records first: what cannot be put on record is not told.
 */
export class OversightTrail {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** @returns where it stands @throws InvalidOversightEvent, and what the store throws */
  async record({ actor, correlationId }: OversightCaller, { type, data }: OversightEvent): Promise<Position> {
    if (!fitsOversightSchema(type, data)) throw new InvalidOversightEvent(type);
    const now = this.clock.now().toISOString();
    const id = uuidV7(this.clock);
    const event: NewEvent = {
      ...{ eventId: id, type, schemaVersion: oversightCatalogue[type].version },
      ...{ occurredAt: now, recordedAt: now, actor, correlationId, causationId: id, commandId: id, data },
    };
    return (await this.store.append(oversightStreamId(now), 'any', [event])).position;
  }
}

/** The stream of the day that an instant lies in. */
export const oversightStreamId = (instant: string): string => `oversight-${instant.slice(0, 10)}`;
