export type * from '@shaoying/jurisdiction-domain';
export {
  // The calculator's errors and the closed lists cross the border as well: controllers validate and answer with them.
  CalendarInvalid,
  CLOCK_ON_RETURN,
  COORDINATE_SYSTEMS,
  DEFAULT_HANDLING_RULES,
  DURATION_LIMITS,
  DURATION_UNITS,
  DurationInvalid,
  GRID_KINDS,
  InstantOutOfRange,
  isCalendarError,
  LADDER_CONSEQUENCES,
  METRIC_IDS,
  ORG_UNIT_KINDS,
  polygonsOf,
  SEVERITIES,
  SUPERVISION_LEVELS,
  TASK_ROLES,
  TIMER_KINDS,
  URGENCIES,
  WHISTLE_KINDS,
  WORKING_DAY_RULES,
} from '@shaoying/jurisdiction-domain';
export * from './jurisdiction-directory.js';
export * from './jurisdiction.errors.js';
export * from './jurisdiction.events.js';
export * from './jurisdiction.shapes.js';
export { parseShape, type Shape, type ShapeProblem, type ShapeResult } from './shape.js';
