import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a new file, readable by its owner alone, that is there after a power cut; its name is only once
 * {@link syncFolder} has been asked for its folder.
 * @throws EEXIST, and what else the file system throws
 */
export async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder durable. Windows has no handle on folders and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Of whoever may only read a folder, or of one that cannot be synced: then it is for others to keep. */
const othersToKeep = new Set(['EACCES', 'EPERM', 'EROFS', 'EINVAL', 'ENOTSUP']);

/**
 * Makes a name durable that was found in a folder, and the folder's own: whoever has put it there may have died before it had been.
 * @throws what the file system throws, but that one may not, or cannot, sync it
 */
export async function syncFound(folder: string): Promise<void> {
  for (const each of [folder, dirname(folder)])
    await syncFolder(each).catch((error: NodeJS.ErrnoException) => {
      if (!othersToKeep.has(error.code ?? '')) throw error;
    });
}

/**
 * Makes a folder with those above it, as `mkdir -p` does. Node's own recursive one never ends where a folder can be made by nobody,
 * such as below `/proc`: it is told that there is none, makes the one above it, which is there, and tries again.
 * @returns the outermost that was made; undefined where all were there
 * @throws what the file system throws: EEXIST and ENOTDIR where a file is in the way
 */
export async function makeFolder(path: string, mode = 0o777): Promise<string | undefined> {
  if (await isMade(path, mode, ['ENOENT'])) return path;
  if (await isFolder(path)) return undefined;
  const outermost = await makeFolder(dirname(path), mode);
  // Made by another one meanwhile it is there as well.
  return (await isMade(path, mode, [])) ? (outermost ?? path) : outermost;
}

/** False where it is there, or cannot be made for one of these reasons. */
async function isMade(path: string, mode: number, reasons: readonly string[]): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (reasons.includes(code) || (code === 'EEXIST' && (await isFolder(path)))) return false;
    throw error;
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
