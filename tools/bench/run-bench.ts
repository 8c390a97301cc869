import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(__dirname, '../..');
const run = promisify(execFile);
/** An eighth of that is taken as PostgreSQL starts, and most of what that costs is for the size. */
const env = { ...process.env, POSTGRES_MEMORY_MB: '1024' };

/** A net: one server, a few connections, everything once. Then it is told to end, which it does in order: nothing of it stays. */
const benchMsMax = 240_000;
/** Of a test that runs one. */
export const runMsMax = benchMsMax + 60_000;

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly target?: number | string;
  readonly ok?: boolean;
}

export interface BenchResult {
  readonly stdout: string;
  readonly rows: readonly Row[];
  readonly conditions: { readonly postgres: { readonly fsync: string } };
  /** Folders of benchmarks that were not there before. */
  readonly leftBehind: readonly string[];
}

/** Benchmarks of other names may be running. */
const leftovers = async (name: string): Promise<string[]> =>
  (await readdir(join(root, 'tmp')).catch(() => [])).filter((folder) => folder.startsWith(`bench-${name}-`));

/** Runs `tools/bench/<name>.mjs` as `npm run bench:<name>` does. @throws what execFile throws when it fails */
export async function runBench(name: string, args: readonly string[]): Promise<BenchResult> {
  const before = await leftovers(name);
  const dir = await mkdtemp(join(tmpdir(), 'bench-spec-'));
  try {
    // Built here: a benchmark measures dist, which is what `npm start` runs.
    await run(process.execPath, ['tools/build.mjs', '--quiet'], { cwd: root });
    const json = join(dir, 'figures.json');
    const script = `tools/bench/${name}.mjs`;
    const { stdout } = await run(process.execPath, [script, ...args, '--json', json], {
      ...{ cwd: root, env, timeout: benchMsMax },
    });
    const { rows, conditions } = JSON.parse(await readFile(json, 'utf8')) as BenchResult;
    return {
      stdout,
      rows,
      conditions,
      leftBehind: (await leftovers(name)).filter((x) => !before.includes(x)),
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The refusal of a command line that cannot be understood. */
export const refusedBench = (name: string, args: readonly string[]): Promise<unknown> =>
  run(process.execPath, [`tools/bench/${name}.mjs`, ...args], { cwd: root });
