import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Programs } from './own-cluster.js';

export interface DumpPrograms extends Programs {
  readonly pgDump: string;
  readonly pgRestore: string;
  readonly major: number;
}

/** Where Debian's packages put the programs of each major version. */
const home = '/usr/lib/postgresql';

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Server, `pg_dump` and `pg_restore` of one major version, the highest there is; null when there are none. The embedded
 * PostgreSQL has no `pg_dump`, and one that is older than the server refuses to dump it.
 */
export function findDumpPrograms(): DumpPrograms | null {
  let majors: number[];
  try {
    majors = readdirSync(home).map(Number).filter(Number.isInteger);
  } catch {
    return null;
  }
  for (const major of majors.sort((one, other) => other - one)) {
    const program = (name: string): string => join(home, String(major), 'bin', name);
    const all = ['initdb', 'postgres', 'pg_dump', 'pg_restore'].map(program);
    if (!all.every(isExecutable)) continue;
    const [initdb = '', postgres = '', pgDump = '', pgRestore = ''] = all;
    return { initdb, postgres, pgDump, pgRestore, major };
  }
  return null;
}
