import { refusedBench, runBench, runMsMax } from './run-bench.js';

const rowsOn = (backend: string): string[] => [
  `(1) bare BullMQ addBulk, ${backend}`,
  `(1) arming by the scheduler, ${backend}`,
  `(2) lateness p50, ${backend}`,
  `(2) lateness p99, ${backend}`,
  `(2) lateness of the latest, ${backend}`,
  `(2) fired early, ${backend}`,
  `(2) lost, ${backend}`,
  `(2) fired twice, ${backend}`,
  `(2) found by the sweeper, ${backend}`,
];

test(
  'bench:timers measures every figure it promises, none early, lost or twice, says what came of Redis, and leaves nothing behind',
  async () => {
    const { stdout, rows, conditions, leftBehind } = await runBench('timers', [
      ...['--deadlines', '1000', '--open', '5000', '--rate', '50', '--seconds', '1', '--rounds', '1'],
    ]);
    expect(stdout).toContain('fsync on');
    expect(stdout).toContain('no command waits for the alarm clock');
    expect(conditions.postgres.fsync).toBe('on');
    const backends = stdout.includes('there is no redis-server on the path')
      ? ['PostgreSQL']
      : ['PostgreSQL', 'Redis'];
    expect(rows.map(({ name }) => name)).toEqual([
      ...backends.flatMap(rowsOn),
      '(3) a sweep that finds none due, of 5,000 open',
      '(3) a sweep that fires 500, of 5,000 open',
      '(3) the question of readiness, of 5,000 open',
      '(3) armed within 15 minutes',
      '(3) the walk that arms them',
      '(3) the same walk when all are armed',
      '(3) armed within 48 hours, at most 100,000',
      '(3) the walk that arms those',
      '(3) the same walk when all of those are armed',
      '(3) memory before any walk',
      '(3) memory after the walks within 15 minutes',
      '(3) memory after the walks within 48 hours',
      '(4) 10,000 additions of 15 working days, the first time',
      '(4) the same with a new calendar each time',
      '(4) 10,000 times the working time between the two',
      'memory of the process, peak',
    ]);
    const row = (name: string) => rows.find((candidate) => candidate.name === name);
    for (const backend of backends) {
      for (const fault of ['fired early', 'lost', 'fired twice']) {
        expect(row(`(2) ${fault}, ${backend}`)).toMatchObject({ value: 0, target: 'none', ok: true });
      }
      const { ratio = 0, ok } = row(`(1) arming by the scheduler, ${backend}`) ?? {};
      expect([ratio > 0, ok]).toEqual([true, ratio >= 0.5]);
    }
    expect(row('(3) armed within 48 hours, at most 100,000')?.value).toBe(5_000);
    expect(leftBehind).toEqual([]);
  },
  runMsMax,
);

test('bench:timers refuses a backend it does not know before it starts anything', async () => {
  await expect(refusedBench('timers', ['--backend', 'sqlite'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--backend must be one of both, postgres, redis, not sqlite') as string,
  });
});
