import type { HistoryEntry, Replay } from '@shaoying/audit';
import type {
  IncidentView,
  MetricAnswer,
  MetricExplanation,
  QueueItem,
  Workload,
} from '@shaoying/incident-read-models';
import { City, type PersonName, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import {
  act,
  blowWhistle,
  expected,
  fileIncident,
  handle,
  report,
  taskOf,
  whistle,
  type Moved,
  type Reported,
  type Whistled,
} from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { useServerHomes } from './kit/server-home.js';

type Incident = IncidentView & { readonly overdue: boolean; readonly trafficLight: string };
interface Listed<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

const newHome = useServerHomes();
let city: City;

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
});

expectDeclaredAnswers(() => city);

const read = async (id: string, query = ''): Promise<Incident> =>
  expected(200, await city.as('supervision').get<Incident>(`/v1/incidents/${id}${query}`));

/** Sends a command and checks everything its answer promises, with a read that waits for it. */
async function step(
  who: PersonName,
  path: string,
  body: object,
  then: { readonly status: number; readonly state: string; readonly revision: number },
): Promise<Moved> {
  const before = BigInt(city.position);
  const answer = await city.as(who).post<Moved>(path, body);
  const moved = expected(then.status, answer);
  expect(moved).toMatchObject({ state: then.state, revision: then.revision });
  expect(answer.headers.get('etag')).toBe(`"${then.revision}"`);
  expect(BigInt(answer.headers.get('shaoying-position') ?? '0')).toBeGreaterThan(before);
  const shown = await city.as('oversight').get<Incident>(`/v1/incidents/${moved.id}`);
  expect(shown.headers.get('etag')).toBe(`"${then.revision}"`);
  expect(expected(200, shown)).toMatchObject({ id: moved.id, state: then.state, revision: then.revision });
  return moved;
}

