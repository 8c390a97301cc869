import { readOrCreateSecretFile, syncFound } from '@shaoying/config';
import { hash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MasterKeyRefused } from './personal-data.errors.js';
import { KEY_BYTES } from './sealing.js';

const HEX_KEY = /^[0-9a-f]{64}$/;

/** `master.key` is the first one; those that came after it carry the beginning of their fingerprint. */
const KEY_FILE = /^master(\.[0-9A-Za-z_-]+)?\.key$/;

const FILE_FINGERPRINT_CHARS = 16;

/**
 * The keys that wrap all others. Several while they are being exchanged, or when older backups need theirs; which of them
 * is in use stands in the database.
 */
export interface MasterKeys {
  /** The key a database begins with. */
  readonly first: Buffer;
  /** Looks again where it is stored, when it is not known: a running process learns of a new key that way. */
  find(fingerprint: string): Promise<Buffer | undefined>;
}

/** Master keys that are only in memory. */
export function masterKeysOf(first: Buffer, ...others: readonly Buffer[]): MasterKeys {
  const known = new Map([first, ...others].map((key) => [masterKeyFingerprint(key), key]));
  return { first, find: (fingerprint) => Promise.resolve(known.get(fingerprint)) };
}

/**
 * The master keys in `<dataDir>/keys`: files `master.key` and `master.<name>.key`, each of 64 hex digits, the first one
 * made once. Back them up apart from the database: without them nobody's data can be read, and with both everybody's can.
 */
export class MasterKeyFolder implements MasterKeys {
  private known = new Map<string, Buffer>();

  private constructor(
    private readonly folder: string,
    readonly first: Buffer,
  ) {}

  /** @throws MasterKeyRefused when a file holds something else */
  static async open(dataDir: string): Promise<MasterKeyFolder> {
    const path = join(dataDir, 'keys', 'master.key');
    const content = await readOrCreateSecretFile(path, freshKey);
    const opened = new MasterKeyFolder(join(dataDir, 'keys'), parsed(path, content));
    await opened.read();
    return opened;
  }

  async find(fingerprint: string): Promise<Buffer | undefined> {
    const found = this.known.get(fingerprint);
    if (found !== undefined) return found;
    await this.read();
    const added = this.known.get(fingerprint);
    // Keys will be wrapped by it: whoever has added it may have died before its name was durable.
    if (added !== undefined) await syncFound(this.folder);
    return added;
  }

  /** Makes another key, which no database knows of yet; durable. @returns its fingerprint */
  async add(): Promise<string> {
    const draft = freshKey();
    const fingerprint = masterKeyFingerprint(parsed('the new key', draft));
    const name = `master.${fingerprint.slice(0, FILE_FINGERPRINT_CHARS)}.key`;
    await readOrCreateSecretFile(join(this.folder, name), () => draft);
    return fingerprint;
  }

  /** Deletes the files of a key that nothing is wrapped by any more. */
  async remove(fingerprint: string): Promise<void> {
    for (const [path, key] of await this.files()) {
      if (masterKeyFingerprint(key) === fingerprint) await rm(path);
    }
    this.known.delete(fingerprint);
  }

  private async read(): Promise<void> {
    this.known = new Map((await this.files()).map(([, key]) => [masterKeyFingerprint(key), key]));
  }

  private async files(): Promise<[path: string, key: Buffer][]> {
    const names = (await readdir(this.folder)).filter((name) => KEY_FILE.test(name));
    return Promise.all(
      names.map(async (name): Promise<[string, Buffer]> => {
        const path = join(this.folder, name);
        return [path, parsed(path, await readFile(path))];
      }),
    );
  }
}

const freshKey = (): Buffer => Buffer.from(`${randomBytes(KEY_BYTES).toString('hex')}\n`);

/** @throws MasterKeyRefused */
function parsed(path: string, content: Buffer): Buffer {
  const text = content.toString('latin1').trim();
  if (!HEX_KEY.test(text)) throw new MasterKeyRefused(`${path} does not hold a key of 64 hex digits.`);
  return Buffer.from(text, 'hex');
}

/** Names a master key without giving anything of it away. */
export function masterKeyFingerprint(masterKey: Buffer): string {
  return hash('sha256', Buffer.concat([Buffer.from('shaoying master key\n'), masterKey]), 'hex').slice(0, 32);
}
