import type { ProjectionStatus } from '@shaoying/projections';
import { createMetrics } from '@shaoying/telemetry';
import { addProjectionGauges } from './projection-gauges.js';

const status = (name: string, change: Partial<ProjectionStatus> = {}): ProjectionStatus => ({
  ...{ name, version: 1, codeVersion: 1, position: '90', head: '100', lagEvents: 10, lagSeconds: 2.5 },
  ...{ status: 'running', errorPosition: null, error: null, updatedAt: null, held: true, activity: 'active' },
  ...{ failure: null, rebuild: null, retired: null },
  ...change,
});

async function told(ask: () => Promise<ProjectionStatus[]>): Promise<string[]> {
  const metrics = createMetrics({ role: 'projector', processMetrics: false });
  addProjectionGauges(metrics, { status: ask });
  const text = await metrics.registry.metrics();
  return text.split('\n').filter((line) => line.startsWith('shaoying_projection'));
}

const isStopped = { status: 'stopped', errorPosition: '91', error: 'no such category: 张三' } as const;

it('how far each read model is, and where it has stopped, asked once; never what the error says', async () => {
  let asked = 0;
  const lines = await told(() => {
    asked += 1;
    return Promise.resolve([status('incident-board'), status('department-tasks', isStopped)]);
  });
  expect(asked).toBe(1);
  const [board, tasks] = ['projection="incident-board"', 'projection="department-tasks"'];
  const role = 'role="projector"';
  expect(lines).toEqual([
    `shaoying_projection_lag_events{${board},${role}} 10`,
    `shaoying_projection_lag_events{${tasks},${role}} 10`,
    `shaoying_projection_lag_seconds{${board},${role}} 2.5`,
    `shaoying_projection_lag_seconds{${tasks},${role}} 2.5`,
    `shaoying_projection_position{${board},${role}} 90`,
    `shaoying_projection_position{${tasks},${role}} 90`,
    `shaoying_projection_stopped{${board},${role}} 0`,
    `shaoying_projection_stopped{${tasks},reason="EVENT_NOT_APPLICABLE",${role}} 1`,
    `shaoying_projection_stopped_position{${tasks},reason="EVENT_NOT_APPLICABLE",${role}} 91`,
  ]);
});

it('a rebuild that has begun: how far it is behind, and where it has stopped', async () => {
  const rebuild = (errorPosition: string | null): Partial<ProjectionStatus> => ({
    rebuild: {
      ...{ version: 2, position: '40', lagEvents: 60, startedAt: new Date(0) },
      ...{ errorPosition, error: errorPosition && 'no such category: 张三' },
    },
  });
  const lines = await told(() =>
    Promise.resolve([status('incident-board', rebuild(null)), status('department-tasks', rebuild('41'))]),
  );
  const [board, tasks] = ['projection="incident-board"', 'projection="department-tasks"'];
  const role = 'role="projector"';
  expect(lines.filter((line) => line.includes('_rebuild_'))).toEqual([
    `shaoying_projection_rebuild_lag_events{${board},${role}} 60`,
    `shaoying_projection_rebuild_lag_events{${tasks},${role}} 60`,
    `shaoying_projection_rebuild_stopped{${board},${role}} 0`,
    `shaoying_projection_rebuild_stopped{${tasks},${role}} 1`,
    `shaoying_projection_rebuild_stopped_position{${tasks},${role}} 41`,
  ]);
});

it('nothing where it cannot be told: an old figure would pass for the present one', async () => {
  const values = (lines: string[]): string[] => lines.filter((line) => line.includes('projection='));
  expect(values(await told(() => Promise.reject(new Error('away'))))).toEqual([]);
  expect(values(await told(() => new Promise(() => undefined)))).toEqual([]);
});
