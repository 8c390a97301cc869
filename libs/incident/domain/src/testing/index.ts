export * from './sample-incident.js';
export * from './random-incidents.js';
