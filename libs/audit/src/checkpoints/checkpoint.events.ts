import type { RecordedEvent, StoredRecord } from '@shaoying/event-store';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { TREE_ALGORITHMS } from '../tree/tree-hash.js';

const closed = { additionalProperties: false };

const schemas = {
  AuditCheckpointSigned: Type.Object(
    {
      origin: Type.String({ minLength: 1, maxLength: 200 }),
      /** Leaves of the tree that is signed; this event is a later leaf. */
      size: Type.Integer({ minimum: 1 }),
      /** Root hash, in base64 as in the note. */
      root: Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' }),
      algorithm: Type.Enum([...TREE_ALGORITHMS]),
      /** The signed note, whole. */
      note: Type.String({ minLength: 1, maxLength: 10_000 }),
      /** Verifier keys of those who signed: who trusts one of them learns the others here. */
      keys: Type.Array(Type.String({ minLength: 1, maxLength: 500 }), { minItems: 1, maxItems: 16 }),
    },
    closed,
  ),
} satisfies Record<string, TSchema>;

export type CheckpointEventType = keyof typeof schemas;
export type CheckpointSigned = Readonly<Static<(typeof schemas)['AuditCheckpointSigned']>>;

/** Wire name → version and schema of its data, for the golden corpus. */
export const checkpointCatalogue: Readonly<Record<CheckpointEventType, { version: 1; schema: TSchema }>> = {
  AuditCheckpointSigned: { version: 1, schema: schemas.AuditCheckpointSigned },
};

export const checkpointEventType = 'AuditCheckpointSigned' satisfies CheckpointEventType;
export const checkpointStreamId = 'audit-checkpoints';

const validator = Compile(schemas.AuditCheckpointSigned);

/** What a checkpoint of the log says; undefined for every other event, and for one that is none that we write. */
export function checkpointIn({
  type,
  streamId,
  schemaVersion,
  data,
}: Pick<RecordedEvent, 'type' | 'streamId' | 'schemaVersion' | 'data'>): CheckpointSigned | undefined {
  if (type !== checkpointEventType || streamId !== checkpointStreamId || schemaVersion !== 1)
    return undefined;
  return validator.Check(data) && isStorable(data) ? data : undefined;
}

/** None of ours is otherwise, and the tree, which must take every event, has tables for no other. */
function isStorable({ size, origin, note, keys }: CheckpointSigned): boolean {
  return Number.isSafeInteger(size) && ![origin, note, ...keys].some((text) => text.includes('\0'));
}

/** The same from the stored texts; undefined also where somebody has made them into no JSON. */
export function checkpointInRecord(record: StoredRecord): CheckpointSigned | undefined {
  if (record.type !== checkpointEventType) return undefined;
  try {
    return checkpointIn({ ...record, data: JSON.parse(record.data.toString()) as unknown });
  } catch {
    return undefined;
  }
}

/** Which event, for people: in Chinese and in English. */
export function checkpointLine({ size, root }: CheckpointSigned): {
  readonly zh: string;
  readonly en: string;
} {
  return {
    zh: `签署审计检查点：共 ${size} 条记录，根哈希 ${root}`,
    en: `Audit checkpoint signed: ${size} events, root hash ${root}`,
  };
}
