import { hash, randomUUID } from 'node:crypto';
import type { Clock } from './clock.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** True for a UUID of RFC 9562 in its textual form, any version, either case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * Namespace and name of the id being made; the name is overwritten by the next, the namespace only by another one: a
 * command's ids are nearly all made in that of its own. A command makes three and more ids, and gathering
 * their bytes in new buffers cost as much again as hashing them (2.6 µs an id instead of 1.2).
 */
const seed = Buffer.allocUnsafe(1_024);
const namespaceBytes = 16;
let namespaceInSeed: string | undefined;
/** UTF-8 takes three bytes at most for each unit of a JavaScript text. */
const nameCharsMax = Math.floor((seed.length - namespaceBytes) / 3);

/** The same namespace and name always give the same id (RFC 9562, 5.5). @throws TypeError when `namespace` is no UUID. */
export function uuidV5(namespace: string, name: string): string {
  if (namespace !== namespaceInSeed) {
    if (!isUuid(namespace)) throw new TypeError('the namespace of a version 5 UUID must be a UUID');
    seed.write(namespace.replaceAll('-', ''), 'hex');
    namespaceInSeed = namespace;
  }
  const bytes = name.length <= nameCharsMax ? seed : Buffer.allocUnsafe(namespaceBytes + 3 * name.length);
  if (bytes !== seed) seed.copy(bytes, 0, 0, namespaceBytes);
  const length = namespaceBytes + bytes.write(name, namespaceBytes, 'utf8');
  const digest = hash('sha1', bytes.subarray(0, length), 'hex');
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return (
    `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-` +
    `${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  );
}

/** A new id that sorts by the millisecond it was made in (RFC 9562, 5.7); ids of one millisecond have no order. */
export function uuidV7(clock: Clock): string {
  const time = clock.now().getTime().toString(16).padStart(12, '0');
  // randomUUID draws from a pool of entropy and is several times faster than randomBytes; its variant and last
  // 74 random bits are laid out as version 7 wants them.
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${randomUUID().slice(15)}`;
}
