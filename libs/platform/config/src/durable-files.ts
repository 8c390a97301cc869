import { open } from 'node:fs/promises';

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
