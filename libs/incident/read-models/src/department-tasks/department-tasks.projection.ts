import type { IncidentEventType } from '@shaoying/incident-domain';
import type { Projection } from '@shaoying/projections';
import { incidentEntries } from '../incident-rows.js';
import { cataloguePublished, weightsPublished } from './category-weights.js';
import { changesTerms, TaskBatch } from './task-batch.js';
import { taskIndexes, taskTables } from './task-tables.js';

const eventTypes: IncidentEventType[] = [
  ...changesTerms,
  ...([
    'IncidentReported',
    'IncidentFiled',
    'WhistleBlown',
    'TaskAcknowledged',
    'DepartmentCheckedIn',
  ] as const),
  ...(['ReporterContacted', 'ProgressReported', 'TaskCompleted', 'TaskReleased'] as const),
  ...(['WhistleCancelled', 'IncidentWithdrawn', 'FeedbackRecorded', 'ScoreExcluded'] as const),
];

/**
 * Each department's tasks with the instants of their life, each instant beside the one at which the log learnt of it:
 * queue, workload and on-time rates at any moment are one query over it. A task has a row for each of its terms
 * (`TaskRow`); acts of every day are written without reading one. What its category weighs is what the catalogue says that the
 * incident was filed under.
 */
export const departmentTasks: Projection = {
  name: 'department-tasks',
  version: 15,
  schema: taskTables,
  indexes: taskIndexes,
  eventTypes: [...eventTypes, cataloguePublished],
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const batch = await TaskBatch.of(tx, entries, weightsPublished(events));
    for (const entry of entries) batch.fold(entry);
    await batch.write(tx);
  },
};
