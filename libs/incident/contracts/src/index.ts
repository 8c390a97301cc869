export * from './incident.schemas.js';
export * from './incident.catalogue.js';
export type { Upcaster } from './incident.upcasters.js';
export * from './transfer.record.js';
