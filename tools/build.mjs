// Emits each project's src/ as ESM into dist/ with SWC. Type-checking is `tsc --noEmit`, a target of its own.
// One process for all projects: starting twenty compilers costs more than compiling (1 s for the whole tree).
//   node tools/build.mjs                 every project, only files newer than their output, and bundle/ of them all
//   node tools/build.mjs libs/audit …    the named projects
import { transformFile } from '@swc/core';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { projectDirs } from './workspace.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const swcOptions = JSON.parse(await readFile(join(root, '.swcrc.json'), 'utf8'));
const configMtime = Math.max(
  ...(await Promise.all(
    ['.swcrc.json', 'tools/build.mjs'].map(async (file) => (await stat(join(root, file))).mtimeMs),
  )),
);

async function sourcesOf(srcDir) {
  const entries = await readdir(srcDir, { recursive: true, withFileTypes: true });
  return entries
    .filter(
      (e) =>
        e.isFile() && e.name.endsWith('.ts') && !e.name.endsWith('.d.ts') && !e.name.endsWith('.spec.ts'),
    )
    .map((e) => relative(srcDir, join(e.parentPath ?? e.path, e.name)));
}

async function isFresh(source, output) {
  if (!existsSync(output)) return false;
  const [s, o] = await Promise.all([stat(source), stat(output)]);
  return o.mtimeMs > s.mtimeMs && o.mtimeMs > configMtime;
}

async function removeStale(distDir, wanted) {
  if (!existsSync(distDir)) return;
  for (const entry of await readdir(distDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (!wanted.has(path)) await rm(path);
  }
}

async function buildProject(dir) {
  const srcDir = join(root, dir, 'src');
  const distDir = join(root, dir, 'dist');
  const wanted = new Set();
  let emitted = 0;
  await Promise.all(
    (await sourcesOf(srcDir)).map(async (file) => {
      const source = join(srcDir, file);
      const output = join(distDir, file.replace(/\.ts$/, '.js'));
      wanted.add(output).add(`${output}.map`);
      if (await isFresh(source, output)) return;
      const { code, map } = await transformFile(source, {
        ...swcOptions,
        swcrc: false,
        module: { type: 'es6' },
        sourceFileName: relative(dirname(output), source),
      });
      await mkdir(dirname(output), { recursive: true });
      await writeFile(`${output}.map`, map);
      await writeFile(output, `${code}\n//# sourceMappingURL=${output.split(/[\\/]/).pop()}.map\n`);
      emitted += 1;
    }),
  );
  await removeStale(distDir, wanted);
  return emitted;
}

const dirs = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const counts = await Promise.all((dirs.length > 0 ? dirs : projectDirs(root)).map(buildProject));
// A project alone may be built while its neighbours are not.
if (dirs.length === 0) await bundle();
const total = counts.reduce((sum, n) => sum + n, 0);
if (!process.argv.includes('--quiet'))
  console.log(`built ${counts.length} project(s), ${total} file(s) emitted`);
