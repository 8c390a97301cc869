// Where the projects are: read from the workspace itself, so that a new library needs no entry in any tool.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const skipped = new Set(['node_modules', 'dist', 'src']);

function walk(root, dir, found) {
  for (const entry of readdirSync(join(root, dir), { withFileTypes: true })) {
    if (!entry.isDirectory() || skipped.has(entry.name)) continue;
    const child = `${dir}/${entry.name}`;
    if (existsSync(join(root, child, 'project.json'))) found.push(child);
    else walk(root, child, found);
  }
  return found;
}

/** Folders of all Nx projects, relative to the workspace root, with forward slashes. */
export function projectDirs(root) {
  return ['apps', 'libs'].flatMap((top) => walk(root, top, []));
}

/** `{ '@shaoying/event-store': 'libs/platform/event-store', … }` */
export function packageDirs(root) {
  return Object.fromEntries(
    projectDirs(root).map((dir) => [
      JSON.parse(readFileSync(join(root, dir, 'package.json'), 'utf8')).name,
      dir,
    ]),
  );
}
