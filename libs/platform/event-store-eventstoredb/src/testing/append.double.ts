import { Buffer } from 'node:buffer';
import { Metadata, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerDuplexStream, ServerReadableStream, ServiceError } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { sharedPb, statusPb, streamsPb } from '../eventstoredb.client.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  StatusMessage,
} from '../eventstoredb.client.js';
import { uuidText } from '../log.messages.js';
import type { Appended, ExpectedVersion, ProposedRecord } from './log.double.js';
import type { LogServerDouble } from './log-server.double.js';

/** What both ways of appending come down to. `undefined`: the server stays silent. */
type Answer = Exclude<Appended, { kind: 'dropped' }> | { readonly kind: 'too-large' } | undefined;

interface Request {
  streamId: string;
  expected: ExpectedVersion;
  readonly events: ProposedRecord[];
}

export function serviceError(
  code: status,
  details: string,
  metadata: Record<string, string> = {},
): ServiceError {
  const trailers = new Metadata();
  for (const [key, value] of Object.entries(metadata)) trailers.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata: trailers });
}

const sizeOnDisk = ({ type, data, metadata }: ProposedRecord): number =>
  data.length + metadata.length + 2 * type.length;

const streamNameOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

function recordOf(
  message: InstanceType<
    typeof streamsPb.AppendReq.ProposedMessage | typeof streamsPb.BatchAppendReq.ProposedMessage
  >,
): ProposedRecord {
  return {
    id: uuidText(message.getId()),
    type: message.getMetadataMap().get('type') ?? '',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

async function decide(server: LogServerDouble, { streamId, expected, events }: Request): Promise<Answer> {
  const { faults, log } = server;
  const size = events.reduce((sum, event) => sum + sizeOnDisk(event), 0);
  if (size > server.maxAppendSize) return { kind: 'too-large' };
  if (faults.ignoresAppends > 0) {
    faults.ignoresAppends -= 1;
    return undefined;
  }
  server.appends += 1;
  const appended = await log.append(streamId, expected, events);
  if (faults.losesAnswers > 0) {
    faults.losesAnswers -= 1;
    return undefined;
  }
  return appended.kind === 'dropped' ? undefined : appended;
}

/** Append: a call of its own, answered once. */
export function plainAppend(
  server: LogServerDouble,
  call: ServerReadableStream<AppendReq, AppendResp>,
  answer: sendUnaryData<AppendResp>,
): void {
  const request: Request = { streamId: '', expected: 'any', events: [] };
  call.on('data', (message: AppendReq) => {
    const options = message.getOptions();
    if (options) {
      request.streamId = streamNameOf(options.getStreamIdentifier()?.getStreamName_asU8());
      request.expected = options.hasRevision()
        ? BigInt(options.getRevision())
        : options.hasNoStream()
          ? 'no-stream'
          : options.hasStreamExists()
            ? 'stream-exists'
            : 'any';
    }
    const proposed = message.getProposedMessage();
    if (proposed) request.events.push(recordOf(proposed));
  });
  call.on('error', () => undefined);
  call.on('end', () => {
    const refusal = server.refusalOf(call.metadata);
    if (refusal) return answer(refusal);
    void decide(server, request).then((decided) => {
      if (!decided) return;
      if (decided.kind === 'too-large') return answer(tooLargeError(server));
      answer(null, plainAnswer(server, request, decided));
    });
  });
}

const tooLargeError = (server: LogServerDouble): ServiceError =>
  serviceError(status.INVALID_ARGUMENT, `Maximum Append Size of ${server.maxAppendSize} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(server.maxAppendSize),
  });

function plainAnswer(
  { faults }: LogServerDouble,
  { expected }: Request,
  appended: Exclude<Appended, { kind: 'dropped' }>,
): AppendResp {
  const answer = new streamsPb.AppendResp();
  if (appended.kind === 'wrong-version') {
    const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
    if (faults.hidesActual) return answer.setWrongExpectedVersion(wrong);
    if (appended.current === -1) wrong.setCurrentNoStream(new sharedPb.Empty());
    else wrong.setCurrentRevision(String(appended.current));
    if (typeof expected === 'bigint') wrong.setExpectedRevision(String(expected));
    return answer.setWrongExpectedVersion(wrong);
  }
  const place = String(appended.last.position);
  const position = new streamsPb.AppendResp.Position().setCommitPosition(place).setPreparePosition(place);
  const success = new streamsPb.AppendResp.Success().setCurrentRevision(String(appended.last.revision));
  return answer.setSuccess(success.setPosition(position));
}

/** BatchAppend: one call for any number of appends, each answered by its correlation id when it is done. */
export function batchAppend(
  server: LogServerDouble,
  call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>,
): void {
  const requests = new Map<string, Request>();
  const refusal = server.refusalOf(call.metadata);
  if (refusal) {
    call.emit('error', refusal);
    return;
  }
  call.on('error', () => undefined);
  call.on('data', (message: BatchAppendReq) => {
    // A leader that is one no more ends the whole call with the first append that it cannot take.
    const notLeading = server.refusalOf(call.metadata);
    if (notLeading) {
      call.emit('error', notLeading);
      return;
    }
    const correlationId = uuidText(message.getCorrelationId());
    const request = requests.get(correlationId) ?? { streamId: '', expected: 'any', events: [] };
    requests.set(correlationId, request);
    const options = message.getOptions();
    if (options) {
      request.streamId = streamNameOf(options.getStreamIdentifier()?.getStreamName_asU8());
      request.expected = options.hasStreamPosition()
        ? BigInt(options.getStreamPosition())
        : options.hasNoStream()
          ? 'no-stream'
          : options.hasStreamExists()
            ? 'stream-exists'
            : 'any';
    }
    request.events.push(...message.getProposedMessagesList().map(recordOf));
    const deadlineMs = options?.getDeadline()?.toDate().getTime() ?? Infinity;
    if (deadlineMs <= Date.now() + server.clockAheadMs) {
      requests.delete(correlationId);
      call.write(
        new streamsPb.BatchAppendResp().setCorrelationId(message.getCorrelationId()).setError(tooLate()),
      );
      return;
    }
    if (!message.getIsFinal()) return;
    requests.delete(correlationId);
    const base = new streamsPb.BatchAppendResp().setCorrelationId(message.getCorrelationId());
    base.setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(Buffer.from(request.streamId)));
    if (server.faults.turnsAway > 0) {
      server.faults.turnsAway -= 1;
      call.write(base.setError(notReady()));
      return;
    }
    void decide(server, request).then((decided) => {
      if (decided && !call.cancelled && !call.destroyed) call.write(batchAnswer(server, base, decided));
    });
  });
  call.on('end', () => call.end());
}

function errorStatus(message: string, name: string, details: Uint8Array): StatusMessage {
  const packed = new anyPb.Any();
  packed.pack(details, name);
  return new statusPb.Status().setMessage(message).setDetails(packed);
}

const notReady = (): StatusMessage =>
  errorStatus('Server Is Not Ready', 'google.protobuf.Empty', new emptyPb.Empty().serializeBinary());

const tooLate = (): StatusMessage =>
  errorStatus('Timeout', 'event_store.client.Timeout', new sharedPb.Timeout().serializeBinary());

function batchAnswer(
  server: LogServerDouble,
  answer: BatchAppendResp,
  decided: NonNullable<Answer>,
): BatchAppendResp {
  switch (decided.kind) {
    case 'too-large': {
      const details = new sharedPb.MaximumAppendSizeExceeded().setMaxappendsize(server.maxAppendSize);
      const name = 'event_store.client.MaximumAppendSizeExceeded';
      return answer.setError(errorStatus('MaximumAppendSizeExceeded', name, details.serializeBinary()));
    }
    case 'wrong-version': {
      const details = new sharedPb.WrongExpectedVersion();
      if (server.faults.hidesActual) details.clearCurrentStreamRevision();
      else if (decided.current === -1) details.setCurrentNoStream(new emptyPb.Empty());
      else details.setCurrentStreamRevision(String(decided.current));
      const name = 'event_store.client.WrongExpectedVersion';
      return answer.setError(errorStatus('WrongExpectedVersion', name, details.serializeBinary()));
    }
    default: {
      const place = String(decided.last.position);
      const position = new sharedPb.AllStreamPosition().setCommitPosition(place).setPreparePosition(place);
      const success = new streamsPb.BatchAppendResp.Success().setCurrentRevision(
        String(decided.last.revision),
      );
      return answer.setSuccess(success.setPosition(position));
    }
  }
}
