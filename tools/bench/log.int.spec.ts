import { refusedBench, runBench, runMsMax } from './run-bench.js';

test(
  'bench:log measures every figure it promises, says whether its targets are met, and leaves nothing behind',
  async () => {
    const sizes = ['--middle', '20000', '--largest', '20000'];
    const { stdout, rows, conditions, leftBehind } = await runBench('log', [
      ...['--seconds', '0.2', '--rounds', '1', '--callers', '8'],
      ...sizes,
    ]);
    expect(stdout).toContain('fsync on');
    expect(conditions.postgres.fsync).toBe('on');
    expect(rows.map(({ name }) => name)).toEqual([
      ...['10,000', '20,000'].flatMap((size) => [
        `(a) bare 100-row inserts, from ${size} events on`,
        `(a2) the same with binary arrays, from ${size} events on`,
        `(b) single appends to distinct streams, from ${size} events on`,
        `(b2) the same as a share of (a2), from ${size} events on`,
        `(c) single appends to hot streams, revision expected, from ${size} events on`,
        `WAL per event of (b), from ${size} events on`,
      ]),
      '(d) a bare cursor over the whole log',
      '(d) the whole log by subscription',
      '(d) the whole log page by page',
      '(e) append to subscriber, p50',
      '(e) append to subscriber, p99',
      '(e) appends really offered',
      '(f) (b) at the largest log to (b) at the smallest',
      '(f) the same of the ceiling (a)',
      'memory of the process, peak up to 10,000 events',
      'memory of the process, peak up to 20,000 events',
    ]);
    for (const { name, value } of rows) expect([name, value > 0]).toEqual([name, true]);
    expect(rows.filter(({ target }) => target !== undefined).every(({ ok }) => typeof ok === 'boolean')).toBe(
      true,
    );
    expect(leftBehind).toEqual([]);
  },
  runMsMax,
);

test('bench:log refuses a size out of bounds before it starts anything', async () => {
  await expect(refusedBench('log', ['--largest', '1'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--largest must be a whole number from 20000') as string,
  });
});
