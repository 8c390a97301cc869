import type { RequestLimits } from '@shaoying/http';
import { bearerToken, type Credentials } from '@shaoying/identity';
import { limitsSecret, openLimits, type SharedLimit } from '@shaoying/limits';
import type { FastifyRequest } from 'fastify';
import type { Platform } from './platform.js';
import { ReporterUploadLimits } from './reporter-upload-limits.js';

/** Monitoring asks often, from one address, and must be answered most of all when there is too much. */
const UNCOUNTED = ['/health/live', '/health/ready', '/metrics'];

/** Photos of reports, by the receipt code. */
export const PHOTOS_OF_REPORT = '/v1/receipts/:receiptCode/files';

const DAY_SECONDS = 86_400;

export interface OpenRequestLimits extends RequestLimits {
  readonly reporterUploads: ReporterUploadLimits;
  close(): Promise<void>;
}

/**
 * The limits of the settings, counted where the timers keep their queue: the one store here whose content may be lost. By
 * `TIMERS_URL` they move to Redis together.
 * @throws Error that names them, where their store cannot be opened
 */
export async function openRequestLimits(
  platform: Platform,
  credentials: Credentials,
): Promise<OpenRequestLimits> {
  const { config, stores, logger } = platform;
  const { windowSeconds, token, address, anonymous, anonymousTotal, receiptMisses } = config.limits;
  const limits = await openLimits({
    ...{ url: stores.timersUrl, log: logger, secret: await limitsSecret(config.dataDir) },
  }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the counters of the rate limits (TIMERS_URL): ${reason}`, { cause });
  });
  const limit = (name: string, points: number): SharedLimit | null =>
    points === 0 ? null : limits.of({ name, points, windowSeconds });
  const daily = (name: string, points: number): SharedLimit =>
    limits.of({ name, points, windowSeconds: DAY_SECONDS });
  return {
    reporterUploads: new ReporterUploadLimits(
      daily('reporter-files', config.reporterFilesPerDay),
      daily('reporter-files-total', config.reporterFilesPerDayTotal),
      (request) => accountOf(credentials, request),
    ),
    token: limit('token', token),
    address: limit('address', address),
    anonymous: limit('anonymous', anonymous),
    anonymousTotal: limit('anonymous-total', anonymousTotal),
    receiptMisses: limit('receipt-misses', receiptMisses),
    accountOf: (request) => accountOf(credentials, request),
    isAnonymous: ({ headers }) => bearerToken(headers.authorization) === undefined,
    showsReceiptCode,
    byReceipt: [PHOTOS_OF_REPORT],
    exempt: UNCOUNTED,
    close: () => limits.close(),
  };
}

/** Before the guard: whose request it is decides what it counts for. */
async function accountOf(credentials: Credentials, request: FastifyRequest): Promise<string | null> {
  const token = bearerToken(request.headers.authorization);
  if (token === undefined) return null;
  try {
    return (await credentials.verifyFor(request, token)).id;
  } catch {
    // Why not is the guard's to say, if the address may ask at all.
    return null;
  }
}

/** In the address of the receipt itself, or in the body of what a reporter does with it. */
function showsReceiptCode({ params, body }: FastifyRequest): boolean {
  return [params, body].some((part) => {
    return typeof part === 'object' && part !== null && 'receiptCode' in part && part.receiptCode != null;
  });
}
