import { Buffer } from 'node:buffer';
import { uuidV5, type Clock } from '@shaoying/config';
import {
  comparePositions,
  RevisionConflict,
  type EventStore,
  type NewEvent,
  type Position,
} from '@shaoying/event-store';
import type { AuditTreeQuery, LoggedCheckpoint, TreeState } from '../log-tree/audit-tree.query.js';
import { checkpointEventType, checkpointStreamId, type CheckpointSigned } from './checkpoint.events.js';
import { checkpointText, type Checkpoint } from './checkpoint.js';
import type { CheckpointExport } from './checkpoint-export.js';
import { signNote, type NoteSigner } from './signed-note.js';

/** Ids of checkpoints: of the same tree the same, so that a retried append is known. */
const CHECKPOINTS = 'a3d1c2b7-6f0e-5c58-9b1d-2f0c6f6f7a11';
/** However often checkpoints are asked for, there is so much between two: each is an event itself. */
const askedSecondsLeast = 3;
/** Exported in one go; the rest with the next look. */
const exportPage = 100;

export interface CheckpointSignerOptions {
  readonly store: EventStore;
  readonly tree: AuditTreeQuery;
  /** How far the tree's tables are; null before the first event. */
  readonly treePosition: () => Promise<Position | null>;
  readonly origin: string;
  readonly signers: readonly NoteSigner[];
  readonly target: CheckpointExport;
  readonly clock: Clock;
  /** A checkpoint is due when so many events came since the last. */
  readonly everyEvents: number;
  /** Or when any came, and the last is so old. */
  readonly everySeconds: number;
}

/** What a look at the tree came to. */
export type SignerState =
  /** Nothing is due. */
  | { readonly state: 'idle' }
  /** The tree does not have the whole log yet, or not the last checkpoint. */
  | { readonly state: 'waiting' }
  | { readonly state: 'signed'; readonly size: number }
  /** The log is not a continuation of what was signed. It is said again with every look until it is. */
  | { readonly state: 'refusing'; readonly reason: string };

export interface SignerReport {
  readonly outcome: SignerState;
  readonly treeSize: number;
  readonly signedSize: number;
  /** Null before the first. */
  readonly signedAt: Date | null;
  /** Checkpoints that are not exported. */
  readonly exportLag: number;
  /** Why the last could not be; null when it was. */
  readonly exportFailure: string | null;
}

/** A checkpoint that somebody holds: the log must continue it. */
interface Promised extends Checkpoint {
  readonly where: string;
}

/** Signs the heads of the tree, and exports them. One look at a time. */
export class CheckpointSigner {
  /** Of what this process has appended: the tree hears of it a moment later. */
  private appendedRevision = -1;

  constructor(private readonly options: CheckpointSignerOptions) {}

  /**
   * Exports what is not, and signs if one is due.
   * @param asked somebody waits for one: it is due as soon as there is another event, and the last is 3 s old
   * @throws what the stores throw
   */
  async look(asked = false): Promise<SignerReport> {
    const { tree } = this.options;
    const head = await this.options.store.head();
    const last = await tree.lastCheckpoint();
    const state = await tree.state();
    const outcome = await this.outcomeOf(state, last, head, asked);
    const exported = await this.exportNew();
    return {
      outcome,
      treeSize: state?.size ?? 0,
      signedSize: outcome.state === 'signed' ? outcome.size : (last?.size ?? 0),
      signedAt: outcome.state === 'signed' ? this.options.clock.now() : (last?.recordedAt ?? null),
      ...exported,
    };
  }

  private async outcomeOf(
    state: TreeState | null,
    last: LoggedCheckpoint | null,
    head: Position,
    asked: boolean,
  ): Promise<SignerState> {
    if (!state || state.size === 0 || (last?.revision ?? -1) < this.appendedRevision)
      return { state: 'waiting' };
    const reason = await this.refusal(state, last);
    if (reason !== undefined) {
      // A tree that is being built is shorter than what was signed, and nothing is wrong.
      const reached = await this.options.treePosition();
      const isWhole = reached !== null && comparePositions(reached, head) >= 0;
      return isWhole ? { state: 'refusing', reason } : { state: 'waiting' };
    }
    return this.isDue(state, last, asked) ? this.sign(state, last) : { state: 'idle' };
  }

