import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { backoffMs, pause, unlessAborted } from '@shaoying/event-store';
import { appendedChannel } from './log.schema.js';
import { endConnection, requireWritable } from './log.connection.js';
import type { Warn } from './log.connection.js';

/** How often it asks whether its server is still the primary: until it knows, subscribers wait for their polls. */
const primaryAskedMs = 5_000;
const reconnectBackoff = { baseMs: 50, maxMs: 5_000 };

/**
 * Wakes subscribers when something was appended, by this process or another. One connection for all subscribers of a
 * process, made with the first of them. A notification is a hint, never data: one that is lost (the connection was down)
 * costs at most a poll interval.
 */
export class LogListener {
  /** Grows with every hint. Who remembers it from before a read cannot miss what came during the read. */
  generation = 0;
  private readonly waiting = new Set<() => void>();
  private running: Promise<void> | undefined;
  private readonly closing = new AbortController();

  constructor(
    private readonly config: ClientConfig,
    private readonly pollIntervalMs: number,
    private readonly warn: Warn,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  /** Settles when `generation` is no longer `seen`, after the poll interval, or when `signal` aborts. */
  changed(seen: number, signal: AbortSignal): Promise<void> {
    if (this.generation !== seen || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, this.pollIntervalMs);
      this.waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  private hint(): void {
    this.generation += 1;
    for (const done of [...this.waiting]) done();
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.listen(() => {
          failures = 0;
        });
      } catch (error) {
        if (!signal.aborted) this.warn('the listener for appended events has no server', error);
      }
      failures += 1;
      if (!signal.aborted) await pause(backoffMs(failures, reconnectBackoff), signal);
    }
  }

  /** Listens until the connection ends, its server is the primary no more, or the listener is closed. */
  private async listen(onListening: () => void): Promise<void> {
    const { signal } = this.closing;
    const client = new Client(this.config);
    const left = new AbortController();
    const leave = (): void => left.abort();
    client.on('end', leave).on('error', leave);
    signal.addEventListener('abort', leave);
    client.on('notification', () => this.hint());
    // Until it is left: a server that says nothing must not hold up `close`.
    const untilLeft = async (work: () => Promise<unknown>): Promise<void> => {
      if (!left.signal.aborted) await unlessAborted(work(), left.signal);
    };
    try {
      await untilLeft(() => client.connect());
      await untilLeft(() => requireWritable(client));
      await untilLeft(() => client.query(`LISTEN ${appendedChannel}`));
      if (!left.signal.aborted) {
        onListening();
        // What was appended while nobody listened was announced to nobody.
        this.hint();
      }
      while (!left.signal.aborted) {
        await pause(primaryAskedMs, left.signal);
        await untilLeft(() => requireWritable(client));
      }
      if (!signal.aborted) this.warn('the listener for appended events lost its connection');
    } finally {
      signal.removeEventListener('abort', leave);
      await endConnection(client);
    }
  }
}
