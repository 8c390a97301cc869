import { type Position, START, comparePositions, isPosition } from '@shaoying/event-store';
import { CHANNEL } from './checkpoints.js';
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

interface Waiter {
  readonly position: Position;
  readonly finish: (reached: boolean) => void;
}

/** How far each read model is, for processes that answer queries: one LISTEN for any number of waiting requests. */
export class ReadModelGate {
  private readonly known = new Map<string, Position>();
  private readonly waiters = new Map<string, Set<Waiter>>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly stopping = new AbortController();
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
    return new Map(this.known);
  }

  /** Calls `listener` after each advance of read model `name`, also of many batches at once. @returns unsubscribe */
  onAdvance(name: string, listener: () => void): () => void {
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  private hasReached(name: string, position: Position): boolean {
    return comparePositions(this.known.get(name) ?? START, position) >= 0;
  }

  private async run(): Promise<void> {
    const { url, log } = this.options;
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        const session = await Session.open(url, 'shaoying-read-model-gate');
        try {
          await session.listen(CHANNEL, (payload) => this.hear(payload));
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
    const over = AbortSignal.any([this.stopping.signal, session.lost]);
    while (!over.aborted) {
      for (const { name, position } of await readPositions(session)) this.advance(name, position);
      await pause(this.pollMs, over);
    }
  }

  private hear(payload: string): void {
    const space = payload.lastIndexOf(' ');
    const position = payload.slice(space + 1);
    if (space > 0 && isPosition(position)) this.advance(payload.slice(0, space), position);
  }

  /** Notices and polls overtake each other; a position only ever moves forward here. */
  private advance(name: string, position: Position): void {
    const before = this.known.get(name);
    if (before !== undefined && comparePositions(position, before) <= 0) return;
    this.known.set(name, position);
    for (const waiter of [...(this.waiters.get(name) ?? [])]) {
      if (comparePositions(position, waiter.position) >= 0) waiter.finish(true);
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

/** Nothing before the first projector has ever started. */
async function readPositions(session: Session): Promise<{ name: string; position: Position }[]> {
  const rows = await session.query<{ present: boolean }>(
    `select to_regclass('projections.checkpoints') is not null as present`,
  );
  if (!rows[0]?.present) return [];
  return session.query('select name, position from projections.checkpoints');
}
