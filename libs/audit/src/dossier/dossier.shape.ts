import { START, type RecordedEvent } from '@shaoying/event-store';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { TREE_ALGORITHMS } from '../tree/index.js';
import { DOSSIER_FORMAT, REFERENCES, type Dossier } from './dossier.js';

const closed = { additionalProperties: false };
const Text = Type.String({ maxLength: 2_000_000 });
const Id = Type.String({ minLength: 1, maxLength: 200 });
const leaf = {
  index: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  proof: Type.Array(Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' }), { maxItems: 64 }),
  leaf: Text,
};
const Line = Type.Object({ zh: Text, en: Text }, closed);
const Pages = Type.Object({ zh: Type.String(), en: Type.String() }, closed);

/** As many as an incident's stream is read with. */
const eventsMax = 20_000;

const shape = Compile(
  Type.Object(
    {
      format: Type.Literal(DOSSIER_FORMAT),
      incidentId: Id,
      producedAt: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' }),
      origin: Id,
      algorithm: Type.Enum([...TREE_ALGORITHMS]),
      checkpoint: Text,
      verifierKeys: Type.Array(Type.String({ maxLength: 500 }), { maxItems: 16 }),
      events: Type.Array(Type.Object(leaf, closed), { maxItems: eventsMax }),
      governedBy: Type.Array(
        Type.Object(
          {
            kind: Type.Enum(Object.keys(REFERENCES)),
            id: Id,
            version: Type.Integer({ minimum: 1 }),
            ...leaf,
          },
          closed,
        ),
        { maxItems: eventsMax },
      ),
      evidence: Type.Array(Type.Object({ sha256: Id, revision: Type.Integer({ minimum: 0 }) }, closed)),
      foreign: Type.Optional(
        Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: eventsMax, uniqueItems: true }),
      ),
      names: Type.Record(Type.String(), Text),
      lines: Type.Array(Line, { maxItems: eventsMax }),
      pages: Pages,
    },
    closed,
  ),
);

/** Whether a value has the members of a dossier, and no others; nothing is said about what they hold. */
export const isDossier = (value: unknown): value is Dossier => shape.Check(value);

/** A leaf read back as the event that it is; its place in the log is the index of the leaf. */
export type ReadLeaf = RecordedEvent;

const members = [
  ...[
    'streamId',
    'revision',
    'eventId',
    'type',
    'schemaVersion',
    'occurredAt',
    'recordedAt',
    'metadata',
    'data',
  ],
];

const leafShape = Compile(
  Type.Object({
    ...{ streamId: Id, revision: Type.Integer({ minimum: 0 }), eventId: Id, type: Id },
    ...{ schemaVersion: Type.Integer({ minimum: 1 }), occurredAt: Id, recordedAt: Id, data: Type.Object({}) },
    metadata: Type.Object({
      ...{ correlationId: Type.String(), causationId: Type.String(), commandId: Type.String() },
      actor: Type.Object({
        id: Type.String(),
        role: Type.String(),
        orgUnitId: Type.Union([Type.String(), Type.Null()]),
      }),
    }),
  }),
);

/** Null for what is no leaf as docs/formats/audit.md has it: other members, another order, other white space. */
export function readLeaf(text: string): ReadLeaf | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!leafShape.Check(value) || JSON.stringify(value) !== text) return null;
    if (Object.keys(value).join() !== members.join()) return null;
    const { metadata, ...event } = value;
    return { ...event, ...metadata, position: START };
  } catch {
    return null;
  }
}
