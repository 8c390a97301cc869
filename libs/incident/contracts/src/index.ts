export * from './incident.schemas.js';
export * from './incident.catalogue.js';
export type { Upcaster } from './incident.upcasters.js';
export * from './call.record.js';
export * from './call.records.js';
