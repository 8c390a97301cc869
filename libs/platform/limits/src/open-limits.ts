import { readOrCreateSecretFile } from '@shaoying/config';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { InsuredPoints, type LimitsLog } from './insured-points.js';
import { LimiterPoints } from './limiter-points.js';
import type { OpenedStore } from './postgres-points.js';
import { SharedLimit } from './shared-limit.js';
import type { Limit } from './shared-points.js';

const SECRET_BYTES = 32;
const NAME = /^[a-z-]{1,30}$/;

export interface LimitsOptions {
  /** `postgres://`, `postgresql://`, `redis://` or `rediss://`. */
  readonly url: string;
  /** Known to all processes that share the limits; see {@link limitsSecret}. */
  readonly secret: Buffer;
  readonly log: LimitsLog;
}

/** Limits that are counted in one store. */
export interface Limits {
  /** @throws RangeError for a name, number or window that cannot be counted */
  of(limit: Limit): SharedLimit;
  close(): Promise<void>;
}

/** The key under which callers are counted; made once in a data folder, and shared as the other keys are. */
export function limitsSecret(dataDir: string): Promise<Buffer> {
  return readOrCreateSecretFile(join(dataDir, 'keys', 'limits.key'), () => randomBytes(SECRET_BYTES));
}

/**
 * Opens the store that the URL names. A Redis that is away is no hindrance, a PostgreSQL is: without it nothing works here.
 * @throws what PostgreSQL throws
 */
export async function openLimits({ url, secret, log }: LimitsOptions): Promise<Limits> {
  const store = await openStore(url);
  const insurance = new LimiterPoints(secret, ({ name, points, windowSeconds }) => {
    return new RateLimiterMemory({ keyPrefix: name, points, duration: windowSeconds });
  });
  const points = new InsuredPoints(new LimiterPoints(secret, store.limiterOf), insurance, { log });
  return {
    of: (limit) => {
      requireCountable(limit);
      return new SharedLimit(limit, points);
    },
    close: () => store.close(),
  };
}

/** Engines are loaded when one is opened: Redis' client is of no use to who counts in PostgreSQL. */
async function openStore(url: string): Promise<OpenedStore> {
  if (/^rediss?:/.test(url)) {
    const { openRedisStore } = await import('./redis-points.js');
    return openRedisStore(url);
  }
  const { openPostgresStore } = await import('./postgres-points.js');
  return openPostgresStore(url);
}

function requireCountable({ name, points, windowSeconds }: Limit): void {
  const whole = (value: number, max: number): boolean =>
    Number.isInteger(value) && value >= 1 && value <= max;
  // PostgreSQL counts in an integer, beyond the limit too.
  if (!NAME.test(name) || !whole(points, 1_000_000_000) || !whole(windowSeconds, 86_400)) {
    throw new RangeError(`the limit ${name} of ${points} in ${windowSeconds} s cannot be counted`);
  }
}
