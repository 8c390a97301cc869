export * from './org-unit.js';
export * from './grid.js';
export * from './dispatch-catalogue.js';
export * from './deadline-policy.js';
export * from './escalation-ladder.js';
export * from './working-calendar.js';
