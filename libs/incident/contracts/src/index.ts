export * from './incident.schemas.js';
export * from './incident.catalogue.js';
