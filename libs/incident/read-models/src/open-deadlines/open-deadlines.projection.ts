import type { Projection } from '@shaoying/projections';
import { alarmAt, DeadlineBatch, deadlineEventTypes, deadlinesTable } from '../deadline-rows.js';
import { incidentEntries, merging } from '../incident-rows.js';

const insertImported = merging<{ readonly incident_id: string }>('imported', {
  ...{ shape: { incident_id: 'text' }, key: ['incident_id'] },
});

/**
 * The truth about what is still due; the alarm clock only wakes for it. Deadlines of imported cases are not in it: no
 * timer fires for a past in which this system was not there.
 */
export const openDeadlines: Projection = {
  name: 'open-deadlines',
  version: 4,
  schema: `
    create table imported (incident_id text primary key);
    ${deadlinesTable(`alarm_at timestamptz generated always as (${alarmAt}) stored`)}
    create index on deadlines (alarm_at, deadline_id) where alarm_at is not null;
    create index on deadlines (deadline_id);
  `,
  eventTypes: deadlineEventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const batch = await DeadlineBatch.of(tx, entries);
    const imported: { incident_id: string }[] = [];
    for (const entry of entries) {
      if (entry.type === 'IncidentReported' && entry.data.imported)
        imported.push({ incident_id: entry.incidentId });
      batch.fold(entry);
    }
    await insertImported.run(tx, imported);
    await batch.write(tx, 'NOT_IMPORTED');
  },
};