describe('the path of an incident by whistle', () => {
  test('every optional field may come as null', async () => {
    const none = {
      gridId: null,
      occurredAt: null,
      reporter: null,
      anonymous: null,
      evidence: null,
      note: null,
    };
    const { gridId, occurredAt, reporter, anonymous, evidence, note } = none;
    const { id, tasks, whistleId } = await blowWhistle(
      city,
      { assists: null },
      { gridId, occurredAt, reporter, anonymous },
    );
    expect(whistleId).toBeTruthy();
    const task = `tasks/${tasks[0]?.taskId ?? ''}`;
    await act(city, 'urbanManagement', id, `${task}/check-in`, {
      occurredAt,
      location: null,
      evidence,
      note,
    });
    await act(city, 'urbanManagement', id, `${task}/complete`, { evidence, note });
    await act(city, 'supervision', id, 'check', { result: 'PASS', note: '合格', evidence });
    const told = { solved: 'SOLVED', satisfaction: 'SATISFIED', comment: null, receiptCode: null };
    await act(city, 'callback', id, 'feedback', told);
    expect(await read(id)).toMatchObject({ state: 'FEEDBACK', anonymous: true });
  });

  test('report, file, whistle, three departments, failed check, rework, passed check, feedback, close', async () => {
    const reported = (await step('resident', '/v1/incidents', report, {
      ...{ status: 201, state: 'REPORTED', revision: 0 },
    })) as Reported;
    const path = `/v1/incidents/${reported.id}`;
    await step('street', `${path}/file`, {}, { status: 200, state: 'FILED', revision: 1 });
    const summons = { ...whistle, assists: ['dp-water', 'dp-fire'] };
    const whistled = (await step('street', `${path}/whistles`, summons, {
      ...{ status: 201, state: 'HANDLING', revision: 2 },
    })) as Whistled;
    expect(whistled.tasks.map(({ departmentId, role }) => [departmentId, role])).toEqual([
      ['dp-urban-management', 'LEAD'],
      ['dp-water', 'ASSIST'],
      ['dp-fire', 'ASSIST'],
    ]);
    const departments = [
      ['urbanManagement', taskOf(whistled, 'dp-urban-management').taskId],
      ['water', taskOf(whistled, 'dp-water').taskId],
      ['fire', taskOf(whistled, 'dp-fire').taskId],
    ] as const;
    let revision = 2;
    const handling = { status: 200, state: 'HANDLING' };
    for (const [who, taskId] of departments) {
      await step(who, `${path}/tasks/${taskId}/acknowledge`, {}, { ...handling, revision: (revision += 1) });
    }
    for (const [who, taskId] of departments) {
      const body = { note: '已到现场', evidence: ['a'.repeat(64)], location: { lon: 120.41, lat: 31.83 } };
      await step(who, `${path}/tasks/${taskId}/check-in`, body, { ...handling, revision: (revision += 1) });
    }
    // The last one done completes the handling: two events in one command.
    const checking = { status: 200, state: 'CHECKING', revision: 12 };
    await completeAll(path, departments, 9, checking);
    await step(
      'supervision',
      `${path}/check`,
      { result: 'FAIL', note: '仍有积水' },
      { ...handling, revision: 13 },
    );
    expect((await read(reported.id)).tasks.map((task) => task.state)).toEqual(Array(3).fill('CHECKED_IN'));
    await completeAll(path, departments, 14, { ...checking, revision: 17 });
    const feedback = { status: 200, state: 'FEEDBACK' };
    await step(
      'gridWorker',
      `${path}/check`,
      { result: 'PASS', note: '已疏通' },
      { ...feedback, revision: 18 },
    );
    const told = { solved: 'SOLVED', satisfaction: 'SATISFIED', receiptCode: reported.receiptCode };
    await step('resident', `${path}/feedback`, told, { ...feedback, revision: 19 });
    await step('supervision', `${path}/close`, {}, { status: 200, state: 'CLOSED', revision: 20 });

    const closed = await read(reported.id);
    expect(closed).toMatchObject({
      ...{ resolutionLevel: 'DISTRICT', mode: 'WHISTLE', rework: 1, cycle: 1, overdue: false },
      ...{
        estateId: 'es-liuyin-garden',
        communityId: 'co-liuyin',
        streetId: 'st-hepan',
        districtId: 'di-qinghe',
      },
      checks: [
        { result: 'FAIL', checkingUnitId: 'di-qinghe' },
        { result: 'PASS', checkingUnitId: 'co-liuyin' },
      ],
      feedback: [{ solved: 'SOLVED', satisfaction: 'SATISFIED', source: 'REPORTER' }],
      supervisions: [],
    });
    expect(closed.cycles).toHaveLength(1);
    expect(closed.cycles[0]).toMatchObject({
      cycle: 1,
      resolutionLevel: 'DISTRICT',
      closedAt: closed.closedAt,
    });
    expect(closed.tasks.every((task) => task.state === 'DONE' && task.checkedInLate === false)).toBe(true);
  });

  async function completeAll(
    path: string,
    departments: readonly (readonly [PersonName, string])[],
    first: number,
    last: { status: number; state: string; revision: number },
  ): Promise<void> {
    for (const [index, [who, taskId]] of departments.entries()) {
      const then =
        index === departments.length - 1 ? last : { status: 200, state: 'HANDLING', revision: first + index };
      await step(who, `${path}/tasks/${taskId}/complete`, { evidence: ['b'.repeat(64)] }, then);
    }
  }

  test('an unsolved answer of the resident sends the case back to its departments', async () => {
    const whistled = await blowWhistle(city);
    const { taskId } = taskOf(whistled, 'dp-urban-management');
    await handle(city, 'urbanManagement', whistled.id, taskId);
    await act(city, 'supervision', whistled.id, 'check', { result: 'PASS', note: '已处理' });
    const unsolved = { solved: 'UNSOLVED', satisfaction: 'DISSATISFIED', comment: '第二天又堵了' };
    const sentBack = await act(city, 'callback', whistled.id, 'feedback', unsolved);
    expect(sentBack.state).toBe('HANDLING');
    expect(await read(whistled.id)).toMatchObject({ rework: 1, tasks: [{ state: 'CHECKED_IN' }] });
    await act(city, 'urbanManagement', whistled.id, `tasks/${taskId}/complete`);
    await act(city, 'supervision', whistled.id, 'check', { result: 'PASS', note: '已处理' });
    const solved = { solved: 'SOLVED', satisfaction: 'BASICALLY_SATISFIED' };
    await act(city, 'callback', whistled.id, 'feedback', solved);
    expect((await act(city, 'supervision', whistled.id, 'close')).state).toBe('CLOSED');
  });

  test('checking in without acknowledging first acknowledges at the same instant', async () => {
    const whistled = await blowWhistle(city);
    const { taskId } = taskOf(whistled, 'dp-urban-management');
    expect(await act(city, 'urbanManagement', whistled.id, `tasks/${taskId}/check-in`)).toMatchObject({
      revision: 4,
    });
    const [task] = (await read(whistled.id)).tasks;
    expect(task?.acknowledgedAt).toBe(task?.checkedInAt);
    expect(task).toMatchObject({ state: 'CHECKED_IN', acknowledgedLate: false, checkedInLate: false });
  });

  test('every clock starts when the whistle is blown, and its due time is in the answer and in the event', async () => {
    const { id, tasks } = await blowWhistle(city, { kind: 'EMERGENCY' });
    const [task] = tasks;
    const [, , blown] = await historyOf(id);
    expect(task?.deadlines.map(({ timer }) => timer)).toEqual([
      ...['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING', 'RETURN_WINDOW'],
    ]);
    expect(task?.deadlines.every(({ startedAt }) => startedAt === blown?.occurredAt)).toBe(true);
    const minutesTo = (timer: string): number => {
      const { startedAt, dueAt } = task?.deadlines.find((one) => one.timer === timer) ?? {};
      return (Date.parse(dueAt ?? '') - Date.parse(startedAt ?? '')) / 60_000;
    };
    // domain.md §3.4: an emergency is signed for within 10 minutes and attended within 30.
    expect(minutesTo('ACKNOWLEDGE')).toBeCloseTo(10, 4);
    expect(minutesTo('CHECK_IN')).toBe(30);
    const recorded = JSON.stringify(blown);
    for (const { dueAt } of task?.deadlines ?? []) expect(recorded).toContain(dueAt);
  });
});

