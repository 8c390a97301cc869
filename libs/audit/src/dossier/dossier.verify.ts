import { Buffer } from 'node:buffer';
import { incidentStreamId } from '@shaoying/incident-contracts';
import {
  judgeNote,
  noteVerifier,
  parseCheckpoint,
  parseNote,
  type Checkpoint,
  type NoteVerifier,
} from '../checkpoints/index.js';
import { logLineOf } from '../log/log-lines.js';
import { isIncluded, TreeHasher } from '../tree/index.js';
import {
  DOSSIER_FORMAT,
  evidenceIn,
  partsOf,
  REFERENCES,
  referencesIn,
  signedText,
  versionIn,
  type Dossier,
  type ProvedLeaf,
} from './dossier.js';
import { pagesOf } from './dossier.pages.js';
import { isDossier, readLeaf, type ReadLeaf } from './dossier.shape.js';

/** What does not fit. `code` is stable; docs/formats/dossier.md lists them. */
export interface DossierFault {
  readonly code: DossierFaultCode;
  /** What of the file: `signature`, `events/3`, `governedBy/0` … */
  readonly where: string;
  readonly message: string;
}

export type DossierFaultCode =
  | 'NOT_A_DOSSIER'
  | 'CONTENT_CHANGED'
  | 'SIGNATURE_FORGED'
  | 'SIGNED_BY_ANOTHER_KEY'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_CONTRADICTED'
  | 'LEAF_NOT_IN_LOG'
  | 'LEAF_MALFORMED'
  | 'EVENT_OF_ANOTHER_STREAM'
  | 'EVENT_MISSING'
  | 'EVENT_OUT_OF_ORDER'
  | 'FOREIGN_WITHOUT_GAP'
  | 'DOCUMENT_MISSING'
  | 'DOCUMENT_NOT_NAMED'
  | 'EVIDENCE_DIFFERS'
  | 'PAGES_DIFFER';

export interface DossierReport {
  readonly ok: boolean;
  readonly faults: readonly DossierFault[];
  /** Whether a key that the caller brought has signed: otherwise the file agrees with itself, and no more is shown. */
  readonly trusted: boolean;
  readonly incidentId: string | null;
  readonly events: number;
  readonly treeSize: number | null;
  /**
   * Revisions whose sentence is not what this release says of the event: worded by another release, or not what the event
   * says. The events are what counts.
   */
  readonly rewordedLines: readonly number[];
  /**
   * Revisions that are missing, and that whoever has signed says were taken by another program: not counted, and not proved. Who has
   * the log, or another proof of an event of that revision, can show that it is not so.
   */
  readonly foreignRevisions: readonly number[];
  /** Verifier keys by which the signatures were checked. */
  readonly keys: readonly string[];
}

export interface DossierTrust {
  /** Verifier keys that the caller has from elsewhere; none: those in the file. */
  readonly keys?: readonly string[];
  /** Checkpoints of the same log that the caller has from elsewhere: one of the same size must be the same. */
  readonly checkpoints?: readonly Checkpoint[];
}

/** Checks a dossier by itself: no network, no database. @throws MalformedNote for keys that are none */
export function verifyDossier(file: string, trust: DossierTrust = {}): DossierReport {
  const parts = partsOf(file);
  const content: unknown = parts === null ? null : parsed(parts.content);
  if (parts === null || !isDossier(content)) {
    return nothing({ code: 'NOT_A_DOSSIER', where: 'file', message: `the file is no ${DOSSIER_FORMAT}` });
  }
  return new Verification(content, parts, trust).report();
}

const nothing = (fault: DossierFault): DossierReport => ({
  ...{ ok: false, faults: [fault], trusted: false, incidentId: null, events: 0, treeSize: null, keys: [] },
  ...{ rewordedLines: [], foreignRevisions: [] },
});

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    // Written once by JSON.stringify: what would be written otherwise has something that a reader does not see.
    return JSON.stringify(value) === text ? value : null;
  } catch {
    return null;
  }
}

class Verification {
  private readonly faults: DossierFault[] = [];
  private readonly known: readonly NoteVerifier[];

