import { hash } from 'node:crypto';
import type { Sharp } from 'sharp';
import { captureFacts, type CaptureFacts } from './capture-facts.js';
import { FileRefused, ImagesNotSupported } from './files.errors.js';

/**
 * What is taken. No HEIC: decoding it needs a patented codec, which the prebuilt library lacks, and phones send JPEG when
 * asked for it. No PDF: a paper can carry programs, and nothing here could clean it; photograph it.
 */
export const PHOTO_TYPES = ['image/jpeg', 'image/png', 'image/webp'] as const;
export type PhotoType = (typeof PHOTO_TYPES)[number];

export const isPhotoType = (text: unknown): text is PhotoType =>
  (PHOTO_TYPES as readonly unknown[]).includes(text);

/** A photo as it is kept: the pixels of the original, the right way up, and nothing that was beside them. */
export interface CleanPhoto extends CaptureFacts {
  readonly mediaType: PhotoType;
  readonly content: Buffer;
  /** SHA-256 of `content`. */
  readonly sha256: string;
}

/** What makes a clean photo of an original: here, or in a process of its own. */
export type PhotoCleaner = (original: Buffer, declared: PhotoType) => Promise<CleanPhoto>;

/** 50 megapixels, decoded, are 150 to 200 MB; the cameras of phones that make more of them say so in their settings. */
const PIXELS_MAX = 50_000_000;
/** What evidence is looked at in; it bounds what is stored, too. */
const SIDE_MAX = 4_096;
const SECONDS_MAX = 15;
const QUALITY = 88;

type Decoder = (input: Buffer) => Sharp;
let loading: Promise<Decoder> | null = null;

/** @throws ImagesNotSupported where there is no binary for this platform; the rest of the server runs without it */
async function load(): Promise<Decoder> {
  try {
    const { default: sharp } = await import('sharp');
    // One photo at a time on one thread: the other core is the log's. Nothing of a photo outlives its answer.
    sharp.concurrency(1);
    sharp.cache(false);
    // Of the many decoders in the library only these three can be reached, whatever the bytes pretend to be.
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp'] });
    return (input) => sharp(input, { limitInputPixels: PIXELS_MAX, failOn: 'error' });
  } catch (cause) {
    loading = null;
    throw new ImagesNotSupported({ cause });
  }
}

/**
 * Looks at what the bytes are, not at what they are called; decodes them, and encodes the pixels anew: EXIF with its
 * place, serial numbers and thumbnail, XMP, comments and whatever is hung on behind the image are not in the result.
 * Time and place are read before they are lost.
 * @throws FileRefused, ImagesNotSupported
 */
export async function cleanPhoto(original: Buffer, declared: PhotoType): Promise<CleanPhoto> {
  if (original.length === 0) throw new FileRefused('FILE_EMPTY');
  if ((await sniffed(original)) !== declared) throw new FileRefused('FILE_TYPE_MISMATCH');
  const photo = await (loading ??= load());
  try {
    const { exif } = await photo(original).metadata();
    const upright = photo(original)
      .autoOrient()
      .resize({ width: SIDE_MAX, height: SIDE_MAX, fit: 'inside', withoutEnlargement: true })
      .timeout({ seconds: SECONDS_MAX });
    const content = await encoded(upright, declared).toBuffer();
    return { ...captureFacts(exif), mediaType: declared, content, sha256: hash('sha256', content, 'hex') };
  } catch (cause) {
    const tooMany = cause instanceof Error && /pixel limit/i.test(cause.message);
    throw new FileRefused(tooMany ? 'FILE_TOO_MANY_PIXELS' : 'FILE_UNREADABLE', { cause });
  }
}

async function sniffed(bytes: Buffer): Promise<string | undefined> {
  const { fileTypeFromBuffer } = await import('file-type');
  const found = await fileTypeFromBuffer(bytes).catch(() => undefined);
  return found?.mime;
}

function encoded(photo: Sharp, type: PhotoType): Sharp {
  switch (type) {
    case 'image/jpeg':
      return photo.jpeg({ quality: QUALITY });
    case 'image/png':
      return photo.png();
    case 'image/webp':
      return photo.webp({ quality: QUALITY });
  }
}
