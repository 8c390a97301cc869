import { Buffer } from 'node:buffer';
import { HASH_BYTES } from '../tree/tree-hash.js';
import type { Fault, FaultCode } from './verify.faults.js';
import { faultyEvent, type KnownLeaves, type SourceLeaf } from './verify.source.js';

/** What the tree has of some leaves, from one on; ends where the tree does. */
export class ExpectedHashes {
  constructor(private readonly hashes: Buffer) {}

  /** Beyond the end of the tree nothing is known, and everything fits: it follows the log by a moment. */
  fits(offset: number, hash: Uint8Array): boolean {
    const from = offset * HASH_BYTES;
    if (from + HASH_BYTES > this.hashes.length) return true;
    return this.hashes.compare(hash, 0, HASH_BYTES, from, from + HASH_BYTES) === 0;
  }

  at(offset: number): Expected {
    return { hash: this.hashAt(offset), next: this.hashAt(offset + 1) };
  }

  private hashAt(offset: number): Uint8Array | null {
    const end = (offset + 1) * HASH_BYTES;
    return end <= this.hashes.length ? this.hashes.subarray(end - HASH_BYTES, end) : null;
  }
}

/** What the tree has of a leaf and of the next; null beyond its end. */
interface Expected {
  readonly hash: Uint8Array | null;
  readonly next: Uint8Array | null;
}

interface Suspect {
  readonly index: number;
  readonly source: SourceLeaf;
  readonly hash: Uint8Array;
  readonly expected: Expected;
  /** Of the leaf after it; null while none has come. */
  nextHash: Uint8Array | null;
}

const nothing = new ExpectedHashes(Buffer.alloc(0));
const isSame = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a !== null && b !== null && Buffer.compare(a, b) === 0;

/**
 * The first leaf that is not what the tree's tables have. By itself it shows only that the two differ; when a
 * checkpoint contradicts the log, it says which event, and by its neighbours how.
 */
export class Suspicion {
  private suspect: Suspect | null = null;

  constructor(private readonly known: KnownLeaves | null) {}

  /** The tree's hashes for so many leaves from one on. */
  async hashesFor(from: number, count: number): Promise<ExpectedHashes> {
    if (!this.known || this.suspect) return nothing;
    return new ExpectedHashes(await this.known.hashes(from, count + 1));
  }

  /** @param offset of the leaf in `expected` */
  look(index: number, source: SourceLeaf, hash: Uint8Array, expected: ExpectedHashes, offset: number): void {
    if (this.suspect) {
      if (index === this.suspect.index + 1) this.suspect.nextHash = hash;
      return;
    }
    if (expected.fits(offset, hash)) return;
    this.suspect = { index, source, hash, expected: expected.at(offset), nextHash: null };
  }

  isAny(): boolean {
    return this.suspect !== null;
  }

  isAt(index: number): boolean {
    return this.suspect?.index === index;
  }

  isBefore(size: number): boolean {
    return this.suspect !== null && this.suspect.index < size;
  }

  /** Whether the log ends before the tree did when it was looked at first. */
  isCutOff(leaves: number): boolean {
    return this.known !== null && leaves < this.known.size;
  }

  /** The log is what was signed, and the tree's tables are not. */
  ofTree(checkpoint: Fault['checkpoint']): Fault {
    const { index, source } = this.required();
    const message = `the tree's tables have another hash at index ${index} than the event, which fits its checkpoint: rebuild audit-tree`;
    return { code: 'TREE_DIFFERS', message, event: faultyEvent(index, source), checkpoint };
  }

  /** Which event it is, and what was done to it. */
  async fault(checkpoint: Fault['checkpoint']): Promise<Fault> {
    const { index, source, hash, expected, nextHash } = this.required();
    const event = faultyEvent(index, source);
    const tell = (code: FaultCode, message: string): Fault => ({ code, message, event, checkpoint });
    const isNextHere = isSame(hash, expected.next);
    const isHereNext = isSame(nextHash, expected.hash);
    if (isNextHere && isHereNext)
      return tell('SWAPPED', `the events at index ${index} and ${index + 1} have changed places`);
    if (isNextHere) {
      const gone = await this.known?.eventAt(index);
      const which = gone ? ` (${gone.eventId}, at position ${gone.position})` : '';
      return tell(
        'REMOVED',
        `the event that was at index ${index}${which} is gone; the one here came after it`,
      );
    }
    if (isHereNext)
      return tell('INSERTED', `the event at index ${index} was not there when its place was signed`);
    const home = event.eventId === null ? null : ((await this.known?.indexOf(event.eventId)) ?? null);
    if (home === null) return tell('INSERTED', `the event at index ${index} is not one that the tree knows`);
    if (home !== index) return tell('MOVED', `the event at index ${index} was at index ${home}`);
    return tell('ALTERED', `the event at index ${index} is not as it was signed`);
  }

  private required(): Suspect {
    if (!this.suspect) throw new Error('nothing is suspected');
    return this.suspect;
  }
}
