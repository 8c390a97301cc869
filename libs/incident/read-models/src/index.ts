import type { Projection } from '@shaoying/projections';
import { containment } from './containment/containment.projection.js';
import { departmentTasks } from './department-tasks/department-tasks.projection.js';
import { dispatchFeed } from './dispatch-feed/dispatch-feed.projection.js';
import { incidentFacts } from './incident-facts/incident-facts.projection.js';
import { incidentBoard } from './incident-board/incident-board.projection.js';
import { isForeignToIncidents } from './incident-rows.js';
import { openDeadlines } from './open-deadlines/open-deadlines.projection.js';

export * from './department-tasks/department-tasks.query.js';
export {
  OPEN_TASK_STATES,
  WORKLOAD_FIGURES,
  type OpenTaskState,
  type WorkloadDefinition,
  type WorkloadFigureName,
} from './department-tasks/workload-figures.js';
export {
  workloadDefinition,
  workloadDefinitions,
  workloadFigure,
  type WorkloadVersions,
} from './department-tasks/workload-formulas.js';
export type {
  ExplainedTask,
  ExplanationPlace,
  WorkloadExplanation,
  WorkloadOf,
} from './department-tasks/workload-explanation.js';
export {
  type LostTimeSum,
  type StreetWorkload,
  type Workload,
  type WorkloadFigures,
} from './department-tasks/workload.js';
export * from './dispatch-feed/dispatch-feed.query.js';
export { keptDispatchFeed } from './dispatch-feed/kept-dispatch-feed.js';
export * from './incident-board/incident-board.query.js';
export { fits, lastingPart } from './incident-board/view-filter.js';
export { evolveView, foldView } from './incident-board/evolve-view.js';
export * from './incident-board/incident-view.js';
export {
  isOverdue,
  pendingDeadlines,
  trafficLightOf,
  type TrafficLight,
} from './incident-board/view-clocks.js';
export * from './metrics/metric-definition.js';
export * from './metrics/metric-definitions.js';
export type { ExplainedPlace } from './metrics/metric-sql.js';
export type { MetricPart, MetricRow, Spread } from './metrics/metric-rows.js';
export * from './metrics/metrics.query.js';
export * from './open-deadlines/open-deadlines.query.js';
export * from './sql-reader.js';
export { containment, departmentTasks, dispatchFeed, incidentBoard, incidentFacts, openDeadlines };

/** Every read model of incidents. A new one is registered by a line here. */
export const incidentProjections: readonly Projection[] = [
  incidentBoard,
  departmentTasks,
  containment,
  incidentFacts,
  openDeadlines,
  dispatchFeed,
].map((projection) => ({ ...projection, alsoHandles: isForeignToIncidents }));
