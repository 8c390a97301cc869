export * from './incident.events.js';
export * from './incident.state.js';
export * from './incident.evolve.js';
export * from './incident.clocks.js';
export * from './incident.commands.js';
export * from './incident.refusals.js';
export type { Decision } from './decider/decision.js';
export { mismatchesOf } from './decider/evidence.js';
export * from './incident.decider.js';
