import { createHash } from 'node:crypto';
import type { Projection } from './projection.js';

/**
 * What tells shadow tables that another process has left whether they are what this one would have made: tables, indexes, types
 * of events and settings, and the instant at which these very ones were begun. That instant is a part of it because a release that knows
 * nothing of definitions leaves the one before in its row. The code of `apply` is not: of that speaks the version.
 */
export function definitionOf(
  { schema, indexes, completion, eventTypes, madeBy }: Projection,
  startedAt: Date,
): string {
  const parts = [schema, indexes, completion, eventTypes, madeBy, startedAt.toISOString()];
  return createHash('sha256')
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest('hex');
}
