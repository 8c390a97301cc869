import { randomUUID } from 'node:crypto';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { sharedPb, streamsPb } from './eventstoredb.client.js';
import type {
  BatchAppendReq,
  BatchAppendResp,
  Connection,
  LogClient,
  StatusMessage,
} from './eventstoredb.client.js';
import { outcomeOfFailure } from './append.call.js';
import type { AppendPath, Outcome, WireAppend } from './append.call.js';
import { wasNeverSent } from './log.errors.js';
import { streamIdentifier, uuid, uuidText } from './log.messages.js';
import type { ProposedEvent } from './log.messages.js';

type BatchStream = ClientDuplexStream<BatchAppendReq, BatchAppendResp>;

interface Pending {
  readonly settle: (outcome: Outcome) => void;
  readonly timer: NodeJS.Timeout;
}

/** A message grows to this many bytes of events before the next is begun; servers take 16 MiB. */
const messageBytesMax = 1024 * 1024;

/** Details of an error in an answer, by their protobuf names. */
const details = 'event_store.client.';

function actualIn(error: StatusMessage | undefined): number | undefined {
  const unpacked = error
    ?.getDetails()
    ?.unpack(sharedPb.WrongExpectedVersion.deserializeBinary, `${details}WrongExpectedVersion`);
  if (unpacked?.hasCurrentStreamRevision()) return Number(unpacked.getCurrentStreamRevision());
  return unpacked?.hasCurrentNoStream() ? -1 : undefined;
}

function outcomeOfAnswer(answer: BatchAppendResp): Outcome {
  const success = answer.getSuccess();
  if (success) {
    const position = success.getPosition()?.getCommitPosition();
    return { kind: 'written', revision: Number(success.getCurrentRevision()), position };
  }
  const error = answer.getError();
  const name = error?.getDetails()?.getTypeName() ?? '';
  const cause = new Error(
    `the event log refused an append: ${error?.getMessage() || name || 'no reason given'}`,
  );
  switch (name.slice(details.length)) {
    case 'WrongExpectedVersion':
      return { kind: 'conflict', actual: actualIn(error) };
    case 'MaximumAppendSizeExceeded':
    case 'MaximumAppendEventSizeExceeded':
      return { kind: 'too-large', message: cause.message };
    case 'AccessDenied':
    case 'StreamDeleted':
    case 'BadRequest':
    case 'InvalidTransaction':
      return { kind: 'refused', cause };
  }
  // Not ready, busy, or not the leader: the details are `google.protobuf.Empty`. Anything else may be written.
  const kind = name === 'google.protobuf.Empty' ? 'not-written' : 'unknown';
  return { kind, cause };
}

function* requestsFor(append: WireAppend, correlationId: string): Generator<BatchAppendReq> {
  const begin = (): BatchAppendReq => new streamsPb.BatchAppendReq().setCorrelationId(uuid(correlationId));
  let request = begin().setOptions(optionsFor(append));
  let bytes = 0;
  for (const event of append.events) {
    const eventBytes = event.data.length + event.metadata.length;
    if (bytes > 0 && bytes + eventBytes > messageBytesMax) {
      yield request;
      request = begin();
      bytes = 0;
    }
    request.addProposedMessages(messageFor(event));
    bytes += eventBytes;
  }
  yield request.setIsFinal(true);
}

/**
 * Without a deadline, which would be an instant of our clock judged by the server's: one that is some seconds ahead would
 * let no append pass, ever. It gives up by itself after its write time-out, which it never exceeds anyway.
 */
function optionsFor({ streamId, expected }: WireAppend) {
  const options = new streamsPb.BatchAppendReq.Options().setStreamIdentifier(streamIdentifier(streamId));
  return expected === 'none'
    ? options.setNoStream(new emptyPb.Empty())
    : options.setStreamPosition(String(expected));
}

function messageFor(event: ProposedEvent) {
  const message = new streamsPb.BatchAppendReq.ProposedMessage()
    .setId(uuid(event.nativeId))
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
  return message;
}

