export * from './event-sourced-jurisdiction-directory.js';
export { toWgs84 } from './geometry/grid-geometry.js';
export * from './jurisdiction.errors.js';
export * from './jurisdiction-publisher.js';
export type { JurisdictionDocuments, Unversioned } from './jurisdiction-documents.js';
export { FILE_CHARS_MAX, FILE_FORMAT, readJurisdictionFile } from './jurisdiction-file.js';
export { DEFAULT_ID, PublishedJurisdiction } from './published-jurisdiction.js';
export { EVERY_DAY_SOURCE, everyDayYear, STATUTORY_SOURCE, statutoryYear } from './statutory-calendar.js';
export { jurisdictionFromFile } from './jurisdiction-from-file.js';
