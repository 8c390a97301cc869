import { Buffer } from 'node:buffer';
import {
  LIMITS,
  START,
  tellsStoredTexts,
  UnreadableEvent,
  type EventStore,
  type Position,
  type StoredRecord,
} from '@shaoying/event-store';
import {
  checkpointEventType,
  checkpointIn,
  checkpointInRecord,
  type CheckpointSigned,
} from '../checkpoints/checkpoint.events.js';
import { leafOf, MalformedLeaf, storedLeaf } from '../tree/leaf.js';
import type { TreeAlgorithm } from '../tree/tree-hash.js';
import type { SourceLeaf, VerifySource } from './verify.source.js';

interface MaybeCheckpoint {
  readonly position: Position;
  readonly signed: CheckpointSigned | undefined;
}

/** The log itself, through its port; byte for byte where the engine tells stored texts. */
export class LogSource implements VerifySource {
  readonly name = 'the log';
  algorithm: TreeAlgorithm | null = null;

  constructor(
    private readonly store: EventStore,
    /** Of the tree, as a guess. */
    readonly total: number | null,
  ) {}

  async checkpointSizes(): Promise<ReadonlySet<number>> {
    const sizes = new Set<number>();
    try {
      await this.gather(sizes, (after) => this.parsedCheckpoints(after));
    } catch (error) {
      // One of them is no JSON any more. It is told as the leaf that it is; what the others say is in the stored texts.
      if (!(error instanceof UnreadableEvent) || !tellsStoredTexts(this.store)) throw error;
      await this.gather(sizes, (after) => this.storedCheckpoints(after));
    }
    return sizes;
  }

  private async gather(
    sizes: Set<number>,
    pageAfter: (after: Position) => Promise<readonly MaybeCheckpoint[]>,
  ): Promise<void> {
    for (let after: Position = START; ;) {
      const page = await pageAfter(after);
      const last = page.at(-1);
      if (!last) return;
      after = last.position;
      for (const { signed } of page) {
        if (!signed) continue;
        this.algorithm ??= signed.algorithm;
        sizes.add(signed.size);
      }
    }
  }

  /** @throws UnreadableEvent where one of them is no JSON */
  private async parsedCheckpoints(after: Position): Promise<MaybeCheckpoint[]> {
    const page = await this.store.readAll(after, {
      limit: LIMITS.readEventsMax,
      types: [checkpointEventType],
    });
    return page.map((event) => ({ position: event.position, signed: checkpointIn(event) }));
  }

  /** Of every event of the log: it takes longer, and stops at nothing. */
  private async storedCheckpoints(after: Position): Promise<MaybeCheckpoint[]> {
    const { store } = this;
    if (!tellsStoredTexts(store)) return [];
    return store.readAllStored(after, LIMITS.readEventsMax, (record) => ({
      position: record.position,
      signed: checkpointInRecord(record),
    }));
  }

  /** The next page is asked for before this one is given: the store reads while hashes are computed. */
  async *leaves(): AsyncGenerator<readonly SourceLeaf[]> {
    let next = this.page(START);
    for (;;) {
      const page = await next;
      const last = page.at(-1);
      if (!last) return;
      next = this.page(last.position as Position);
      // Heard when it is awaited; whoever stops before that does not ask.
      next.catch(() => undefined);
      yield page;
    }
  }

  notes(): readonly string[] {
    return [];
  }

  private async page(after: Position): Promise<SourceLeaf[]> {
    const { store } = this;
    if (!tellsStoredTexts(store)) {
      const events = await store.readAll(after, { limit: LIMITS.readEventsMax });
      return events.map((event) => ({ position: event.position, leaf: Buffer.from(leafOf(event)) }));
    }
    return store.readAllStored(after, LIMITS.readEventsMax, sourceLeaf);
  }
}

function sourceLeaf(record: StoredRecord): SourceLeaf {
  const { position } = record;
  try {
    return { position, leaf: storedLeaf(record) };
  } catch (error) {
    if (error instanceof MalformedLeaf) return { position, leaf: null };
    throw error;
  }
}
