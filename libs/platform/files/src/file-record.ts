import type { SealedData } from '@shaoying/personal-data';
import { isSha256 } from './file-store.js';
import { FileDamaged } from './files.errors.js';
import { isPhotoType, type PhotoType } from './photo.js';

/** What is known of one file. Written once; the same bytes are the same file, whoever sends them. */
export interface FileRecord {
  /** SHA-256 of the original as the device computed it, maybe offline: what events name as evidence. */
  readonly sha256: string;
  /** What is kept and served. */
  readonly content: { readonly sha256: string; readonly mediaType: PhotoType; readonly bytes: number };
  /** As the camera says, UTC. */
  readonly capturedAt: string | null;
  /** Where the camera says it was, sealed under a key of this file alone; gone for ever with the file. */
  readonly place: SealedData | null;
  readonly storedAt: string;
}

/** Who has sent a file, and in whose name: a unit that knows the hash alone gets nothing by it. */
export interface Staff {
  readonly id: string;
  readonly orgUnitId: string | null;
}

/** Whoever shows the receipt of a report sends in its name, and leaves none. */
export interface Reporter {
  /** The incident. */
  readonly reportOf: string;
}

export type Uploader = Staff | Reporter;

export const encodeRecord = (record: FileRecord): Buffer => Buffer.from(JSON.stringify(record));

/** @throws FileDamaged when it is no record of this file */
export function decodeRecord(sha256: string, bytes: Buffer): FileRecord {
  let record: Partial<FileRecord> | null = null;
  try {
    record = JSON.parse(bytes.toString('utf8')) as Partial<FileRecord> | null;
  } catch {
    // Told below, as every other record that is none.
  }
  const content = record?.content;
  if (record?.sha256 !== sha256 || !isSha256(content?.sha256) || !isPhotoType(content.mediaType)) {
    throw new FileDamaged(sha256);
  }
  return record as FileRecord;
}
