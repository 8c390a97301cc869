/**
 * Where files are kept, by key. The one port that disk and S3-compatible storage stand behind.
 *
 * A key is `<sha256>/<name>`: the SHA-256 of the original file, and what of it this is. Contents never change under
 * their key, so the first `put` of one wins and a second is no error.
 */
export interface FileStore {
  /**
   * Keeps the content, whole or not at all, durable before this returns. Where the key is taken, what is there stays.
   * @throws FileStoreUnavailable, TypeError for a malformed key
   */
  put(key: string, content: Uint8Array): Promise<void>;

  /** Null when there is none. @throws FileStoreUnavailable, TypeError */
  get(key: string): Promise<Buffer | null>;

  /** @throws FileStoreUnavailable, TypeError */
  has(key: string): Promise<boolean>;

  /** Idempotent; durable before this returns. @throws FileStoreUnavailable, TypeError */
  remove(key: string): Promise<void>;

  /**
   * Every key, in order, with the time it was stored; those of one file only, where its SHA-256 is given. What is stored or
   * removed meanwhile may be seen or not. @throws FileStoreUnavailable, TypeError
   */
  list(sha256?: string): AsyncIterable<StoredKey>;

  close(): Promise<void>;
}

export interface StoredKey {
  readonly key: string;
  readonly storedAt: Date;
}

const SHA256 = /^[0-9a-f]{64}$/;
/** Nothing in it leads out of a folder or means anything in an address. */
const NAME = /^[a-z0-9][a-z0-9.-]{0,99}$/;

export const isSha256 = (text: unknown): text is string => typeof text === 'string' && SHA256.test(text);

export interface KeyParts {
  readonly sha256: string;
  readonly name: string;
}

/** @throws TypeError when it is no key; every engine asks this before it looks anywhere */
export function keyParts(key: string): KeyParts {
  const [sha256, name, ...more] = key.split('/');
  if (!isSha256(sha256) || name === undefined || !NAME.test(name) || more.length > 0) {
    throw new TypeError('a file key is <sha256>/<name>');
  }
  return { sha256, name };
}
