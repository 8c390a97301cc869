import { EMBEDDED, type Config } from '@shaoying/config';
import { join } from 'node:path';
import { DiskFileStore } from './disk-file-store.js';
import type { FileStore } from './file-store.js';

/**
 * The file store that `FILES_URL` names; the folder `files` under `DATA_DIR` without one.
 * @throws FileStoreUnavailable, FilesUrlRefused
 */
export async function openFileStore({
  filesUrl,
  dataDir,
}: Pick<Config, 'filesUrl' | 'dataDir'>): Promise<FileStore> {
  if (filesUrl === EMBEDDED) return DiskFileStore.open(join(dataDir, 'files'));
  const { S3FileStore } = await import('./s3-file-store.js');
  return S3FileStore.open(filesUrl);
}
