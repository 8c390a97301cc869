import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { backoffMs, pause } from './backoff.js';
import { appendedChannel } from './log.schema.js';
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
  private client: Client | undefined;
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
    await this.client?.end().catch(() => undefined);
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
        if (!signal.aborted) this.warn('the listener for appended events lost its connection', error);
      }
      failures += 1;
      if (!signal.aborted) await pause(backoffMs(failures, reconnectBackoff), signal);
    }
  }

  /** Listens until the connection ends. */
  private async listen(onListening: () => void): Promise<void> {
    const client = new Client(this.config);
    this.client = client;
    const ended = new Promise<void>((resolve) => {
      client.on('end', resolve);
      client.on('error', () => resolve());
    });
    client.on('notification', () => this.hint());
    try {
      await client.connect();
      await client.query(`LISTEN ${appendedChannel}`);
      onListening();
      // What was appended while nobody listened was announced to nobody.
      this.hint();
      if (!this.closing.signal.aborted) await ended;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
