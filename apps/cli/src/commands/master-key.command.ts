import {
  MasterKeyFolder,
  masterKeyStatus,
  PostgresPersonalDataVault,
  rotateMasterKey,
} from '@shaoying/personal-data';
import { codeOf, CommandFailed } from '../cli.errors.js';
import { startProgress } from '../progress.js';
import { show, table, type Terminal } from '../terminal.js';
import type { Workplace } from '../workplace.js';

/** `master-key status`: which master key is in use, and what is wrapped by which. */
export async function tellMasterKeys(
  json: boolean,
  terminal: Terminal,
  { stores, config }: Workplace,
): Promise<void> {
  await openKeys(stores, config.dataDir);
  const status = await masterKeyStatus(stores.pool);
  show(terminal, json, status, () => [
    ...table([
      ['in use', status.inUse],
      ['being exchanged for it', status.previous ?? '—'],
    ]),
    ...Object.entries(status.wrappedBy).map(([name, keys]) => `  ${name}: ${keys} keys of persons`),
  ]);
}

export interface RotateOptions {
  /** Fingerprint of a key that is in the folder already; null: a new one is made. */
  readonly to: string | null;
  /** Delete the file of the key before, once nothing is wrapped by it. */
  readonly destroyOld: boolean;
  readonly json: boolean;
}

/** `master-key rotate`: another master key, and every person's key wrapped anew by it, while everything runs. */
export async function rotateMasterKeys(
  { to, destroyOld, json }: RotateOptions,
  terminal: Terminal,
  { stores, config }: Workplace,
): Promise<void> {
  const keys = await openKeys(stores, config.dataDir);
  const before = await masterKeyStatus(stores.pool);
  const old = before.previous ?? before.inUse;
  const total = Object.entries(before.wrappedBy).reduce((sum, [, count]) => sum + count, 0);
  const progress = await startProgress(terminal, 'keys');
  try {
    const onProgress = (rewrapped: number): void => progress.update(rewrapped, Math.max(total, rewrapped));
    const rotated = await rotateMasterKey(stores.pool, keys, { to, onProgress });
    if (destroyOld && old !== rotated.inUse) await keys.remove(old);
    show(terminal, json, { ...rotated, old, oldDestroyed: destroyOld }, () => [
      `${rotated.resumed ? 'went on and ' : ''}wrapped ${rotated.rewrapped} keys of persons anew`,
      `in use: ${rotated.inUse}`,
      destroyOld
        ? `the file of ${old} is deleted: backups from before can be read only with a copy of it`
        : `the file of ${old} stays: delete it with the last backup from before`,
    ]);
  } catch (error) {
    const refused = ['MASTER_KEY_ROTATION_RUNNING', 'MASTER_KEY_REFUSED'].includes(String(codeOf(error)));
    throw refused && error instanceof Error ? new CommandFailed(error.message) : error;
  } finally {
    progress.stop();
  }
}

/** The keys, of a database that has its tables. @throws MasterKeyRefused */
async function openKeys({ pool }: Workplace['stores'], dataDir: string): Promise<MasterKeyFolder> {
  const keys = await MasterKeyFolder.open(dataDir);
  await PostgresPersonalDataVault.open(pool, keys);
  return keys;
}
