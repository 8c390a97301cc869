import { hash, randomUUID } from 'node:crypto';
import type { Clock } from './clock.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** True for a UUID of RFC 9562 in its textual form, any version, either case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The same namespace and name always give the same id (RFC 9562, 5.5). @throws TypeError when `namespace` is no UUID. */
export function uuidV5(namespace: string, name: string): string {
  if (!isUuid(namespace)) throw new TypeError('the namespace of a version 5 UUID must be a UUID');
  const seed = Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name, 'utf8')]);
  const digest = hash('sha1', seed, 'hex');
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return dashed(`${digest.slice(0, 12)}5${digest.slice(13, 16)}${variant}${digest.slice(17, 32)}`);
}

/** A new id that sorts by the millisecond it was made in (RFC 9562, 5.7); ids of one millisecond have no order. */
export function uuidV7(clock: Clock): string {
  const time = clock.now().getTime().toString(16).padStart(12, '0');
  // randomUUID draws from a pool of entropy and is several times faster than randomBytes; its variant and last
  // 74 random bits are laid out as version 7 wants them.
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${randomUUID().slice(15)}`;
}

function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
