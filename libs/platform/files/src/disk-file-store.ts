import { makeFolder, syncFolder, writeDurably } from '@shaoying/config';
import { randomUUID } from 'node:crypto';
import { access, link, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSha256, keyParts, type FileStore, type StoredKey } from './file-store.js';
import { FileStoreUnavailable } from './files.errors.js';

/** Drafts of a process that was killed; one that is still being written is never this old. */
const DRAFT_AGE_MS = 3_600_000;

/**
 * Files under one folder: `ab/cd/<sha256>/<name>`, so that no folder grows beyond what a file system likes.
 *
 * A content is written as a draft, synced, linked to its name, and the folders above it are synced: what is acknowledged
 * is there after a power cut, and no name ever shows half a content. link() rather than rename(), which would replace
 * what another process has put there meanwhile.
 */
export class DiskFileStore implements FileStore {
  private constructor(
    private readonly root: string,
    private readonly drafts: string,
  ) {}

  /** @throws FileStoreUnavailable when the folder cannot be made */
  static async open(root: string): Promise<DiskFileStore> {
    const store = new DiskFileStore(root, join(root, 'drafts'));
    await orUnavailable(async () => {
      await makeFolder(store.drafts, 0o700);
      await store.removeOldDrafts();
    });
    return store;
  }

  put(key: string, content: Uint8Array): Promise<void> {
    const { folders, path } = this.placeOf(key);
    return orUnavailable(async () => {
      if (!(await isThere(path))) await this.putNew(path, folders.at(-1) ?? this.root, content);
      // Also where it was there: whoever has put it may have died before its name was durable.
      // Innermost first: a folder that is there after a power cut has what was put into it.
      for (const folder of folders.toReversed()) await syncFolder(folder);
    });
  }

  private async putNew(path: string, folder: string, content: Uint8Array): Promise<void> {
    const draft = join(this.drafts, randomUUID());
    try {
      await writeDurably(draft, content);
      await makeFolder(folder, 0o700);
      await link(draft, path).catch(unless('EEXIST'));
    } finally {
      await rm(draft, { force: true });
    }
  }

  get(key: string): Promise<Buffer | null> {
    const { path } = this.placeOf(key);
    return orUnavailable(() => readFile(path).catch(absentAs(null)));
  }

  has(key: string): Promise<boolean> {
    const { path } = this.placeOf(key);
    return orUnavailable(() => isThere(path));
  }

  remove(key: string): Promise<void> {
    const { folders, path } = this.placeOf(key);
    const folder = folders.at(-1) ?? this.root;
    return orUnavailable(async () => {
      await rm(path, { force: true });
      await syncFolder(folder).catch(absentAs(undefined));
      await rmdir(folder).catch(unless('ENOTEMPTY', 'EEXIST', 'ENOENT'));
    });
  }

  async *list(sha256?: string): AsyncGenerator<StoredKey> {
    if (sha256 !== undefined && !isSha256(sha256)) throw new TypeError('files are listed by SHA-256');
    const within = (known: string | undefined, folder: string): Promise<readonly string[]> =>
      known === undefined ? namesIn(folder, /^[0-9a-f]{2}$/) : Promise.resolve([known]);
    for (const first of await within(sha256?.slice(0, 2), this.root)) {
      for (const second of await within(sha256?.slice(2, 4), join(this.root, first))) {
        const folder = join(this.root, first, second);
        for (const file of sha256 === undefined ? await namesIn(folder, /^[0-9a-f]{64}$/) : [sha256]) {
          yield* this.keysOf(file, join(folder, file));
        }
      }
    }
  }

  async close(): Promise<void> {}

  private async *keysOf(sha256: string, folder: string): AsyncGenerator<StoredKey> {
    for (const name of await namesIn(folder, /./)) {
      const found = await orUnavailable(() => stat(join(folder, name)).catch(absentAs(null)));
      if (found !== null) yield { key: `${sha256}/${name}`, storedAt: found.mtime };
    }
  }

  private placeOf(key: string): { readonly folders: readonly string[]; readonly path: string } {
    const { sha256, name } = keyParts(key);
    const first = join(this.root, sha256.slice(0, 2));
    const second = join(first, sha256.slice(2, 4));
    const folder = join(second, sha256);
    return { folders: [this.root, first, second, folder], path: join(folder, name) };
  }

  private async removeOldDrafts(): Promise<void> {
    for (const name of await readdir(this.drafts)) {
      const draft = join(this.drafts, name);
      const found = await stat(draft).catch(absentAs(null));
      if (found !== null && Date.now() - found.mtimeMs > DRAFT_AGE_MS) await rm(draft, { force: true });
    }
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const absentAs =
  <Value>(value: Value) =>
  (error: unknown): Value => {
    if (codeOf(error) === 'ENOENT') return value;
    throw error;
  };

const unless =
  (...codes: string[]) =>
  (error: unknown): void => {
    if (!codes.includes(String(codeOf(error)))) throw error;
  };

function isThere(path: string): Promise<boolean> {
  return access(path).then(() => true, absentAs(false));
}

async function namesIn(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const names = await orUnavailable(() => readdir(folder).catch(absentAs([] as string[])));
  return names.filter((name) => pattern.test(name)).toSorted();
}

/** A full disk, a folder that is not ours, an error of the device: come back later, whatever it was. */
async function orUnavailable<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    throw new FileStoreUnavailable({ cause });
  }
}
