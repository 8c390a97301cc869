import { refusedBench, runBench, runMsMax } from './run-bench.js';

test(
  'bench:feeds measures every figure it promises, no item lost, and leaves nothing behind',
  async () => {
    const { stdout, rows, conditions, leftBehind } = await runBench('feeds', [
      ...['--connections', '20', '--departments', '5', '--rate', '20', '--seconds', '0.5', '--shared', '5'],
      ...['--idle', '20', '--rounds', '1', '--leased', '100', '--replayed', '400'],
      ...['--webhooks', '20'],
    ]);
    expect(stdout).toContain('fsync on');
    expect(conditions.postgres.fsync).toBe('on');
    const row = (name: string) => rows.find((candidate) => candidate.name === name);
    const followed = [
      "(1) 20 connections, each its department's share",
      '(2) 5 connections of one department',
    ];
    for (const label of followed) {
      expect(row(`${label}: items not seen`)).toMatchObject({ value: 0, ok: true });
      const { value = NaN, ok } = row(`${label}: append to seen p99`) ?? {};
      expect(ok).toBe(value < 250);
    }
    for (const max of [10, 100])
      expect(row(`(4) leased and acknowledged, ${max} at once`)?.ratio).toBeGreaterThan(0);
    const from = rows.find(({ name }) => name.endsWith('from its start: by the stream'));
    expect(from).toMatchObject({ unit: 'items/s', ok: (from?.value ?? 0) >= 20_000 });
    expect(row('(3) reports with them')).toMatchObject({ target: 0.9, ratio: expect.any(Number) as number });
    expect(row('(3) 20 idle connections: ended by the server')).toMatchObject({ value: 0, ok: true });
    expect(row('(3) errors')).toMatchObject({ value: 0, ok: true });
    expect(row('webhooks to one endpoint')?.value).toBeGreaterThan(0);
    expect(row('webhooks to four endpoints: told twice')?.value).toBe(0);
    expect(leftBehind).toEqual([]);
  },
  runMsMax,
);

test('bench:feeds refuses more idle connections than a process carries, before it starts anything', async () => {
  await expect(refusedBench('feeds', ['--idle', '5001'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--idle must be a whole number from 10 to 5000') as string,
  });
});
