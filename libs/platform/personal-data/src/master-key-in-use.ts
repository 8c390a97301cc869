import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Pool } from 'pg';
import { masterKeyFingerprint, type MasterKeys } from './master-key.js';
import { MasterKeyRefused } from './personal-data.errors.js';
import { KEY_BYTES } from './sealing.js';

/** A master key and its name. */
export interface NamedMasterKey {
  readonly fingerprint: string;
  /** Made once: a cipher that is given bytes makes a key of them each time. */
  readonly key: KeyObject;
}

/** The master key that new keys are wrapped by, as the database says; followed while it is exchanged. */
export class MasterKeyInUse {
  private constructor(
    private readonly pool: Pool,
    private readonly keys: MasterKeys,
    private inUse: NamedMasterKey,
  ) {}

  /** @throws MasterKeyRefused when the one in use is not among the keys, or one of them is none */
  static async open(pool: Pool, keys: MasterKeys): Promise<MasterKeyInUse> {
    return new MasterKeyInUse(pool, keys, await inUse(pool, keys));
  }

  get current(): NamedMasterKey {
    return this.inUse;
  }

  /** Asks the database again. @throws MasterKeyRefused, and what PostgreSQL throws */
  async refresh(): Promise<void> {
    this.inUse = await inUse(this.pool, this.keys);
  }

  /** @throws MasterKeyRefused */
  named(fingerprint: string): Promise<KeyObject> {
    return fingerprint === this.inUse.fingerprint
      ? Promise.resolve(this.inUse.key)
      : named(this.keys, fingerprint);
  }
}

async function inUse(pool: Pool, keys: MasterKeys): Promise<NamedMasterKey> {
  const { rows } = await pool.query<{ fingerprint: string }>(
    'SELECT fingerprint FROM personal_data.master_key',
  );
  const fingerprint = rows[0]?.fingerprint ?? '';
  return { fingerprint, key: await named(keys, fingerprint) };
}

async function named(keys: MasterKeys, fingerprint: string): Promise<KeyObject> {
  const key = await keys.find(fingerprint);
  if (key !== undefined && masterKeyFingerprint(key) === fingerprint && key.length === KEY_BYTES)
    return createSecretKey(key);
  throw new MasterKeyRefused(
    'This database was opened with another master key: give every process the same files keys/master*.key.',
  );
}
