export * from './sample-incident.js';
