import { StoreUnavailable } from '@shaoying/event-store';
import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';

/** Hears what an operator should know but no caller can act upon: a lost connection, an event that is not ours. */
export type Warn = (message: string, cause?: unknown) => void;

/** True for an error that came with a gRPC status, from the server or from the transport below the call. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number';
}

/** The server's own name for what is wrong, such as `wrong-expected-version`, where it gives one. */
export function exceptionOf(error: ServiceError): string | undefined {
  return error.metadata?.get('exception')[0]?.toString();
}

export const isUnimplemented = (error: ServiceError): boolean => error.code === status.UNIMPLEMENTED;

/**
 * True when the call certainly never left this process, in the words of grpc-js: it fails a call at once while a
 * connection cannot be made. Any other failure of the transport may have come after the server had the whole call.
 */
export function wasNeverSent(error: unknown): boolean {
  if (!isServiceError(error)) return error instanceof StoreUnavailable;
  return (
    error.code === status.UNAVAILABLE &&
    /^(No connection established|Name resolution failed|Channel closed before call started)/.test(
      error.details,
    )
  );
}

/** True when the server answered that it, or the whole cluster, cannot take the call now: nothing was written. */
export function isTurnedAway(error: ServiceError): boolean {
  return (
    exceptionOf(error) === 'not-leader' ||
    /^(No leader info available|Server Is (Not Ready|Busy|Too Busy))/.test(error.details)
  );
}

/** True when a position is no place of an event in this log: it belongs to another log. */
export function isInvalidPosition(error: unknown): boolean {
  if (!isServiceError(error)) return false;
  if (error.code === status.INVALID_ARGUMENT) return /invalid position/i.test(error.details);
  // A filtered read says it in other words than a plain one; reading amid a record may fail in any way.
  return error.code === status.UNKNOWN && /^Unexpected (Filtered)?ReadAllResult/.test(error.details);
}

/** True when a message is larger than the server, or this process, reads at all; its own limits say so otherwise. */
export const isMessageTooLarge = ({ code, details }: ServiceError): boolean =>
  code === status.RESOURCE_EXHAUSTED && /larger than max|exceeds the max/i.test(details);

export const isStreamDeleted = (error: unknown): boolean =>
  isServiceError(error) && exceptionOf(error) === 'stream-deleted';
