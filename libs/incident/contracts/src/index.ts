export * from './incident.schemas.js';
export * from './incident.catalogue.js';
export type { Upcaster } from './incident.upcasters.js';
export * from './call.record.js';
export * from './call.records.js';
export * from './dispatches/asyncapi.js';
export {
  dispatchCatalogue,
  dispatchNames,
  dispatchSchemaId,
  dispatchSchemaPath,
  dispatchType,
  isDispatchName,
  publishedDispatchSchema,
} from './dispatches/dispatch.catalogue.js';
export { dispatchSchemas, type DispatchData, type DispatchName } from './dispatches/dispatch.schemas.js';
