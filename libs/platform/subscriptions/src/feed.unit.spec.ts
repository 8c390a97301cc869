import { SharedFeedSource, resumePosition } from './feed.js';
import { InMemoryFeedSource } from './testing/index.js';

describe('resumePosition', () => {
  it('prefers what the reconnecting client has seen last', () => {
    expect(resumePosition('12', '3')).toBe('12');
    expect(resumePosition(undefined, '3')).toBe('3');
    expect(resumePosition('', undefined)).toBe('0');
  });

  it.each(['-1', '1.5', 'x', '1; drop table', '9'.repeat(20), '9'.repeat(19)])('refuses %s', (given) => {
    expect(() => resumePosition(given, undefined)).toThrow(
      expect.objectContaining({ code: 'INVALID_FEED_POSITION' }),
    );
  });
});

describe('SharedFeedSource', () => {
  it('reads once for all that ask the same at the same time', async () => {
    const source = new InMemoryFeedSource();
    source.add('dept-1', '{}');
    const shared = new SharedFeedSource(source);
    const reads = await Promise.all(Array.from({ length: 50 }, () => shared.read('dept-1', '0', 10)));
    expect(source.reads).toBe(1);
    for (const items of reads) expect(items).toHaveLength(1);
    await Promise.all([shared.read('dept-1', '1', 10), shared.read('dept-2', '0', 10)]);
    expect(source.reads).toBe(3);
  });

  it('never answers from a read that began before the advance', async () => {
    const source = new InMemoryFeedSource();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const read = source.read.bind(source);
    jest.spyOn(source, 'read').mockImplementationOnce(async (...args) => {
      const before = await read(...args);
      await held;
      return before;
    });
    const shared = new SharedFeedSource(source);
    shared.onAdvance(() => undefined);
    const stale = shared.read('dept-1', '0', 10);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    source.add('dept-1', '{}');
    const fresh = shared.read('dept-1', '0', 10);
    release();
    expect([await stale, await fresh].map((items) => items.length)).toEqual([0, 1]);
  });

  it('keeps what is true until the next advance, and not a moment longer', async () => {
    const source = new InMemoryFeedSource();
    const shared = new SharedFeedSource(source);
    const unsubscribe = shared.onAdvance(() => undefined);
    source.add('dept-1', '{}');
    await shared.read('dept-1', '0', 10);
    expect(await shared.read('dept-1', '0', 10)).toHaveLength(1);
    expect(source.reads).toBe(1);
    source.add('dept-1', '{}');
    expect(await shared.read('dept-1', '0', 10)).toHaveLength(2);
    // Nobody listens any more, so nothing tells when a kept read has become wrong.
    unsubscribe();
    source.add('dept-1', '{}');
    expect(await shared.read('dept-1', '0', 10)).toHaveLength(3);
    source.add('dept-1', '{}');
    expect(await shared.read('dept-1', '0', 10)).toHaveLength(4);
  });

  it('keeps one subscription for any number of listeners, and none for none', () => {
    const source = new InMemoryFeedSource();
    const shared = new SharedFeedSource(source);
    let calls = 0;
    const count = () => (calls += 1);
    const unsubscribes = Array.from({ length: 100 }, () => shared.onAdvance(count));
    expect(source.listeners.size).toBe(1);
    source.add('dept-1', '{}');
    expect(calls).toBe(100);
    for (const unsubscribe of unsubscribes) unsubscribe();
    expect(source.listeners.size).toBe(0);
  });

  it('does not keep a failed read', async () => {
    const source = new InMemoryFeedSource();
    const shared = new SharedFeedSource(source);
    source.failure = new Error('database away');
    await expect(shared.read('dept-1', '0', 10)).rejects.toThrow('database away');
    source.failure = undefined;
    expect(await shared.read('dept-1', '0', 10)).toEqual([]);
  });
});
