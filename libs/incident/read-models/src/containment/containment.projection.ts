import type { IncidentEventType } from '@shaoying/incident-domain';
import type { Projection } from '@shaoying/projections';
import { incidentEntries, RowBatch } from '../incident-rows.js';

interface ClosureRow {
  incident_id: string;
  category: string;
  severity: string;
  estate_id: string | null;
  community_id: string | null;
  street_id: string | null;
  filed_at: string | null;
  closed_at: string | null;
  closed_known_at: string | null;
  closed_event_id: string | null;
  resolution_level: string | null;
}

const columns = [
  ...(['incident_id', 'category', 'severity', 'estate_id', 'community_id', 'street_id', 'filed_at'] as const),
  ...(['closed_at', 'closed_known_at', 'closed_event_id', 'resolution_level'] as const),
];

const eventTypes: IncidentEventType[] = ['IncidentReported', 'IncidentFiled', 'IncidentClosed'];

/** Each incident's last closing and the level it was resolved at: 小事不出小区、大事不出社区、群体事件不出街道. */
export const containment: Projection = {
  name: 'containment',
  version: 1,
  schema: `
    create table closures (
      incident_id      text primary key,
      category         text not null,
      severity         text not null,
      estate_id        text,
      community_id     text,
      street_id        text,
      filed_at         timestamptz,
      closed_at        timestamptz,
      closed_known_at  timestamptz,
      closed_event_id  text,
      resolution_level text
    );
    create index on closures (closed_at) where closed_at is not null;
  `,
  eventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const rows = await RowBatch.load<ClosureRow>(tx, 'closures', 'incident_id', entries);
    for (const entry of entries) {
      switch (entry.type) {
        case 'IncidentReported': {
          const { category, severity, place } = entry.data;
          rows.set({
            ...{ incident_id: entry.incidentId, category, severity, estate_id: place.estateId },
            ...{
              community_id: place.communityId,
              street_id: place.streetId,
              filed_at: null,
              closed_at: null,
            },
            ...{ closed_known_at: null, closed_event_id: null, resolution_level: null },
          });
          break;
        }
        case 'IncidentFiled':
          rows.patch(entry.incidentId, { filed_at: entry.occurredAt });
          break;
        case 'IncidentClosed':
          rows.patch(entry.incidentId, {
            closed_at: entry.occurredAt,
            closed_known_at: entry.recordedAt,
            closed_event_id: entry.eventId,
            resolution_level: entry.data.resolutionLevel,
          });
          break;
        default:
          break;
      }
    }
    await rows.save(columns);
  },
};
