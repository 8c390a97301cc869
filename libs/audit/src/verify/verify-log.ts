import { Buffer } from 'node:buffer';
import type { CheckpointSigned } from '../checkpoints/checkpoint.events.js';
import { parseCheckpoint, type Checkpoint } from '../checkpoints/checkpoint.js';
import { parseNote } from '../checkpoints/signed-note.js';
import { TreeFrontier } from '../tree/merkle-tree.js';
import { TreeHasher, type TreeAlgorithm } from '../tree/tree-hash.js';
import { CheckpointChain } from './checkpoint-chain.js';
import { checkpointOfLeaf } from './checkpoint-in-leaf.js';
import { Suspicion, type ExpectedHashes } from './suspicion.js';
import type { Fault } from './verify.faults.js';
import {
  faultyEvent,
  MalformedLine,
  type KnownLeaves,
  type SourceLeaf,
  type VerifySource,
} from './verify.source.js';

export interface VerifyOptions {
  /** Verifier keys that are believed, `name+hash+base64`. */
  readonly keys: readonly string[];
  /** Signed notes from outside the log. */
  readonly notes: readonly string[];
  /** The tree's own tables, where there are any. */
  readonly known: KnownLeaves | null;
  readonly onProgress?: (leaves: number, total: number | null) => void;
  /** Stops in the middle; what was checked by then is told. */
  readonly signal?: AbortSignal;
}

export interface VerifyReport {
  /** `STOPPED`: nothing that was read is wrong, and not all was read. */
  readonly outcome: 'WHOLE' | 'BROKEN' | 'STOPPED';
  /** Leaves read. */
  readonly leaves: number;
  /** Position of the last one. */
  readonly upTo: string | null;
  /** Checkpoints that fit, in the log and from outside. */
  readonly checkpoints: { readonly inLog: number; readonly fromOutside: number };
  /** Leaves under the last of them: what came later nobody has signed yet. */
  readonly signedLeaves: number;
  /** Root over all leaves, base64, by the algorithm of the checkpoints. */
  readonly root: string;
  readonly algorithm: TreeAlgorithm;
  readonly trustedKeys: readonly string[];
  /** False: keys were taken from the log itself, which a forger of the whole log would have written too. */
  readonly keysFromOutside: boolean;
  readonly fault: Fault | null;
}

/**
 * Checks every leaf, every signature, and that each checkpoint covers the same events as the log, hence extends the one
 * before. Ends at the first that does not fit. Memory does not grow with the log.
 * @throws MalformedNote when a key is none; what the source throws
 */
export async function verifyLog(source: VerifySource, options: VerifyOptions): Promise<VerifyReport> {
  return new Verification(source, options).run();
}

/** A checkpoint to be held against the log, and where it was found. */
interface Outside extends Checkpoint {
  readonly note: string;
  readonly where: string;
}

class Verification {
  private readonly chain: CheckpointChain;
  private frontier = new TreeFrontier();
  private readonly suspicion: Suspicion;
  /** Roots that checkpoints to come will speak of. */
  private readonly roots = new Map<number, Uint8Array>();
  private wanted: ReadonlySet<number> = new Set();
  /** Smallest first; those that the log has not reached. */
  private outside: Outside[] = [];
  private readonly met: Outside[] = [];
  private inLog = 0;
  private signedLeaves = 0;
  /** By sizes that checkpoints speak of: the leaf that comes next, where the doubt begins if the following one does not fit. */
  private readonly following = new Map<number, SourceLeaf>();
  private awaited: number | null = 0;
  private last: SourceLeaf | null = null;

  constructor(
    private readonly source: VerifySource,
    private readonly options: VerifyOptions,
  ) {
    this.chain = new CheckpointChain(options.keys);
    this.suspicion = new Suspicion(options.known);
  }

