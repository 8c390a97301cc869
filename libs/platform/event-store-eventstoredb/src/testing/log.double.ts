/** An event as it is proposed to the double, ours or anybody's. */
export interface ProposedRecord {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface LogRecord extends ProposedRecord {
  readonly streamId: string;
  readonly revision: number;
  /** Byte offset of the record, as a server has it: grows by the size of what was written before. */
  readonly position: bigint;
}

export type ExpectedVersion = bigint | 'any' | 'no-stream' | 'stream-exists';

export type Appended =
  | { readonly kind: 'written' | 'idempotent'; readonly last: LogRecord }
  /** The same events are written already and not yet replicated: the server says nothing at all. */
  | { readonly kind: 'dropped' }
  | { readonly kind: 'wrong-version'; readonly current: number };

/** What every record takes beside its data: the double needs offsets with holes between them, like the server's. */
const recordOverhead = 87;

const systemRecord = (type: string): ProposedRecord => ({
  id: '00000000-0000-4000-8000-000000000000',
  type,
  data: Buffer.from('{}'),
  metadata: new Uint8Array(),
});

/**
 * The log of the test server, in memory. Its rules are those of the server's IndexWriter (24.10) and AllReader: one
 * order for all streams, expected versions, idempotency by the ids of the events after the expected version, and events
 * that count before they can be read (`visibleAfterMs`), as on a cluster while they are being replicated.
 */
export class LogDouble {
  readonly records: LogRecord[] = [];
  private readonly streams = new Map<string, LogRecord[]>();
  private nextPosition = 0n;
  /** Records that readers may see; those behind are not replicated yet. */
  private visible = 0;
  private readonly waiting = new Set<() => void>();
  visibleAfterMs = 0;

  constructor() {
    // Every log begins with events of the server's own.
    this.write('$epoch-information', systemRecord('$epoch-information'));
    this.write('$users', systemRecord('$user-created'));
    this.visible = this.records.length;
  }

  /** Resolves when the answer may be given: once the events can be read. */
  async append(
    streamId: string,
    expected: ExpectedVersion,
    events: readonly ProposedRecord[],
  ): Promise<Appended> {
    const stream = this.streams.get(streamId) ?? [];
    const judged = this.judge(stream, expected, events);
    if (judged) return judged;
    const last = events.map((event) => this.write(streamId, event)).at(-1);
    // As the server does every 30 s: its own events lie between ours.
    if (this.records.length % 50 === 0) this.write('$stats-127.0.0.1:2113', systemRecord('$statsCollected'));
    await this.makeVisible(this.records.length);
    if (!last) throw new Error('an append of no events');
    return { kind: 'written', last };
  }

  stream(streamId: string): readonly LogRecord[] | undefined {
    const stream = this.streams.get(streamId);
    const end = this.visibleRecords().at(-1)?.position ?? 0n;
    return stream?.filter((record) => record.position <= end);
  }

  visibleRecords(): readonly LogRecord[] {
    return this.visible === this.records.length ? this.records : this.records.slice(0, this.visible);
  }

  get visibleCount(): number {
    return this.visible;
  }

  /** As an operator does who restores a copy from before the last `count` events of a stream. */
  loseLast(streamId: string, count: number): void {
    const stream = this.streams.get(streamId) ?? [];
    for (const lost of stream.splice(-count)) this.records.splice(this.records.indexOf(lost), 1);
    this.visible = Math.min(this.visible, this.records.length);
  }

  /** As whoever has the disk does: the event is where it was, and its data are no JSON any more. */
  spoil(streamId: string, revision: number): void {
    const record = this.streams.get(streamId)?.[revision];
    if (!record) throw new Error(`no event ${revision} in ${streamId}`);
    Object.assign(record, { data: Buffer.from('{"half') });
  }

  /** Index of the first record at or after a position. */
  indexOf(position: bigint): number {
    let [low, high] = [0, this.records.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.records[middle]?.position ?? 0n) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Calls back when there may be more to read, until the returned function is called. */
  onVisible(listener: () => void): () => void {
    this.waiting.add(listener);
    return () => this.waiting.delete(listener);
  }

  private judge(
    stream: readonly LogRecord[],
    expected: ExpectedVersion,
    events: readonly ProposedRecord[],
  ): Appended | undefined {
    const current = stream.length - 1;
    const wrong = { kind: 'wrong-version', current } as const;
    if (expected === 'stream-exists' && current === -1) return wrong;
    if (expected === 'any' || expected === 'stream-exists') {
      const first = stream.findIndex((record) => record.id === events[0]?.id);
      return first === -1 ? undefined : this.idempotentFrom(stream, first, events);
    }
    const after = expected === 'no-stream' ? -1 : Number(expected);
    if (after === current) return undefined;
    if (after > current) return wrong;
    return this.idempotentFrom(stream, after + 1, events);
  }

  private idempotentFrom(
    stream: readonly LogRecord[],
    first: number,
    events: readonly ProposedRecord[],
  ): Appended {
    const same = events.every((event, index) => stream[first + index]?.id === event.id);
    const last = stream[first + events.length - 1];
    if (!same || !last) return { kind: 'wrong-version', current: stream.length - 1 };
    return this.indexOf(last.position) < this.visible ? { kind: 'idempotent', last } : { kind: 'dropped' };
  }

  private write(streamId: string, event: ProposedRecord): LogRecord {
    const stream = this.streams.get(streamId) ?? [];
    this.streams.set(streamId, stream);
    const record = { ...event, streamId, revision: stream.length, position: this.nextPosition };
    stream.push(record);
    this.records.push(record);
    this.nextPosition += BigInt(recordOverhead + event.data.length + event.metadata.length);
    return record;
  }

  private async makeVisible(count: number): Promise<void> {
    if (this.visibleAfterMs > 0)
      await new Promise((resolve) => setTimeout(resolve, this.visibleAfterMs).unref());
    this.visible = Math.max(this.visible, count);
    for (const listener of [...this.waiting]) listener();
  }
}
