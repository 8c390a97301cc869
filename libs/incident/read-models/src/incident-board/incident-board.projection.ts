import { incidentEventTypes } from '@shaoying/incident-contracts';
import type { Projection } from '@shaoying/projections';
import { incidentEntries, RowBatch } from '../incident-rows.js';
import { evolveView, pendingDeadlines, type IncidentView } from './incident-view.js';

interface BoardRow {
  incident_id: string;
  revision: number;
  state: string;
  category: string;
  severity: string;
  estate_id: string | null;
  community_id: string | null;
  street_id: string | null;
  department_ids: string[];
  receipt_hash: string;
  reported_at: string;
  next_due_at: string | null;
  description: string;
  doc: IncidentView;
}

const columns = [
  ...(['incident_id', 'revision', 'state', 'category', 'severity', 'estate_id', 'community_id'] as const),
  ...([
    'street_id',
    'department_ids',
    'receipt_hash',
    'reported_at',
    'next_due_at',
    'description',
    'doc',
  ] as const),
];

/** Every incident as it stands: one row with what listings filter by, and the whole view as a document. */
export const incidentBoard: Projection = {
  name: 'incident-board',
  version: 3,
  schema: `
    create table incidents (
      incident_id    text primary key,
      revision       integer not null,
      state          text not null,
      category       text not null,
      severity       text not null,
      estate_id      text,
      community_id   text,
      street_id      text,
      department_ids text[] not null,
      receipt_hash   text not null unique,
      reported_at    timestamptz not null,
      next_due_at    timestamptz,   -- of the soonest deadline that nothing has met
      description    text not null,
      doc            jsonb not null
    );
    create index on incidents (reported_at desc, incident_id desc);
    create index on incidents (street_id, reported_at desc, incident_id desc);
    create index on incidents (community_id, reported_at desc, incident_id desc);
    create index on incidents (state, reported_at desc, incident_id desc);
    create index on incidents (next_due_at) where next_due_at is not null;
    create index on incidents using gin (department_ids);
  `,
  eventTypes: incidentEventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const rows = await RowBatch.load<BoardRow>(tx, 'incidents', 'incident_id', entries);
    for (const entry of entries) {
      const row = rows.get(entry.incidentId);
      const doc = evolveView(row?.doc ?? null, entry);
      if (doc === null || (row !== undefined && entry.revision <= row.revision)) continue;
      const receiptHash =
        entry.type === 'IncidentReported' ? entry.data.receiptHash : (row?.receipt_hash ?? '');
      rows.set(rowOf(doc, receiptHash));
    }
    await rows.save(columns);
  },
};

function rowOf(doc: IncidentView, receiptHash: string): BoardRow {
  return {
    incident_id: doc.id,
    revision: doc.revision,
    state: doc.state,
    category: doc.category,
    severity: doc.severity,
    estate_id: doc.estateId,
    community_id: doc.communityId,
    street_id: doc.streetId,
    department_ids: [...new Set(doc.tasks.map((task) => task.departmentId))],
    receipt_hash: receiptHash,
    reported_at: doc.reportedAt,
    next_due_at: pendingDeadlines(doc)[0]?.dueAt ?? null,
    description: doc.description,
    doc,
  };
}
