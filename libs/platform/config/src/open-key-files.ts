import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Any right of the group or of others. */
const notTheOwners = 0o077;

/** Files with secrets under a data folder that other accounts of the machine may touch, as paths. Windows keeps no such modes. */
export async function keyFilesOpenToOthers(dataDir: string): Promise<readonly string[]> {
  if (process.platform === 'win32') return [];
  const keys = join(dataDir, 'keys');
  const names = await readdir(keys).catch(unlessMissing);
  const paths = [...names.map((name) => join(keys, name)), join(dataDir, 'postgres.password')];
  const open = await Promise.all(paths.map(async (path) => ((await modeOf(path)) & notTheOwners) !== 0));
  return paths.filter((_, index) => open[index]);
}

async function modeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mode;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

function unlessMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
