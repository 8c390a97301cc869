import { SimulatedClock } from '@shaoying/config';
import { InMemoryPersonalDataVault } from '@shaoying/personal-data/testing';
import { hash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskFileStore } from './disk-file-store.js';
import { EvidenceFiles } from './evidence-files.js';
import type { Uploader } from './file-record.js';
import { FileDamaged, TooManyFiles } from './files.errors.js';
import type { FileStore } from './file-store.js';
import { samplePhoto, type SamplePhoto, type SamplePhotoOptions } from './testing/sample-photos.js';

const worker = { id: 'worker-1', orgUnitId: 'dp-urban-management' };
const colleague = { id: 'worker-2', orgUnitId: 'dp-urban-management' };
const stranger = { id: 'worker-3', orgUnitId: 'dp-water' };

let root: string;
let store: FileStore;
let vault: InMemoryPersonalDataVault;
let files: EvidenceFiles;
const clock = new SimulatedClock('2026-02-13T08:00:00Z');

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'shaoying-evidence-'));
  store = await DiskFileStore.open(root);
  vault = new InMemoryPersonalDataVault();
  files = new EvidenceFiles(store, vault, clock);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const add = ({ bytes }: SamplePhoto, uploader: Uploader = worker): ReturnType<EvidenceFiles['add']> =>
  files.add(bytes, 'image/jpeg', uploader);

const added = async (options: SamplePhotoOptions): Promise<SamplePhoto> => {
  const photo = await samplePhoto(options);
  await add(photo);
  return photo;
};

async function everyByte(): Promise<Buffer> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const inside = entries.filter((entry) => entry.isFile());
  return Buffer.concat(
    await Promise.all(inside.map((entry) => readFile(join(entry.parentPath, entry.name)))),
  );
}

test('found by the hash of the original, which the device knew; kept without what was beside its pixels', async () => {
  const place = { lon: 120.4123, lat: 31.8345 };
  const photo = await added({ place, takenAt: '2026:02:13 15:58:00', serialNumber: 'SN-CANARY' });
  const record = await files.find(photo.sha256);
  expect(record).toMatchObject({
    ...{ sha256: photo.sha256, capturedAt: '2026-02-13T07:58:00.000Z', storedAt: '2026-02-13T08:00:00.000Z' },
    content: { mediaType: 'image/jpeg' },
  });
  const content = await files.content(record!);
  expect(hash('sha256', content, 'hex')).toBe(record!.content.sha256);
  expect(record!.content.sha256).not.toBe(photo.sha256);
  expect((await files.placeOf(record!))?.lat).toBeCloseTo(place.lat, 5);
  const stored = await everyByte();
  for (const canary of ['SN-CANARY', '120.41', '31.83', 'Exif']) expect(stored.includes(canary)).toBe(false);
});

test('the same bytes are the same file, whoever sends them, also ten times at once', async () => {
  const photo = await samplePhoto({ takenAt: '2026:02:13 16:00:00', place: { lon: 120, lat: 31 } });
  const answers = await Promise.all(Array.from({ length: 10 }, () => add(photo)));
  const again = await add(photo, stranger);
  expect(again.isNew).toBe(false);
  for (const { record } of answers) expect(record).toEqual(again.record);
  const misnamed = files.add(photo.bytes, 'image/png', worker);
  await expect(misnamed).rejects.toMatchObject({ code: 'FILE_TYPE_MISMATCH' });
});

test('knowing a hash is not having the file: it is theirs whose unit has sent it', async () => {
  const photo = await added({});
  expect(await files.isFrom(photo.sha256, colleague)).toBe(true);
  expect(await files.isFrom(photo.sha256, stranger)).toBe(false);
  await add(photo, stranger);
  expect(await files.isFrom(photo.sha256, stranger)).toBe(true);
  const alone = { id: 'person', orgUnitId: null };
  await add(photo, alone);
  expect(await files.isFrom(photo.sha256, { id: 'other', orgUnitId: null })).toBe(false);
});

test('a new file may be one too many; one that is there already is not new', async () => {
  const [first, second] = [await samplePhoto({ shade: 1 }), await samplePhoto({ shade: 2 })];
  const none = (): Promise<void> => Promise.reject(new TooManyFiles(60));
  await add(first);
  await files.add(first.bytes, 'image/jpeg', worker, none);
  await expect(files.add(second.bytes, 'image/jpeg', worker, none)).rejects.toBeInstanceOf(TooManyFiles);
  expect(await files.find(second.sha256)).toBeNull();
});

