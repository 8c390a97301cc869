import type { FeedSource } from '../feed.js';

/** A burst of items wakes whoever waits once. */
const settleMs = 20;

/** Tells when a feed has advanced since it was last asked. */
export class Wake {
  private advanced = false;
  private settling = false;
  private notify: (() => void) | undefined;
  private readonly unsubscribe: () => void;
  private readonly onAbort = (): void => this.notify?.();

  constructor(
    source: FeedSource,
    feed: string,
    private readonly signal: AbortSignal,
  ) {
    const onNews = (): void => {
      this.advanced = true;
      if (!this.settling) this.notify?.();
    };
    this.unsubscribe = source.onNews?.(feed, onNews) ?? source.onAdvance(onNews);
    signal.addEventListener('abort', this.onAbort);
  }

  reset(): void {
    this.advanced = false;
  }

  /** Until the feed has advanced, and a moment more for what comes with it, the wait is ended or the time is over. */
  async within(ms: number): Promise<void> {
    if (!this.advanced) await this.pause(ms);
    if (!this.advanced) return;
    this.settling = true;
    await this.pause(Math.min(ms, settleMs));
    this.settling = false;
  }

  close(): void {
    this.unsubscribe();
    this.signal.removeEventListener('abort', this.onAbort);
  }

  private async pause(ms: number): Promise<void> {
    if (this.signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.notify = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.notify = undefined;
  }
}
