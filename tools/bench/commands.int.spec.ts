import { refusedBench, runBench, runMsMax } from './run-bench.js';

test(
  'bench:commands measures reports and check-ins without errors, says what it needs to, and leaves nothing behind',
  async () => {
    const args = ['--seconds', '0.1', '--rounds', '1', '--connections', '8'];
    const { stdout, rows, conditions, leftBehind } = await runBench('commands', args);
    const row = (name: string) => rows.find((candidate) => candidate.name === name);
    expect(stdout).toContain('fsync on');
    expect(conditions.postgres.fsync).toBe('on');
    const open = ['reportOpen', 'reportEncrypted', 'reportUnencrypted'];
    for (const kind of ['validate', 'report', 'reportPersonal', ...open, 'checkIn']) {
      expect(row(kind)).toMatchObject({ unit: 'requests/s', value: expect.any(Number) as number });
      expect(row(`${kind} errors`)?.value).toBe(0);
    }
    expect(row('report')).toMatchObject({ target: 0.5, ok: (row('report')?.ratio ?? 0) >= 0.5 });
    expect(row('checkIn')).toMatchObject({ target: 0.35, ok: (row('checkIn')?.ratio ?? 0) >= 0.35 });
    expect(row('access ratio')).toMatchObject({
      target: 0.85,
      ok: (row('access ratio')?.ratio ?? 0) >= 0.85,
    });
    expect(row('sealing ratio')).toMatchObject({
      target: 0.95,
      ok: (row('sealing ratio')?.ratio ?? 0) >= 0.95,
    });
    expect(row('reporter ratio')).toMatchObject({ unit: 'ratio', value: expect.any(Number) as number });
    expect(leftBehind).toEqual([]);
  },
  runMsMax,
);

test('bench:commands refuses a length out of bounds before it starts anything', async () => {
  await expect(refusedBench('commands', ['--seconds', '0'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--seconds must be a number from 0.1 to 60') as string,
  });
});
