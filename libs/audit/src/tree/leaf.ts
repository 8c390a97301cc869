import { Buffer } from 'node:buffer';
import type { RecordedEvent, StoredRecord } from '@shaoying/event-store';

/** What an event is to the tree: the log's stored envelope and texts, and its place in its own stream. */
export type StoredLeaf = Omit<StoredRecord, 'position'>;
type LeafEnvelope = Omit<StoredLeaf, 'metadata' | 'data'>;

/** Separates metadata from data in a leaf; no metadata of ours has a member of this name. */
const beforeData = ',"data":';

/** Thrown when the stored metadata of an event is none that the log writes. */
export class MalformedLeaf extends Error {
  readonly code = 'MALFORMED_LEAF';
}

const beforeDataBytes = Buffer.from(beforeData);
const [closingBrace, newline] = [0x7d, 0x0a];
const oneEnd = [closingBrace];
const dividedEnd = [closingBrace, newline];
/** UTF-8 of a character of a JavaScript string, of which two may be one of Unicode's. */
const bytesPerCharMax = 3;
/** Leaves are put together here, one after another: most are hashed at once, and need no memory of their own. */
let scratch = Buffer.allocUnsafe(16_384);

/**
 * The canonical bytes of an event (docs/formats/audit.md): one line of JSON with the members in this order, no space between
 * them, `metadata` and `data` exactly as they are stored: neither parsed nor even made into text here. They are stored after
 * encryption and before upcasting, and were written by `JSON.stringify`; so is the rest. Not part of it is the event's
 * position, which every engine counts its own way: the order of the leaves says it.
 * @throws MalformedLeaf when metadata and data could be divided otherwise to give the same line
 */
export function storedLeaf(event: StoredLeaf): Buffer {
  if (isDivisible(event)) {
    throw new MalformedLeaf(`the metadata of event ${event.eventId} has a member "data"`);
  }
  return Buffer.from(lineOf(event, oneEnd));
}

/**
 * The same for who must have a leaf of every event, also of one that somebody was at; then it is never one that was signed.
 * Of what could be divided otherwise the line may be that of the event as it was: it ends in a newline, as no line of ours does.
 * @returns bytes that are overwritten by the next one: to be hashed at once
 */
export function anyStoredLeaf(event: StoredLeaf): Buffer {
  return lineOf(event, isDivisible(event) ? dividedEnd : oneEnd);
}

const isDivisible = ({ metadata }: StoredLeaf): boolean => metadata.includes(beforeDataBytes);

function lineOf(event: StoredLeaf, end: readonly number[]): Buffer {
  const { metadata, data } = event;
  const head = headOf(event);
  const bytesMax =
    head.length * bytesPerCharMax + metadata.length + beforeDataBytes.length + data.length + end.length;
  if (bytesMax > scratch.length) scratch = Buffer.allocUnsafe(2 * bytesMax);
  let at = scratch.write(head);
  for (const part of [metadata, beforeDataBytes, data]) {
    scratch.set(part, at);
    at += part.length;
  }
  // A byte or two: a native call to copy them took 70 ns a leaf.
  for (const byte of end) scratch[at++] = byte;
  return scratch.subarray(0, at);
}

type InLine = keyof LeafEnvelope | 'data' | 'position';
type InMetadata = 'actor' | 'correlationId' | 'causationId' | 'commandId' | 'requestHash' | 'traceparent';
/** Compiles as long as {@link leafOf} names every member that an event may have. */
const nothingElse: [Exclude<keyof RecordedEvent, InLine | InMetadata>] extends [never] ? true : false = true;
void nothingElse;

/**
 * The same line, as text, from an event as readers get it. What `JSON.stringify` wrote and `JSON.parse` read, `JSON.stringify`
 * writes alike; so this differs from {@link storedLeaf} only where somebody else wrote into the store.
 */
export function leafOf(event: RecordedEvent): string {
  const { actor, correlationId, causationId, commandId, requestHash, traceparent } = event;
  // Put together by hand: an object made for JSON.stringify to read took as long again as all the rest of the line.
  const metadata =
    `{"actor":{"id":${JSON.stringify(actor.id)},"role":${JSON.stringify(actor.role)}` +
    `,"orgUnitId":${JSON.stringify(actor.orgUnitId)}},"correlationId":${JSON.stringify(correlationId)}` +
    `,"causationId":${JSON.stringify(causationId)},"commandId":${JSON.stringify(commandId)}` +
    `${requestHash === undefined ? '' : `,"requestHash":${JSON.stringify(requestHash)}`}` +
    `${traceparent === undefined ? '' : `,"traceparent":${JSON.stringify(traceparent)}`}}`;
  return `${headOf(event)}${metadata}${beforeData}${JSON.stringify(event.data)}}`;
}

function headOf(event: LeafEnvelope): string {
  const { streamId, revision, eventId, type, schemaVersion, occurredAt, recordedAt } = event;
  return (
    `{"streamId":${JSON.stringify(streamId)},"revision":${revision},"eventId":"${eventId}"` +
    `,"type":${JSON.stringify(type)},"schemaVersion":${schemaVersion}` +
    `,"occurredAt":"${occurredAt}","recordedAt":"${recordedAt}","metadata":`
  );
}