async function historyOf(id: string): Promise<readonly HistoryEntry[]> {
  const answer = await city.as('oversight').get<Listed<HistoryEntry>>(`/v1/incidents/${id}/events`);
  return expected(200, answer).items;
}

/** Self-handled and closed. @returns id of the incident */
async function containInEstate(estateId: string): Promise<string> {
  const { id } = await fileIncident(city, { estateId });
  expect((await act(city, 'gridWorker', id, 'self-handling', { note: '物业疏通' })).state).toBe('HANDLING');
  const done = await act(city, 'community', id, 'self-handling/complete', { evidence: ['c'.repeat(64)] });
  expect(done.state).toBe('CHECKING');
  await act(city, 'supervision', id, 'check', { result: 'PASS', note: '已疏通' });
  await act(city, 'callback', id, 'feedback', { solved: 'SOLVED', satisfaction: 'SATISFIED' });
  expect((await act(city, 'supervision', id, 'close')).state).toBe('CLOSED');
  return id;
}

describe('the path of an incident by self-handling', () => {
  test('what the estate solves itself counts as contained in the estate, and the number says why', async () => {
    const estateId = 'es-textile-mill';
    const id = await containInEstate(estateId);
    expect(await read(id)).toMatchObject({ state: 'CLOSED', mode: 'SELF', resolutionLevel: 'ESTATE' });
    const [closed] = (await historyOf(id)).slice(-1);

    const metric = await city.as('oversight').get<MetricAnswer>('/v1/metrics/containment-estate?by=estate');
    const row = expected(200, metric).rows.find(({ key }) => key === estateId);
    const all = { numerator: 1, denominator: 1, value: 1, percent: 100, excluded: {} };
    expect(row).toEqual({ key: estateId, ...all, insufficient: true });

    const explained = await city
      .as('oversight')
      .get<MetricExplanation>(`/v1/metrics/containment-estate/explain?by=estate&key=${estateId}`);
    expect(expected(200, explained)).toMatchObject({
      ...{ key: estateId, numerator: 1, denominator: 1, truncated: false, excluded: [] },
      cases: [{ incidentId: id, inNumerator: true, events: [closed?.eventId] }],
    });
  });

  test('before anything of it is closed, a total over nothing has no value', async () => {
    const query = 'from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z';
    const answer = await city.as('street').get<MetricAnswer>(`/v1/metrics/containment-estate?${query}`);
    const nothing = { numerator: 0, denominator: 0, value: null, percent: null, excluded: {} };
    expect(expected(200, answer).rows).toEqual([{ key: 'total', ...nothing }]);
  });

  test('a whistled incident of an estate is not contained in it', async () => {
    const estateId = 'es-jinxiu-house';
    const whistled = await blowWhistle(city, {}, { estateId });
    await handle(city, 'urbanManagement', whistled.id, taskOf(whistled, 'dp-urban-management').taskId);
    await act(city, 'supervision', whistled.id, 'check', { result: 'PASS', note: '已处理' });
    await act(city, 'callback', whistled.id, 'feedback', { solved: 'SOLVED', satisfaction: 'NOT_RATED' });
    await act(city, 'supervision', whistled.id, 'close');
    const answer = await city.as('oversight').get<MetricAnswer>('/v1/metrics/containment-estate?by=estate');
    expect(expected(200, answer).rows).toContainEqual(
      expect.objectContaining({ key: estateId, numerator: 0, denominator: 1, value: 0 }),
    );
  });
});

