import sharp from 'sharp';
import { FileRefused, type FileRefusalCode } from './files.errors.js';
import { cleanPhoto, type PhotoType } from './photo.js';
import { bombPhoto, samplePhoto } from './testing/sample-photos.js';

const place = { lon: 120.4123, lat: 31.8345 };

const refusedAs = async (code: FileRefusalCode, bytes: Buffer, declared: PhotoType): Promise<void> => {
  await expect(cleanPhoto(bytes, declared)).rejects.toEqual(expect.objectContaining({ code }));
  await expect(cleanPhoto(bytes, declared)).rejects.toBeInstanceOf(FileRefused);
};

describe('a photo that is kept', () => {
  test.each(['jpeg', 'png', 'webp'] as const)(
    '%s: pixels, and nothing that was beside them',
    async (type) => {
      const photo = await samplePhoto({
        ...{ type, place, takenAt: '2026:02:13 16:00:00', serialNumber: 'SN-CANARY-7781' },
      });
      const before = await sharp(photo.bytes).metadata();
      expect(before.exif).toBeDefined();
      const clean = await cleanPhoto(photo.bytes, `image/${type}`);
      const { exif, xmp, iptc, icc, comments, width, height, format } = await sharp(clean.content).metadata();
      expect({ exif, xmp, iptc, icc, comments }).toEqual({});
      expect({ format, width, height }).toEqual({ format: type, width: 32, height: 64 });
      expect(photo.bytes.includes('SN-CANARY-7781')).toBe(true);
      expect(clean.content.includes('SN-CANARY-7781')).toBe(false);
      expect(clean.capturedAt).toBe('2026-02-13T08:00:00.000Z');
      expect(clean.place?.lon).toBeCloseTo(place.lon, 6);
      expect(clean.place?.lat).toBeCloseTo(place.lat, 6);
    },
  );

  test('stands the right way up without its EXIF', async () => {
    const { bytes } = await samplePhoto({ orientation: 6 });
    const { content } = await cleanPhoto(bytes, 'image/jpeg');
    const { width, height, orientation } = await sharp(content).metadata();
    expect({ width, height, orientation }).toEqual({ width: 64, height: 32 });
  });

  test('is no larger than it is looked at', async () => {
    const wide = await sharp({ create: { width: 6_000, height: 40, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const { width } = await sharp((await cleanPhoto(wide, 'image/png')).content).metadata();
    expect(width).toBe(4_096);
  });

  test('that is a photo and something else has only the photo left', async () => {
    const { bytes } = await samplePhoto();
    const polyglot = Buffer.concat([bytes, Buffer.from('PK\u0003\u0004<script>alert(1)</script>%PDF-1.7')]);
    const { content } = await cleanPhoto(polyglot, 'image/jpeg');
    expect(content.includes('<script>')).toBe(false);
    expect(content.includes('%PDF')).toBe(false);
  });

  test('says its time with its own offset, and nothing where there is nothing', async () => {
    const abroad = await samplePhoto({ takenAt: '2026:02:13 16:00:00', offset: '+09:00' });
    expect((await cleanPhoto(abroad.bytes, 'image/jpeg')).capturedAt).toBe('2026-02-13T07:00:00.000Z');
    const silent = await samplePhoto();
    expect(await cleanPhoto(silent.bytes, 'image/jpeg')).toMatchObject({ capturedAt: null, place: null });
  });

  test('says no place that is none: zeros of a receiver without a fix', async () => {
    const { bytes } = await samplePhoto({ place: { lon: 0, lat: 0 } });
    expect((await cleanPhoto(bytes, 'image/jpeg')).place).toBeNull();
  });

  test('south and west are negative', async () => {
    const { bytes } = await samplePhoto({ place: { lon: -70.5, lat: -33.25 } });
    const found = (await cleanPhoto(bytes, 'image/jpeg')).place;
    expect(found?.lon).toBeCloseTo(-70.5, 6);
    expect(found?.lat).toBeCloseTo(-33.25, 6);
  });
});

describe('what is not taken', () => {
  test('nothing at all', () => refusedAs('FILE_EMPTY', Buffer.alloc(0), 'image/jpeg'));

  test('another type than was declared, also one that would be taken', async () => {
    const { bytes } = await samplePhoto({ type: 'png' });
    await refusedAs('FILE_TYPE_MISMATCH', bytes, 'image/jpeg');
  });

  test.each([
    ['a page', '<!doctype html><script>alert(1)</script>'],
    ['a drawing that can carry programs', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['a paper', '%PDF-1.7\n1 0 obj'],
    ['text', 'just text'],
  ])('%s under the name of a photo', (_, text) =>
    refusedAs('FILE_TYPE_MISMATCH', Buffer.from(text), 'image/png'),
  );

  test.each(['jpeg', 'png', 'webp'] as const)('a %s that was cut off', async (type) => {
    const noise = { type: 'gaussian', mean: 120, sigma: 60 } as const;
    const whole = await sharp({ create: { width: 300, height: 300, channels: 3, background: 'red', noise } })
      .toFormat(type)
      .toBuffer();
    await refusedAs('FILE_UNREADABLE', whole.subarray(0, whole.length / 2), `image/${type}`);
  });

  test('the first bytes of a photo and nothing behind them', async () => {
    const { bytes } = await samplePhoto();
    await refusedAs('FILE_UNREADABLE', bytes.subarray(0, 20), 'image/jpeg');
  });

  test('a bomb: a small file of more pixels than there is memory for', async () => {
    const bomb = await bombPhoto();
    expect(bomb.length).toBeLessThan(1_000_000);
    await refusedAs('FILE_TOO_MANY_PIXELS', bomb, 'image/png');
  });

  test('broken EXIF keeps no photo out, and says nothing', async () => {
    const { bytes } = await samplePhoto({ takenAt: '2026:02:13 16:00:00' });
    const at = bytes.indexOf('Exif\0\0');
    const broken = Buffer.from(bytes);
    broken.fill(0xff, at + 6, at + 40);
    expect(await cleanPhoto(broken, 'image/jpeg')).toMatchObject({ capturedAt: null, place: null });
  });
});
