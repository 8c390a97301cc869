import type { CsvColumns } from '@shaoying/http';
import type { Difference } from '@shaoying/incident-application';

/** A difference, and the simulation that it is of: under other rules it would be another one. */
interface TabledDifference {
  readonly simulationId: string;
  readonly difference: Difference;
}

export const differenceRows = (simulationId: string, items: readonly Difference[]): TabledDifference[] =>
  items.map((difference) => ({ simulationId, difference }));

/** What would have been otherwise, one by one, with the events that it is found by. */
export const differenceColumns: CsvColumns<TabledDifference> = {
  simulationId: ({ simulationId }) => simulationId,
  kind: ({ difference }) => difference.kind,
  incidentId: ({ difference }) => difference.incidentId,
  taskId: ({ difference }) => difference.taskId,
  unitId: ({ difference }) => difference.unitId,
  timer: ({ difference }) => difference.timer,
  stage: ({ difference }) => difference.stage,
  deadlineId: ({ difference }) => difference.deadlineId,
  level: ({ difference }) => difference.level,
  metric: ({ difference }) => difference.metric,
  recordedDueAt: ({ difference }) => difference.recorded.dueAt,
  recordedOutcome: ({ difference }) => difference.recorded.outcome,
  simulatedDueAt: ({ difference }) => difference.simulated.dueAt,
  simulatedOutcome: ({ difference }) => difference.simulated.outcome,
  change: ({ difference }) => difference.change,
  denominatorChange: ({ difference }) => difference.denominatorChange,
  cause: ({ difference }) => difference.cause,
  events: ({ difference }) => difference.events.map(({ type, eventId }) => `${type}:${eventId}`).join(' '),
};
