import { FileRefused } from './files.errors.js';
import { cleanPhoto } from './photo.js';
import type { PhotoAnswer, PhotoTask } from './photo-process.js';

/** The whole program of a process that decodes photos for the one that started it, and ends with it. */
export function servePhotos(): void {
  // Whoever ends the server ends its group; what is being decoded is answered first, or cut off with the server.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (task) => void answered(task as PhotoTask).then((answer) => process.send?.(answer)));
}

async function answered({ id, original, declared }: PhotoTask): Promise<PhotoAnswer> {
  const { buffer, byteOffset, byteLength } = original;
  try {
    return { id, cleaned: await cleanPhoto(Buffer.from(buffer, byteOffset, byteLength), declared) };
  } catch (error) {
    if (error instanceof FileRefused) return { id, refused: error.code };
    return { id, unsupported: error instanceof Error ? error.message : String(error) };
  }
}
