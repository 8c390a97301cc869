import { refusedBench, runBench, runMsMax } from './run-bench.js';

const readModels = [
  ...[
    'incident-board',
    'department-tasks',
    'containment',
    'incident-facts',
    'open-deadlines',
    'dispatch-feed',
  ],
];

test(
  'bench:projections measures every figure it promises, says whether its targets are met, and leaves nothing behind',
  async () => {
    const { stdout, rows, conditions, leftBehind } = await runBench('projections', [
      ...['--events', '2000', '--rounds', '2', '--growth', '2', '--incidents', '2000', '--seconds', '1'],
      ...['--rate', '50'],
    ]);
    expect(stdout).toContain('fsync on');
    expect(conditions.postgres.fsync).toBe('on');
    expect(rows.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^\(a\) a bare read and bare inserts of [\d,]+ events$/),
      '(b) all read models from the log',
      '(b) rate at the end to that at the start',
      '(b) memory of the process',
      '(c) commands taken of 50 a second',
      '(c) until a command is in every read model, p50',
      '(c) the same, p99',
      '(d) workload of all departments at an instant, p99',
      '(d) the same of a month that the connection has not seen, the slowest of nine',
      '(d) a metric of the year by street, median of all',
      expect.stringMatching(/^\(d\) the slowest of them, [a-z-]+$/),
      '(d) an explanation of the year, up to 5,000 cases',
      '(e) workload at 2 times the events',
      '(e) all metrics at 2 times the events',
      '(e) the explanation at 2 times the events',
      expect.stringMatching(/^\(f\) a page of 2,000 incidents, p99 of the slowest filter: /),
      ...readModels.flatMap((name) =>
        [200, 10].map((size) =>
          expect.stringMatching(`^\\(g\\) an event in ${name}, ${size} a batch; with `),
        ),
      ),
    ]);
    for (const { name, value } of rows) expect([name, value > 0]).toEqual([name, true]);
    expect(rows.filter(({ target }) => target !== undefined).every(({ ok }) => typeof ok === 'boolean')).toBe(
      true,
    );
    expect(leftBehind).toEqual([]);
  },
  runMsMax,
);

test('bench:projections refuses a size out of bounds before it starts anything', async () => {
  await expect(refusedBench('projections', ['--events', '1'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--events must be a whole number from 2000') as string,
  });
});
