import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { TreeAlgorithm } from '../tree/index.js';
import type { PlainLine } from '../plain-lines.js';

export const DOSSIER_FORMAT = 'shaoying-dossier/1';

/** A leaf of the log's tree with what proves it. */
export interface ProvedLeaf {
  readonly index: number;
  /** Base64, in the order of RFC 9162. */
  readonly proof: readonly string[];
  /** The canonical content of the leaf, as text: docs/formats/audit.md. */
  readonly leaf: string;
}

/** A document that governs the incident: a version of a policy, calendar, catalogue or ladder. */
export interface Reference {
  readonly kind: ReferenceKind;
  readonly id: string;
  readonly version: number;
}

/** A file that an event names as evidence. */
export interface NamedFile {
  readonly sha256: string;
  /** Of the event that names it. */
  readonly revision: number;
}

/** What is signed; the order of members is that of the file. */
export interface Dossier {
  readonly format: typeof DOSSIER_FORMAT;
  readonly incidentId: string;
  readonly producedAt: string;
  readonly origin: string;
  readonly algorithm: TreeAlgorithm;
  /** The signed note that every proof leads to. */
  readonly checkpoint: string;
  /** Of the keys that signed, for whoever has none of their own. */
  readonly verifierKeys: readonly string[];
  /** Every event of the incident, by revision. */
  readonly events: readonly ProvedLeaf[];
  /** The publications of what {@link referencesIn} finds in them, in the same order. */
  readonly governedBy: readonly (Reference & ProvedLeaf)[];
  readonly evidence: readonly NamedFile[];
  /**
   * Revisions of the incident's stream that another program has taken on an engine where it can: not ours, not in the log's tree, not
   * counted. Rising; absent where there are none. The word of whoever signs: nothing in the file proves it.
   */
  readonly foreign?: readonly number[];
  /** Of units that the pages name. */
  readonly names: Readonly<Record<string, string>>;
  /** A sentence for each event, by revision. */
  readonly lines: readonly PlainLine[];
  /** The same for people: whole pages without scripts and without anything from outside. */
  readonly pages: PlainLine;
}

/** Member that names a document → the member with its version, the stream of its publications, and its member there. */
export const REFERENCES = {
  policy: { id: 'policyId', version: 'policyVersion', stream: 'deadline-policy-', document: 'policy' },
  calendar: {
    id: 'calendarId',
    version: 'calendarVersion',
    stream: 'working-calendar-',
    document: 'calendar',
  },
  catalogue: {
    ...{
      id: 'catalogueId',
      version: 'catalogueVersion',
      stream: 'dispatch-catalogue-',
      document: 'catalogue',
    },
  },
  ladder: { id: 'ladderId', version: 'ladderVersion', stream: 'escalation-ladder-', document: 'ladder' },
} as const;
export type ReferenceKind = keyof typeof REFERENCES;

const kinds = Object.keys(REFERENCES) as readonly ReferenceKind[];

/** Every document that the data of these events names by id and version, each once, in order of appearance. */
export function referencesIn(datas: readonly unknown[]): Reference[] {
  const found = new Map<string, Reference>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const members = value as Readonly<Record<string, unknown>>;
    for (const kind of kinds) {
      const [id, version] = [members[REFERENCES[kind].id], members[REFERENCES[kind].version]];
      if (typeof id === 'string' && typeof version === 'number')
        found.set(`${kind} ${version} ${id}`, { kind, id, version });
    }
    Object.values(members).forEach(look);
  };
  datas.forEach(look);
  return [...found.values()];
}

/** Of the document in a publication's data. */
export function versionIn(data: unknown, document: string): unknown {
  const found = (data as Readonly<Record<string, unknown>>)[document];
  return typeof found === 'object' && found !== null && 'version' in found ? found.version : undefined;
}

/** What an event names as evidence: the hashes in the list `evidence` of its data. */
export function evidenceIn(data: unknown, revision: number): NamedFile[] {
  const { evidence } = data as { readonly evidence?: unknown };
  if (!Array.isArray(evidence)) return [];
  return evidence.filter((hash) => typeof hash === 'string').map((sha256) => ({ sha256, revision }));
}

/** The text that the signature speaks about; a note of four lines. */
export function signedText(
  { origin, incidentId }: Pick<Dossier, 'origin' | 'incidentId'>,
  content: string,
): string {
  const sha256 = createHash('sha256').update(content, 'utf8').digest('base64');
  return `${DOSSIER_FORMAT}\n${origin}\n${incidentId}\n${sha256}\n`;
}

const [opening, between, closing] = ['{"dossier":', ',"signature":', '}\n'] as const;

/** The file: the content exactly as it was signed, and the signature beside it. */
export const fileOf = (content: string, signature: string): string =>
  `${opening}${content}${between}${JSON.stringify(signature)}${closing}`;

/** Takes a file apart without believing any of it; null where it is no such file, byte for byte. */
export function partsOf(file: string): { readonly content: string; readonly signature: string } | null {
  const at = file.lastIndexOf(between);
  if (!file.startsWith(opening) || !file.endsWith(closing) || at < 0) return null;
  const content = file.slice(opening.length, at);
  try {
    const signature: unknown = JSON.parse(file.slice(at + between.length, -closing.length));
    if (typeof signature !== 'string' || fileOf(content, signature) !== file) return null;
    return { content, signature };
  } catch {
    return null;
  }
}

export const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64');
