import { FileRefused, isPhotoType, type FileRecord, type PhotoType } from '@shaoying/files';
import type { FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';

/** What is told of a file that is kept. */
export interface Stored {
  readonly sha256: string;
  readonly mediaType: PhotoType;
  readonly bytes: number;
  readonly capturedAt: string | null;
}

export const shownFile = ({
  content: { mediaType, bytes },
  capturedAt,
}: FileRecord): Omit<Stored, 'sha256'> => ({ ...{ mediaType, bytes, capturedAt } });

export interface SentFile {
  readonly declared: PhotoType;
  readonly body: Readable;
  /** By its `Content-Length`; null without one. */
  readonly bytes: number | null;
}

/** The file of a request whose body nobody has read. @throws FileRefused FILE_TYPE_NOT_SUPPORTED */
export function sentFile({ headers, body }: FastifyRequest): SentFile {
  const declared = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (!isPhotoType(declared) || !(body instanceof Readable)) throw new FileRefused('FILE_TYPE_NOT_SUPPORTED');
  const length = Number(headers['content-length']);
  return { declared, body, bytes: Number.isSafeInteger(length) ? length : null };
}