  async run(): Promise<VerifyReport> {
    try {
      return await this.check();
    } catch (error) {
      if (!(error instanceof MalformedLine)) throw error;
      const event = faultyEvent(this.frontier.size, null);
      return this.report({ code: 'MALFORMED_LINE', message: error.message, event, checkpoint: null });
    }
  }

  private async check(): Promise<VerifyReport> {
    const sizes = await this.source.checkpointSizes();
    for (const note of this.options.notes) {
      const fault = this.expect(note, 'from outside the log');
      if (fault) return this.report(fault);
    }
    for (const note of this.source.notes()) {
      const fault = this.expect(note, 'in the file');
      if (fault) return this.report(fault);
    }
    this.outside.sort((a, b) => a.size - b.size);
    this.wanted = new Set([...sizes, ...this.outside.map(({ size }) => size)]);
    const algorithm = this.outside[0]?.algorithm ?? this.source.algorithm ?? 'sha256';
    this.frontier = new TreeFrontier(new TreeHasher(algorithm));
    for await (const batch of this.source.leaves()) {
      const found = await this.take(batch);
      if (found) return this.report(found);
      this.options.onProgress?.(this.frontier.size, this.source.total);
      if (this.options.signal?.aborted) return this.report(null, true);
    }
    return this.report(await this.atTheEnd());
  }

  /** Its signature is judged at the end: the log may hand trust on to the key that made it. */
  private expect(note: string, where: string): Fault | null {
    try {
      this.outside.push({ ...parseCheckpoint(parseNote(note).text), note, where });
      return null;
    } catch (error) {
      const message = `a checkpoint ${where}: ${error instanceof Error ? error.message : String(error)}`;
      return { code: 'MALFORMED_CHECKPOINT', message, event: null, checkpoint: null };
    }
  }

  private async take(batch: readonly SourceLeaf[]): Promise<Fault | null> {
    const expected = await this.suspicion.hashesFor(this.frontier.size, batch.length);
    for (const [offset, source] of batch.entries()) {
      // Nothing is awaited for most leaves: that alone would take as long as their hashes.
      const rest = this.takeLeaf(source, expected, offset);
      const fault = rest && (await rest);
      if (fault) return fault;
    }
    return null;
  }

  private takeLeaf(
    source: SourceLeaf,
    expected: ExpectedHashes,
    offset: number,
  ): Fault | Promise<Fault | null> | null {
    const { frontier } = this;
    const index = frontier.size;
    if (source.leaf === null) {
      const message = `what is stored at index ${index} can be no event of this log`;
      return { code: 'MALFORMED_LEAF', message, event: faultyEvent(index, source), checkpoint: null };
    }
    // A copy: the leaf may be a view of all that was read with it.
    if (this.awaited !== null)
      this.following.set(this.awaited, { ...source, leaf: Buffer.from(source.leaf) });
    this.awaited = null;
    this.last = source;
    const hash = frontier.hasher.leaf(source.leaf);
    frontier.append(hash);
    this.suspicion.look(index, source, hash, expected, offset);
    const signed = checkpointOfLeaf(source.leaf);
    if (!signed && !this.wanted.has(frontier.size)) return null;
    return this.meet(signed, index, source);
  }

  private async meet(
    signed: CheckpointSigned | undefined,
    index: number,
    source: SourceLeaf,
  ): Promise<Fault | null> {
    const fault = signed ? await this.checkpointInLog(signed, index, source) : null;
    return fault ?? (this.wanted.has(this.frontier.size) ? this.outsideAt(this.frontier.size) : null);
  }

  /** Keeps the root for a checkpoint to come, and holds those from outside against it. */
  private async outsideAt(size: number): Promise<Fault | null> {
    const root = this.frontier.root();
    this.roots.set(size, root);
    this.awaited = size;
    while (this.outside[0]?.size === size) {
      const checkpoint = this.outside.shift() as Outside;
      const fault = await this.holdAgainst(checkpoint, root, checkpoint.where);
      if (fault) return fault;
      this.met.push(checkpoint);
    }
    return null;
  }

