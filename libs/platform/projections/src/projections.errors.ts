import { type Position, isEventStoreError } from '@shaoying/event-store';
import { isPassing } from '@shaoying/postgres';

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

/**
 * Thrown when the statement that moves a checkpoint failed, before anything of a batch was done: somebody held its row for
 * longer than a statement may take, say. Whatever it is, no event is at fault.
 */
export class CheckpointUnmoved extends Error {
  readonly code = 'CHECKPOINT_UNMOVED';
  constructor(
    readonly projectionName: string,
    override readonly cause: unknown,
  ) {
    super(`the checkpoint of ${projectionName} could not be moved: ${messageOf(cause)}`);
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

/** Thrown when there are no tables that were replaced: none ever were, or they have been dropped since. */
export class NothingRetired extends Error {
  readonly code = 'NOTHING_RETIRED';
  constructor(readonly projectionName: string) {
    super(`no tables of ${projectionName} are kept that served before`);
  }
}

/** Thrown when neither a projection nor a rebuild of it is stopped at the event that it is told to pass by. */
export class NotStoppedThere extends Error {
  readonly code = 'NOT_STOPPED_THERE';
  constructor(
    readonly projectionName: string,
    /** Where it is stopped. */
    readonly stoppedAt: Position | null,
    /** Where a rebuild of it is stopped. */
    readonly rebuildStoppedAt: Position | null = null,
  ) {
    const places = [
      ...(stoppedAt === null ? [] : [`but at position ${stoppedAt}`]),
      ...(rebuildStoppedAt === null ? [] : [`its rebuild at position ${rebuildStoppedAt}`]),
    ];
    super([`${projectionName} is not stopped at that event`, ...places].join(', '));
  }
}

/** Thrown when no projection, nor any rebuild, is stopped at the event that all are told to pass by. */
export class NoneStoppedThere extends Error {
  readonly code = 'NOT_STOPPED_THERE';
  constructor(readonly position: Position) {
    super(`no read model is stopped at position ${position}`);
  }
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

/** PostgreSQL's: cancelled, as by `statement_timeout`. */
const cancelled = '57014';

/**
 * True when the same batch may succeed later without anyone's help: never the fault of an event. A statement that took
 * too long (57014) is not transient: its batch must be halved, not repeated. Unless it was the one that moves the
 * checkpoint: that takes as long for any batch.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof CheckpointUnmoved)
    return isTransient(error.cause) || Object(error.cause).code === cancelled;
  return isPassing(error) || isEventStoreAway(error);
}

/** Of the log, which a rebuild reads in the middle of its swap. */
function isEventStoreAway(error: unknown): boolean {
  return isEventStoreError(error) && (error.code === 'STORE_UNAVAILABLE' || error.code === 'OVERLOADED');
}
