import type { S3Client } from '@aws-sdk/client-s3';
import { isSha256, keyParts, type FileStore, type StoredKey } from './file-store.js';
import { FileStoreUnavailable, FilesUrlRefused } from './files.errors.js';

/** Where a bucket is. Credentials come from the usual variables of the SDK, never from an address. */
export interface S3Place {
  readonly bucket: string;
  /** Before every key, with its slash; empty for none. */
  readonly prefix: string;
  /** Null for AWS itself. */
  readonly endpoint: string | null;
  readonly region: string;
}

/** `s3://bucket[/prefix]?endpoint=https://…&region=…`. @throws FilesUrlRefused, which never quotes it */
export function s3PlaceOf(url: string): S3Place {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || parsed.protocol !== 's3:' || parsed.hostname === '') {
    throw new FilesUrlRefused('FILES_URL must be s3://bucket?endpoint=…&region=…, or absent for the disk.');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new FilesUrlRefused(
      'FILES_URL carries no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    );
  }
  const endpoint = parsed.searchParams.get('endpoint');
  if (endpoint !== null && !/^https?:\/\//.test(endpoint)) {
    throw new FilesUrlRefused('The endpoint in FILES_URL must be an http:// or https:// address.');
  }
  const path = parsed.pathname.replace(/^\/+|\/+$/g, '');
  const region = parsed.searchParams.get('region') ?? 'us-east-1';
  return { bucket: parsed.hostname, prefix: path === '' ? '' : `${path}/`, endpoint, region };
}

/** A server that does not answer is one that cannot be reached. */
const TIMEOUTS = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true } as const;
/** Of a put that met another one of the same key in the middle. */
const ATTEMPTS_MAX = 3;

type S3 = typeof import('@aws-sdk/client-s3');

/**
 * Files in a bucket of S3-compatible storage. Needs conditional writes (`If-None-Match: *`), which keep the first content
 * of a key; and a bucket whose acknowledged writes are durable and seen by the next read, as S3 promises.
 */
export class S3FileStore implements FileStore {
  private constructor(
    private readonly s3: S3,
    private readonly client: S3Client,
    private readonly place: S3Place,
  ) {}

  /** Loads the client, which nobody without a bucket pays for. Nothing is asked of the server yet. @throws FilesUrlRefused */
  static async open(url: string): Promise<S3FileStore> {
    const place = s3PlaceOf(url);
    const s3 = await import('@aws-sdk/client-s3');
    const client = new s3.S3Client({
      region: place.region,
      ...(place.endpoint === null ? {} : { endpoint: place.endpoint, forcePathStyle: true }),
      requestHandler: TIMEOUTS,
      // Checksums of newer AWS that other makers' servers do not know; the signature is over the content's hash anyway.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    return new S3FileStore(s3, client, place);
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    const command = new this.s3.PutObjectCommand({
      ...this.at(key),
      ...{ Body: content, ContentLength: content.length, IfNoneMatch: '*' },
    });
    for (let attempt = 1; ; attempt += 1) {
      const status = await this.ask(() => this.client.send(command).then(() => 200), [412, 409]);
      if (status !== 409) return;
      if (attempt === ATTEMPTS_MAX) throw new FileStoreUnavailable({ cause: new Error('409 Conflict') });
    }
  }

  async get(key: string): Promise<Buffer | null> {
    const command = new this.s3.GetObjectCommand(this.at(key));
    const found = await this.ask(async () => {
      const { Body } = await this.client.send(command);
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    }, [404]);
    return found === 404 ? null : found;
  }

  async has(key: string): Promise<boolean> {
    const command = new this.s3.HeadObjectCommand(this.at(key));
    return (await this.ask(() => this.client.send(command).then(() => true), [404])) !== 404;
  }

  async remove(key: string): Promise<void> {
    const command = new this.s3.DeleteObjectCommand(this.at(key));
    await this.ask(() => this.client.send(command), [404]);
  }

  async *list(sha256?: string): AsyncGenerator<StoredKey> {
    if (sha256 !== undefined && !isSha256(sha256)) throw new TypeError('files are listed by SHA-256');
    const { bucket, prefix } = this.place;
    const within = sha256 === undefined ? prefix : `${prefix}${sha256}/`;
    let token: string | undefined;
    do {
      const command = new this.s3.ListObjectsV2Command({
        ...{ Bucket: bucket, Prefix: within },
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      const page = await this.ask(() => this.client.send(command), []);
      for (const { Key = '', LastModified } of page.Contents ?? []) {
        const key = Key.slice(prefix.length);
        if (isKey(key)) yield { key, storedAt: LastModified ?? new Date() };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async close(): Promise<void> {
    this.client.destroy();
  }

  private at(key: string): { readonly Bucket: string; readonly Key: string } {
    keyParts(key);
    return { Bucket: this.place.bucket, Key: `${this.place.prefix}${key}` };
  }

  /** The answer, or the status where it is one of those that mean something. */
  private async ask<Value, Status extends number>(
    request: () => Promise<Value>,
    expected: readonly Status[],
  ): Promise<Value | Status> {
    try {
      return await request();
    } catch (cause) {
      const status = statusOf(cause);
      const known = expected.find((candidate) => candidate === status && !isMissingBucket(cause));
      if (known !== undefined) return known;
      throw new FileStoreUnavailable({ cause });
    }
  }
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode;
}

/** A bucket that is not there is a fault of the settings, and not a file that is not there. */
const isMissingBucket = (error: unknown): boolean => error instanceof Error && error.name === 'NoSuchBucket';

function isKey(text: string): boolean {
  try {
    keyParts(text);
    return true;
  } catch {
    return false;
  }
}