  private async checkpointInLog(
    signed: CheckpointSigned,
    index: number,
    source: SourceLeaf,
  ): Promise<Fault | null> {
    const where = `in the log at index ${index}`;
    const judged = this.chain.inLog(signed, index);
    if ('code' in judged) {
      const checkpoint = { size: signed.size, where };
      // A checkpoint that was altered is first of all an event that was.
      if (this.suspicion.isAny()) return this.suspicion.fault(checkpoint);
      const message = `the checkpoint ${where}: ${judged.message}`;
      return { code: judged.code, message, event: faultyEvent(index, source), checkpoint };
    }
    // None for one that speaks of more events than there are before it.
    const root = this.roots.get(judged.size) ?? new Uint8Array();
    const fault = await this.holdAgainst(judged, root, where);
    if (fault) return fault;
    for (const size of this.roots.keys()) if (size <= judged.size) this.roots.delete(size);
    for (const size of this.following.keys()) if (size < this.signedLeaves) this.following.delete(size);
    this.inLog += 1;
    return null;
  }

  private async holdAgainst(
    { size, root, algorithm }: Checkpoint,
    present: Uint8Array,
    where: string,
  ): Promise<Fault | null> {
    const fits = algorithm === this.frontier.hasher.algorithm && Buffer.compare(root, present) === 0;
    if (fits) {
      if (this.suspicion.isBefore(size)) return this.suspicion.ofTree({ size, where });
      this.signedLeaves = Math.max(this.signedLeaves, size);
      return null;
    }
    if (this.suspicion.isAny()) return this.suspicion.fault({ size, where });
    const from = this.signedLeaves;
    return {
      code: 'CONTRADICTS_CHECKPOINT',
      message:
        `the events from index ${from} to ${size - 1} are not those that the checkpoint over ${size} events ` +
        `${where} was signed for`,
      event: faultyEvent(from, this.following.get(from) ?? null),
      checkpoint: { size, where },
    };
  }

  private async atTheEnd(): Promise<Fault | null> {
    const [beyond] = this.outside;
    if (beyond) return this.truncated(beyond);
    if (this.suspicion.isCutOff(this.frontier.size)) return this.truncated(null);
    if (this.suspicion.isAny()) return this.suspicion.fault(null);
    for (const { note, size, where } of this.chain.trustedKeys.length > 0 ? this.met : []) {
      const judged = this.chain.judge(note);
      if (!('code' in judged)) continue;
      const message = `a checkpoint ${where}: ${judged.message}`;
      return { code: judged.code, message, event: null, checkpoint: { size, where } };
    }
    return null;
  }

  private async truncated(beyond: Outside | null): Promise<Fault> {
    const checkpoint = beyond && { size: beyond.size, where: beyond.where };
    if (this.suspicion.isAny()) return this.suspicion.fault(checkpoint);
    const index = this.frontier.size;
    const gone = await this.options.known?.eventAt(index);
    const promised = beyond ? `the checkpoint ${beyond.where} covers ${beyond.size}` : 'the tree has more';
    return {
      code: 'TRUNCATED',
      message: `the log ends after ${index} events, ${promised}`,
      event: {
        ...faultyEvent(index, null),
        eventId: gone?.eventId ?? null,
        position: gone?.position ?? null,
      },
      checkpoint,
    };
  }

  private report(fault: Fault | null, stopped = false): VerifyReport {
    const { frontier, chain, inLog, met, signedLeaves, last } = this;
    return {
      outcome: fault ? 'BROKEN' : stopped ? 'STOPPED' : 'WHOLE',
      ...{ leaves: frontier.size, upTo: last?.position ?? null, signedLeaves },
      checkpoints: { inLog, fromOutside: met.length },
      ...{ root: Buffer.from(frontier.root()).toString('base64'), algorithm: frontier.hasher.algorithm },
      ...{ trustedKeys: chain.trustedKeys, keysFromOutside: chain.keysFromOutside, fault },
    };
  }
}
