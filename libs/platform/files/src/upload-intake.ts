import type { Readable } from 'node:stream';
import { FileRefused, TooManyUploads } from './files.errors.js';

export interface UploadIntakeOptions {
  /** Setting `FILE_BYTES_MAX`. */
  readonly bytesMax: number;
  /** Files received at once by this process; with `bytesMax` what they take of its memory. Default 8. */
  readonly atOnceMax?: number;
  /** Of these for one uploader. Default 2, so that nobody holds all of them. */
  readonly atOnceByOneMax?: number;
}

/**
 * Receives files into memory, so many at once. Into memory and not onto the disk: an original has the place in it where
 * somebody was, and must be nowhere once it is answered, however the process ends.
 */
export class UploadIntake {
  private readonly receiving = new Map<string, number>();
  private total = 0;

  constructor(private readonly options: UploadIntakeOptions) {}

  /** Receives one file and works on it. @throws TooManyUploads, FileRefused FILE_TOO_LARGE, and what `work` throws */
  async receive<Result>(
    body: Readable,
    declaredBytes: number | null,
    uploaderId: string,
    work: (original: Buffer) => Promise<Result>,
  ): Promise<Result> {
    const { bytesMax, atOnceMax = 8, atOnceByOneMax = 2 } = this.options;
    if (declaredBytes !== null && declaredBytes > bytesMax) throw new FileRefused('FILE_TOO_LARGE');
    const byThisOne = this.receiving.get(uploaderId) ?? 0;
    if (this.total >= atOnceMax || byThisOne >= atOnceByOneMax) throw new TooManyUploads();
    this.count(uploaderId, 1);
    try {
      return await work(await wholeBody(body, bytesMax));
    } finally {
      this.count(uploaderId, -1);
    }
  }

  private count(uploaderId: string, change: 1 | -1): void {
    const left = (this.receiving.get(uploaderId) ?? 0) + change;
    this.total += change;
    if (left === 0) this.receiving.delete(uploaderId);
    else this.receiving.set(uploaderId, left);
  }
}

async function wholeBody(body: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // The rest of what is too much is not read into memory; the connection is not torn down before the answer is out.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new FileRefused('FILE_TOO_LARGE');
      chunks.push(chunk);
    }
  } catch (error) {
    // The sender has gone, or was too slow: there is nobody to tell, and no fault of ours.
    throw error instanceof FileRefused ? error : new FileRefused('FILE_UNREADABLE', { cause: error });
  }
  return Buffer.concat(chunks, bytes);
}
