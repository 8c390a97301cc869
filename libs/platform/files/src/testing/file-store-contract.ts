import { hash, randomBytes } from 'node:crypto';
import { isSha256, type FileStore } from '../file-store.js';
import { FileStoreUnavailable } from '../files.errors.js';

export interface FileStoreUnderTest {
  readonly store: FileStore;
  /** A second handle on the same files, as another process has one. */
  readonly other: () => Promise<FileStore>;
  /** From now on nothing can be reached; undone by what it gives back. */
  readonly cutOff: () => Promise<() => Promise<void>>;
  readonly close: () => Promise<void>;
}

const keyFor = (content: Buffer, name = 'content'): string => `${hash('sha256', content, 'hex')}/${name}`;

async function keysOf(store: FileStore, sha256?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(sha256)) keys.push(key);
  return keys;
}

/** What every file store does, whatever it keeps them in. */
export function fileStoreContract(name: string, open: () => Promise<FileStoreUnderTest>): void {
  describe(`${name} as a file store`, () => {
    let at: FileStoreUnderTest;
    let store: FileStore;

    beforeAll(async () => {
      at = await open();
      store = at.store;
    });
    afterAll(() => at.close());

    it('gives back what it was given, byte for byte, also to others: nothing, one byte, a photo', async () => {
      const other = await at.other();
      for (const size of [0, 1, 100_000, 3_000_000]) {
        const content = randomBytes(size);
        await store.put(keyFor(content), content);
        expect((await other.get(keyFor(content)))?.equals(content)).toBe(true);
        expect(await other.has(keyFor(content))).toBe(true);
      }
      await other.close();
    });

    it('has nothing that was never put', async () => {
      const key = keyFor(randomBytes(8));
      expect(await store.get(key)).toBeNull();
      expect(await store.has(key)).toBe(false);
      await store.remove(key);
    });

    it('keeps the first content of a key, also of twenty at once over two handles', async () => {
      const key = keyFor(randomBytes(8), 'record.json');
      const other = await at.other();
      const contents = Array.from({ length: 20 }, (_, index) => Buffer.from(`content ${index}`));
      await Promise.all(contents.map((content, index) => (index % 2 ? store : other).put(key, content)));
      const first = await store.get(key);
      expect(contents.some((content) => first?.equals(content))).toBe(true);
      await store.put(key, Buffer.from('too late'));
      expect((await other.get(key))?.equals(first ?? Buffer.alloc(0))).toBe(true);
      await other.close();
    });

    it('lists each key once, in order, with its time; of one file or of all', async () => {
      const file = hash('sha256', randomBytes(8), 'hex');
      const before = Date.now() - 2_000;
      for (const name of ['b', 'a', 'c.json', 'd-1']) await store.put(`${file}/${name}`, Buffer.from(name));
      expect(await keysOf(store, file)).toEqual(['a', 'b', 'c.json', 'd-1'].map((name) => `${file}/${name}`));
      const all = await keysOf(store);
      expect(all).toEqual([...new Set(all)].toSorted());
      expect(all).toEqual(expect.arrayContaining(await keysOf(store, file)));
      for await (const { storedAt } of store.list(file)) {
        expect(storedAt.getTime()).toBeGreaterThan(before);
        expect(storedAt.getTime()).toBeLessThan(Date.now() + 2_000);
      }
    });

    it('removes one key and no other, and takes it again afterwards', async () => {
      const file = hash('sha256', randomBytes(8), 'hex');
      await store.put(`${file}/one`, Buffer.from('one'));
      await store.put(`${file}/two`, Buffer.from('two'));
      await store.remove(`${file}/one`);
      await store.remove(`${file}/one`);
      expect(await keysOf(store, file)).toEqual([`${file}/two`]);
      await store.put(`${file}/one`, Buffer.from('again'));
      expect(String(await store.get(`${file}/one`))).toBe('again');
    });

    it('asks nothing of keys that are none: no way leads out of it', async () => {
      const sha256 = 'a'.repeat(64);
      expect(isSha256(sha256)).toBe(true);
      const bad = [
        ...['', sha256, `${sha256}/`, `${sha256}/..`, `${sha256}/../x`, `${sha256}/a/b`, `/${sha256}/a`],
        ...[`${sha256.toUpperCase()}/a`, `${sha256}/A`, `${sha256}/a\0`, '../../etc/passwd', `${sha256}\\a`],
      ];
      for (const key of bad) {
        for (const ask of ['get', 'has', 'remove'] as const) {
          await expect((async () => store[ask](key))()).rejects.toThrow(TypeError);
        }
        await expect((async () => store.put(key, Buffer.alloc(1)))()).rejects.toThrow(TypeError);
      }
      await expect(keysOf(store, '../..')).rejects.toThrow(TypeError);
    });

    it('says so by a typed error when it cannot be reached, and goes on afterwards', async () => {
      const content = randomBytes(100);
      const restore = await at.cutOff();
      try {
        await expect(store.put(keyFor(content), content)).rejects.toBeInstanceOf(FileStoreUnavailable);
        await expect(store.get(keyFor(content))).rejects.toBeInstanceOf(FileStoreUnavailable);
        await expect(store.has(keyFor(content))).rejects.toBeInstanceOf(FileStoreUnavailable);
        await expect(keysOf(store)).rejects.toBeInstanceOf(FileStoreUnavailable);
      } finally {
        await restore();
      }
      await store.put(keyFor(content), content);
      expect((await store.get(keyFor(content)))?.equals(content)).toBe(true);
    });
  });
}
