import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { backoffMs, pause } from '@shaoying/event-store';
import { appendedChannel } from './log.schema.js';
import { endConnection } from './log.connection.js';
import type { Warn } from './log.connection.js';

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
        if (!signal.aborted) this.warn('the listener for appended events cannot connect', error);
      }
      failures += 1;
      if (!signal.aborted) await pause(backoffMs(failures, reconnectBackoff), signal);
    }
  }

  /** Listens until the connection ends or the listener is closed. */
  private async listen(onListening: () => void): Promise<void> {
    const { signal } = this.closing;
    const client = new Client(this.config);
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    client.on('end', end).on('error', end);
    signal.addEventListener('abort', end);
    client.on('notification', () => this.hint());
    try {
      // Raced: a server that says nothing must not hold up `close`.
      await Promise.race([client.connect(), ended]);
      await Promise.race([client.query(`LISTEN ${appendedChannel}`), ended]);
      if (signal.aborted) return;
      onListening();
      // What was appended while nobody listened was announced to nobody.
      this.hint();
      await ended;
      if (!signal.aborted) this.warn('the listener for appended events lost its connection');
    } finally {
      signal.removeEventListener('abort', end);
      await endConnection(client);
    }
  }
}
