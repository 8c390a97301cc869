import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  randomBytes,
  type CipherGCM,
  type KeyObject,
} from 'node:crypto';
import { PersonalDataTooLarge, SealBroken } from './personal-data.errors.js';

/** What an event carries in place of personal data. */
export interface SealedData {
  readonly subjectId: string;
  /** Which key of the subject; a key is never used for another subject. */
  readonly keyId: string;
  /** Base64 of: format (1 byte) · nonce (12) · tag (16) · AES-256-GCM ciphertext. */
  readonly ciphertext: string;
}

/** A key as bytes, or as the object that is made of them; the latter where it is used more than once. */
type Key = Buffer | KeyObject;

export const KEY_BYTES = 32;
export const PLAIN_BYTES_MAX = 64 * 1024;

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** Bound to the subject, so that ciphertext copied into another person's record does not open there. */
export function sealJson(key: Buffer, subjectId: string, keyId: string, data: unknown): SealedData {
  return new PreparedSeal(key, subjectId, keyId).seal(data);
}

/**
 * All of a seal that can be done before it is known what is sealed. Of many at once it costs a fraction of what it costs
 * between other work (docs/benchmarks.md). For one message: a cipher that has ended takes no second.
 */
export class PreparedSeal {
  private readonly started: Encryption;

  constructor(
    key: Buffer,
    readonly subjectId: string,
    readonly keyId: string,
  ) {
    this.started = begun(key, subjectId);
  }

  /** @throws PersonalDataTooLarge */
  seal(data: unknown): SealedData {
    const plain = Buffer.from(JSON.stringify(data) ?? 'null', 'utf8');
    if (plain.length > PLAIN_BYTES_MAX) throw new PersonalDataTooLarge(PLAIN_BYTES_MAX);
    const { subjectId, keyId } = this;
    return { subjectId, keyId, ciphertext: ended(this.started, plain).toString('base64') };
  }
}

/** @throws SealBroken */
export function unsealJson(key: Buffer, sealed: SealedData): unknown {
  const plain = decrypt(key, sealed.subjectId, Buffer.from(sealed.ciphertext, 'base64'));
  return JSON.parse(plain.toString('utf8'));
}

/** A subject's key as the database holds it: useless without the master key, and in another row. */
export function wrapKey(masterKey: Key, subjectId: string, keyId: string, key: Buffer): Buffer {
  return encrypt(masterKey, `${subjectId}/${keyId}`, key);
}

/** @throws SealBroken */
export function unwrapKey(masterKey: Key, subjectId: string, keyId: string, wrapped: Buffer): Buffer {
  return decrypt(masterKey, `${subjectId}/${keyId}`, wrapped);
}

const noncesAtOnce = 512;
let nonces = Buffer.alloc(0);
let nonceOffset = 0;

/**
 * Drawn many at once: a call for twelve bytes costs as much as half of a seal. Each is used once; new ones are drawn into
 * memory of their own, since a prepared seal keeps its nonce.
 */
function nextNonce(): Buffer {
  if (nonceOffset === nonces.length) {
    nonces = randomBytes(NONCE_BYTES * noncesAtOnce);
    nonceOffset = 0;
  }
  nonceOffset += NONCE_BYTES;
  return nonces.subarray(nonceOffset - NONCE_BYTES, nonceOffset);
}

/**
 * Given bytes, Node 24 asks whether they are a key object by two calls that throw, with a stack trace each: more than the
 * whole of a seal, and the more the deeper the caller stands (docs/benchmarks.md).
 */
const keyObjectOf = (key: Key): KeyObject => (Buffer.isBuffer(key) ? createSecretKey(key) : key);

interface Encryption {
  readonly nonce: Buffer;
  readonly cipher: CipherGCM;
}

/** Random 96-bit nonces are safe for 2^32 messages under one key (NIST SP 800-38D, 8.3): far beyond a city's reporters. */
function begun(key: Key, boundTo: string): Encryption {
  const nonce = nextNonce();
  const cipher = createCipheriv('aes-256-gcm', keyObjectOf(key), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(boundTo, 'utf8'));
  return { nonce, cipher };
}

function ended({ nonce, cipher }: Encryption, plain: Buffer): Buffer {
  const body = cipher.update(plain);
  // GCM is a stream cipher: nothing is left over for the end but the tag.
  cipher.final();
  const sealed = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  sealed[0] = FORMAT;
  nonce.copy(sealed, 1);
  cipher.getAuthTag().copy(sealed, 1 + NONCE_BYTES);
  body.copy(sealed, HEAD_BYTES);
  return sealed;
}

const encrypt = (key: Key, boundTo: string, plain: Buffer): Buffer => ended(begun(key, boundTo), plain);

function decrypt(key: Key, boundTo: string, sealed: Buffer): Buffer {
  if (sealed.length < HEAD_BYTES || sealed[0] !== FORMAT) throw new SealBroken();
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', keyObjectOf(key), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(boundTo, 'utf8'));
  decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SealBroken({ cause });
  }
}
