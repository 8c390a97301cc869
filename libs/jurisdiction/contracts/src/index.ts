export type * from '@shaoying/jurisdiction-domain';
export * from './jurisdiction-directory.js';
export * from './jurisdiction.errors.js';
