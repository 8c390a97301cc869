import { createHash } from 'node:crypto';

/** Namespace of this library's ids: the UUIDv5 of `shaoying:jurisdiction` in the URL namespace, written out. */
const NAMESPACE = 'c55a93cd-8592-5310-b1c0-da16fb516475';

/** Name-based UUID (RFC 9562, version 5): the same name, the same id, so that a retry is the same event. */
export function uuidV5(name: string, namespace = NAMESPACE): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
