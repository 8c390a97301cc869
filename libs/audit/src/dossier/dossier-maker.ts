import type { Clock } from '@shaoying/config';
import {
  StreamNotFound,
  tellsForeignEvents,
  type EventStore,
  type RecordedEvent,
} from '@shaoying/event-store';
import { incidentStreamId } from '@shaoying/incident-contracts';
import { parseCheckpoint, parseNote, signNote, type NoteSigner } from '../checkpoints/index.js';
import type { LogProofs, ProvingCheckpoint } from '../export/log-proofs.js';
import { logLineOf } from '../log/log-lines.js';
import type { NameOf } from '../plain-lines.js';
import { LogContradictsTree } from '../log-tree/index.js';
import { isIncluded, leafOf, TreeHasher } from '../tree/index.js';
import {
  base64,
  DOSSIER_FORMAT,
  evidenceIn,
  fileOf,
  REFERENCES,
  referencesIn,
  signedText,
  versionIn,
  type Dossier,
  type ProvedLeaf,
  type Reference,
} from './dossier.js';
import { pagesOf } from './dossier.pages.js';

/** Thrown while no signed checkpoint covers the last event of the incident: one is made every minute. */
export class DossierNotProvable extends Error {
  readonly code = 'NO_CHECKPOINT_YET';
}

/** Thrown when the log lacks a document that an event names: it is not whole, and nothing can be proved of it. */
export class DocumentMissing extends Error {
  readonly code = 'DOCUMENT_MISSING';
}

export interface MadeDossier {
  readonly file: string;
  readonly events: number;
  readonly treeSize: number;
}

/** Puts together everything about one incident in one signed file (docs/formats/dossier.md). Straight from the log. */
export class DossierMaker {
  constructor(
    private readonly store: EventStore,
    private readonly proofs: LogProofs,
    private readonly signers: readonly NoteSigner[],
    private readonly nameOf: NameOf,
    private readonly clock: Clock,
  ) {}

  /** @throws StreamNotFound, DossierNotProvable, DocumentMissing, LogContradictsTree; what the log and the tree throw */
  async make(incidentId: string): Promise<MadeDossier> {
    const history = await this.store.readStream(incidentStreamId(incidentId));
    const foreign = await this.foreignAmong(history);
    const references = referencesIn(history.map(({ data }) => data));
    const published = await Promise.all(references.map((reference) => this.publicationOf(reference)));
    const checkpoint = await this.proofs.lastCheckpoint();
    if (checkpoint === null) throw new DossierNotProvable('nothing is signed yet');
    const leaves = await this.proved([...history, ...published], checkpoint);
    const { origin, algorithm, note, size } = checkpoint;
    const named = new NamesTold(this.nameOf);
    const lines = history.map((event) => logLineOf(event, named.nameOf));
    for (const { actor } of history) named.nameOf(actor.orgUnitId);
    const content: Omit<Dossier, 'pages'> = {
      ...{
        format: DOSSIER_FORMAT,
        incidentId,
        producedAt: this.clock.now().toISOString(),
        origin,
        algorithm,
      },
      ...{ checkpoint: note, verifierKeys: this.signers.map(({ verifierKey }) => verifierKey) },
      events: leaves.slice(0, history.length),
      governedBy: references.map((reference, index) => ({
        ...reference,
        ...leaves[history.length + index]!,
      })),
      evidence: history.flatMap(({ data, revision }) => evidenceIn(data, revision)),
      ...(foreign.length > 0 && { foreign }),
      ...{ names: named.names, lines },
    };
    const signed = JSON.stringify({ ...content, pages: pagesOf(content) });
    const signature = signNote(signedText(content, signed), this.signers);
    return { file: fileOf(signed, signature), events: history.length, treeSize: size };
  }

  /** What another program has written between the events: a gap that the engine does not explain is left as it is. */
  private async foreignAmong(history: readonly RecordedEvent[]): Promise<number[]> {
    const { store } = this;
    const last = history.at(-1);
    if (last === undefined || last.revision < history.length || !tellsForeignEvents(store)) return [];
    const foreign = await store.foreignRevisions(last.streamId);
    return foreign.filter((revision) => revision < last.revision);
  }

  private async proved(
    events: readonly RecordedEvent[],
    { size, algorithm, note }: ProvingCheckpoint,
  ): Promise<ProvedLeaf[]> {
    const places = await this.proofs.placesOf(events.map(({ eventId }) => eventId));
    const indexes = new Map(places.map(({ eventId, index }) => [eventId, index]));
    const leaves: ProvedLeaf[] = [];
    const hasher = new TreeHasher(algorithm);
    const { root } = parseCheckpoint(parseNote(note).text);
    for (const event of events) {
      const index = indexes.get(event.eventId);
      if (index === undefined || index >= size)
        throw new DossierNotProvable(
          `no signed checkpoint covers revision ${event.revision} of ${event.streamId} yet`,
        );
      const proof = await this.proofs.inclusionProof(index, size, algorithm);
      const leaf = leafOf(event);
      // What does not fit is for `shaoying verify` to find; it is not given away under a signature.
      if (!isIncluded(hasher, { index, size, leafHash: hasher.leaf(leaf), proof, root }))
        throw new LogContradictsTree(
          `revision ${event.revision} of ${event.streamId} is not what was signed`,
        );
      leaves.push({ index, proof: proof.map(base64), leaf });
    }
    return leaves;
  }

  private async publicationOf({ kind, id, version }: Reference): Promise<RecordedEvent> {
    const { stream, document } = REFERENCES[kind];
    const published = await this.store.readStream(`${stream}${id}`).catch((error: unknown) => {
      if (error instanceof StreamNotFound) return [];
      throw error;
    });
    const found = published.find(({ data }) => versionIn(data, document) === version);
    if (found === undefined) throw new DocumentMissing(`the log has no ${kind} ${id} of version ${version}`);
    return found;
  }
}

/** The names that were asked for: those of the units that act, and that the lines name. */
class NamesTold {
  readonly names: Record<string, string> = {};

  constructor(private readonly told: NameOf) {}

  readonly nameOf: NameOf = (id) => {
    const name = this.told(id);
    if (id !== null) this.names[id] = name;
    return name;
  };
}
