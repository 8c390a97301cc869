import { createHash, randomUUID } from 'node:crypto';
import { type EventStore, type RecordedEvent, isEventStoreError } from '@shaoying/event-store';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Projection } from './projection.js';

/*
 * What a projection is told to pass by is an event of the log, in a stream of that projection's own: so it is known who
 * said it, when and why, a rebuild passes the same events by, and a read model restored from an older copy does as well.
 * A row beside the checkpoint was the other way; it would be gone with the tables that a rebuild makes good for.
 */

/** Of an event's type, so many characters are told: all of any that we write. */
export const EVENT_TYPE_CHARS = 100;
const Id = Type.String({ minLength: 1, maxLength: EVENT_TYPE_CHARS });
const Text = Type.String({ minLength: 1, maxLength: 500 });

const schema = Type.Object(
  {
    projection: Id,
    projectionVersion: Type.Integer({ minimum: 1 }),
    position: Type.String({ pattern: '^\\d{1,19}$' }),
    eventId: Type.String({ minLength: 36, maxLength: 36 }),
    eventType: Id,
    /** Account of whoever answers for it, as they said; never a name. */
    by: Type.String({ pattern: '^[A-Za-z0-9._:@-]{1,100}$' }),
    reason: Text,
  },
  { additionalProperties: false },
);

export const EVENT_SKIPPED = 'ProjectionEventSkipped';
type EventSkipped = Readonly<Static<typeof schema>>;

/** Wire name → version and schema of its data, for the golden corpus. */
export const projectionCatalogue = { [EVENT_SKIPPED]: { version: 1 as const, schema } };

const validator = Compile(schema);

const streamIdOf = (projectionName: string): string => `projection-${projectionName}`;

/** Thrown when the log holds about a projection what this release does not know: it cannot tell what to pass by. */
export class UnknownProjectionEvent extends Error {
  readonly code = 'UNKNOWN_EVENT';
}

/** Thrown when what is said about a skipped event is no account, or no reason. */
export class InvalidSkip extends Error {
  readonly code = 'INVALID_SKIP';
}

/** An event that a projection passes by. */
export interface SkippedEvent extends EventSkipped {
  readonly skippedAt: string;
}

/** @throws UnknownProjectionEvent */
export function decodeSkippedEvent({
  type,
  schemaVersion,
  data,
  recordedAt,
  position,
}: RecordedEvent): SkippedEvent {
  if (type !== EVENT_SKIPPED || schemaVersion !== 1 || !validator.Check(data))
    throw new UnknownProjectionEvent(`event ${type} at position ${position} is unknown to this release`);
  return { ...data, skippedAt: recordedAt };
}

/** What a projection has been told to pass by, first ones first. @throws UnknownProjectionEvent, what the log throws */
export async function skippedEvents(
  store: Pick<EventStore, 'readStream'>,
  projectionName: string,
): Promise<SkippedEvent[]> {
  try {
    return (await store.readStream(streamIdOf(projectionName))).map(decodeSkippedEvent);
  } catch (error) {
    if (isEventStoreError(error) && error.code === 'STREAM_NOT_FOUND') return [];
    throw error;
  }
}

/**
 * Those that hold for a version of it: what was told to one holds for all that come after it, and not for an earlier one, which
 * may be able to apply the event.
 */
export const skipsFor = async (
  store: Pick<EventStore, 'readStream'>,
  { name, version }: Pick<Projection, 'name' | 'version'>,
): Promise<SkippedEvent[]> =>
  (await skippedEvents(store, name)).filter(({ projectionVersion }) => projectionVersion <= version);

/** Ids of the events that a version of a projection passes by. */
export const skipsOf = async (
  store: Pick<EventStore, 'readStream'>,
  projection: Pick<Projection, 'name' | 'version'>,
): Promise<ReadonlySet<string>> => new Set((await skipsFor(store, projection)).map(({ eventId }) => eventId));

/** Told twice of one version, it is one event. @throws InvalidSkip, what the log throws */
export async function recordSkip(
  store: Pick<EventStore, 'append'>,
  data: EventSkipped,
  now: Date,
): Promise<void> {
  if (!validator.Check(data))
    throw new InvalidSkip(
      'it takes an account (letters, digits and . _ : @ -) and a reason of 1 to 500 characters',
    );
  const at = now.toISOString();
  const commandId = randomUUID();
  await store.append(streamIdOf(data.projection), 'any', [
    {
      ...{ eventId: idOf(data), type: EVENT_SKIPPED, schemaVersion: 1, occurredAt: at, recordedAt: at },
      // Whoever may do this has the database; `by` is what they said.
      actor: { id: 'system:cli', role: 'system', orgUnitId: null },
      ...{ commandId, correlationId: commandId, causationId: commandId, data },
    },
  ]);
}

/** Of the projection, its version and the event it passes by, in the shape of a UUID. */
function idOf({ projection, projectionVersion, eventId }: EventSkipped): string {
  const hex = createHash('sha256').update(`skip ${projection} ${projectionVersion} ${eventId}`).digest('hex');
  return [
    ...[hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`],
    hex.slice(20, 32),
  ].join('-');
}