describe('what a department sees', () => {
  const queueOf = async (who: PersonName, departmentId: string): Promise<readonly QueueItem[]> =>
    expected(
      200,
      await city.as(who).get<Listed<QueueItem>>(`/v1/departments/${departmentId}/queue?limit=200`),
    ).items;
  const workloadOf = async (departmentId: string): Promise<Workload> =>
    expected(200, await city.as('oversight').get<Workload>(`/v1/departments/${departmentId}/workload`));

  test('its queue holds a task from the whistle until it is done, with state and deadlines', async () => {
    const whistled = await blowWhistle(city, { lead: 'dp-gas' });
    const { taskId, deadlines } = taskOf(whistled, 'dp-gas');
    const find = async (): Promise<QueueItem | undefined> =>
      (await queueOf('gas', 'dp-gas')).find((item) => item.taskId === taskId);
    expect(await find()).toMatchObject({
      ...{ incidentId: whistled.id, role: 'LEAD', state: 'NOTIFIED', overdue: false, kind: 'PUBLIC_DEMAND' },
      // The window for returning it is no deadline that it has to keep.
      deadlines: expect.arrayContaining(
        deadlines
          .filter(({ timer }) => timer !== 'RETURN_WINDOW')
          .map(({ timer, dueAt }) => expect.objectContaining({ timer, dueAt })),
      ),
    });
    await act(city, 'gas', whistled.id, `tasks/${taskId}/acknowledge`);
    expect(await find()).toMatchObject({ state: 'ACKNOWLEDGED' });
    await act(city, 'gas', whistled.id, `tasks/${taskId}/check-in`);
    expect(await find()).toMatchObject({ state: 'CHECKED_IN' });
    await act(city, 'gas', whistled.id, `tasks/${taskId}/complete`);
    expect(await find()).toBeUndefined();
  });

  test('its workload counts open tasks by state, inflow, outflow and check-ins on time', async () => {
    const departmentId = 'dp-market-supervision';
    const market = await city.withRole('department', departmentId);
    expect(await workloadOf(departmentId)).toMatchObject({ open: 0, inflow: 0, checkInOnTimeRate: null });
    const first = await blowWhistle(city, { lead: departmentId });
    await blowWhistle(city, { assists: [departmentId] });
    const { taskId } = taskOf(first, departmentId);
    expected(200, await market.post(`/v1/incidents/${first.id}/tasks/${taskId}/check-in`));
    expect(await workloadOf(departmentId)).toMatchObject({
      ...{ departmentId, open: 2, overdue: 0, inflow: 2, outflow: 0, weighted: 1.5 },
      byState: { NOTIFIED: 1, ACKNOWLEDGED: 0, CHECKED_IN: 1 },
    });
    expected(200, await market.post(`/v1/incidents/${first.id}/tasks/${taskId}/complete`));
    expect(await workloadOf(departmentId)).toMatchObject({ open: 1, outflow: 1, weighted: 0.5 });
    const all = await city.as('oversight').get<Listed<Workload>>('/v1/workload');
    expect(expected(200, all).items).toHaveLength(8);
    expect(all.body.items.find((item) => item.departmentId === departmentId)).toMatchObject({ open: 1 });
  });

  test('the queue comes in pages without a gap or a repetition', async () => {
    const lead = 'dp-transport';
    const tasks = new Set<string>();
    for (let n = 0; n < 5; n += 1) tasks.add(taskOf(await blowWhistle(city, { lead }), lead).taskId);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const path = `/v1/departments/${lead}/queue?limit=2${query}`;
      const page: Listed<QueueItem> = expected(200, await city.as('street').get<Listed<QueueItem>>(path));
      seen.push(...page.items.map((item) => item.taskId));
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen)).toEqual(tasks);
  });
});