/** One duplex stream and the appends it carries. */
class BatchCall {
  private readonly pending = new Map<string, Pending>();
  private readonly stream: BatchStream;
  private retired = false;
  private answered = false;

  constructor(
    client: LogClient,
    connection: Connection,
    private readonly deadlineMs: number,
    private readonly onRetired: () => void,
  ) {
    this.stream = connection.streams.batchAppend(...client.callArguments(Infinity, true));
    this.stream.on('data', (answer: BatchAppendResp) => this.settle(answer));
    this.stream.on('error', (error: Error) => {
      void client.noteFailure(connection, error);
      this.fail(error);
    });
    this.stream.on('end', () => this.fail(new Error('the event log ended the stream of appends')));
  }

  send(append: WireAppend): Promise<Outcome> {
    return new Promise((resolve) => {
      const correlationId = randomUUID();
      const timer = setTimeout(() => {
        this.pending.delete(correlationId);
        resolve({ kind: 'unknown', cause: new Error(`no answer to an append within ${this.deadlineMs} ms`) });
        this.retire();
      }, this.deadlineMs);
      this.pending.set(correlationId, { settle: resolve, timer });
      // Not awaited: what waits in the stream's buffer is bounded by the appends in flight (append.writer.ts).
      for (const request of requestsFor(append, correlationId)) this.stream.write(request);
    });
  }

  /** What is still unanswered is cancelled and its outcome unknown. */
  cancel(): void {
    this.stream.cancel();
  }

  private settle(answer: BatchAppendResp): void {
    this.answered = true;
    const correlationId = uuidText(answer.getCorrelationId());
    const pending = this.pending.get(correlationId);
    // An answer later than our patience: the append has been given up as unknown and is being settled another way.
    if (!pending) return;
    this.pending.delete(correlationId);
    clearTimeout(pending.timer);
    pending.settle(outcomeOfAnswer(answer));
    this.cancelWhenIdle();
  }

  private fail(error: Error): void {
    this.retire();
    const outcome = this.outcomeOf(error);
    for (const { settle, timer } of this.pending.values()) {
      clearTimeout(timer);
      settle(outcome);
    }
    this.pending.clear();
  }

  /**
   * A call that ends, ends for all it carries: where the server ends it because it no longer leads and cannot take the
   * last of them, those before may be written. What never left is not, nor what was refused with the call itself.
   */
  private outcomeOf(cause: Error): Outcome {
    const outcome = outcomeOfFailure(cause);
    const refused = outcome.kind === 'refused' && !this.answered;
    return wasNeverSent(cause) || refused ? outcome : { kind: 'unknown', cause };
  }

  private retire(): void {
    if (!this.retired) this.onRetired();
    this.retired = true;
    this.cancelWhenIdle();
  }

  private cancelWhenIdle(): void {
    if (this.retired && this.pending.size === 0) this.stream.cancel();
  }
}

/**
 * All appends of a connection over one duplex stream, answered by correlation id in any order. A stream that fails, ends
 * or leaves an append unanswered beyond the deadline is replaced for those who come after; what a failed one carried has
 * an unknown outcome, which is not the same as a failed append.
 */
export class BatchAppendPath implements AppendPath {
  private call: BatchCall | undefined;

  constructor(
    private readonly client: LogClient,
    private readonly connection: Connection,
    private readonly deadlineMs: number,
    private readonly ended: AbortSignal,
  ) {}

  send(append: WireAppend): Promise<Outcome> {
    return this.open().send(append);
  }

  private open(): BatchCall {
    if (this.call) return this.call;
    const cancel = (): void => call.cancel();
    const call: BatchCall = new BatchCall(this.client, this.connection, this.deadlineMs, () => {
      this.ended.removeEventListener('abort', cancel);
      if (this.call === call) this.call = undefined;
    });
    this.ended.addEventListener('abort', cancel);
    this.call = call;
    return call;
  }
}
