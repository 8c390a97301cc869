import type { ProjectionEngine } from '@shaoying/projections';
import { DeadlineScheduler, SimulatedAlarmClock } from '@shaoying/timers';
import { InMemoryOpenDeadlines } from '@shaoying/timers/testing';
import type { FastifyReply } from 'fastify';
import { HealthController } from './health.controller.js';
import type { Platform } from './platform.js';
import { Readiness } from './readiness.js';

interface Asked {
  log: number;
  readModels: number;
  timers: number;
}

/** A controller over stores that answer when `answer` says so; `asked` counts how often each was asked. */
function controllerOver(answer: () => Promise<void>): { controller: HealthController; asked: Asked } {
  const asked: Asked = { log: 0, readModels: 0, timers: 0 };
  const after = async <Value>(part: keyof Asked, value: Value): Promise<Value> => {
    asked[part] += 1;
    await answer();
    return value;
  };
  const platform = {
    config: { roles: ['api'] },
    stores: { log: { head: () => after('log', '0') } },
    directory: { status: () => ({ state: 'LIVE' }) },
  } as unknown as Platform;
  const engine = { status: () => after('readModels', []) } as unknown as ProjectionEngine;
  const scheduler = {
    readiness: () => after('timers', { ready: true, reason: null }),
  } as unknown as DeadlineScheduler;
  return { controller: new HealthController(platform, new Readiness(platform, engine, scheduler)), asked };
}

const reply = { status: () => reply, header: () => reply } as unknown as FastifyReply;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('however many ask at once whether it is ready, each store is asked once', async () => {
  const { controller, asked } = controllerOver(turn);
  const answers = await Promise.all(Array.from({ length: 200 }, () => controller.ready(reply)));
  expect(answers.every((answer) => 'status' in answer && answer.status === 'ready')).toBe(true);
  expect(asked).toEqual({ log: 1, readModels: 1, timers: 1 });
});

test('whoever asks after an answer gets a new one', async () => {
  let down = false;
  const { controller, asked } = controllerOver(() =>
    down ? Promise.reject(new Error('gone')) : Promise.resolve(),
  );
  expect(await controller.ready(reply)).toMatchObject({ status: 'ready' });
  down = true;
  expect(await controller.ready(reply)).toMatchObject({
    status: 'not ready',
    notReady: [{ part: 'event-log' }, { part: 'read-models' }, { part: 'timers' }],
  });
  expect(asked.log).toBe(2);
});

test('however many ask for the measurements, they are put together once in half a second', async () => {
  jest.useFakeTimers();
  try {
    let asked = 0;
    const registry = { metrics: () => Promise.resolve(((asked += 1), '')) };
    const platform = { metrics: { registry } } as unknown as Platform;
    const controller = new HealthController(platform, new Readiness(platform));
    await Promise.all(Array.from({ length: 200 }, () => controller.metrics()));
    expect(asked).toBe(1);
    jest.advanceTimersByTime(500);
    await controller.metrics();
    expect(asked).toBe(2);
  } finally {
    jest.useRealTimers();
  }
});

test('a deadline that has been due for more than 30 s makes it not ready, with 503 and the reason', async () => {
  const clock = new SimulatedAlarmClock('2026-03-02T01:00:00.000Z');
  const openDeadlines = new InMemoryOpenDeadlines();
  const { now } = clock;
  const scheduler = new DeadlineScheduler({ openDeadlines, clock, now, fire: async () => undefined });
  const [deadlineId, dueAt] = ['d', '2026-03-02T02:00:00.000Z'];
  openDeadlines.put([{ deadlineId, dueAt, incidentId: 'i', taskId: null, timer: 'INCIDENT_TOTAL', step: 0 }]);
  const platform = {
    config: { roles: ['timers'] },
    stores: { log: { head: () => Promise.resolve('0') } },
    directory: { status: () => ({ state: 'LIVE' }) },
  } as unknown as Platform;
  const controller = new HealthController(platform, new Readiness(platform, undefined, scheduler));
  const statuses: number[] = [];
  const noting = { status: (code: number) => (statuses.push(code), reply), header: () => reply };
  const ask = (): Promise<object> => controller.ready(noting as unknown as FastifyReply);
  await clock.advanceTo('2026-03-02T02:00:30.000Z');
  expect([await ask(), statuses]).toMatchObject([{ status: 'ready' }, []]);
  await clock.advanceTo('2026-03-02T02:00:31.000Z');
  expect([await ask(), statuses]).toMatchObject([
    {
      status: 'not ready',
      notReady: [{ part: 'timers', reason: 'the oldest due deadline has been waiting for 31 s' }],
    },
    [503],
  ]);
  openDeadlines.remove(deadlineId);
  expect(await ask()).toMatchObject({ status: 'ready' });
});

test('a store that does not answer is named after 2 s, and asked again 10 s after it was asked', async () => {
  jest.useFakeTimers();
  try {
    const { controller, asked } = controllerOver(() => new Promise(() => undefined));
    const first = controller.ready(reply);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await first).toMatchObject({ notReady: [{ part: 'event-log' }, {}, {}] });
    const second = controller.ready(reply);
    await jest.advanceTimersByTimeAsync(8_000);
    await second;
    expect(asked.log).toBe(1);
    const third = controller.ready(reply);
    await jest.advanceTimersByTimeAsync(2_000);
    await third;
    expect(asked.log).toBe(2);
  } finally {
    jest.useRealTimers();
  }
});
