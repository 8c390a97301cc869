import { open } from 'node:fs/promises';
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
