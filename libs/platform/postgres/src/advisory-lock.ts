import { createHash } from 'node:crypto';

/**
 * The 64-bit key of a named PostgreSQL advisory lock: the first 8 bytes of the name's SHA-256, signed as int8 is.
 * Hand it to `pg` as text (`key.toString()`) with a `$1::bigint` cast: a JavaScript number cannot hold it.
 */
export function advisoryLockKey(name: string): bigint {
  return createHash('sha256').update(name, 'utf8').digest().readBigInt64BE(0);
}
