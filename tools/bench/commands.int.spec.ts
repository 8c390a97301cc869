import { refusedBench, runBench } from './run-bench.js';

/** The server starts, four kinds of request warm up and are measured for a second each. */
const runMsMax = 120_000;

test(
  'bench:commands measures reports and check-ins without errors, says what it needs to, and leaves nothing behind',
  async () => {
    const args = ['--seconds', '1', '--rounds', '1', '--connections', '8'];
    const { stdout, rows, conditions, leftBehind } = await runBench('commands', args);
    const row = (name: string) => rows.find((candidate) => candidate.name === name);
    expect(stdout).toContain('fsync on');
    expect(conditions.postgres.fsync).toBe('on');
    for (const kind of ['validate', 'report', 'reportPersonal', 'checkIn']) {
      expect(row(kind)).toMatchObject({ unit: 'requests/s', value: expect.any(Number) as number });
      expect(row(`${kind} errors`)?.value).toBe(0);
    }
    expect(row('report')).toMatchObject({ target: 0.5, ok: (row('report')?.ratio ?? 0) >= 0.5 });
    expect(row('checkIn')).toMatchObject({ target: 0.35, ok: (row('checkIn')?.ratio ?? 0) >= 0.35 });
    expect(leftBehind).toEqual([]);
  },
  runMsMax,
);

test('bench:commands refuses a length out of bounds before it starts anything', async () => {
  await expect(refusedBench('commands', ['--seconds', '0'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--seconds must be a whole number from 1 to 60') as string,
  });
});
