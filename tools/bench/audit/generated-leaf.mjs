import { hash } from 'node:crypto';

/** Of a generated tree: the hash of its number, not of an event. */
export const leafHash = (index) => hash('sha256', String(index), 'buffer');
