import { tmpdir } from 'node:os';
import { keptMemory, roomAt, sizesFor } from './sizing.js';

const GIB = 1024 ** 3;

test.each([
  ['a large machine', 64, 500, '1024MB', '4096MB'],
  ['a small one', 4, 20, '512MB', '1280MB'],
  ['a tiny one with a disk in memory', 0.5, 0.1875, '128MB', '64MB'],
])('%s', (_what, memoryGiB, diskGiB, sharedBuffers, maxWalSize) => {
  const room = { memoryBytes: memoryGiB * GIB, diskBytes: diskGiB * GIB };
  expect(sizesFor(room)).toEqual({ shared_buffers: sharedBuffers, max_wal_size: maxWalSize });
});

test.each([
  ['a large machine', 64, 32],
  ['a small one', 1, 8],
  ['a tiny one', 0.1, 1],
])('connections of %s keep some of what they have used', (_what, memoryGiB, mebibytes) => {
  const kept = keptMemory({ memoryBytes: memoryGiB * GIB });
  expect(kept).toBe(mebibytes * 1024 ** 2);
  // Of all connections together: a third of the memory, or PostgreSQL's own least.
  expect(40 * kept).toBeLessThanOrEqual(Math.max((memoryGiB * GIB) / 3, 40 * 1024 ** 2));
});

test('the room of this machine is known', () => {
  const { memoryBytes, diskBytes } = roomAt(tmpdir());
  expect(memoryBytes).toBeGreaterThan(0.1 * GIB);
  expect(memoryBytes).toBeLessThan(2 ** 50);
  expect(diskBytes).toBeGreaterThan(0);
});

test('no more of it is counted on than was said, and no more than there is', () => {
  const { memoryBytes } = roomAt(tmpdir());
  expect(roomAt(tmpdir(), 100 * 1024 ** 2).memoryBytes).toBe(100 * 1024 ** 2);
  expect(roomAt(tmpdir(), 2 ** 60).memoryBytes).toBe(memoryBytes);
});