interface Receipt {
  readonly state: string;
  readonly promises: readonly { readonly timer: string; readonly dueAt: string; readonly status: string }[];
  readonly history: readonly { readonly type: string; readonly line: { zh: string; en: string } }[];
}

describe('what a resident sees', () => {
  test('the receipt code alone shows state, promises and history, and no person', async () => {
    const reporter = { name: '金丝雀', phone: '+86 10 5550 7788' };
    const reported = expected(
      201,
      await city.anonymous.post<Reported>('/v1/incidents', { ...report, channel: 'APP', reporter }),
    );
    await act(city, 'street', reported.id, 'file');
    const path = `/v1/incidents/${reported.id}/whistles`;
    const whistled = expected(201, await city.as('street').post<Whistled>(path, whistle));
    await act(city, 'urbanManagement', whistled.id, `tasks/${whistled.tasks[0]?.taskId}/check-in`);

    const answer = await city.anonymous.get<Receipt>(`/v1/receipts/${reported.receiptCode}`);
    expect(expected(200, answer)).toMatchObject({ id: reported.id, state: 'HANDLING' });
    expect(answer.body.promises.map(({ timer }) => timer).sort()).toEqual([
      'ACKNOWLEDGE',
      'CHECK_IN',
      // The department's, and that of the filing, which the whistle has ended.
      ...['CONTACT', 'CONTACT'],
      'HANDLING',
      'INCIDENT_TOTAL',
      'VERIFY',
    ]);
    expect(answer.body.history.map(({ type }) => type)).toEqual([
      ...['IncidentReported', 'IncidentFiled', 'WhistleBlown', 'TaskAcknowledged', 'DepartmentCheckedIn'],
    ]);
    for (const secret of ['金丝雀', '5550 7788', 'e2e-', 'actor', reported.receiptCode]) {
      expect(answer.text).not.toContain(secret);
    }
  });

  test('a code works the moment it was given, though its holder knows no position', async () => {
    for (let n = 0; n < 10; n += 1) {
      const { receiptCode } = expected(201, await city.anonymous.post<Reported>('/v1/incidents', report));
      const answer = await fetch(`${city.url}/v1/receipts/${receiptCode}`);
      expect(await answer.json()).toMatchObject({ state: 'REPORTED' });
    }
  });

  test('a code that nobody was given shows nothing', async () => {
    const answer = await city.anonymous.get<{ code: string }>('/v1/receipts/AAAA-BBBB-CCCC-DDDD');
    expect(expected(404, answer).code).toBe('RECEIPT_NOT_FOUND');
  });
});

