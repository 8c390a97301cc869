import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readOrCreateSecretFile } from '@shaoying/config';
import { noteSignerFrom, privateNoteKey, type NoteSigner } from './signed-note.js';

/** Thrown when checkpoints cannot be signed with what the key file holds. */
export class CheckpointKeysRefused extends Error {
  readonly code = 'CHECKPOINT_KEYS_REFUSED';
}

/** Two at a change of keys; more would only make notes longer. */
const keysMax = 4;
const notTheOwners = 0o077;

export interface CheckpointKeySettings {
  readonly dataDir: string;
  /** Null: a key of its own in the data folder, made when there is none. */
  readonly checkpointKeyFile: string | null;
  readonly auditOrigin: string;
}

/**
 * The keys that sign: every line of the file one, `PRIVATE+KEY+name+hash+base64`, all of the origin's name. The order says
 * nothing: all of them sign every checkpoint.
 * @throws CheckpointKeysRefused; what the file system throws
 */
export async function openCheckpointKeys(settings: CheckpointKeySettings): Promise<readonly NoteSigner[]> {
  const { dataDir, checkpointKeyFile, auditOrigin } = settings;
  const path = checkpointKeyFile ?? join(dataDir, 'keys', 'checkpoint.key');
  if (checkpointKeyFile === null) {
    await readOrCreateSecretFile(path, () =>
      Buffer.from(`${privateNoteKey(auditOrigin, randomBytes(32))}\n`),
    );
  }
  if (process.platform !== 'win32' && ((await stat(path)).mode & notTheOwners) !== 0) {
    throw new CheckpointKeysRefused(
      `${path} can be read or changed by other accounts of this machine: chmod 600 and, if it was, renew it`,
    );
  }
  return signersIn(await readFile(path, 'utf8'), path, auditOrigin);
}

function signersIn(content: string, path: string, origin: string): readonly NoteSigner[] {
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0 || lines.length > keysMax) {
    throw new CheckpointKeysRefused(`${path} must hold 1 to ${keysMax} keys, one a line`);
  }
  return lines.map((line, index) => {
    const signer = signerOf(line.trim(), `line ${index + 1} of ${path}`);
    if (signer.name === origin) return signer;
    throw new CheckpointKeysRefused(
      `line ${index + 1} of ${path} is a key of ${signer.name}, the log is called ${origin}: set AUDIT_ORIGIN`,
    );
  });
}

/** Without the error's own words: they might quote the key. */
function signerOf(line: string, where: string): NoteSigner {
  try {
    return noteSignerFrom(line);
  } catch {
    throw new CheckpointKeysRefused(`${where} is no key of the form PRIVATE+KEY+name+hash+base64`);
  }
}
