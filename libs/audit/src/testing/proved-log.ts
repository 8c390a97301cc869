import { randomUUID } from 'node:crypto';
import { InMemoryEventStore, type NewEvent, type RecordedEvent } from '@shaoying/event-store';
import type { SimulatedCity } from '@shaoying/incident-read-models/testing';
import { checkpointText, noteSigner, signNote, type NoteSigner } from '../checkpoints/index.js';
import { REFERENCES, referencesIn, type ReferenceKind } from '../dossier/dossier.js';
import type { LogProofs, ProvingCheckpoint } from '../export/log-proofs.js';
import { leafOf, MerkleTree, TreeHasher, type TreeAlgorithm } from '../tree/index.js';

export const origin = 'audit.lindong.example/log';

/** A key of the log that is the same in every run. */
export const logKey = (seed = 7, name = origin): NoteSigner => noteSigner(name, Buffer.alloc(32, seed));

const publication = (kind: ReferenceKind, id: string, version: number): NewEvent => {
  const commandId = randomUUID();
  const at = '2026-01-01T00:00:00.000Z';
  return {
    ...{ eventId: commandId, type: `${kind}Published`, schemaVersion: 1, occurredAt: at, recordedAt: at },
    ...{ actor: { id: 'u-1', role: 'admin', orgUnitId: null }, commandId },
    ...{ correlationId: commandId, causationId: commandId },
    data: { [REFERENCES[kind].document]: { [REFERENCES[kind].id]: id, version, name: '<b>名称</b> & "x"' } },
  };
};

/** A whole log in memory with its tree: what a city did, and before that the documents that its events name. */
export async function provedLog(
  city: SimulatedCity,
  { signer = logKey(), algorithm = 'sha256' as TreeAlgorithm, covered = Infinity } = {},
): Promise<{ store: InMemoryEventStore; proofs: LogProofs; events: readonly RecordedEvent[] }> {
  const store = new InMemoryEventStore();
  for (const { kind, id, version } of referencesIn(city.events.map(({ data }) => data)))
    await store.append(`${REFERENCES[kind].stream}${id}`, 'any', [publication(kind, id, version)]);
  await city.appendTo(store);
  const events = await store.readAll('0', { limit: 5_000 });
  const tree = new MerkleTree(new TreeHasher(algorithm));
  for (const event of events) tree.append(tree.hasher.leaf(leafOf(event)));
  const size = Math.min(covered, events.length);
  const text = checkpointText({ origin, size, root: tree.root(size), algorithm });
  const checkpoint: ProvingCheckpoint = { note: signNote(text, [signer]), origin, size, algorithm };
  const proofs: LogProofs = {
    lastCheckpoint: async () => checkpoint,
    placesOf: async (ids) =>
      events.flatMap(({ eventId }, index) => (ids.includes(eventId) ? [{ eventId, index }] : [])),
    inclusionProof: async (index, of) => tree.inclusionProof(index, of),
  };
  return { store, proofs, events };
}