  /** The checkpoint itself is an event; one is due when there is another. */
  private isDue({ size }: TreeState, last: LoggedCheckpoint | null, asked: boolean): boolean {
    const { everyEvents, everySeconds, clock } = this.options;
    const newEvents = last === null ? size : size - last.size - 1;
    if (newEvents <= 0) return false;
    const ageMs = last === null ? Infinity : clock.now().getTime() - last.recordedAt.getTime();
    const dueSeconds = asked ? Math.min(askedSecondsLeast, everySeconds) : everySeconds;
    // Of the future: whoever signed it had a clock that was ahead, and none would be due until ours is there.
    return newEvents >= everyEvents || ageMs < 0 || ageMs >= dueSeconds * 1_000;
  }

  /** Why this tree must not be signed; undefined when it continues everything that was. */
  private async refusal(state: TreeState, last: LoggedCheckpoint | null): Promise<string | undefined> {
    const logged = last && { ...last, root: Buffer.from(last.root, 'base64'), where: 'in the log' };
    const exported = await this.options.target.last();
    const promised: (Promised | null)[] = [
      logged,
      exported && { ...exported, where: `exported to ${this.options.target.name}` },
    ];
    for (const checkpoint of promised) {
      if (checkpoint?.origin !== this.options.origin) continue;
      const reason = await this.contradiction(state, checkpoint);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  private async contradiction(
    state: TreeState,
    { size, root, algorithm, where }: Promised,
  ): Promise<string | undefined> {
    const signed = `the checkpoint over ${size} events that is ${where}`;
    if (algorithm !== state.algorithm)
      return `${signed} was made with ${algorithm}, the tree with ${state.algorithm}`;
    if (size > state.size)
      return `the log has ${state.size} events, fewer than ${signed}: events were taken away`;
    const present = await this.options.tree.root(size, algorithm);
    if (Buffer.compare(present, root) === 0) return undefined;
    return `the first ${size} events are not those of ${signed}: the log was rewritten (shaoying verify says where)`;
  }

  private async sign({ size, algorithm }: TreeState, last: LoggedCheckpoint | null): Promise<SignerState> {
    const { origin, signers, tree, store } = this.options;
    const root = await tree.root(size, algorithm);
    const note = signNote(checkpointText({ origin, size, root, algorithm }), signers);
    const keys = signers.map(({ verifierKey }) => verifierKey);
    const data = { origin, size, root: Buffer.from(root).toString('base64'), algorithm, note, keys };
    const expected = last === null ? 'none' : last.revision;
    try {
      const { revision } = await store.append(checkpointStreamId, expected, [this.eventOf(data)]);
      this.appendedRevision = revision;
      return { state: 'signed', size };
    } catch (error) {
      // Another process was first; what it signed is seen with the next look.
      if (error instanceof RevisionConflict) return { state: 'waiting' };
      throw error;
    }
  }

  private eventOf(data: CheckpointSigned): NewEvent<CheckpointSigned> {
    const commandId = uuidV5(CHECKPOINTS, data.note);
    const now = this.options.clock.now().toISOString();
    return {
      eventId: uuidV5(commandId, '0'),
      type: checkpointEventType,
      schemaVersion: 1,
      ...{
        occurredAt: now,
        recordedAt: now,
        actor: { id: 'system:auditor', role: 'system', orgUnitId: null },
      },
      ...{ correlationId: commandId, causationId: commandId, commandId, data },
    };
  }

  private async exportNew(): Promise<Pick<SignerReport, 'exportLag' | 'exportFailure'>> {
    const { target, tree, origin } = this.options;
    let left = 0;
    try {
      const last = await target.last();
      const size = last?.origin === origin ? last.size : 0;
      const waiting = await tree.checkpointsOver(origin, size, exportPage);
      left = waiting.length;
      for (const { note } of waiting) {
        await target.write(note);
        left -= 1;
      }
      return { exportLag: 0, exportFailure: null };
    } catch (error) {
      return { exportLag: left, exportFailure: error instanceof Error ? error.message : String(error) };
    }
  }
}
