export { applyHandled, isHandled } from './batch.js';
export { copyRows } from './copied-rows.js';
export * from './projection.js';
export * from './projections.errors.js';
export {
  type Answering,
  type ProjectionEngineOptions,
  type ProjectionLog,
  type SkippedByAll,
  ProjectionEngine,
} from './projection-engine.js';
export { type ReadEvent, asPage, isUnreadable } from './read-event.js';
export type { ProjectionStatus } from './projection-status.js';
export type { Activity } from './projection-runner.js';
export type {
  RebuildBeginning,
  RebuildOptions,
  RebuildOutcome,
  RebuildPhase,
  RebuildProgress,
  ThrownAwayFor,
} from './rebuild.js';
export {
  type SkippedEvent,
  decodeSkippedEvent,
  EVENT_SKIPPED,
  projectionCatalogue,
  skipsOf,
} from './skipped-events.js';
export { isSame, type TableComparison, type TableShape } from './table-comparison.js';
export { versionMark } from './version-mark.js';
export { type ReadModelGateOptions, ReadModelGate } from './read-model-gate.js';
