import type { IncidentEventType } from '@shaoying/incident-domain';
import type { Projection } from '@shaoying/projections';
import { Drafts, incidentEntries, merging, RowStatement, wholeRow, type RowShape } from '../incident-rows.js';

interface ClosureRow {
  readonly incident_id: string;
  readonly category: string;
  readonly severity: string;
  readonly estate_id: string | null;
  readonly community_id: string | null;
  readonly street_id: string | null;
  readonly closed_at: string | null;
  readonly closed_known_at: string | null;
  readonly closed_event_id: string | null;
  readonly resolution_level: string | null;
}

type Closing = Pick<
  ClosureRow,
  'incident_id' | 'closed_at' | 'closed_known_at' | 'closed_event_id' | 'resolution_level'
>;

const closingShape: RowShape<Closing> = {
  incident_id: 'text',
  closed_at: 'timestamptz',
  closed_known_at: 'timestamptz',
  closed_event_id: 'text',
  resolution_level: 'text',
};
const closureShape: RowShape<ClosureRow> = {
  ...closingShape,
  ...{ category: 'text', severity: 'text', estate_id: 'text', community_id: 'text', street_id: 'text' },
};

const insertClosures = merging('closures', {
  ...{ shape: closureShape, key: ['incident_id'], overwritten: wholeRow(closureShape) },
});
const close = new RowStatement<Closing>(
  closingShape,
  (rows) => `update closures c set closed_at = u.closed_at, closed_known_at = u.closed_known_at,
      closed_event_id = u.closed_event_id, resolution_level = u.resolution_level
    from ${rows} where c.incident_id = u.incident_id`,
);

const eventTypes: IncidentEventType[] = ['IncidentReported', 'IncidentClosed'];

/** Each incident's last closing and the level it was resolved at: 小事不出小区、大事不出社区、群体事件不出街道. */
export const containment: Projection = {
  name: 'containment',
  version: 2,
  schema: `
    create table closures (
      incident_id      text primary key,
      category         text not null,
      severity         text not null,
      estate_id        text,
      community_id     text,
      street_id        text,
      closed_at        timestamptz,
      closed_known_at  timestamptz,
      closed_event_id  text,
      resolution_level text
    );
    create index on closures (closed_at) where closed_at is not null;
  `,
  eventTypes,
  async apply(events, tx) {
    const closures = new Drafts<ClosureRow, Closing>();
    for (const entry of incidentEntries(events)) {
      const { incidentId } = entry;
      if (entry.type === 'IncidentReported') {
        const { category, severity, place } = entry.data;
        closures.begin(incidentId, {
          ...{ incident_id: incidentId, category, severity, estate_id: place.estateId },
          ...{ community_id: place.communityId, street_id: place.streetId },
          ...{ closed_at: null, closed_known_at: null, closed_event_id: null, resolution_level: null },
        });
      } else if (entry.type === 'IncidentClosed') {
        const closing = {
          ...{ incident_id: incidentId, closed_at: entry.occurredAt, closed_known_at: entry.recordedAt },
          ...{ closed_event_id: entry.eventId, resolution_level: entry.data.resolutionLevel },
        };
        closures.change(incidentId, closing, closing);
      }
    }
    await insertClosures.run(tx, closures.rows);
    await close.run(tx, closures.changes);
  },
};
