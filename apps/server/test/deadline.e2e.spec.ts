import type { HistoryEntry } from '@shaoying/audit';
import type { IncidentView, MetricAnswer, QueueItem, Workload } from '@shaoying/incident-read-models';
import { setTimeout as sleep } from 'node:timers/promises';
import { City } from './kit/city.js';
import { act, blowWhistle, expected, taskOf, type DueTask, type Whistled } from './kit/incident-steps.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes(inOneProcess);

/** Long enough for a check-in in time on a busy machine, short enough to wait for. */
const checkInSeconds = 3;

/** When an acknowledgement is warned of, which is due minutes later: long after the check-in. */
const warnSeconds = 4;

/**
 * The sample's policy, with a check-in due within seconds, an acknowledgement that is warned of within seconds, and one
 * order for what is missed; all other deadlines are hours away.
 */
function soon(yaml: string): string {
  const checkIn = '{ timer: CHECK_IN, duration: { amount: 1, unit: WORKING_DAY } }';
  const acknowledge = '{ timer: ACKNOWLEDGE, duration: { amount: 1, unit: CLOCK_HOUR } }';
  const laterSteps = /^.*trigger: \d+, level: (ORANGE|RED).*\n/gm;
  if (![checkIn, acknowledge].every((rule) => yaml.includes(rule)) || !laterSteps.test(yaml))
    throw new Error('the sample has changed');
  const hours = (seconds: number): string => `amount: ${(seconds / 3_600).toFixed(9)}, unit: CLOCK_HOUR`;
  return (
    yaml
      .replace(checkIn, `{ timer: CHECK_IN, duration: { ${hours(checkInSeconds)} } }`)
      .replace(
        acknowledge,
        `{ timer: ACKNOWLEDGE, duration: { ${hours(100 * warnSeconds)} }, warnPercent: 1 }`,
      )
      // Half of three seconds late is what any busy machine is: a further order came while the first was looked at.
      .replaceAll(laterSteps, '')
  );
}

const redisUrl = process.env['TEST_REDIS_URL'];
const noRedis = process.env['TEST_REDIS_SKIP_REASON'] ?? 'no TEST_REDIS_URL';

/** A database of its own: other specs of the run use the first one. */
function redisDatabase(url: string): string {
  const own = new URL(url);
  own.pathname = '/13';
  return own.href;
}

const breach = ['TaskOverdue', 'SupervisionIssued'];
const none: readonly string[] = [];

function checkInDueAt(task: DueTask): string {
  return task.deadlines.find(({ timer }) => timer === 'CHECK_IN')?.dueAt ?? '';
}

const untilAfter = (instant: string, ms: number): Promise<void> =>
  sleep(Math.max(0, Date.parse(instant) + ms - Date.now()));

