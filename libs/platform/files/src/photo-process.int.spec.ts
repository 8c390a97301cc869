import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanPhoto } from './photo.js';
import { PhotoProcess, type PhotoProcessOptions } from './photo-process.js';
import { bombPhoto, samplePhoto, type SamplePhoto } from './testing/sample-photos.js';

const program = join(__dirname, '../../../../bundle/photo.process.js');
const deaths: string[] = [];
const all: PhotoProcess[] = [];

const opened = (options: Partial<PhotoProcessOptions> = {}): PhotoProcess => {
  const photos = new PhotoProcess({ program, onDeath: (reason) => deaths.push(reason), ...options });
  all.push(photos);
  return photos;
};
const clean = (photos: PhotoProcess, { bytes }: Pick<SamplePhoto, 'bytes'>) =>
  photos.clean(bytes, 'image/jpeg');

beforeEach(() => void deaths.splice(0));
afterEach(() => {
  for (const photos of all.splice(0)) photos.close();
});

test('gives what decoding here gives, refusals too, by one process that ends when nothing comes', async () => {
  const bomb = await bombPhoto();
  const photos = opened({ idleMs: 1_000 });
  expect(photos.pid).toBeNull();
  const photo = await samplePhoto({ takenAt: '2026:02:13 16:00:00', place: { lon: 120, lat: 31 } });
  const cleaned = await clean(photos, photo);
  expect(cleaned).toEqual(await cleanPhoto(photo.bytes, 'image/jpeg'));
  expect(Buffer.isBuffer(cleaned.content)).toBe(true);
  const { pid } = photos;
  for (const [bytes, declared, code] of [
    [photo.bytes, 'image/png', 'FILE_TYPE_MISMATCH'],
    [Buffer.alloc(0), 'image/jpeg', 'FILE_EMPTY'],
    [photo.bytes.subarray(0, photo.bytes.length - 200), 'image/jpeg', 'FILE_UNREADABLE'],
    [bomb, 'image/png', 'FILE_TOO_MANY_PIXELS'],
  ] as const)
    await expect(photos.clean(Buffer.from(bytes), declared)).rejects.toMatchObject({ code });
  expect(photos.pid).toBe(pid);
  await sleep(1_500);
  expect(photos.pid).toBeNull();
  expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  expect((await clean(photos, photo)).sha256).toBe(cleaned.sha256);
  expect(deaths).toEqual([]);
});

test.each([
  ['SIGSEGV', 'FILE_UNREADABLE'],
  ['SIGABRT', 'FILE_UNREADABLE'],
  // Not its own fault: the same photo may pass the next time.
  ['SIGKILL', 'FILE_STORE_UNAVAILABLE'],
] as const)(
  'that dies over a photo by %s refuses this one, %s, and the next has another',
  async (signal, code) => {
    const photos = opened();
    const photo = await samplePhoto({ side: 2_000 });
    const first = await clean(photos, photo);
    const { pid } = photos;
    // Told before the photo is, so that it cannot be faster.
    process.kill(pid!, 'SIGSTOP');
    const dying = clean(photos, photo);
    process.kill(pid!, signal);
    process.kill(pid!, 'SIGCONT');
    await expect(dying).rejects.toMatchObject({ code });
    expect(deaths).toEqual([expect.stringContaining(signal)]);
    expect((await clean(photos, photo)).sha256).toBe(first.sha256);
    expect(photos.pid).not.toBe(pid);
  },
);

test('that hangs over a photo is killed, and the next has another', async () => {
  const photos = opened({ answerMsMax: 1_500 });
  const photo = await samplePhoto({});
  await clean(photos, photo);
  const { pid } = photos;
  process.kill(pid!, 'SIGSTOP');
  await expect(clean(photos, photo)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  await clean(photos, photo);
  expect(photos.pid).not.toBe(pid);
  expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
});

test('that cannot be run is no fault of the photo', async () => {
  const photos = opened({ program: join(__dirname, 'nowhere.js') });
  const refused = clean(photos, await samplePhoto({}));
  await expect(refused).rejects.toMatchObject({ code: 'FILE_STORE_UNAVAILABLE' });
});

test('knows no setting of the server', async () => {
  process.env['EVENT_STORE_URL'] = 'postgres://canary-of-photos@db/log';
  try {
    const photos = opened();
    await clean(photos, await samplePhoto({}));
    expect(readFileSync(`/proc/${photos.pid}/environ`, 'utf8')).not.toContain('canary-of-photos');
  } finally {
    delete process.env['EVENT_STORE_URL'];
  }
});

test('closed it takes nothing, and what was under way is told to come again', async () => {
  const photos = opened();
  const photo = await samplePhoto({});
  await clean(photos, photo);
  process.kill(photos.pid!, 'SIGSTOP');
  const underWay = clean(photos, photo);
  photos.close();
  await expect(underWay).rejects.toMatchObject({ code: 'FILE_STORE_UNAVAILABLE' });
  await expect(clean(photos, photo)).rejects.toMatchObject({ code: 'FILE_STORE_UNAVAILABLE' });
  expect(deaths).toEqual([]);
});
