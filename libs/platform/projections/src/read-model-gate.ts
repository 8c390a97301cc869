import { type Position, START, comparePositions } from '@shaoying/event-store';
import { ensureControlSchema, listenToCheckpoints, readCheckpoints } from './checkpoints.js';
import { backOffMs, pause } from './pause.js';
import type { ProjectionLog } from './projection-engine.js';
import { TooManyWaiters, messageOf } from './projections.errors.js';
import { Session } from './session.js';

export interface ReadModelGateOptions {
  /** `postgres://…` of the read models. */
  readonly url: string;
  readonly log: ProjectionLog;
  /** Notices can be lost with a connection; the checkpoints are read this often as well. Default 500 ms. */
  readonly pollMs?: number;
  /** Default 10,000: ten times what one process serves at once. */
  readonly waitersMax?: number;
}

/** However many notices make it read at once: that many milliseconds between two readings. */
const readAgainMsMin = 10;

interface Waiter {
  readonly position: Position;
  readonly finish: (reached: boolean) => void;
}

interface Reached {
  readonly generation: string;
  readonly position: Position;
}

/**
 * How far each read model is, for processes that answer queries: one LISTEN for any number of waiting requests.
 *
 * The checkpoints themselves, read again and again, are the truth, also when they went back: a rebuild after the log was
 * restored, or the database itself restored from an older copy. Notices between two readings only ever carry a read
 * model forward, and only within one generation of its tables; one of another generation makes it read at once.
 */
export class ReadModelGate {
  private readonly known = new Map<string, Reached>();
  /** What was told since the reading under way was asked for: its answer may not know of it yet. */
  private readonly toldMeanwhile = new Map<string, Reached>();
  private readonly waiters = new Map<string, Set<Waiter>>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly stopping = new AbortController();
  private readAtOnce = new AbortController();
  private readonly pollMs: number;
  private readonly waitersMax: number;
  private waiting = 0;
  private finished: Promise<void> | undefined;

  constructor(private readonly options: ReadModelGateOptions) {
    this.pollMs = options.pollMs ?? 500;
    this.waitersMax = options.waitersMax ?? 10_000;
  }

  /** Connects in the background, again and again if need be. */
  start(): void {
    this.finished ??= this.run();
  }

  /** Everyone who waits is answered false. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const set of this.waiters.values()) for (const waiter of [...set]) waiter.finish(false);
    await this.finished;
  }

  /**
   * Waits until read model `name` has applied `position`. @returns false after `timeoutMs`, or when the gate stops
   * @throws TooManyWaiters
   */
  async waitFor(name: string, position: Position, timeoutMs: number): Promise<boolean> {
    if (this.hasReached(name, position)) return true;
    if (this.stopping.signal.aborted) return false;
    if (this.waiting >= this.waitersMax) throw new TooManyWaiters();
    return new Promise((resolve) => {
      const set = this.waiters.get(name) ?? new Set();
      this.waiters.set(name, set);
      const waiter: Waiter = {
        position,
        finish: (reached) => {
          clearTimeout(timer);
          if (set.delete(waiter)) this.waiting -= 1;
          resolve(reached);
        },
      };
      const timer = setTimeout(() => waiter.finish(false), timeoutMs);
      set.add(waiter);
      this.waiting += 1;
    });
  }

  /** The last known position of each read model. */
  positions(): ReadonlyMap<string, Position> {
    return new Map([...this.known].map(([name, { position }]) => [name, position]));
  }

  /**
   * Calls `listener` after each move of read model `name`, also of many batches at once, also back.
   * @returns unsubscribe
   */
  onAdvance(name: string, listener: () => void): () => void {
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  private hasReached(name: string, position: Position): boolean {
    return comparePositions(this.known.get(name)?.position ?? START, position) >= 0;
  }

  private async run(): Promise<void> {
    const { url, log } = this.options;
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        const session = await Session.open(url, 'shaoying-read-model-gate');
        try {
          await ensureControlSchema(session);
          await listenToCheckpoints(session, (name, generation, position) =>
            this.hear(name, generation, position),
          );
          attempt = 0;
          await this.poll(session);
        } finally {
          await session.close();
        }
      } catch (error) {
        if (!signal.aborted) log.warn({ error: messageOf(error), attempt }, 'read model gate interrupted');
      }
      await pause(backOffMs(attempt), signal);
    }
  }

  private async poll(session: Session): Promise<void> {
    // Once per session: whatever combines them adds to what `stopping` remembers for as long as this process lives.
    const over = AbortSignal.any([this.stopping.signal, session.lost]);
    over.addEventListener('abort', () => this.readAtOnce.abort(), { once: true });
    while (!over.aborted) {
      this.readAtOnce = new AbortController();
      this.toldMeanwhile.clear();
      const rows = await readCheckpoints(session);
      for (const name of [...this.known.keys()]) {
        if (!rows.some((row) => row.name === name)) this.known.delete(name);
      }
      for (const { name, generation, position } of rows) this.learn(name, { generation, position });
      await pause(readAgainMsMin, over);
      await pause(this.pollMs - readAgainMsMin, this.readAtOnce.signal);
    }
  }

  /**
   * A notice that came before the reading was asked for is of a batch that the reading sees: both come over one
   * connection, in order. One that came since may be ahead of it.
   */
  private learn(name: string, read: Reached): void {
    const told = this.toldMeanwhile.get(name);
    this.set(name, told !== undefined && isFurther(told, read) ? told : read);
  }

  private hear(name: string, generation: string | null, position: Position): void {
    const known = this.known.get(name);
    if (generation === null || generation !== known?.generation) {
      // Which of the two generations is the newer one, only the checkpoint says.
      this.readAtOnce.abort();
      if (generation === null) return;
    }
    const told = { generation, position };
    const before = this.toldMeanwhile.get(name);
    if (before?.generation !== generation || isFurther(told, before)) this.toldMeanwhile.set(name, told);
    if (known !== undefined && isFurther(told, known)) this.set(name, told);
  }

  private set(name: string, reached: Reached): void {
    const before = this.known.get(name);
    if (before?.generation === reached.generation && before.position === reached.position) return;
    this.known.set(name, reached);
    for (const waiter of [...(this.waiters.get(name) ?? [])]) {
      if (comparePositions(reached.position, waiter.position) >= 0) waiter.finish(true);
    }
    for (const listener of [...(this.listeners.get(name) ?? [])]) this.call(listener, name);
  }

  private call(listener: () => void, name: string): void {
    try {
      listener();
    } catch (error) {
      this.options.log.error({ projection: name, error: messageOf(error) }, 'a listener of the gate failed');
    }
  }
}

/** Within one generation alone: positions of two are not comparable. */
function isFurther(a: Reached, b: Reached): boolean {
  return a.generation === b.generation && comparePositions(a.position, b.position) > 0;
}
