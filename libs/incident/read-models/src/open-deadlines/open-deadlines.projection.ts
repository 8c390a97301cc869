import type { Projection } from '@shaoying/projections';
import { DeadlineBatch, deadlineEventTypes } from '../deadline-batch.js';
import { alarmAt, deadlinesTable } from '../deadline-rows.js';
import { incidentEntries } from '../incident-rows.js';

/**
 * The truth about what is still due; the alarm clock only wakes for it. Nothing is due by a deadline that came with an
 * imported case: no timer fires for a past in which this system was not there.
 */
export const openDeadlines: Projection = {
  name: 'open-deadlines',
  version: 8,
  // Whatever is due is judged by its incident's events; alarms must not wait until an upgrade's rebuild is done.
  readableFrom: 1,
  schema: `
    ${deadlinesTable(`alarm_at timestamptz generated always as (${alarmAt}) stored`)}
  `,
  indexes: `
    create index if not exists deadlines_by_alarm on deadlines (alarm_at, deadline_id) where alarm_at is not null;
    create index if not exists deadlines_by_id on deadlines (deadline_id);
    create index if not exists deadlines_provisional on deadlines (incident_id) where provisional;
  `,
  eventTypes: deadlineEventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const batch = await DeadlineBatch.of(tx, entries, 'HELD');
    for (const entry of entries) batch.fold(entry);
    await batch.write(tx);
  },
};
