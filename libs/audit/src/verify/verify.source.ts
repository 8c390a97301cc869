import type { Buffer } from 'node:buffer';
import type { TreeAlgorithm } from '../tree/tree-hash.js';
import type { FaultyEvent } from './verify.faults.js';

/** One leaf as it comes from a log or a file. */
export interface SourceLeaf {
  readonly position: string | null;
  /** The canonical line; null where what is stored can be none. */
  readonly leaf: Buffer | null;
}

/** A log to be checked. It is read twice: for its checkpoints, then whole. */
export interface VerifySource {
  /** For people. */
  readonly name: string;
  /** Leaves in order, some thousands at a time; ends with the log. @throws MalformedLine, and what reading throws */
  leaves(): AsyncIterable<readonly SourceLeaf[]>;
  /** Sizes that its own checkpoints speak of. */
  checkpointSizes(): Promise<ReadonlySet<number>>;
  /** Checkpoints beside the events: of a file, the lines that are checkpoints; known once the sizes are. */
  notes(): readonly string[];
  /** Of its tree, where it says so; known once its checkpoints have been looked for. */
  readonly algorithm: TreeAlgorithm | null;
  /** About how many leaves there are, for progress; null when nobody knows. */
  readonly total: number | null;
}

/** The hashes of leaves that the tree's tables hold: they tell which event it is that does not fit. */
export interface KnownLeaves {
  /** Leaves of the tree before the log was read: it may have grown since, and is passed by then. */
  readonly size: number;
  /** Hashes from leaf `from` on, one after another; shorter where the tree ends. */
  hashes(from: number, count: number): Promise<Buffer>;
  /** What the tree was told about a leaf. */
  eventAt(index: number): Promise<{ readonly eventId: string; readonly position: string } | null>;
  /** Where the tree has an event; null when it has none. */
  indexOf(eventId: string): Promise<number | null>;
}

/** Thrown when a file is not written as its format says. */
export class MalformedLine extends Error {
  readonly code = 'MALFORMED_LINE';
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

interface LeafMembers {
  readonly streamId?: unknown;
  readonly revision?: unknown;
  readonly eventId?: unknown;
  readonly type?: unknown;
}

/** What a leaf says of itself, as far as it is JSON. */
export function faultyEvent(index: number, source: SourceLeaf | null): FaultyEvent {
  const { streamId, revision, eventId, type } = membersOf(source?.leaf ?? null);
  return {
    index,
    position: source?.position ?? null,
    streamId: typeof streamId === 'string' ? streamId : null,
    revision: typeof revision === 'number' ? revision : null,
    eventId: typeof eventId === 'string' ? eventId : null,
    type: typeof type === 'string' ? type : null,
  };
}

/** Behind what a leaf says of itself; in a name within it the quotes are escaped. */
const behindMembers = ',"metadata":';

/** Metadata and data are left away: of an event that was altered they may be no JSON. */
function membersOf(leaf: Buffer | null): LeafMembers {
  if (leaf === null) return {};
  const end = leaf.indexOf(behindMembers);
  try {
    const value: unknown = JSON.parse(end < 0 ? leaf.toString('utf8') : `${leaf.toString('utf8', 0, end)}}`);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