  constructor(
    private readonly dossier: Dossier,
    private readonly parts: { readonly content: string; readonly signature: string },
    private readonly trust: DossierTrust,
  ) {
    const own = trust.keys ?? [];
    this.known = own.length > 0 ? own.map(noteVerifier) : this.keysInFile();
  }

  report(): DossierReport {
    const { dossier, faults } = this;
    this.checkSignature();
    const checkpoint = this.checkedCheckpoint();
    const events = dossier.events.map((leaf, index) => this.checkedLeaf(leaf, `events/${index}`, checkpoint));
    this.checkStream(events);
    this.checkDocuments(events, checkpoint);
    this.checkDerived(events);
    return {
      ...{ ok: faults.length === 0, faults, incidentId: dossier.incidentId, events: events.length },
      trusted: (this.trust.keys ?? []).length > 0 && faults.length === 0,
      ...{ rewordedLines: this.rewordedLines(events), foreignRevisions: dossier.foreign ?? [] },
      ...{ treeSize: checkpoint?.size ?? null, keys: this.known.map(({ verifierKey }) => verifierKey) },
    };
  }

  private fault(code: DossierFaultCode, where: string, message: string): void {
    this.faults.push({ code, where, message });
  }

  private keysInFile(): NoteVerifier[] {
    return this.dossier.verifierKeys.flatMap((key) => {
      try {
        return [noteVerifier(key)];
      } catch {
        this.fault('SIGNATURE_FORGED', 'verifierKeys', 'a verifier key in the file is none');
        return [];
      }
    });
  }

  /** Of a note: whether a known key signed it. Returns its text where it can be read. */
  private judged(note: string, where: string): string | null {
    try {
      const read = parseNote(note);
      const { verdict } = judgeNote(read, this.known);
      if (verdict === 'forged')
        this.fault('SIGNATURE_FORGED', where, 'a signature does not fit what it signs');
      if (verdict === 'unknown-keys')
        this.fault('SIGNED_BY_ANOTHER_KEY', where, 'it is signed by none of the keys that are known');
      return read.text;
    } catch {
      this.fault('SIGNATURE_FORGED', where, 'it is no signed note');
      return null;
    }
  }

  private checkSignature(): void {
    const text = this.judged(this.parts.signature, 'signature');
    if (text !== null && text !== signedText(this.dossier, this.parts.content))
      this.fault('CONTENT_CHANGED', 'dossier', 'the content is not what was signed');
  }

  private checkedCheckpoint(): Checkpoint | null {
    const text = this.judged(this.dossier.checkpoint, 'checkpoint');
    if (text === null) return null;
    try {
      const checkpoint = parseCheckpoint(text);
      const { origin, algorithm } = this.dossier;
      if (checkpoint.origin !== origin || checkpoint.algorithm !== algorithm)
        this.fault(
          'CHECKPOINT_INVALID',
          'checkpoint',
          'it is of another log or another algorithm than the dossier says',
        );
      this.compare(checkpoint);
      return checkpoint;
    } catch {
      this.fault('CHECKPOINT_INVALID', 'checkpoint', 'the note is no checkpoint');
      return null;
    }
  }

  private compare({ origin, size, root }: Checkpoint): void {
    for (const mine of this.trust.checkpoints ?? []) {
      const differs = mine.size === size && Buffer.compare(mine.root, root) !== 0;
      if (mine.origin === origin && differs)
        this.fault('CHECKPOINT_CONTRADICTED', 'checkpoint', 'the checkpoint you have says otherwise');
    }
  }

  private checkedLeaf(proved: ProvedLeaf, where: string, checkpoint: Checkpoint | null): ReadLeaf | null {
    const { index, proof, leaf } = proved;
    if (checkpoint !== null) {
      const hasher = new TreeHasher(checkpoint.algorithm);
      const claim = { index, size: checkpoint.size, leafHash: hasher.leaf(leaf), root: checkpoint.root };
      if (!isIncluded(hasher, { ...claim, proof: proof.map((hash) => Buffer.from(hash, 'base64')) }))
        this.fault('LEAF_NOT_IN_LOG', where, `its proof does not lead to the checkpoint from leaf ${index}`);
    }
    const read = readLeaf(leaf);
    if (read === null) this.fault('LEAF_MALFORMED', where, 'it is no canonical leaf');
    return read;
  }

