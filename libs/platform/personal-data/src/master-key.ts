import { readOrCreateSecretFile } from '@shaoying/config';
import { hash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MasterKeyRefused } from './personal-data.errors.js';
import { KEY_BYTES } from './sealing.js';

const HEX_KEY = /^[0-9a-f]{64}$/;

/**
 * The key that wraps all others, from `<dataDir>/keys/master.key` (64 hex digits), made once. Back it up apart from
 * the database: without it nobody's data can be read, and with both everybody's can.
 * @throws MasterKeyRefused when the file holds something else
 */
export async function loadMasterKey(dataDir: string): Promise<Buffer> {
  const path = join(dataDir, 'keys', 'master.key');
  const content = await readOrCreateSecretFile(path, () =>
    Buffer.from(`${randomBytes(KEY_BYTES).toString('hex')}\n`),
  );
  const text = content.toString('latin1').trim();
  if (!HEX_KEY.test(text)) throw new MasterKeyRefused(`${path} does not hold a key of 64 hex digits.`);
  return Buffer.from(text, 'hex');
}

/** Names a master key without giving anything of it away. */
export function masterKeyFingerprint(masterKey: Buffer): string {
  return hash('sha256', Buffer.concat([Buffer.from('shaoying master key\n'), masterKey]), 'hex').slice(0, 32);
}
