import type { Position } from '@shaoying/event-store';

/** Thrown when a projection cannot be registered: bad name, bad version, or two that would share a schema. */
export class InvalidProjection extends Error {
  readonly code = 'INVALID_PROJECTION';
}

/** Thrown when a projection of that name is not registered with the engine. */
export class UnknownProjection extends Error {
  readonly code = 'UNKNOWN_PROJECTION';
  constructor(readonly projectionName: string) {
    super(`no projection is called ${projectionName}`);
  }
}

/**
 * Thrown inside the engine when the checkpoint is not where this instance left it: another instance has written, or a
 * rebuild has swapped the tables. Nothing was written; read the checkpoint again.
 */
export class CheckpointMoved extends Error {
  readonly code = 'CHECKPOINT_MOVED';
  constructor(readonly projectionName: string) {
    super(`the checkpoint of ${projectionName} was moved by someone else`);
  }
}

/** Thrown when one single event cannot be applied, however small the batch. */
export class PoisonEvent extends Error {
  readonly code = 'POISON_EVENT';
  constructor(
    readonly projectionName: string,
    readonly position: Position,
    readonly eventType: string,
    override readonly cause: unknown,
  ) {
    super(`${projectionName} cannot apply ${eventType} at position ${position}: ${messageOf(cause)}`);
  }
}

/** Thrown when a statement failed inside `apply` and was swallowed there: PostgreSQL has rolled the batch back. */
export class BatchRolledBack extends Error {
  readonly code = 'BATCH_ROLLED_BACK';
}

/** Thrown when another process is rebuilding the same projection. Watch its progress in the status instead. */
export class RebuildUnderWay extends Error {
  readonly code = 'REBUILD_UNDER_WAY';
  constructor(readonly projectionName: string) {
    super(`${projectionName} is being rebuilt by another process`);
  }
}

/** Thrown when a rebuild was ended by its caller before the swap. Nothing that readers see has changed. */
export class RebuildAborted extends Error {
  readonly code = 'REBUILD_ABORTED';
}

/** Thrown when more callers wait for read models than the gate accepts. Ask the caller to come back. */
export class TooManyWaiters extends Error {
  readonly code = 'TOO_MANY_WAITERS';
  constructor(readonly retryAfterSeconds = 1) {
    super('more requests wait for read models than are accepted');
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// 08 connection, 40 rolled back (deadlock, serialisation), 53 out of resources, 57P operator intervention,
// 58 I/O, 25P03 idle in a transaction (we were frozen), 25006 read-only server during a fail-over, 55P03 lock not available. Not 57014 (statement timeout): a batch
// that takes too long must be halved, not repeated.
const transientSqlStates = /^(08...|40...|53...|57P..|58...|25P03|25006|55P03)$/;
const transientCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'STORE_UNAVAILABLE',
]);
// pg raises these as plain errors without a code.
const transientMessages =
  /connection (terminated|ended|error)|client (was closed|has encountered)|not queryable|timeout expired|timeout exceeded|read timeout/i;

/** True when the same statement may succeed later without anyone's help: never the fault of an event. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return transientCodes.has(code) || transientSqlStates.test(code);
  return transientMessages.test(error.message);
}
