import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../event-store.js';

/** An event that is valid in every field; name what matters to the test. */
export function sampleEvent(overrides: Partial<NewEvent> = {}): NewEvent {
  return {
    eventId: randomUUID(),
    type: 'IncidentReported',
    schemaVersion: 1,
    occurredAt: '2026-02-13T08:00:00.000Z',
    recordedAt: '2026-02-13T08:00:01.234Z',
    actor: { id: 'user-1', role: 'street-office', orgUnitId: 'st-jinhai' },
    correlationId: randomUUID(),
    causationId: randomUUID(),
    commandId: randomUUID(),
    data: { category: 'ROAD_DAMAGE' },
    ...overrides,
  };
}

export function sampleEvents(
  count: number,
  dataOf: (index: number) => unknown = (index) => ({ index }),
): NewEvent[] {
  return Array.from({ length: count }, (_, index) => sampleEvent({ data: dataOf(index) }));
}

/** A stream of its own for every test. */
export const sampleStreamId = (): string => `incident-${randomUUID()}`;
