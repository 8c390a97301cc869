import type { Role } from '../principal.js';

/**
 * What a machine may act as. Not `admin`, so that a key never makes keys; not `arbitrator`, whose word is a person's; not
 * `resident`, who needs none.
 */
export const API_KEY_ROLES = [
  'department',
  'street-office',
  'community',
  'grid-worker',
  'supervision-centre',
  'callback',
  'oversight',
] as const satisfies readonly Role[];
export type ApiKeyRole = (typeof API_KEY_ROLES)[number];
