import type { IncidentEventType } from '@shaoying/incident-domain';
import { incidentCatalogue, incidentEventTypes, isIncidentEventType } from '../incident.catalogue.js';

type Data = Readonly<Record<string, unknown>>;

/** Data as its first version had it, by the types that have changed since. */
const firstVersions: Partial<Record<IncidentEventType, (data: Data) => Data>> = {
  SupervisionIssued: ({ dueAt: _dueAt, step: _step, ...data }) => data,
};

export const changedEventTypes: readonly IncidentEventType[] = incidentEventTypes.filter(
  (type) => incidentCatalogue[type].version > 1,
);

/** The event as the first release would have written it; types that never changed as they are. */
export function firstVersionOf<Event extends { type: string; schemaVersion: number; data: unknown }>(
  event: Event,
): Event {
  if (!isIncidentEventType(event.type) || !changedEventTypes.includes(event.type)) return event;
  const first = firstVersions[event.type];
  if (first === undefined) throw new Error(`say here what version 1 of ${event.type} was`);
  return { ...event, schemaVersion: 1, data: first(event.data as Data) };
}
