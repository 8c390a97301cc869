import { Buffer } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { sharedPb, streamsPb } from '../eventstoredb.client.js';
import type { ReadReq, ReadResp } from '../eventstoredb.client.js';
import { serviceError } from './append.double.js';
import type { LogRecord } from './log.double.js';
import type { LogServerDouble } from './log-server.double.js';

type ReadCall = ServerWritableStream<ReadReq, ReadResp>;
type Options = NonNullable<ReturnType<ReadReq['getOptions']>>;
type Matches = (record: LogRecord) => boolean;

const pageSize = 32;

/** Read: of a stream or of $all, forwards or backwards, with a filter or not, up to a count or for ever. */
export async function read(server: LogServerDouble, call: ReadCall): Promise<void> {
  call.on('error', () => undefined);
  const refusal = server.refusalOf(call.metadata);
  if (refusal) {
    call.emit('error', refusal);
    return;
  }
  if (server.faults.ignoresReads > 0) {
    server.faults.ignoresReads -= 1;
    return;
  }
  const options = call.request.getOptions();
  if (!options?.hasUuidOption()) {
    call.emit('error', serviceError(status.INVALID_ARGUMENT, "'uuidOption' is a required argument"));
    return;
  }
  try {
    if (options.hasStream()) await readStream(server, call, options);
    else if (options.hasSubscription()) await subscribe(server, call, options);
    else await readAll(server, call, options);
    if (!call.cancelled) call.end();
  } catch (error) {
    if (!call.cancelled) call.emit('error', error);
  }
}

