// Jest 30 runs CommonJS emitted by SWC while NestJS 12 and others are ESM only: Node >= 24.9 with
// --experimental-vm-modules lets Jest require() them. Started by `npm test`, see tools/bootstrap.mjs.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileForJest, packagesForJest } from './tools/bundle.mjs';
import { packageDirs } from './tools/workspace.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const swcOptions = JSON.parse(readFileSync(join(root, '.swcrc.json'), 'utf8'));
const sources = Object.fromEntries(
  Object.entries(packageDirs(root)).flatMap(([name, dir]) => [
    [`^${name}$`, join(root, dir, 'src/index.ts')],
    [`^${name}/testing$`, join(root, dir, 'src/testing/index.ts')],
  ]),
);

const bundled = Object.fromEntries(packagesForJest.map((name) => [`^${name}$`, fileForJest(name)]));

/** @type {import('jest').Config} */
export default {
  rootDir: root,
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/tools'],
  testMatch: ['**/*.spec.ts'],
  testEnvironment: '<rootDir>/tools/test/environment.cjs',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { ...swcOptions, swcrc: false, module: { type: 'commonjs' }, sourceMaps: 'inline' },
    ],
  },
  moduleNameMapper: { ...sources, ...bundled, '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/bundle/[^/]*$', '<rootDir>/\\.data'],
  globalSetup: '<rootDir>/tools/test/global-setup.mjs',
  globalTeardown: '<rootDir>/tools/test/global-teardown.mjs',
  setupFiles: ['<rootDir>/tools/test/setup.cjs'],
  setupFilesAfterEnv: ['<rootDir>/tools/test/processor-time.cjs'],
  testSequencer: '<rootDir>/tools/test/sequencer.cjs',
  reporters: ['default', '<rootDir>/tools/test/summary-reporter.mjs'],
  // One more than two cores: specs wait for disks, time-outs and processes that start, and two of them left 30 % of the cores idle.
  maxWorkers: 3,
  testTimeout: 30_000,
};
