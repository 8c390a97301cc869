import { hash } from 'node:crypto';
import sharp, { type Metadata } from 'sharp';
import type { CapturePlace } from '../capture-facts.js';

export interface SamplePhotoOptions {
  readonly type?: 'jpeg' | 'png' | 'webp';
  readonly side?: number;
  /** On the wall where the camera was, such as `2026:02:13 16:00:00`. */
  readonly takenAt?: string;
  /** Such as `+08:00`. */
  readonly offset?: string;
  readonly place?: CapturePlace;
  /** 1 to 8, as EXIF has it. */
  readonly orientation?: number;
  /** Of the camera: what tells one phone from every other. */
  readonly serialNumber?: string;
  /** Makes photos differ. */
  readonly shade?: number;
}

export interface SamplePhoto {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly sha256: string;
  readonly mediaType: string;
}

/** A photo as a phone makes it: pixels, and beside them whatever the phone says. */
export async function samplePhoto(options: SamplePhotoOptions = {}): Promise<SamplePhoto> {
  const { type = 'jpeg', side = 32, takenAt, offset, place, orientation, serialNumber, shade = 90 } = options;
  const background = { r: shade % 256, g: Math.floor(shade / 256) % 256, b: 40 };
  const plain = sharp({ create: { width: side, height: side * 2, channels: 3, background } });
  const bytes = await plain
    .withExif({
      IFD0: { Make: 'Shaoying', ...(orientation === undefined ? {} : { Orientation: String(orientation) }) },
      IFD2: {
        ...(takenAt === undefined ? {} : { DateTimeOriginal: takenAt }),
        ...(offset === undefined ? {} : { OffsetTimeOriginal: offset }),
        ...(serialNumber === undefined ? {} : { BodySerialNumber: serialNumber }),
      },
      ...(place === undefined ? {} : { IFD3: gpsOf(place) }),
    })
    .withMetadata(orientation === undefined ? {} : { orientation })
    .toFormat(type)
    .toBuffer();
  const owned = Buffer.from(bytes);
  return { bytes: owned, sha256: hash('sha256', owned, 'hex'), mediaType: `image/${type}` };
}

function gpsOf({ lon, lat }: CapturePlace): Record<string, string> {
  return {
    GPSLatitudeRef: lat < 0 ? 'S' : 'N',
    GPSLatitude: inSexagesimal(Math.abs(lat)),
    GPSLongitudeRef: lon < 0 ? 'W' : 'E',
    GPSLongitude: inSexagesimal(Math.abs(lon)),
  };
}

function inSexagesimal(degrees: number): string {
  const whole = Math.floor(degrees);
  const minutes = Math.floor((degrees - whole) * 60);
  const seconds = (degrees - whole - minutes / 60) * 3_600;
  return `${whole}/1 ${minutes}/1 ${Math.round(seconds * 10_000)}/10000`;
}

/** A small file of more pixels than there is memory for. */
export function bombPhoto(): Promise<Buffer> {
  const side = 7_200;
  return sharp({ create: { width: side, height: side, channels: 3, background: 'red' } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

/** Its size, and what is beside its pixels. */
export async function besidePixels(
  bytes: Buffer,
): Promise<Pick<Metadata, 'width' | 'height' | 'format' | 'exif' | 'xmp' | 'iptc' | 'icc' | 'comments'>> {
  const { width, height, format, exif, xmp, iptc, icc, comments } = await sharp(bytes).metadata();
  return { width, height, format, exif, xmp, iptc, icc, comments };
}
