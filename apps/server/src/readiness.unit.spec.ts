import type { ProjectionEngine, ProjectionStatus } from '@shaoying/projections';
import type { Platform } from './platform.js';
import { Readiness } from './readiness.js';

const platform = {
  stores: { log: { head: () => Promise.resolve('7') } },
  directory: { status: () => ({ state: 'LIVE' }) },
} as unknown as Platform;

const troublesOf = (status: Partial<ProjectionStatus>) => {
  const whole = {
    name: 'board',
    status: 'running',
    ...{ error: null, errorPosition: null },
    lagSeconds: 0,
    version: 12,
    codeVersion: 12,
    rebuild: null,
  };
  const engine = { status: () => Promise.resolve([{ ...whole, ...status }]) } as unknown as ProjectionEngine;
  return new Readiness(platform, engine).troubles();
};

const rebuildAt = (errorPosition: string | null) => ({
  ...{ version: 12, position: '41', lagEvents: 59, startedAt: new Date(0) },
  ...{ errorPosition, error: errorPosition && 'refused: 王小明' },
});

test('a read model whose tables are of this release, and up to date, is ready', async () => {
  expect(await troublesOf({})).toEqual([]);
});

test.each([
  [
    'of another release until its own are rebuilt',
    { version: 11, rebuild: rebuildAt(null) },
    'tables of version 11, not 12: being rebuilt, at position 41, 59 events to go',
  ],
  [
    'of another release whose rebuild is stopped',
    { version: 11, rebuild: rebuildAt('42') },
    'tables of version 11, not 12: their rebuild is stopped at position 42',
  ],
  [
    'stopped at an event',
    { status: 'stopped', errorPosition: '42', error: 'refused: 王小明' },
    'stopped at position 42',
  ],
  [
    'stopped because another log is there',
    { status: 'stopped', error: 'the log was replaced: …' },
    'stopped: the log was replaced',
  ],
  ['that nobody has begun', { status: 'absent', version: null }, 'absent'],
  ['half a minute behind', { lagSeconds: 31 }, '31 s behind the log'],
] as const)('one %s is not', async (_, status, reason) => {
  expect(await troublesOf(status)).toEqual([{ part: 'read-model board', reason }]);
});