  /** The stream of an incident is dense: a revision that is missing is an event that was left out, or said to be none of ours. */
  private checkStream(events: readonly (ReadLeaf | null)[]): void {
    const { dossier } = this;
    const foreign = new Set(dossier.foreign);
    let [revision, index] = [-1, -1];
    events.forEach((event, place) => {
      const where = `events/${place}`;
      if (event === null) return;
      if (event.streamId !== incidentStreamId(dossier.incidentId))
        this.fault('EVENT_OF_ANOTHER_STREAM', where, `it is of ${event.streamId}`);
      let missing = revision + 1;
      while (missing < event.revision && foreign.delete(missing)) missing += 1;
      if (event.revision > missing)
        this.fault(
          'EVENT_MISSING',
          where,
          `revision ${missing} is missing before revision ${event.revision}`,
        );
      const leafIndex = dossier.events[place]?.index ?? -1;
      if (event.revision <= revision || leafIndex <= index)
        this.fault(
          'EVENT_OUT_OF_ORDER',
          where,
          `revision ${event.revision} stands behind revision ${revision}`,
        );
      [revision, index] = [event.revision, leafIndex];
    });
    for (const left of foreign)
      this.fault(
        'FOREIGN_WITHOUT_GAP',
        'foreign',
        `revision ${left} is said to be foreign, and is not missing`,
      );
    if (events.length === 0) this.fault('EVENT_MISSING', 'events', 'there are no events');
  }

  private checkDocuments(events: readonly (ReadLeaf | null)[], checkpoint: Checkpoint | null): void {
    const wanted = referencesIn(events.map((event) => event?.data ?? null));
    const given = this.dossier.governedBy;
    for (const { kind, id, version } of wanted) {
      if (!given.some((it) => it.kind === kind && it.id === id && it.version === version))
        this.fault(
          'DOCUMENT_MISSING',
          'governedBy',
          `the publication of ${kind} ${id} version ${version} is missing`,
        );
    }
    given.forEach((it, place) => {
      const where = `governedBy/${place}`;
      const { kind, id, version } = it;
      const { stream, document } = REFERENCES[kind];
      const read = this.checkedLeaf(it, where, checkpoint);
      if (read?.streamId !== `${stream}${id}` || versionIn(read.data, document) !== version)
        this.fault(
          'DOCUMENT_MISSING',
          where,
          `it is not the publication of ${kind} ${id} version ${version}`,
        );
      if (!wanted.some((one) => one.kind === kind && one.id === id && one.version === version))
        this.fault('DOCUMENT_NOT_NAMED', where, 'no event names this document');
    });
  }

  private rewordedLines(events: readonly (ReadLeaf | null)[]): number[] {
    const { names, lines } = this.dossier;
    const nameOf = (id: string | null): string =>
      id === null ? '—' : Object.hasOwn(names, id) ? (names[id] ?? id) : id;
    return events.flatMap((event, place) => {
      if (event === null) return [];
      const { zh, en } = logLineOf(event, nameOf);
      const told = lines[place];
      return told?.zh === zh && told.en === en ? [] : [event.revision];
    });
  }

  /** What can be made from the rest is made again. */
  private checkDerived(events: readonly (ReadLeaf | null)[]): void {
    const evidence = events.flatMap((event) =>
      event === null ? [] : evidenceIn(event.data, event.revision),
    );
    if (JSON.stringify(evidence) !== JSON.stringify(this.dossier.evidence))
      this.fault('EVIDENCE_DIFFERS', 'evidence', 'the list is not what the events name');
    if (events.includes(null)) return;
    const { pages, ...content } = this.dossier;
    const made = madeAgain(content);
    if (content.lines.length !== events.length || pages.zh !== made?.zh || pages.en !== made.en)
      this.fault('PAGES_DIFFER', 'pages', 'the pages are not what is made from the events and their lines');
  }
}

/** Null where there is none: a changed byte may have left an instant that no clock shows. */
function madeAgain(content: Parameters<typeof pagesOf>[0]): Dossier['pages'] | null {
  try {
    return pagesOf(content);
  } catch {
    return null;
  }
}