test('a file that was changed on the disk is given to nobody', async () => {
  const { sha256 } = await added({});
  const record = (await files.find(sha256))!;
  const folder = join(root, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  await writeFile(join(folder, `content-${record.content.sha256}`), 'something else');
  await expect(files.content(record)).rejects.toBeInstanceOf(FileDamaged);
  await writeFile(join(folder, 'record.json'), '{"sha256":"no"}');
  await expect(files.find(sha256)).rejects.toBeInstanceOf(FileDamaged);
});

test('a process that died between the content and the record has shown nothing, and the next upload completes it', async () => {
  const photo = await samplePhoto({});
  const dying: FileStore = Object.assign(Object.create(store) as FileStore, {
    put: (key: string, content: Uint8Array) =>
      key.endsWith('record.json') ? Promise.reject(new Error('killed')) : store.put(key, content),
  });
  const inVain = new EvidenceFiles(dying, vault, clock).add(photo.bytes, 'image/jpeg', worker);
  await expect(inVain).rejects.toThrow('killed');
  expect(await files.find(photo.sha256)).toBeNull();
  expect((await add(photo)).isNew).toBe(true);
  expect((await files.content((await files.find(photo.sha256))!)).length).toBeGreaterThan(0);
});

test('removed with everything of it, and with the key of its place', async () => {
  const photo = await added({ place: { lon: 120.4, lat: 31.8 } });
  const record = (await files.find(photo.sha256))!;
  expect(await files.remove(photo.sha256)).toBe(true);
  expect(await files.find(photo.sha256)).toBeNull();
  expect(await files.isFrom(photo.sha256, worker)).toBe(false);
  expect(await files.placeOf(record)).toBeNull();
  expect((await everyByte()).length).toBe(0);
  expect(await files.remove(photo.sha256)).toBe(false);
  expect(await files.remove('no hash')).toBe(false);
  expect((await add(photo)).isNew).toBe(true);
});

test('what nothing was added to since an instant', async () => {
  const photos = [await added({ shade: 1 }), await added({ shade: 2 })];
  const before = async (at: Date): Promise<string[]> => {
    const found: string[] = [];
    for await (const sha256 of files.storedBefore(at)) found.push(sha256);
    return found;
  };
  expect(await before(new Date(Date.now() + 60_000))).toEqual(photos.map(({ sha256 }) => sha256).toSorted());
  expect(await before(new Date(Date.now() - 60_000))).toEqual([]);
});

describe('of a reporter', () => {
  const reporter = { reportOf: '018f2f6e-0000-7000-8000-000000000001' };
  const another = { reportOf: '018f2f6e-0000-7000-8000-000000000002' };

  test('is theirs by the report alone, and where they stood is not kept', async () => {
    const photo = await samplePhoto({
      place: { lon: 120.4123, lat: 31.8345 },
      takenAt: '2026:02:13 16:00:00',
    });
    const { record } = await add(photo, reporter);
    expect(record).toMatchObject({ capturedAt: '2026-02-13T08:00:00.000Z', place: null });
    expect(await files.isFrom(photo.sha256, reporter)).toBe(true);
    for (const other of [another, worker, { id: reporter.reportOf, orgUnitId: null }])
      expect(await files.isFrom(photo.sha256, other)).toBe(false);
  });

  test('taken back it is gone with everything, unless somebody else has sent it', async () => {
    const [own, shared] = [await samplePhoto({ shade: 1 }), await samplePhoto({ shade: 2 })];
    await add(own, reporter);
    for (const sender of [reporter, another, worker]) await add(shared, sender);
    for (const { sha256 } of [own, shared]) await files.withdraw(sha256, [reporter, stranger]);
    expect(await files.find(own.sha256)).toBeNull();
    expect(await files.isFrom(shared.sha256, reporter)).toBe(false);
    expect(await files.isFrom(shared.sha256, worker)).toBe(true);
    expect((await files.content((await files.find(shared.sha256))!)).length).toBeGreaterThan(0);
    await files.withdraw(shared.sha256, [worker]);
    await files.withdraw(shared.sha256, [another]);
    expect((await everyByte()).length).toBe(0);
    await files.withdraw(shared.sha256, [another]);
    await files.withdraw('c'.repeat(64), [reporter]);
  });

  test('waits for its like: of many that come at once, one at the most is before one of who works here', async () => {
    const photos = await Promise.all([1, 2, 3, 4].map((shade) => samplePhoto({ shade })));
    const order: string[] = [];
    const begun = photos.map(async (photo, index) => {
      await add(photo, index === 3 ? worker : reporter);
      order.push(index === 3 ? 'worker' : 'reporter');
    });
    await Promise.all(begun);
    expect(order.indexOf('worker')).toBeLessThanOrEqual(1);
  });
});
