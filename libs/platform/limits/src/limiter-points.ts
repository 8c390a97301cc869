import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { isOfClockAhead, type Limit, type SharedPoints, type Taking } from './shared-points.js';

/** Makes the library's limiter of one of our limits. */
export type LimiterOf = (limit: Limit) => Pick<RateLimiterAbstract, 'consume' | 'delete'>;

/**
 * Points counted by `rate-limiter-flexible`, whose stores add up in one atomic step. Callers are known there by an HMAC:
 * neither an address nor an account stands in a table, a back-up or a key of Redis.
 */
export class LimiterPoints implements SharedPoints {
  private readonly limiters = new Map<Limit, ReturnType<LimiterOf>>();
  private readonly secret: KeyObject;

  constructor(
    secret: Buffer,
    private readonly limiterOf: LimiterOf,
  ) {
    this.secret = createSecretKey(secret);
  }

  async take(limit: Limit, key: string, points: number): Promise<Taking> {
    const { consumedPoints, msBeforeNext } = await this.consumeNow(limit, this.concealed(key), points);
    // Refused as a whole, and added up all the same: the first of them may still lie within the limit.
    const beyond = Math.max(0, consumedPoints - limit.points);
    return {
      granted: Math.max(0, points - beyond),
      left: Math.max(0, limit.points - consumedPoints),
      endsInMs: msBeforeNext,
    };
  }

  /** In a window that is one by the clock of now. */
  private async consumeNow(limit: Limit, key: string, points: number): Promise<RateLimiterRes> {
    const consumed = await this.consume(limit, key, points);
    if (!isOfClockAhead(limit, consumed.msBeforeNext)) return consumed;
    await this.limiter(limit).delete(key);
    return this.consume(limit, key, points);
  }

  private async consume(limit: Limit, key: string, points: number): Promise<RateLimiterRes> {
    try {
      return await this.limiter(limit).consume(key, points);
    } catch (error) {
      if (error instanceof RateLimiterRes) return error;
      throw error;
    }
  }

  private limiter(limit: Limit): ReturnType<LimiterOf> {
    const known = this.limiters.get(limit);
    if (known !== undefined) return known;
    const made = this.limiterOf(limit);
    this.limiters.set(limit, made);
    return made;
  }

  private concealed(key: string): string {
    return createHmac('sha256', this.secret).update(key).digest('base64url').slice(0, 22);
  }
}