function deadlinesOn(env: Readonly<Record<string, string>>): void {
  let home: ServerHome;
  let server: Started;
  let city: City;

  beforeAll(async () => {
    home = await newHome({ jurisdiction: soon });
    server = await home.start(env);
    city = await City.of(home, server);
  });

  const historyOf = async (id: string): Promise<readonly HistoryEntry[]> => {
    const path = `/v1/incidents/${id}/events`;
    return expected(200, await city.as('oversight').get<{ items: HistoryEntry[] }>(path)).items;
  };
  const typesOf = async (id: string): Promise<string[]> => (await historyOf(id)).map(({ type }) => type);
  const breached = (whistled: Whistled): Promise<readonly HistoryEntry[]> =>
    waitFor(
      `the breach of ${whistled.id}`,
      async () => {
        const history = await historyOf(whistled.id);
        return history.some(({ type }) => type === 'SupervisionIssued') && history;
      },
      { timeoutMs: 20_000, everyMs: 100 },
    );

  test('a department that does not appear is overdue and under supervision, by itself', async () => {
    const whistled = await blowWhistle(city, { lead: 'dp-water' });
    const task = taskOf(whistled, 'dp-water');
    const dueAt = checkInDueAt(task);
    const [overdue, issued] = (await breached(whistled)).filter(({ type }) => breach.includes(type));
    expect(overdue).toMatchObject({
      ...{ type: 'TaskOverdue', occurredAt: dueAt, actor: { id: 'system:timers', role: 'system' } },
      data: { taskId: task.taskId, departmentId: 'dp-water', timer: 'CHECK_IN', dueAt },
    });
    expect(Date.parse(overdue?.recordedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(dueAt));
    expect(issued).toMatchObject({
      ...{ type: 'SupervisionIssued', commandId: overdue?.commandId },
      data: { level: 'BLUE', departmentId: 'dp-water', taskId: task.taskId },
    });

    const view = await city
      .as('oversight')
      .get<IncidentView & { overdue: boolean }>(`/v1/incidents/${whistled.id}`, {
        'Shaoying-Min-Position': issued?.position ?? '',
      });
    expect(expected(200, view)).toMatchObject({
      overdue: true,
      supervisions: [{ level: 'BLUE', liftedAt: null }],
    });
    const path = '/v1/departments/dp-water';
    const queue = expected(200, await city.as('water').get<{ items: QueueItem[] }>(`${path}/queue`));
    expect(queue.items.find(({ taskId }) => taskId === task.taskId)).toMatchObject({ overdue: true });
    const workload = expected(200, await city.as('water').get<Workload>(`${path}/workload`));
    expect(workload).toMatchObject({ overdue: 1, checkInOnTimeRate: 0 });
    await waitFor('the department hears of it', async () => {
      const feed = await city.as('water').get<{ items: { type: string }[] }>(`${path}/dispatches`);
      const types = feed.body.items.map(({ type }) => type.replace('cn.shaoying.dispatch.', ''));
      return types.filter((type) => type !== 'due-soon').join() === 'dispatched,overdue,supervised';
    });
  });

  test('an alarm rings for it: nobody waits for the sweeper, which leaves a deadline to its alarm for 2 s', async () => {
    const lateMs: number[] = [];
    // A busy machine may be late with one of them.
    while (lateMs.length < 3 && !lateMs.some((ms) => ms < 2_000)) {
      const whistled = await blowWhistle(city, { lead: 'dp-transport' });
      const dueAt = checkInDueAt(taskOf(whistled, 'dp-transport'));
      const overdue = (await breached(whistled)).find(({ type }) => type === 'TaskOverdue');
      lateMs.push(Date.parse(overdue?.recordedAt ?? '') - Date.parse(dueAt));
    }
    expect(Math.min(...lateMs)).toBeLessThan(2_000);
  }, 90_000);

  test('whoever has not answered is warned before it is late, once', async () => {
    const whistled = await blowWhistle(city, { lead: 'dp-housing' });
    const { taskId, deadlines } = taskOf(whistled, 'dp-housing');
    const acknowledge = deadlines.find(({ timer }) => timer === 'ACKNOWLEDGE');
    const warnAt = Date.parse(acknowledge?.startedAt ?? '') + warnSeconds * 1_000;
    const warningsOf = async (): Promise<readonly HistoryEntry[]> =>
      (await historyOf(whistled.id)).filter(
        ({ type, data }) => type === 'DeadlineWarned' && data['timer'] === 'ACKNOWLEDGE',
      );
    const [warned] = await waitFor('the warning', async () => {
      const warnings = await warningsOf();
      return warnings.length > 0 && warnings;
    });
    expect(warned).toMatchObject({
      ...{ occurredAt: new Date(warnAt).toISOString(), actor: { id: 'system:timers' } },
      data: { taskId, departmentId: 'dp-housing', dueAt: acknowledge?.dueAt },
    });
    expect(Date.parse(warned?.recordedAt ?? '')).toBeGreaterThan(warnAt);
    await waitFor('the department hears of it', async () => {
      const feed = await city
        .as('housing')
        .get<{ items: { type: string; data: object }[] }>('/v1/departments/dp-housing/dispatches');
      return feed.body.items.some(
        ({ type, data }) => type.endsWith('.due-soon') && JSON.stringify(data).includes('ACKNOWLEDGE'),
      );
    });
    await act(city, 'housing', whistled.id, `tasks/${taskId}/check-in`);
    expect(await warningsOf()).toHaveLength(1);
  });

  test('a department that appears in time hears nothing more', async () => {
    const whistled = await blowWhistle(city, { lead: 'dp-fire' });
    const task = taskOf(whistled, 'dp-fire');
    await act(city, 'fire', whistled.id, `tasks/${task.taskId}/check-in`);
    // Whistled after it and not attended: once its breach is there, the alarm of the other has passed.
    const later = await blowWhistle(city, { lead: 'dp-gas' });
    await breached(later);
    const history = await historyOf(whistled.id);
    expect(history.map(({ type }) => type).filter((type) => breach.includes(type))).toEqual(none);
    expect(history.at(-1)).toMatchObject({ type: 'DepartmentCheckedIn', data: { late: false } });
  });

  test('a department that appears late is late for ever; its supervision is lifted', async () => {
    const whistled = await blowWhistle(city, { lead: 'dp-gas' });
    const { taskId, ...task } = taskOf(whistled, 'dp-gas');
    await breached(whistled);
    // Claiming an earlier time without any evidence changes nothing.
    const early = new Date(Date.parse(checkInDueAt({ taskId, ...task })) - 1_000).toISOString();
    await act(city, 'gas', whistled.id, `tasks/${taskId}/check-in`, { occurredAt: early });
    await act(city, 'gas', whistled.id, `tasks/${taskId}/complete`);
    await act(city, 'supervision', whistled.id, 'check', { result: 'FAIL', note: '未处理干净' });
    await act(city, 'gas', whistled.id, `tasks/${taskId}/complete`);
    await act(city, 'supervision', whistled.id, 'check', { result: 'PASS', note: '合格' });
    await act(city, 'callback', whistled.id, 'feedback', { solved: 'SOLVED', satisfaction: 'SATISFIED' });
    await act(city, 'supervision', whistled.id, 'close');

    const history = await historyOf(whistled.id);
    const dueAt = checkInDueAt({ taskId, ...task });
    expect(history.find(({ type }) => type === 'DepartmentCheckedIn')).toMatchObject({
      data: { late: true, dueAt, disputed: true, claimedAt: early },
    });
    const lifted = history.filter(({ type }) => type === 'SupervisionLifted');
    expect(lifted).toMatchObject([{ data: { taskId, reason: 'CHECKED_IN' } }]);
    const { body } = await city.as('oversight').get<IncidentView>(`/v1/incidents/${whistled.id}`);
    expect(body).toMatchObject({ state: 'CLOSED', tasks: [{ checkedInLate: true, checkInDisputed: true }] });
    expect(body.supervisions[0]?.liftedAt).not.toBeNull();
    const checkIn = body.tasks[0]?.deadlines.find(({ timer }) => timer === 'CHECK_IN');
    expect(checkIn).toMatchObject({ status: 'BREACHED' });
    const metric = await city.as('oversight').get<MetricAnswer>('/v1/metrics/check-in-on-time?by=department');
    const row = expected(200, metric).rows.find(({ key }) => key === 'dp-gas');
    expect(row?.numerator).toBe(0);
    expect(row?.denominator).toBeGreaterThan(0);
  });

  test('what falls due while no server runs is written once, as of its due time', async () => {
    const whistled = await blowWhistle(city, { assists: ['dp-fire'] });
    const dueAt = checkInDueAt(taskOf(whistled, 'dp-urban-management'));
    await server.process.stop('SIGKILL');
    expect(Date.now()).toBeLessThan(Date.parse(dueAt));
    await untilAfter(dueAt, 500);
    for (let start = 1; start <= 2; start += 1) {
      server = await home.start(env);
      city = await City.of(home, server);
      city.sawWrite(await headOf());
      await waitFor(
        'both breaches',
        async () => (await breachesOf(whistled.id)).length === 2 * breach.length,
      );
      if (start === 1) await server.process.stop('SIGTERM');
    }
    // Longer than one round of the sweeper, which would find what the alarms left.
    await sleep(6_000);
    const breaches = await breachesOf(whistled.id);
    expect(breaches.map(({ type }) => type)).toEqual([...breach, ...breach]);
    const overdue = breaches.filter(({ type }) => type === 'TaskOverdue');
    expect(overdue.map(({ occurredAt }) => occurredAt)).toEqual([dueAt, dueAt]);
    for (const { recordedAt } of overdue) {
      expect(Date.parse(recordedAt)).toBeGreaterThanOrEqual(Date.parse(dueAt) + 500);
    }
    const types = (await typesOf(whistled.id)).filter((type) => type !== 'DeadlineWarned');
    expect(types).toHaveLength(3 + 2 * breach.length);
  });

  const breachesOf = async (id: string): Promise<HistoryEntry[]> =>
    (await historyOf(id)).filter(({ type }) => breach.includes(type));

  const headOf = async (): Promise<string> => {
    const head = await (await home.openLog()).head();
    await home.closeLogs();
    return head;
  };
}

describe('deadlines on embedded PostgreSQL', () => deadlinesOn({}));

const describeRedis = redisUrl ? describe : describe.skip;
describeRedis(`deadlines on Redis${redisUrl ? '' : ` (skipped: ${noRedis})`}`, () => {
  deadlinesOn({ TIMERS_URL: redisDatabase(redisUrl ?? 'redis://127.0.0.1') });
});

test('a server that starts while Redis is away takes commands, and keeps deadlines by the sweeper', async () => {
  const home = await newHome({ jurisdiction: soon });
  const server = await home.start({ TIMERS_URL: 'redis://127.0.0.1:1' });
  const city = await City.of(home, server);
  const { id } = await blowWhistle(city, { lead: 'dp-water' });
  const history = `/v1/incidents/${id}/events`;
  await waitFor('the breach', async () => {
    const { items } = expected(200, await city.as('oversight').get<{ items: HistoryEntry[] }>(history));
    return items.some(({ type }) => type === 'TaskOverdue');
  });
  expect((await fetch(`${city.url}/health/ready`)).status).toBe(200);
});
