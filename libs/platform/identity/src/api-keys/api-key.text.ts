import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * An API key as its system holds it: `shy_<id>_<secret><checksum>`. The prefix lets scanners of repositories find one that
 * was committed, the checksum tells a mistyped or made-up one without a look into the log.
 */
const API_KEY = /^shy_([0-9a-f]{16})_([0-9a-f]{64})([0-9a-f]{8})$/;
const PREFIX = 'shy_';

/** 256 bits, so that its SHA-256 can be kept: no dictionary and no machine gets from there to the secret, slow hash or not. */
const SECRET_BYTES = 32;

/** Finds API keys in any text, such as a log line. */
export const API_KEYS_IN_TEXT = /shy_[0-9a-f]{16}_[0-9a-f]{8,72}/g;

export interface PresentedKey {
  readonly keyId: string;
  readonly secretHash: string;
}

/** A fresh secret for a key, and what is kept of it. */
export function mintApiKey(keyId: string): { readonly text: string; readonly secretHash: string } {
  const start = `${PREFIX}${keyId}_${randomBytes(SECRET_BYTES).toString('hex')}`;
  const text = `${start}${checksumOf(start)}`;
  return { text, secretHash: hash('sha256', text, 'hex') };
}

/** Whether a credential is meant as an API key; access tokens never begin like one. */
export const looksLikeApiKey = (credential: string): boolean => credential.startsWith(PREFIX);

export const isApiKeyId = (id: string): boolean => /^[0-9a-f]{16}$/.test(id);

/** Null for what was never an API key. */
export function readApiKey(text: string): PresentedKey | null {
  const [, keyId, , checksum] = API_KEY.exec(text) ?? [];
  if (keyId === undefined || checksum !== checksumOf(text.slice(0, -8))) return null;
  return { keyId, secretHash: hash('sha256', text, 'hex') };
}

/** Compares hashes in constant time. */
export function isSameHash(kept: string, presented: string): boolean {
  const [one, other] = [Buffer.from(kept, 'hex'), Buffer.from(presented, 'hex')];
  return one.length === other.length && timingSafeEqual(one, other);
}

const checksumOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');
