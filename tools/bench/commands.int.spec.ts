import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(__dirname, '../..');
const run = promisify(execFile);
/** The server starts, four kinds of request warm up and are measured for a second each. */
const runMsMax = 120_000;

interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly target?: number;
  readonly ok?: boolean;
}

const leftovers = async (): Promise<string[]> =>
  (await readdir(join(root, 'tmp')).catch(() => [])).filter((name) => name.startsWith('bench-'));

test(
  'bench:commands measures reports and check-ins without errors, says what it needs to, and leaves nothing behind',
  async () => {
    const before = await leftovers();
    const dir = await mkdtemp(join(tmpdir(), 'bench-spec-'));
    try {
      // Built here: the benchmark starts the server from dist, as `npm start` does.
      await run(process.execPath, ['tools/build.mjs', '--quiet'], { cwd: root });
      const json = join(dir, 'commands.json');
      const args = ['tools/bench/commands.mjs', '--seconds', '1', '--rounds', '1', '--connections', '8'];
      const { stdout } = await run(process.execPath, [...args, '--json', json], { cwd: root });
      const { rows, conditions } = JSON.parse(await readFile(json, 'utf8')) as {
        rows: Row[];
        conditions: { postgres: { fsync: string } };
      };
      const row = (name: string): Row | undefined => rows.find((candidate) => candidate.name === name);
      expect(stdout).toContain('fsync on');
      expect(conditions.postgres.fsync).toBe('on');
      for (const kind of ['validate', 'report', 'reportPersonal', 'checkIn']) {
        expect(row(kind)).toMatchObject({ unit: 'requests/s', value: expect.any(Number) as number });
        expect(row(`${kind} errors`)?.value).toBe(0);
      }
      expect(row('report')).toMatchObject({ target: 0.5, ok: (row('report')?.ratio ?? 0) >= 0.5 });
      expect(row('checkIn')).toMatchObject({ target: 0.35, ok: (row('checkIn')?.ratio ?? 0) >= 0.35 });
      expect((await leftovers()).filter((name) => !before.includes(name))).toEqual([]);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
  runMsMax,
);

test('bench:commands refuses a length out of bounds before it starts anything', async () => {
  const refused = run(process.execPath, ['tools/bench/commands.mjs', '--seconds', '0'], { cwd: root });
  await expect(refused).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--seconds must be a whole number from 1 to 60') as string,
  });
});
