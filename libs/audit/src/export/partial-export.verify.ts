import { Buffer } from 'node:buffer';
import {
  judgeNote,
  noteVerifier,
  parseCheckpoint,
  parseNote,
  type Checkpoint,
} from '../checkpoints/index.js';
import { isIncluded, TreeHasher } from '../tree/index.js';

/** What does not fit in an export that leaves events out, by its line from 1 on. */
export interface PartialExportFault {
  readonly code: 'LINE_MALFORMED' | 'CHECKPOINT_INVALID' | 'LEAF_NOT_IN_LOG' | 'LEAF_OUT_OF_ORDER';
  readonly line: number;
}

export interface PartialExportReport {
  readonly outcome: 'WHOLE' | 'BROKEN';
  readonly leaves: number;
  /** Leaves of the log that the checkpoint speaks about. */
  readonly treeSize: number | null;
  /** False: nobody brought a key, and the signature of the checkpoint was not looked at. */
  readonly trusted: boolean;
  readonly fault: PartialExportFault | null;
}

/** Whether a leaf's line has a proof of its own: the export leaves events out. */
export const isProvedLine = (line: string): boolean =>
  /^\{"index":\d+,"position":"\d+","proof":\[/.test(line);

const leafLine =
  /^\{"index":(\d{1,16}),"position":"\d{1,19}","proof":\[((?:"[A-Za-z0-9+/]{43}="(?:,(?="))?){0,64})\],"event":(.*)\}$/s;

/**
 * Checks an export that leaves events out (docs/formats/audit.md): every leaf by its own proof, against the checkpoint in the last
 * line. What was left out nobody can tell by it. @param lines without their newlines @throws MalformedNote for keys that are none
 */
export function verifyPartialExport(lines: readonly string[], keys: readonly string[]): PartialExportReport {
  const whole = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  const trusted = keys.length > 0;
  const checkpoint = checkpointIn(whole.at(-1) ?? '', whole[0] ?? '', keys);
  const broken = (fault: PartialExportFault, leaves: number): PartialExportReport => {
    return { outcome: 'BROKEN', leaves, treeSize: checkpoint?.size ?? null, trusted: false, fault };
  };
  if (checkpoint === null) return broken({ code: 'CHECKPOINT_INVALID', line: whole.length }, 0);
  const hasher = new TreeHasher(checkpoint.algorithm);
  let before = -1;
  const leaves = whole.slice(1, -1);
  for (const [place, text] of leaves.entries()) {
    const line = place + 2;
    const [, number = '', hashes = '', leaf = ''] = leafLine.exec(text) ?? [];
    if (number === '') return broken({ code: 'LINE_MALFORMED', line }, place);
    const [index, proof] = [Number(number), hashes === '' ? [] : hashes.slice(1, -1).split('","')];
    const claim = { index, size: checkpoint.size, leafHash: hasher.leaf(leaf), root: checkpoint.root };
    if (!isIncluded(hasher, { ...claim, proof: proof.map((hash) => Buffer.from(hash, 'base64')) }))
      return broken({ code: 'LEAF_NOT_IN_LOG', line }, place);
    if (index <= before) return broken({ code: 'LEAF_OUT_OF_ORDER', line }, place);
    before = index;
  }
  return { outcome: 'WHOLE', leaves: leaves.length, treeSize: checkpoint.size, trusted, fault: null };
}

/** Null where it is none, is of another log than the header says, or is signed by none of the keys that were brought. */
function checkpointIn(last: string, first: string, keys: readonly string[]): Checkpoint | null {
  const known = keys.map(noteVerifier);
  try {
    const { checkpoint } = JSON.parse(last) as { readonly checkpoint: string };
    const { origin, algorithm } = JSON.parse(first) as {
      readonly origin?: unknown;
      readonly algorithm?: unknown;
    };
    const note = parseNote(checkpoint);
    if (known.length > 0 && judgeNote(note, known).verdict !== 'signed') return null;
    const head = parseCheckpoint(note.text);
    return head.origin === origin && head.algorithm === algorithm ? head : null;
  } catch {
    return null;
  }
}
