import { randomUUID } from 'node:crypto';
import {
  InMemoryEventStore,
  type NewEvent,
  type ReadAllOptions,
  type RecordedEvent,
} from '@shaoying/event-store';
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

/** As on an engine where another program has taken these revisions of a stream. */
function withForeign(
  store: InMemoryEventStore,
  streamId: string,
  foreign: readonly number[],
): InMemoryEventStore {
  const moved = (event: RecordedEvent): RecordedEvent =>
    event.streamId !== streamId
      ? event
      : { ...event, revision: foreign.reduce((to, at) => (at <= to ? to + 1 : to), event.revision) };
  return Object.assign(Object.create(store) as InMemoryEventStore, {
    readStream: async (id: string) => (await store.readStream(id)).map(moved),
    readAll: async (after: string, options: ReadAllOptions) =>
      (await store.readAll(after, options)).map(moved),
  });
}

/**
 * A whole log in memory with its tree: what a city did, and before that the documents that its events name.
 * @param foreign revisions of incident `inc` that another program has taken; rising
 */
export async function provedLog(
  city: SimulatedCity,
  {
    signer = logKey(),
    algorithm = 'sha256' as TreeAlgorithm,
    covered = Infinity,
    foreign = [] as readonly number[],
  } = {},
): Promise<{ store: InMemoryEventStore; proofs: LogProofs; events: readonly RecordedEvent[] }> {
  const memory = new InMemoryEventStore();
  for (const { kind, id, version } of referencesIn(city.events.map(({ data }) => data)))
    await memory.append(`${REFERENCES[kind].stream}${id}`, 'any', [publication(kind, id, version)]);
  await city.appendTo(memory);
  const store = withForeign(memory, 'incident-inc', foreign);
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
