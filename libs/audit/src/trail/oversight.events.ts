import type { RecordedEvent } from '@shaoying/event-store';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

// Who watches the watchers: what oversight has asked, taken away and verified. No event here names a person but by the
// account that the log itself has in its envelopes, and none repeats a free text.

const Id = Type.String({ minLength: 1, maxLength: 200 });
const Position = Type.String({ pattern: '^\\d{1,19}$' });
const Count = Type.Integer({ minimum: 0 });
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Instant = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });
const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const Closed = <Fields extends Record<string, TSchema>>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false });

/** Why somebody asks what a person has done. A code: what words would say may name somebody. */
export const QUERY_PURPOSES = [
  'SUPERVISION',
  'COMPLAINT',
  'DISCIPLINE',
  'APPEAL',
  'DATA_SUBJECT_REQUEST',
  'COURT',
] as const;
export type QueryPurpose = (typeof QUERY_PURPOSES)[number];

const Purpose = Type.Enum([...QUERY_PURPOSES]);

/** Event types that one question may name. */
export const QUERIED_TYPES_MAX = 50;

const Filters = Closed({
  /** The account asked about as the log has it; null where none was, and where the log has no such account. */
  actorId: Nullable(Id),
  orgUnitId: Nullable(Id),
  incidentId: Nullable(Id),
  types: Type.Array(Id, { maxItems: QUERIED_TYPES_MAX }),
  from: Nullable(Instant),
  to: Nullable(Instant),
});

const schemas = {
  /** A page of the log was read by what a person has done. */
  PersonQueried: Closed({
    filters: Filters,
    purpose: Purpose,
    /** The page: behind `after`, up to `position`, so many events told. */
    after: Position,
    position: Position,
    count: Count,
  }),
  /** Written before the first byte goes out. */
  EventsExported: Closed({
    exportId: Id,
    format: Type.Enum(['CSV', 'NDJSON']),
    filters: Filters,
    /** Null where no person was asked about. */
    purpose: Nullable(Purpose),
    after: Position,
    /** The log's end when it began: what came later is in no export that began before. */
    upTo: Position,
  }),
  /** How it ended: what was sent, and whether it was all of it. */
  EventsExportEnded: Closed({
    exportId: Id,
    complete: Type.Boolean(),
    events: Count,
    bytes: Count,
    /** Of the bytes that were sent. */
    sha256: Sha256,
  }),
  DossierProduced: Closed({
    incidentId: Id,
    /** Events of the incident in it. */
    events: Count,
    /** Of the file. */
    sha256: Sha256,
    bytes: Count,
    /** Leaves of the checkpoint that its proofs lead to. */
    treeSize: Count,
  }),
  LogVerified: Closed({
    /** Up to this event; null for an empty log. */
    upTo: Nullable(Position),
    leaves: Count,
    checkpoints: Count,
    outcome: Type.Enum(['WHOLE', 'BROKEN', 'STOPPED']),
    /** Code of the first that does not fit, and where; null unless it is broken. */
    fault: Nullable(Closed({ code: Id, position: Nullable(Position) })),
  }),
} satisfies Record<string, TSchema>;

export type OversightEventType = keyof typeof schemas;
export type OversightData<Name extends OversightEventType> = Readonly<Static<(typeof schemas)[Name]>>;
export type EventFilters = Readonly<Static<typeof Filters>>;

export type OversightEvent = {
  [Name in OversightEventType]: { readonly type: Name; readonly data: OversightData<Name> };
}[OversightEventType];

/** Wire name → version and schema of its data, for the golden corpus. All are as they were when they were new. */
export const oversightCatalogue: Readonly<
  Record<OversightEventType, { version: 1; schema: TSchema; upcasters: readonly [] }>
> = {
  PersonQueried: { version: 1, schema: schemas.PersonQueried, upcasters: [] },
  EventsExported: { version: 1, schema: schemas.EventsExported, upcasters: [] },
  EventsExportEnded: { version: 1, schema: schemas.EventsExportEnded, upcasters: [] },
  DossierProduced: { version: 1, schema: schemas.DossierProduced, upcasters: [] },
  LogVerified: { version: 1, schema: schemas.LogVerified, upcasters: [] },
};

export const isOversightEventType = (type: string): type is OversightEventType =>
  Object.hasOwn(schemas, type);

const validators = {
  PersonQueried: Compile(schemas.PersonQueried),
  EventsExported: Compile(schemas.EventsExported),
  EventsExportEnded: Compile(schemas.EventsExportEnded),
  DossierProduced: Compile(schemas.DossierProduced),
  LogVerified: Compile(schemas.LogVerified),
};

/** Whether the data is what its type says. */
export const fitsOversightSchema = (type: OversightEventType, data: unknown): boolean =>
  validators[type].Check(data);

/** An oversight event of the log; null for foreign types, newer versions and data that does not fit. */
export function decodeOversightEvent({
  type,
  schemaVersion,
  data,
}: Pick<RecordedEvent, 'type' | 'schemaVersion' | 'data'>): OversightEvent | null {
  if (!isOversightEventType(type) || schemaVersion !== 1 || !fitsOversightSchema(type, data)) return null;
  return { type, data } as OversightEvent;
}
