export * from './projection.js';
export * from './projections.errors.js';
export {
  type ProjectionEngineOptions,
  type ProjectionLog,
  type ProjectionStatus,
  ProjectionEngine,
} from './projection-engine.js';
export type { Activity } from './projection-runner.js';
export type { RebuildOptions, RebuildProgress } from './rebuild.js';
export { type ReadModelGateOptions, ReadModelGate } from './read-model-gate.js';
