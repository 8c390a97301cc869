import { randomUUID } from 'node:crypto';
import { link, readFile, rm } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { makeFolder, syncFolder, syncFound, writeDurably } from './durable-files.js';

/**
 * The content of a key file, made by `generate` when there is none. Processes that start at once agree on one content,
 * and whoever gets it can rely on it still being there after a power cut. Mode 0600 in a folder of mode 0700.
 * @throws what the file system throws, and what `generate` throws
 */
export async function readOrCreateSecretFile(
  path: string,
  generate: () => Promise<Buffer> | Buffer,
): Promise<Buffer> {
  const folder = dirname(path);
  const existing = await readIfThere(path);
  if (existing) {
    await syncFound(folder);
    return existing;
  }
  const outermost = await makeFolder(folder, 0o700);
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await writeDurably(draft, await generate());
    // link() fails when the name is taken and never shows a half-written file, which open('wx') would.
    await link(draft, path).catch(unlessTaken);
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(folder);
  // The folders that were made for it, too; another starter may have made the last one a moment ago.
  for (const made of namesBetween(folder, outermost ?? folder)) await syncFolder(dirname(made));
  return readFile(path);
}

/** A folder and those around it, up to the outermost. */
function namesBetween(folder: string, outermost: string): string[] {
  return relative(folder, outermost).startsWith('..')
    ? [folder, ...namesBetween(dirname(folder), outermost)]
    : [folder];
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function unlessTaken(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
