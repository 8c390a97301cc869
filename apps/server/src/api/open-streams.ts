import type { OnModuleDestroy } from '@nestjs/common';
import { Refused } from './refused.js';

/** 60 kB each, and far more than the departments of a city have systems. */
const streamsMax = 5_000;

/** Counts the streams of a process, and ends them all when it stops, so that their clients reconnect elsewhere at once. */
export class OpenStreams implements OnModuleDestroy {
  private readonly stopping = new AbortController();
  private open = 0;

  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** @throws Refused TOO_MANY_STREAMS */
  enter(): void {
    if (this.open >= streamsMax) throw new Refused('TOO_MANY_STREAMS');
    this.open += 1;
  }

  leave(): void {
    this.open -= 1;
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }
}
