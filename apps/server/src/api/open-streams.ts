import type { OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Refused } from './refused.js';

/** Far more than the departments of a city have systems. */
const streamsMax = 5_000;
/** A fifth of them for one unit, and for one account: whoever opens them without end leaves room for the others. */
const streamsMaxEach = 1_000;

/** Whose stream it is: both are counted. */
export interface StreamHolder {
  readonly unitId: string;
  readonly accountId: string;
}

/**
 * Counts the streams of a process, and the leases that wait, and ends them all when it stops, so that their clients reconnect
 * elsewhere at once.
 */
export class OpenStreams implements OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly held = new Map<string, number>();
  private open = 0;

  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** @throws Refused TOO_MANY_STREAMS where the process has no room, TOO_MANY_OWN_STREAMS where the holder has its share */
  enter(holder: StreamHolder): void {
    const keys = keysOf(holder);
    if (keys.some((key) => this.openOf(key) >= streamsMaxEach)) throw new Refused('TOO_MANY_OWN_STREAMS');
    if (this.open >= streamsMax) throw new Refused('TOO_MANY_STREAMS');
    this.open += 1;
    for (const key of keys) this.held.set(key, this.openOf(key) + 1);
  }

  leave(holder: StreamHolder): void {
    this.open -= 1;
    for (const key of keysOf(holder)) {
      const left = this.openOf(key) - 1;
      if (left > 0) this.held.set(key, left);
      else this.held.delete(key);
    }
  }

  /**
   * What waits for somebody who holds the connection: counted while it does, and told to end once he has gone or the process stops.
   * @throws what {@link enter} throws
   */
  async whileOpen<T>(
    holder: StreamHolder,
    { raw }: Pick<FastifyReply, 'raw'>,
    wait: (ended: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const gone = new AbortController();
    raw.once('close', () => gone.abort());
    this.enter(holder);
    try {
      return await wait(AbortSignal.any([this.signal, gone.signal]));
    } finally {
      this.leave(holder);
    }
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  private openOf(key: string): number {
    return this.held.get(key) ?? 0;
  }
}

const keysOf = ({ unitId, accountId }: StreamHolder): string[] => [`unit ${unitId}`, `account ${accountId}`];