async function readStream(server: LogServerDouble, call: ReadCall, options: Options): Promise<void> {
  const asked = options.getStream();
  const streamId = Buffer.from(asked?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();
  const stream = server.log.stream(streamId);
  if (!stream || stream.length === 0) {
    const identifier = new sharedPb.StreamIdentifier().setStreamName(Buffer.from(streamId));
    const notFound = new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(identifier);
    await send(call, new streamsPb.ReadResp().setStreamNotFound(notFound));
    return;
  }
  const count = Number(options.getCount());
  const backwards = options.getReadDirection() === 1;
  const from = asked?.hasEnd() ? stream.length : Number(asked?.getRevision() || 0);
  const records = backwards ? stream.slice(0, from + 1).reverse() : stream.slice(from);
  for (const record of records.slice(0, count)) await sendEvent(server, call, record);
}

async function readAll(server: LogServerDouble, call: ReadCall, options: Options): Promise<void> {
  const matches = filterOf(options);
  const count = Number(options.getCount());
  const backwards = options.getReadDirection() === 1;
  const start = startOf(server, options);
  let sent = 0;
  if (backwards) {
    for (let index = (start ?? server.log.visibleCount) - 1; index >= 0 && sent < count; index -= 1) {
      sent += await sendIf(server, call, server.log.records[index], matches);
    }
    return;
  }
  for (let index = start ?? 0; index < server.log.visibleCount && sent < count; index += 1) {
    if (call.cancelled) return;
    sent += await sendIf(server, call, server.log.records[index], matches);
  }
}

/** Catch-up by pages, a checkpoint after every few pages and at the end, `caughtUp`, then live. */
async function subscribe(server: LogServerDouble, call: ReadCall, options: Options): Promise<void> {
  const matches = filterOf(options);
  const confirmation = new streamsPb.ReadResp.SubscriptionConfirmation().setSubscriptionId('double');
  const window = options.getFilter()?.getMax() ?? pageSize;
  const interval = (options.getFilter()?.getCheckpointintervalmultiplier() ?? 1) * window;
  let wake: () => void = () => undefined;
  const stopListening = server.log.onVisible(() => wake());
  call.on('cancelled', () => wake());
  call.on('close', () => wake());
  try {
    await send(call, new streamsPb.ReadResp().setConfirmation(confirmation));
    const after = options.getAll()?.getPosition()?.getCommitPosition();
    server.subscribedFrom.push(after);
    const start = startOf(server, options);
    let index = start ?? (options.getAll()?.hasEnd() ? server.log.visibleCount : 0);
    // A subscription begins after the position, a read at it.
    if (after !== undefined && server.log.records[index]?.position === BigInt(after)) index += 1;
    let considered = 0;
    let live = false;
    while (!call.cancelled && !call.destroyed) {
      for (; index < server.log.visibleCount; index += 1) {
        if (call.cancelled || call.destroyed) return;
        const record = server.log.records[index];
        // A position beyond the end is one the subscriber has seen: nothing up to it is sent.
        if (after !== undefined && record && record.position <= BigInt(after)) continue;
        await sendIf(server, call, record, matches);
        considered += 1;
        if (considered % interval === 0 && record) await sendCheckpoint(call, record.position);
      }
      if (!live) {
        const last = server.log.records[index - 1];
        if (last && matches !== everything) await sendCheckpoint(call, last.position);
        if (server.tellsCaughtUp) {
          await send(call, new streamsPb.ReadResp().setCaughtUp(new streamsPb.ReadResp.CaughtUp()));
        }
        live = true;
      }
      if (index >= server.log.visibleCount) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stopListening();
  }
}

/** @throws ServiceError when the position lies between two records, as reading there fails on a server */
function startOf(server: LogServerDouble, options: Options): number | undefined {
  const asked = options.getAll()?.getPosition()?.getCommitPosition();
  if (asked === undefined) return undefined;
  const position = BigInt(asked);
  if (position > 9_223_372_036_854_775_807n) {
    throw serviceError(status.UNKNOWN, 'Exception was thrown by handler.');
  }
  const { log } = server;
  const index = log.indexOf(position);
  const end = log.records.at(-1)?.position ?? 0n;
  if (position <= end && log.records[index]?.position !== position) {
    throw options.hasFilter() && !options.hasSubscription()
      ? serviceError(status.UNKNOWN, 'Unexpected FilteredReadAllResult: InvalidPosition')
      : serviceError(status.INVALID_ARGUMENT, 'Trying to read from an invalid position.');
  }
  return index;
}

const everything: Matches = () => true;

function filterOf(options: Options): Matches {
  const filter = options.getFilter();
  const byType = filter?.getEventType();
  const expression = byType ?? filter?.getStreamIdentifier();
  if (!expression) return everything;
  const textOf = (record: LogRecord): string => (byType ? record.type : record.streamId);
  const regex = expression.getRegex() ? new RegExp(expression.getRegex()) : undefined;
  const prefixes = expression.getPrefixList();
  return (record) =>
    regex ? regex.test(textOf(record)) : prefixes.some((prefix: string) => textOf(record).startsWith(prefix));
}

async function sendIf(
  server: LogServerDouble,
  call: ReadCall,
  record: LogRecord | undefined,
  matches: Matches,
): Promise<number> {
  if (!record || !matches(record)) return 0;
  await sendEvent(server, call, record);
  return 1;
}

async function sendEvent(server: LogServerDouble, call: ReadCall, record: LogRecord): Promise<void> {
  const place = String(record.position);
  const event = new streamsPb.ReadResp.ReadEvent.RecordedEvent()
    .setId(new sharedPb.UUID().setString(record.id))
    .setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(Buffer.from(record.streamId)))
    .setStreamRevision(String(record.revision))
    .setCommitPosition(place)
    .setPreparePosition(place)
    .setData(record.data)
    .setCustomMetadata(record.metadata);
  event.getMetadataMap().set('type', record.type).set('content-type', 'application/json').set('created', '0');
  const readEvent = new streamsPb.ReadResp.ReadEvent().setEvent(event).setCommitPosition(place);
  await send(call, new streamsPb.ReadResp().setEvent(readEvent));
  const { faults } = server;
  if (faults.cutsAfterEvents === undefined) return;
  faults.cutsAfterEvents -= 1;
  if (faults.cutsAfterEvents > 0) return;
  faults.cutsAfterEvents = undefined;
  // What was written is let out first: the cut shall come in the middle, not before the beginning.
  await sleep(5);
  throw serviceError(status.UNAVAILABLE, 'Connection dropped');
}

async function sendCheckpoint(call: ReadCall, position: bigint): Promise<void> {
  const place = String(position);
  const checkpoint = new streamsPb.ReadResp.Checkpoint().setCommitPosition(place).setPreparePosition(place);
  await send(call, new streamsPb.ReadResp().setCheckpoint(checkpoint));
}

async function send(call: ReadCall, answer: ReadResp): Promise<void> {
  if (call.cancelled || call.destroyed || call.write(answer)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const name of ['drain', 'cancelled', 'close', 'error']) call.off(name, done);
      resolve();
    };
    for (const name of ['drain', 'cancelled', 'close', 'error']) call.on(name, done);
  });
}
