import type { OnModuleDestroy } from '@nestjs/common';

/** Ends all streams when the server stops, so that their clients reconnect elsewhere at once. */
export class OpenStreams implements OnModuleDestroy {
  private readonly stopping = new AbortController();

  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }
}
