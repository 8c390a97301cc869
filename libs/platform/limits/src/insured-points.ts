import type { Limit, SharedPoints, Taking } from './shared-points.js';

/** What the limits have to say; a logger of pino fits. */
export interface LimitsLog {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

export interface InsuranceOptions {
  readonly log: LimitsLog;
  /** Milliseconds since any moment. Default: a clock that nobody sets. */
  readonly now?: () => number;
  /** How long a request waits for the store at the most. Default 2,000 ms: more than a busy machine takes. */
  readonly answerMsMax?: number;
  /** How long the store is not asked after it has failed. Default 1,000 ms. */
  readonly restMs?: number;
}

/** Thrown, and caught here, when the store says nothing. */
class StoreSilent extends Error {
  constructor() {
    super('the store of the limits does not answer');
  }
}

/**
 * Points that can be had while their store is away: each process then counts for itself, so that the limit holds for each
 * of them and not for all together. A limit that cannot be counted must not end the service that it protects.
 */
export class InsuredPoints implements SharedPoints {
  private restUntilMs = Number.NEGATIVE_INFINITY;
  private away = false;
  private readonly now: () => number;
  private readonly answerMsMax: number;
  private readonly restMs: number;
  private readonly log: LimitsLog;

  constructor(
    private readonly store: SharedPoints,
    private readonly insurance: SharedPoints,
    { log, now = () => performance.now(), answerMsMax = 2_000, restMs = 1_000 }: InsuranceOptions,
  ) {
    this.log = log;
    this.now = now;
    this.answerMsMax = answerMsMax;
    this.restMs = restMs;
  }

  async take(limit: Limit, key: string, points: number): Promise<Taking> {
    if (this.now() < this.restUntilMs) return this.insurance.take(limit, key, points);
    try {
      const taking = await this.inTime(this.store.take(limit, key, points));
      if (this.away) this.log.info({}, 'the limits are counted together again');
      this.away = false;
      return taking;
    } catch (error) {
      this.restUntilMs = this.now() + this.restMs;
      if (!this.away) {
        this.log.warn(
          { err: error },
          'the store of the limits is away; each process counts for itself meanwhile',
        );
      }
      this.away = true;
      return this.insurance.take(limit, key, points);
    }
  }

  private async inTime(asked: Promise<Taking>): Promise<Taking> {
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new StoreSilent()), this.answerMsMax);
    });
    try {
      return await Promise.race([asked, silent]);
    } finally {
      clearTimeout(timer);
    }
  }
}
