import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import type { Position } from '@shaoying/event-store';
import { sharedPb, streamsPb } from './eventstoredb.client.js';
import type { AppendReq, AppendResp, Connection, LogClient } from './eventstoredb.client.js';
import { exceptionOf, isMessageTooLarge, isServiceError, isTurnedAway, wasNeverSent } from './log.errors.js';
import { streamIdentifier, uuid } from './log.messages.js';
import type { ProposedEvent, WireRevision } from './log.messages.js';

/** One append as it goes over the wire; sent again with the very same ids when its outcome is unknown. */
export interface WireAppend {
  readonly streamId: string;
  readonly expected: WireRevision;
  readonly events: readonly ProposedEvent[];
}

/** What became of one attempt. */
export type Outcome =
  /** `position` of the last event; `undefined` where the server answers without. */
  | { readonly kind: 'written'; readonly revision: number; readonly position: Position | undefined }
  /** `actual` revision, -1 for no stream; `undefined` where the server does not say. */
  | { readonly kind: 'conflict'; readonly actual: number | undefined }
  | { readonly kind: 'too-large'; readonly message: string }
  /** The server will never take it: no right to write, a deleted stream, a malformed call. */
  | { readonly kind: 'refused'; readonly cause: Error }
  /** Nothing was written; another attempt, perhaps to another server, may succeed. */
  | { readonly kind: 'not-written'; readonly cause: Error }
  | { readonly kind: 'unknown'; readonly cause: Error };

/** Writes over one connection; never rejects. */
export interface AppendPath {
  send(append: WireAppend): Promise<Outcome>;
}

/** What a failed call means for the append it carried. */
export function outcomeOfFailure(cause: Error): Outcome {
  if (wasNeverSent(cause)) return { kind: 'not-written', cause };
  if (!isServiceError(cause)) return { kind: 'unknown', cause };
  if (isTurnedAway(cause)) return { kind: 'not-written', cause };
  return outcomeOfStatus(cause);
}

function actualIn({ metadata }: ServiceError): number | undefined {
  const actual = Number(metadata.get('actual-version')[0]?.toString() || NaN);
  return Number.isInteger(actual) ? Math.max(actual, -1) : undefined;
}

function outcomeOfStatus(cause: ServiceError): Outcome {
  switch (exceptionOf(cause)) {
    case 'wrong-expected-version':
      return { kind: 'conflict', actual: actualIn(cause) };
    case 'maximum-append-size-exceeded':
    case 'maximum-append-event-size-exceeded':
      return { kind: 'too-large', message: cause.details };
    case 'access-denied':
    case 'stream-deleted':
    case 'missing-required-metadata-property':
      return { kind: 'refused', cause };
  }
  if (isMessageTooLarge(cause)) return { kind: 'too-large', message: cause.details };
  switch (cause.code) {
    case status.PERMISSION_DENIED:
    case status.UNAUTHENTICATED:
    case status.INVALID_ARGUMENT:
    case status.UNIMPLEMENTED:
      return { kind: 'refused', cause };
    // ABORTED is the server's own time-out; CANCELLED, UNAVAILABLE, UNKNOWN and INTERNAL may come after the write.
    default:
      return { kind: 'unknown', cause };
  }
}

function headerFor({ streamId, expected }: WireAppend): AppendReq {
  const options = new streamsPb.AppendReq.Options().setStreamIdentifier(streamIdentifier(streamId));
  if (expected === 'none') options.setNoStream(new sharedPb.Empty());
  else options.setRevision(String(expected));
  return new streamsPb.AppendReq().setOptions(options);
}

function messageFor(event: ProposedEvent): AppendReq {
  const message = new streamsPb.AppendReq.ProposedMessage()
    .setId(uuid(event.nativeId))
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
  return new streamsPb.AppendReq().setProposedMessage(message);
}

function actualOf(
  conflict: NonNullable<ReturnType<AppendResp['getWrongExpectedVersion']>>,
): number | undefined {
  if (conflict.hasCurrentRevision()) return Number(conflict.getCurrentRevision());
  return conflict.hasCurrentNoStream() ? -1 : undefined;
}

function outcomeOfAnswer(answer: AppendResp): Outcome {
  const conflict = answer.getWrongExpectedVersion();
  if (conflict) return { kind: 'conflict', actual: actualOf(conflict) };
  const success = answer.getSuccess();
  if (!success) return { kind: 'unknown', cause: new Error('the event log answered an append with nothing') };
  const position = success.getPosition()?.getCommitPosition();
  return { kind: 'written', revision: Number(success.getCurrentRevision()), position };
}

/** One call per append: for servers without batch append (before 21.10). */
export class PlainAppendPath implements AppendPath {
  constructor(
    private readonly client: LogClient,
    private readonly connection: Connection,
    private readonly deadlineMs: number,
    private readonly ended: AbortSignal,
  ) {}

  send(append: WireAppend): Promise<Outcome> {
    return new Promise((resolve) => {
      const [metadata, options] = this.client.callArguments(this.deadlineMs, true);
      const call = this.connection.streams.append(metadata, options, (error, answer) => {
        this.ended.removeEventListener('abort', cancel);
        if (error) void this.client.noteFailure(this.connection, error);
        resolve(error ? outcomeOfFailure(error) : outcomeOfAnswer(answer));
      });
      const cancel = (): void => call.cancel();
      this.ended.addEventListener('abort', cancel);
      // A stream that fails says so here and in the callback; without a listener the process would end.
      call.on('error', () => undefined);
      call.write(headerFor(append));
      for (const event of append.events) call.write(messageFor(event));
      call.end();
    });
  }
}
