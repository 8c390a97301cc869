import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PostgresBinariesMissing } from './embedded-postgres.errors.js';

/** Where the executables of one PostgreSQL are. `share/` and `lib/` stand beside `bin/`. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** Folder that holds `bin`, `lib` and `share`. */
  readonly home: string;
  /** Version of the npm package, e.g. `18.4.0-beta.17`. */
  readonly version: string;
}

interface PlatformPackage {
  readonly initdb: string;
  readonly postgres: string;
  readonly pg_ctl: string;
}

const platforms: Readonly<Record<string, string>> = { darwin: 'darwin', linux: 'linux', win32: 'windows' };

/** @throws PostgresBinariesMissing when the platform package is not there (npm ran with `--omit=optional`, musl, …). */
export async function findBinaries(): Promise<Binaries> {
  // Only the paths are taken from the package. Its class starts postgres as a child in our own process group, where
  // Ctrl-C stops it before the server has drained, and cannot adopt a server that outlived its parent.
  const name = `@embedded-postgres/${platforms[process.platform] ?? process.platform}-${process.arch}`;
  let found: PlatformPackage;
  try {
    found = (await import(name)) as PlatformPackage;
  } catch (cause) {
    throw new PostgresBinariesMissing(`npm package ${name} is not installed: run npm ci`, { cause });
  }
  const home = dirname(dirname(found.postgres));
  const manifest = await readFile(join(dirname(home), 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const binaries = { initdb: found.initdb, postgres: found.postgres, pgCtl: found.pg_ctl, home, version };
  await Promise.all([binaries.initdb, binaries.postgres].map(ensureExecutable));
  return binaries;
}

async function ensureExecutable(file: string): Promise<void> {
  const { mode } = await stat(file).catch((cause: Error) => {
    throw new PostgresBinariesMissing(`${file} is missing: run npm ci`, { cause });
  });
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}

/**
 * A copy of the binaries where every account can read them, for a clone under `/root`. Made once per version (60 MB,
 * 0.2 s) and kept: the running server needs it for as long as it runs, whoever started it.
 */
export async function publicCopyOf(binaries: Binaries): Promise<Binaries> {
  const failures: string[] = [];
  for (const parent of ['/var/lib/shaoying', join(tmpdir(), 'shaoying-postgres')]) {
    try {
      return await copyInto(parent, binaries);
    } catch (error) {
      failures.push(`${parent}: ${(error as Error).message}`);
    }
  }
  throw new PostgresBinariesMissing(`no place for a copy that other users can read: ${failures.join('; ')}`);
}

async function copyInto(parent: string, binaries: Binaries): Promise<Binaries> {
  await mkdir(parent, { recursive: true, mode: 0o755 });
  await refuseUnlessOurs(parent);
  const home = join(parent, `postgresql-${binaries.version}-${process.platform}-${process.arch}`);
  if (!(await stat(home).catch(() => null))) {
    const staging = await mkdtemp(join(parent, 'copying-'));
    try {
      await cp(binaries.home, staging, { recursive: true, verbatimSymlinks: true });
      await chmod(staging, 0o755);
      // Several processes may copy at once; whoever renames first wins and the copies are equal.
      await rename(staging, home).catch(async (error: Error) => {
        if (!(await stat(home).catch(() => null))) throw error;
      });
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }
  await refuseUnlessOurs(home);
  const bin = (file: string): string => join(home, 'bin', basename(file));
  return {
    ...binaries,
    home,
    initdb: bin(binaries.initdb),
    postgres: bin(binaries.postgres),
    pgCtl: bin(binaries.pgCtl),
  };
}

/** What root runs must not be replaceable by anyone else: a guessable name in a shared directory is an invitation. */
async function refuseUnlessOurs(directory: string): Promise<void> {
  const { uid, mode } = await lstat(directory);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new PostgresBinariesMissing(`${directory} can be changed by another user`);
  }
}
