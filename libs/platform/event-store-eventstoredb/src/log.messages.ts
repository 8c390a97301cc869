import { Buffer } from 'node:buffer';
import type { ExpectedRevision, RecordedEvent, StoredEvent, StoredRecord } from '@shaoying/event-store';
import { recordedEvent, START } from '@shaoying/event-store';
import type { Position } from '@shaoying/event-store';
import { sharedPb, streamsPb } from './eventstoredb.client.js';
import type { ReadReq, ReadResp, SharedUuid } from './eventstoredb.client.js';

/** Largest position of a server: a signed 64-bit offset. Positions from outside may have 19 digits and be larger. */
export const positionMax = 9_223_372_036_854_775_807n;

/** A revision the server is asked to check; `'any'` never reaches it (see append.writer.ts). */
export type WireRevision = Exclude<ExpectedRevision, 'any'>;

/** What the server stores of an event. `nativeId` is its id for the server, of this attempt alone. */
export interface ProposedEvent {
  readonly nativeId: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event as the server keeps it, ours or not. */
export interface ServerEvent {
  readonly streamId: string;
  readonly revision: number;
  readonly position: Position;
  readonly type: string;
  readonly nativeId: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Fields of an envelope that are columns on PostgreSQL live in front of the metadata here, readable in the server's UI. */
interface StoredEnvelope {
  eventId: string;
  schemaVersion: number;
  occurredAt: string;
  recordedAt: string;
}

/** Text of `data` and `metadata` goes to the server byte for byte. */
export function proposedEvent(event: StoredEvent, nativeId: string): ProposedEvent {
  const { eventId, schemaVersion, occurredAt, recordedAt } = event;
  const before = beforeMetadata({ eventId, schemaVersion, occurredAt, recordedAt });
  return {
    nativeId,
    type: event.type,
    data: Buffer.from(event.data),
    metadata: Buffer.from(`${before}${event.metadata.slice(1)}`),
  };
}

/** What stands in front of the metadata, in place of its first brace. */
function beforeMetadata({ eventId, schemaVersion, occurredAt, recordedAt }: StoredEnvelope): string {
  const envelope: StoredEnvelope = { eventId, schemaVersion, occurredAt, recordedAt };
  return `${JSON.stringify(envelope).slice(0, -1)},`;
}

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const textOf = (bytes: Uint8Array): string => viewOf(bytes).toString();

function isEnvelope(value: unknown): value is StoredEnvelope {
  if (typeof value !== 'object' || value === null) return false;
  const { eventId, schemaVersion, occurredAt, recordedAt, actor, commandId } = value as Record<
    string,
    unknown
  >;
  return (
    [eventId, occurredAt, recordedAt, commandId].every((field) => typeof field === 'string') &&
    typeof schemaVersion === 'number' &&
    typeof actor === 'object'
  );
}

/** Our envelope around an event, `undefined` when somebody else wrote it. */
export function envelopeOf(event: ServerEvent): { envelope: StoredEnvelope; text: string } | undefined {
  // A link, and all that the server writes for itself.
  if (event.type.startsWith('$') || event.streamId.startsWith('$') || event.metadata.length === 0)
    return undefined;
  const text = textOf(event.metadata);
  try {
    const envelope: unknown = JSON.parse(text);
    return isEnvelope(envelope) ? { envelope, text } : undefined;
  } catch {
    return undefined;
  }
}

/** The event as the port gives it; `undefined` when it is not ours. @throws UnreadableEvent when its data are no JSON */
export function recordedFrom(event: ServerEvent): RecordedEvent | undefined {
  const found = envelopeOf(event);
  if (!found) return undefined;
  const { eventId, schemaVersion, occurredAt, recordedAt } = found.envelope;
  const data = textOf(event.data);
  const stored = {
    eventId,
    type: event.type,
    schemaVersion,
    occurredAt,
    recordedAt,
    metadata: found.text,
    data,
  };
  return recordedEvent(stored, event.streamId, event.revision, event.position);
}

/**
 * The event with its texts byte for byte; `undefined` when its envelope is none of ours. Its data are not looked at: an event of
 * ours whose data somebody has made into no JSON, and which {@link recordedFrom} refuses, keeps its place here.
 * An envelope that is not written as we write it stays in its metadata: those are not the bytes that were signed.
 */
export function storedFrom(event: ServerEvent): StoredRecord | undefined {
  const found = envelopeOf(event);
  if (!found) return undefined;
  const { eventId, schemaVersion, occurredAt, recordedAt } = found.envelope;
  const { type, streamId, revision, position } = event;
  const before = Buffer.from(beforeMetadata(found.envelope));
  const whole = viewOf(event.metadata);
  const isOurs = whole.subarray(0, before.length).equals(before);
  const metadata = isOurs ? Buffer.concat([Buffer.from('{'), whole.subarray(before.length)]) : whole;
  return {
    ...{ eventId, type, schemaVersion, occurredAt, recordedAt, streamId, revision, position },
    ...{ metadata, data: viewOf(event.data) },
  };
}

export const bytesOf = (event: ServerEvent): number => event.data.length + event.metadata.length;

/** The event in an answer of a read; `undefined` in confirmations, checkpoints and the like. */
export function serverEventIn(answer: ReadResp): ServerEvent | undefined {
  const read = answer.getEvent();
  // Without resolving links the event is what lies at the place, a link event included.
  const event = read?.getEvent();
  if (!read || !event) return undefined;
  const commit = read.hasCommitPosition() ? read.getCommitPosition() : event.getCommitPosition();
  return {
    streamId: textOf(event.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array()),
    revision: Number(event.getStreamRevision()),
    position: knownPosition(commit),
    type: event.getMetadataMap().get('type') ?? '',
    nativeId: uuidText(event.getId()),
    data: event.getData_asU8(),
    metadata: event.getCustomMetadata_asU8(),
  };
}

/** @throws Error for 2^64-1, which servers before 22.6 answer in reads of a stream: they do not tell where it lies. */
function knownPosition(commit: Position): Position {
  if (commit.length < 19 || BigInt(commit) <= positionMax) return commit;
  throw new Error('the event log runs on a server that tells no positions; 22.10 or later is needed');
}

/** A uuid comes back as text or as two signed halves, whatever was asked for. */
export function uuidText(uuid: SharedUuid | undefined): string {
  const halves = uuid?.getStructured();
  if (!halves) return uuid?.getString() ?? '';
  const hex = [halves.getMostSignificantBits(), halves.getLeastSignificantBits()]
    .map((half) => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function uuid(text: string): SharedUuid {
  return new sharedPb.UUID().setString(text);
}

export function streamIdentifier(streamId: string): InstanceType<typeof sharedPb.StreamIdentifier> {
  return new sharedPb.StreamIdentifier().setStreamName(Buffer.from(streamId));
}

const { Options } = streamsPb.ReadReq;
const { AllOptions, StreamOptions, FilterOptions } = Options;

export interface ReadRange {
  readonly count: number;
  readonly backwards?: boolean;
}

/** One stream, from a revision (of a backwards read: from its end). */
export function streamRequest(streamId: string, fromRevision: number | 'end', range: ReadRange): ReadReq {
  const stream = new StreamOptions().setStreamIdentifier(streamIdentifier(streamId));
  if (fromRevision === 'end') stream.setEnd(new sharedPb.Empty());
  else stream.setRevision(String(fromRevision));
  const options = optionsFor(range).setStream(stream).setNoFilter(new sharedPb.Empty());
  return new streamsPb.ReadReq().setOptions(options);
}

/** Events considered before the server answers with a checkpoint when none of them matches. */
const searchWindow = 500;
const checkpointEveryWindows = 4;

/** Our streams are all that are not the server's own, whose names begin with `$`. */
const ourStreams = '^[^$]';

/**
 * The filter the server applies. Types go as prefixes, which are cheaper for it than an expression and match more: the
 * reader compares the whole type afterwards.
 */
function filterFor(types: ReadonlySet<string> | undefined): InstanceType<typeof FilterOptions> {
  const filter = new FilterOptions()
    .setMax(searchWindow)
    .setCheckpointintervalmultiplier(checkpointEveryWindows);
  const expression = new FilterOptions.Expression();
  return types
    ? filter.setEventType(expression.setPrefixList([...types]))
    : filter.setStreamIdentifier(expression.setRegex(ourStreams));
}

function allFrom(position: Position | 'end'): InstanceType<typeof AllOptions> {
  if (position === 'end') return new AllOptions().setEnd(new sharedPb.Empty());
  if (position === START) return new AllOptions().setStart(new sharedPb.Empty());
  // An append writes each event as a record of its own, whose commit and prepare positions are one.
  const place = new Options.Position().setCommitPosition(position).setPreparePosition(position);
  return new AllOptions().setPosition(place);
}

/** $all from the event at `position` (inclusive), or backwards from its end. */
export function allRequest(
  position: Position | 'end',
  range: ReadRange,
  types?: ReadonlySet<string>,
): ReadReq {
  const options = optionsFor(range).setAll(allFrom(position)).setFilter(filterFor(types));
  return new streamsPb.ReadReq().setOptions(options);
}

/** What lies at exactly this position, the server's own events included: no filter that would search on. */
export function placeRequest(position: Position): ReadReq {
  const options = optionsFor({ count: 1 }).setAll(allFrom(position)).setNoFilter(new sharedPb.Empty());
  return new streamsPb.ReadReq().setOptions(options);
}

/** $all after `position` (exclusive), then live for ever. */
export function subscriptionRequest(position: Position, types: ReadonlySet<string> | undefined): ReadReq {
  const options = optionsFor({ count: 0 })
    .setSubscription(new Options.SubscriptionOptions())
    .setAll(allFrom(position))
    .setFilter(filterFor(types));
  return new streamsPb.ReadReq().setOptions(options);
}

function optionsFor({ count, backwards = false }: ReadRange): InstanceType<typeof Options> {
  return new Options()
    .setCount(String(count))
    .setReadDirection(backwards ? Options.ReadDirection.BACKWARDS : Options.ReadDirection.FORWARDS)
    .setResolveLinks(false)
    .setUuidOption(new Options.UUIDOption().setString(new sharedPb.Empty()));
}