describe('oversight', () => {
  test('every event of an incident has its whole envelope and a line in Chinese and English', async () => {
    const { id } = await blowWhistle(city);
    const events = await historyOf(id);
    expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2]);
    const [reported, filed, blown] = events;
    expect(blown).toMatchObject({
      ...{ type: 'WhistleBlown', schemaVersion: 2, streamId: `incident-${id}` },
      actor: { id: 'e2e-street', role: 'street-office', orgUnitId: 'st-hepan' },
      line: {
        zh: '河畔街道 吹哨（群众诉求哨）：主办 清河区城市管理局',
        en: '河畔街道 blew the whistle (PUBLIC_DEMAND): lead 清河区城市管理局',
      },
    });
    // Report and filing came in one command; the whistle is another.
    expect(filed?.commandId).toBe(reported?.commandId);
    expect(blown?.commandId).not.toBe(reported?.commandId);
    for (const event of events) {
      expect(event.line.zh).toMatch(/\p{Script=Han}/u);
      expect(event.line.en).not.toBe('');
      expect(Object.keys(event)).toEqual(
        expect.arrayContaining([
          'eventId',
          'position',
          'occurredAt',
          'recordedAt',
          'correlationId',
          'causationId',
        ]),
      );
      expect(event).not.toHaveProperty('requestHash');
    }
  });

  test('replay shows the state after a revision and what changed next', async () => {
    const { id } = await blowWhistle(city);
    const answer = await city.as('oversight').get<Replay>(`/v1/incidents/${id}/replay?at=1`);
    expect(expected(200, answer)).toMatchObject({
      ...{ at: 1, revisions: [0, 1], state: { state: 'FILED', revision: 1, tasks: [] } },
      next: { event: { type: 'WhistleBlown', revision: 2 } },
    });
    expect(answer.body.next?.changes).toContainEqual({ path: '/state', from: 'FILED', to: 'HANDLING' });
    const end = await city.as('oversight').get<Replay>(`/v1/incidents/${id}/replay?at=2`);
    expect(expected(200, end)).toMatchObject({ state: await asTheLogHasIt(id), next: null });
  });

  /** Without what is told by the reader's own clock. */
  const asTheLogHasIt = async (id: string): Promise<IncidentView> => {
    const { overdue: _, trafficLight: __, ...view } = await read(id);
    return view;
  };

  test('replay at an instant is what was so then; before the report there was nothing', async () => {
    const { id } = await blowWhistle(city);
    const [reported, , blown] = await historyOf(id);
    const justBefore = new Date(Date.parse(blown?.occurredAt ?? '') - 1).toISOString();
    const at = async (instant: string): Promise<Replay> =>
      expected(
        200,
        await city
          .as('oversight')
          .get<Replay>(`/v1/incidents/${id}/replay?at=${encodeURIComponent(instant)}`),
      );
    const before = await at(justBefore);
    expect(before.next?.event.type).toMatch(/^(WhistleBlown|IncidentFiled)$/);
    expect(before.state?.tasks ?? []).toEqual([]);
    expect((await at(blown?.occurredAt ?? '')).state).toMatchObject({ state: 'HANDLING' });
    const dayBefore = new Date(Date.parse(reported?.occurredAt ?? '') - 86_400_000).toISOString();
    expect(await at(dayBefore)).toMatchObject({ state: null, next: { event: { type: 'IncidentReported' } } });
  });

  test('asOf is what was true, knownAt what the log knew: a check-in synced later shows the difference', async () => {
    const whistled = await blowWhistle(city);
    const { taskId } = taskOf(whistled, 'dp-urban-management');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    // Made offline a second ago, with a photo: it counts from when it happened.
    const occurredAt = new Date(Date.now() - 1_000).toISOString();
    await act(city, 'urbanManagement', whistled.id, `tasks/${taskId}/check-in`, {
      ...{ occurredAt, evidence: ['d'.repeat(64)] },
    });
    const state = async (query: string): Promise<string | undefined> =>
      (await read(whistled.id, query)).tasks[0]?.state;
    const checkedIn = (await historyOf(whistled.id)).at(-1);
    expect(checkedIn).toMatchObject({ type: 'DepartmentCheckedIn', occurredAt, data: { disputed: false } });
    const asOf = new Date(Date.parse(occurredAt) + 1).toISOString();
    const unknowing = new Date(Date.parse(checkedIn?.recordedAt ?? '') - 1).toISOString();
    expect(await state(`?asOf=${asOf}`)).toBe('CHECKED_IN');
    expect(await state(`?asOf=${asOf}&knownAt=${unknowing}`)).toBe('NOTIFIED');
    expect(await state(`?asOf=${new Date(Date.parse(occurredAt) - 1).toISOString()}`)).toBe('NOTIFIED');
  });

  test('a list at a moment has what was there then, as it was', async () => {
    const { id } = await blowWhistle(city);
    const history = await historyOf(id);
    const [reported, blown] = ['IncidentReported', 'WhistleBlown'].map(
      (type) => history.find((entry) => entry.type === type)?.occurredAt ?? '',
    );
    const listed = async (query: string): Promise<string | undefined> => {
      const path = `/v1/incidents?limit=200&from=${reported}&${query}`;
      const { items } = expected(200, await city.as('oversight').get<{ items: Incident[] }>(path));
      return items.find((item) => item.id === id)?.state;
    };
    expect(await listed(`asOf=${blown}&state=HANDLING`)).toBe('HANDLING');
    const before = new Date(Date.parse(blown ?? '') - 1).toISOString();
    expect(await listed(`asOf=${before}&state=HANDLING`)).toBeUndefined();
    expect(await listed(`asOf=${before}`)).toBe((await read(id, `?asOf=${before}`)).state);
    expect(await listed(`knownAt=${before}`)).toBe((await read(id, `?knownAt=${before}`)).state);
    expect(await listed(`asOf=${new Date(Date.parse(reported ?? '') - 1).toISOString()}`)).toBeUndefined();
  });

  test('metrics and workload answer for a moment of the past, too', async () => {
    await containInEstate('es-chunhe-court');
    const path = '/v1/metrics/containment-estate?by=estate&asOf=2020-01-01T00:00:00%2B08:00';
    expect(expected(200, await city.as('oversight').get<MetricAnswer>(path))).toMatchObject({
      ...{ asOf: '2019-12-31T16:00:00.000Z', rows: [] },
    });
    const workload = '/v1/departments/dp-gas/workload?asOf=2020-01-01T00:00:00Z';
    expect(expected(200, await city.as('oversight').get<Workload>(workload))).toMatchObject({ inflow: 0 });
  });

  test('the three rates are told with their published weights, and every table as CSV', async () => {
    const rates = expected(200, await city.as('oversight').get<MetricAnswer>('/v1/metrics/three-rates'));
    expect(rates.terms).toMatchObject({
      definitionVersion: 1,
      weights: [{ metricId: 'response-rate' }, {}, {}],
    });
    const past = '/v1/metrics/three-rates?knownAt=2020-01-01T00:00:00Z';
    expect(expected(200, await city.as('oversight').get<MetricAnswer>(past)).terms).toMatchObject({
      definitionVersion: null,
    });
    const published = '/v1/metrics/whistle-rate?knownAt=2020-01-01T00:00:00Z';
    const live = expected(200, await city.as('oversight').get<MetricAnswer>('/v1/metrics/whistle-rate'));
    expect(live).not.toHaveProperty('corrected');
    expect(expected(200, await city.as('oversight').get(published))).toMatchObject({
      ...{ rows: [{ numerator: 0, denominator: 0, value: null }], corrected: { rows: live.rows } },
    });
    for (const path of [
      ...['/v1/metrics/whistle-rate?by=street&format=csv', '/v1/metrics/whistle-rate/explain?format=csv'],
      ...['/v1/workload?format=csv', '/v1/departments/dp-gas/workload?format=csv'],
      ...['/v1/workload?by=street&format=csv', '/v1/incidents?limit=2&format=csv'],
      ...['/v1/departments/dp-urban-management/queue?limit=2&format=csv'],
      '/v1/workload/explain?figure=inflow&departmentId=dp-urban-management&format=csv',
    ]) {
      const { status, headers, text } = await city.as('oversight').get(path);
      expect([path, status, headers.get('content-type')]).toEqual([
        ...[path, 200, 'text/csv; charset=utf-8; header=present'],
      ]);
      expect(text).toMatch(/^[a-zA-Z0-9,]+\r\n([^\r\n]+\r\n)+$/);
    }
  });

  test('a list as CSV has a page, and says where the next one starts', async () => {
    const path = '/v1/incidents?limit=2&format=csv';
    const first = await city.as('oversight').get(path);
    const cursor = first.headers.get('shaoying-next-cursor');
    const idsIn = (text: string): string[] =>
      text
        .split('\r\n')
        .slice(1, -1)
        .map((line) => line.split(',')[0] ?? '');
    expect(idsIn(first.text)).toHaveLength(2);
    const next = await city.as('oversight').get(`${path}&cursor=${cursor}`);
    const asked = await city.as('oversight').get<{ items: { id: string }[] }>('/v1/incidents?limit=4');
    expect([...idsIn(first.text), ...idsIn(next.text)]).toEqual(asked.body.items.map(({ id }) => id));
    expectProblem(
      await city.as('oversight').get<Problem>('/v1/incidents?limit=201&format=csv'),
      400,
      'VALIDATION_FAILED',
    );
  });

  test('a check-in in time shows in the on-time rate of its department', async () => {
    const housing = await city.withRole('department', 'dp-housing');
    const whistled = await blowWhistle(city, { lead: 'dp-housing' });
    const { taskId } = taskOf(whistled, 'dp-housing');
    expected(200, await housing.post(`/v1/incidents/${whistled.id}/tasks/${taskId}/check-in`));
    for (const name of ['acknowledge-on-time', 'check-in-on-time']) {
      const answer = await city.as('oversight').get<MetricAnswer>(`/v1/metrics/${name}?by=department`);
      expect(expected(200, answer).rows).toContainEqual(
        expect.objectContaining({ key: 'dp-housing', numerator: 1, denominator: 1 }),
      );
    }
  });
});

