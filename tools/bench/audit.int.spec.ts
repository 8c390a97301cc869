import { refusedBench, runBench, runMsMax } from './run-bench.js';

test(
  'bench:audit measures every figure it promises, says whether its targets are met, and leaves nothing behind',
  async () => {
    const small = ['--events', '2000', '--leaves', '1000', '--proofs', '10', '--connections', '4'];
    const { stdout, rows, conditions, leftBehind } = await runBench('audit', [
      ...[...small, '--rounds', '1', '--seconds', '0.1'],
    ]);
    expect(stdout).toContain('fsync on');
    expect(conditions.postgres.fsync).toBe('on');
    expect(rows.map(({ name }) => name)).toEqual([
      'a bare read of that log, and one hash of each row',
      expect.stringMatching(/^tree built from a log of [\d,]+ events$/),
      'the whole log verified',
      'inclusion proof by event id at 1,000 generated leaves, median',
      'the same, p99',
      'reports with the tree off',
      'reports with the tree on',
      'replay of an incident of 200 events, median',
      'the same, p99',
    ]);
    for (const { name, value } of rows) expect([name, value > 0]).toEqual([name, true]);
    const judged = rows.filter(({ target }) => target !== undefined);
    expect(judged.map(({ ok }) => typeof ok)).toEqual(Array.from({ length: 5 }, () => 'boolean'));
    expect(leftBehind).toEqual([]);
  },
  runMsMax,
);

test('bench:audit refuses a size out of bounds before it starts anything', async () => {
  await expect(refusedBench('audit', ['--leaves', '1'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--leaves must be a whole number from 1000') as string,
  });
});
