import exifReader, { type Exif } from 'exif-reader';

/** Where a camera says it was, in degrees of WGS-84. */
export interface CapturePlace {
  readonly lon: number;
  readonly lat: number;
}

/** What a camera wrote about a photo: a claim like any other, and easily forged. */
export interface CaptureFacts {
  /** UTC; null when it is not said. */
  readonly capturedAt: string | null;
  readonly place: CapturePlace | null;
}

const NOTHING: CaptureFacts = { capturedAt: null, place: null };

/** What cameras that write no offset mean here: the clock on the wall. No summer time. */
const WALL_CLOCK = '+08:00';

/** Cameras whose clock was never set say 1980 or 2000. */
const YEARS = { min: 2001, max: 2200 } as const;

/** The time and place of a photo as its EXIF block has them; broken blocks say nothing. Never throws. */
export function captureFacts(block: Buffer | undefined): CaptureFacts {
  if (block === undefined) return NOTHING;
  try {
    const exif = exifReader(block);
    return { capturedAt: capturedAt(exif), place: capturePlace(exif) };
  } catch {
    return NOTHING;
  }
}

function capturedAt({ Photo }: Exif): string | null {
  // The reader gives the time on the wall as if it were UTC.
  const wall = Photo?.DateTimeOriginal ?? Photo?.DateTimeDigitized;
  if (!(wall instanceof Date) || Number.isNaN(wall.getTime())) return null;
  const said = Photo?.OffsetTimeOriginal ?? Photo?.OffsetTimeDigitized;
  const offset = typeof said === 'string' && /^[+-]\d{2}:\d{2}$/.test(said) ? said : WALL_CLOCK;
  const instant = new Date(`${wall.toISOString().slice(0, 19)}${offset}`);
  const year = instant.getUTCFullYear();
  return year >= YEARS.min && year <= YEARS.max ? instant.toISOString() : null;
}

function capturePlace({ GPSInfo }: Exif): CapturePlace | null {
  const lat = degrees(GPSInfo?.GPSLatitude, GPSInfo?.GPSLatitudeRef === 'S', 90);
  const lon = degrees(GPSInfo?.GPSLongitude, GPSInfo?.GPSLongitudeRef === 'W', 180);
  // Receivers without a fix write zeros.
  if (lat === null || lon === null || (lat === 0 && lon === 0)) return null;
  return { lon, lat };
}

function degrees(parts: unknown, negative: boolean, max: number): number | null {
  if (!Array.isArray(parts) || parts.length !== 3) return null;
  const [whole, minutes, seconds] = parts.map(Number) as [number, number, number];
  const value = (whole + minutes / 60 + seconds / 3_600) * (negative ? -1 : 1);
  return Math.abs(value) <= max ? value : null;
}