describe('the list of incidents', () => {
  const list = async (who: PersonName, query: string): Promise<readonly string[]> => {
    const answer = await city.as(who).get<Listed<Incident>>(`/v1/incidents?limit=200&${query}`);
    return expected(200, answer).items.map(({ id }) => id);
  };
  let marked: string[] = [];
  const word = '列表用例';

  beforeAll(async () => {
    const description = `${word}：路灯不亮`;
    const first = await fileIncident(city, {
      description,
      category: 'street-light-fault',
      severity: 'MAJOR',
    });
    const second = await fileIncident(city, { description, estateId: 'es-lanwan' });
    const whistled = await blowWhistle(city, { lead: 'dp-ecology' }, { description });
    marked = [first.id, second.id, whistled.id];
  });

  test.each([
    ['q', `q=${encodeURIComponent(word)}`, [0, 1, 2]],
    ['category', `q=${encodeURIComponent(word)}&category=street-light-fault`, [0]],
    ['severity', `q=${encodeURIComponent(word)}&severity=MAJOR`, [0]],
    ['state', `q=${encodeURIComponent(word)}&state=HANDLING`, [2]],
    ['estateId', `q=${encodeURIComponent(word)}&estateId=es-lanwan`, [1]],
    ['communityId', `q=${encodeURIComponent(word)}&communityId=co-liuyin`, [0, 2]],
    ['streetId', `q=${encodeURIComponent(word)}&streetId=st-gulou`, []],
    ['departmentId', `q=${encodeURIComponent(word)}&departmentId=dp-ecology`, [2]],
    ['overdue', `q=${encodeURIComponent(word)}&overdue=true`, []],
    ['not overdue', `q=${encodeURIComponent(word)}&overdue=false`, [0, 1, 2]],
    ['to', `q=${encodeURIComponent(word)}&to=2020-01-01T00:00:00Z`, []],
    ['from', `q=${encodeURIComponent(word)}&from=2020-01-01T00:00:00Z`, [0, 1, 2]],
  ])('can be narrowed by %s', async (_name, query, indexes) => {
    expect(new Set(await list('oversight', query))).toEqual(new Set(indexes.map((index) => marked[index])));
  });

  test('shows each office and department what concerns it, and residents nothing', async () => {
    const query = `q=${encodeURIComponent(word)}`;
    const ecology = await city.withRole('department', 'dp-ecology');
    const seen = expected(200, await ecology.get<Listed<Incident>>(`/v1/incidents?${query}`));
    expect(seen.items.map(({ id }) => id)).toEqual([marked[2]]);
    expect(await list('street', query)).toHaveLength(3);
    expect(await list('gridWorker', query)).toHaveLength(2);
    expect(await list('otherStreet', query)).toEqual([]);
    const refused = await city.as('resident').get<{ code: string }>(`/v1/incidents?${query}`);
    expect(expected(403, refused).code).toBe('ROLE_NOT_PERMITTED');
  });

  test('comes in pages that hold every incident once, also while new ones arrive', async () => {
    const all = await list('oversight', '');
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const path = `/v1/incidents?limit=3${query}`;
      const page: Listed<Incident> = expected(200, await city.as('oversight').get<Listed<Incident>>(path));
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      if (seen.length === 3) await fileIncident(city, { description: '翻页时新到' });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining([...all]));
  });
});

test('a read that asks for more than the log will have answers 503 with Retry-After', async () => {
  const headers = { 'Shaoying-Min-Position': '9000000000000000000' };
  const answer = await city.as('oversight').get<{ code: string }>('/v1/incidents', headers);
  expect(expected(503, answer).code).toBe('READ_MODEL_BEHIND');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});
