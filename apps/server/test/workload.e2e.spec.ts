import type { Workload } from '@shaoying/incident-read-models';
import { City, type Problem } from './kit/city.js';
import { parseCsv } from './kit/csv.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { blowWhistle, expected, report, taskOf } from './kit/incident-steps.js';
import { live } from './kit/lives.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';

const newHome = useServerHomes(inOneProcess);
let city: City;

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
  const { id, taskId } = await live(city, 'RETURN_REQUESTED');
  const decided = { accept: true, newUnit: 'dp-housing' };
  expected(200, await city.as('street').post(`/v1/incidents/${id}/tasks/${taskId}/return/decide`, decided));
  await live(city, 'CLOSED');
  await live(city, 'SUSPENDED');
});

expectDeclaredAnswers(() => city);

test('the table of workload tells whose time was lost, and as known when', async () => {
  const { text } = await city.as('oversight').get('/v1/workload?format=csv');
  const { body } = await city.as('oversight').get<{ items: Workload[]; lostTime: object[] }>('/v1/workload');
  const [heading = '', ...lines] = text.split('\r\n').slice(0, -1);
  for (const column of ['knownAt', 'checkInMet', 'checkInDecided', 'lostAccount', 'lostTimeMs', 'lostTasks'])
    expect(heading.split(',')).toContain(column);
  expect(lines).toHaveLength(body.items.length + body.lostTime.length);
});

test('every figure of workload has its meaning beside it, and adds up of the tasks it names', async () => {
  interface Told extends Readonly<Record<string, unknown>> {
    readonly definitions: readonly {
      readonly name: string;
      readonly formula: string;
      readonly formulaZh: string;
    }[];
  }
  interface Explained {
    readonly value: number | null;
    readonly formula: string;
    readonly counted: number;
    readonly items: readonly { readonly counts: boolean; readonly events: readonly { eventId: string }[] }[];
    readonly nextCursor: string | null;
  }
  const whole = await blowWhistle(city);
  const { taskId } = taskOf(whole, 'dp-urban-management');
  expected(200, await city.as('urbanManagement').post(`/v1/incidents/${whole.id}/tasks/${taskId}/check-in`));
  const id = 'dp-urban-management';
  const now = new Date(Date.now() + 60_000).toISOString();
  const moment = `asOf=${now}&knownAt=${now}`;
  const told = expected(
    200,
    await city.as('oversight').get<Told>(`/v1/departments/${id}/workload?${moment}`),
  );
  for (const { name, formula } of told.definitions) {
    const value = name.split('.').reduce<unknown>((found, part) => (found as Told)[part], told);
    const items: Explained['items'][number][] = [];
    let cursor = '';
    do {
      const path = `/v1/workload/explain?figure=${name}&departmentId=${id}&limit=2&${moment}${cursor}`;
      const page = expected(200, await city.as('oversight').get<Explained>(path));
      expect({ name, value: page.value, formula: page.formula }).toEqual({ name, value, formula });
      items.push(...page.items);
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
      if (cursor === '') expect(items.filter(({ counts }) => counts)).toHaveLength(page.counted);
    } while (cursor !== '');
    for (const { events } of items) expect(events.length).toBeGreaterThan(0);
  }
  const street = `/v1/workload?by=street&${moment}`;
  const rows = expected(
    200,
    await city.as('oversight').get<{ items: (Workload & { streetId: string })[] }>(street),
  );
  const row = rows.items.find(({ streetId }) => streetId === 'st-hepan');
  const path = `/v1/workload/explain?figure=inflow&streetId=st-hepan&${moment}`;
  expect(expected(200, await city.as('oversight').get<Explained>(path)).value).toBe(row?.inflow);
  const table = parseCsv((await city.as('oversight').get(`${path}&limit=200&format=csv`)).text);
  expect(table.filter(({ counts }) => counts === 'true')).toHaveLength(row?.inflow ?? 0);
  const of = {
    figure: 'inflow',
    figureOfStreetId: 'st-hepan',
    figureOfDepartmentId: '',
    asOf: now,
    knownAt: now,
  };
  for (const line of table) expect(line).toMatchObject(of);
});

test('people book the minutes that they worked, take back what was wrong, and every booking is told of', async () => {
  const whole = await blowWhistle(city);
  const { taskId } = taskOf(whole, 'dp-urban-management');
  const task = `/v1/incidents/${whole.id}/tasks/${taskId}`;
  const dept = city.as('urbanManagement');
  const worked = async (): Promise<number> =>
    expected(200, await city.as('oversight').get<Workload>('/v1/departments/dp-urban-management/workload'))
      .workedMinutes;
  const before = await worked();
  expectProblem(await dept.post<Problem>(`${task}/work`, { workedMinutes: 5 }), 409, 'WORK_BEFORE_CHECK_IN');
  expected(200, await dept.post(`${task}/check-in`));
  expected(200, await dept.post(`${task}/progress`, { note: '正在清运', workedMinutes: 45 }));
  expected(200, await dept.post(`${task}/work`, { workedMinutes: 90 }));
  expect(await worked()).toBe(before + 135);
  const queued = expected(
    200,
    await dept.get<{ items: { taskId: string; workedMinutes: number }[] }>(
      '/v1/departments/dp-urban-management/queue?limit=200',
    ),
  ).items.find((item) => item.taskId === taskId);
  expect(queued?.workedMinutes).toBe(135);
  expectProblem(await dept.post<Problem>(`${task}/work`, { workedMinutes: 0 }), 400, 'VALIDATION_FAILED');
  for (const workedMinutes of [0, -1, 6_001, 1.5, '5']) {
    const said = { note: '正在清运', workedMinutes };
    expectProblem(await dept.post<Problem>(`${task}/progress`, said), 400, 'VALIDATION_FAILED');
    expectProblem(await dept.post<Problem>(`${task}/complete`, said), 400, 'VALIDATION_FAILED');
  }
  const wordless = await dept.post<Problem>(`${task}/work`, { workedMinutes: -10 });
  expectProblem(wordless, 422, 'CORRECTION_NEEDS_NOTE');
  const tooMuch = { workedMinutes: -136, note: '登记有误' };
  const refused = await dept.post<Problem>(`${task}/work`, tooMuch, {
    headers: { 'accept-language': 'zh-CN' },
  });
  expectProblem(refused, 409, 'MORE_THAN_BOOKED');
  expect(refused.body.title).toBe('冲减的工时不得超过本单位在该任务上已登记的工时');
  expected(200, await dept.post(`${task}/complete`, { workedMinutes: 20 }));
  // What is done is corrected, too.
  const corrected = { workedMinutes: -30, note: '误按两组登记' };
  const done = await dept.post<{ taskState: string }>(`${task}/work`, corrected);
  expect(expected(200, done).taskState).toBe('DONE');
  expect(await worked()).toBe(before + 125);
  const view = expected(
    200,
    await dept.get<{ tasks: { taskId: string; workedMinutes: number }[] }>(`/v1/incidents/${whole.id}`),
  );
  expect(view.tasks.find((one) => one.taskId === taskId)?.workedMinutes).toBe(125);
  const now = new Date(Date.now() + 60_000).toISOString();
  const path = `/v1/workload/explain?figure=workedMinutes&departmentId=dp-urban-management&asOf=${now}&limit=200`;
  const table = parseCsv((await city.as('oversight').get(`${path}&format=csv`)).text);
  const ours = table.filter((line) => line['taskId'] === taskId);
  expect(ours.map(({ contribution }) => contribution)).toEqual(['45', '90', '20', '-30']);
  for (const { events } of ours) expect(events).toMatch(/^BOOKED:/);
  const sum = table.reduce(
    (total, { counts, contribution }) => total + (counts === 'true' ? Number(contribution) : 0),
    0,
  );
  expect(sum).toBe(before + 125);
  const rows = parseCsv((await city.as('oversight').get('/v1/workload?format=csv')).text);
  const row = rows.find(({ departmentId }) => departmentId === 'dp-urban-management');
  expect(row?.['workedMinutes']).toBe(String(before + 125));
  const streets = expected(
    200,
    await city.as('oversight').get<{ items: (Workload & { streetId: string })[] }>('/v1/workload?by=street'),
  );
  expect(streets.items.find(({ streetId }) => streetId === 'st-hepan')?.workedMinutes).toBe(before + 125);
});

test('whoever handles a matter itself has no task to book work on', async () => {
  const { id } = await live(city, 'SELF_HANDLED');
  const answer = await city
    .as('gridWorker')
    .post<Problem>(`/v1/incidents/${id}/self-handling/complete`, { workedMinutes: 30 });
  expectProblem(answer, 400, 'VALIDATION_FAILED');
});

test('a task weighs what the catalogue says that its incident was filed under', async () => {
  const weighted = async (): Promise<number> =>
    expected(200, await city.as('oversight').get<Workload>('/v1/departments/dp-urban-management/workload'))
      .weighted;
  const { items } = expected(
    200,
    await city.as('admin').get<{ items: readonly { code: string }[] }>('/v1/categories'),
  );
  const weigh = async (weight: number): Promise<void> => {
    const category = items.find(({ code }) => code === report.category);
    const answer = await city.as('admin').post('/v1/categories', { categories: [{ ...category, weight }] });
    expected(201, answer);
  };
  await weigh(2.25);
  const before = await weighted();
  const { tasks } = await blowWhistle(city);
  expect(taskOf({ tasks }, 'dp-urban-management').role).toBe('LEAD');
  expect(await weighted()).toBe(before + 2.25);
  await weigh(7);
  expect(await weighted()).toBe(before + 2.25);
});

test('a figure is told, listed and explained by the formula that it was published by, in JSON and CSV', async () => {
  interface Answered {
    readonly items: readonly (Workload & { departmentId?: string; streetId?: string })[];
    readonly definitions: readonly { name: string; version: number; versions: number[]; formula: string }[];
  }
  const now = new Date(Date.now() + 60_000).toISOString();
  const moment = `asOf=${now}&knownAt=${now}`;
  const id = 'dp-urban-management';
  const get = async <Body>(path: string): Promise<Body> =>
    expected(200, await city.as('oversight').get<Body>(path));
  const explainedBy = (version: number) =>
    get<{ value: number; version: number; formula: string; items: { contribution: number | null }[] }>(
      `/v1/workload/explain?figure=weighted&departmentId=${id}&${moment}&limit=200&version=${version}`,
    );
  const [first, second] = [await explainedBy(1), await explainedBy(2)];
  expect([first.version, second.version]).toEqual([1, 2]);
  expect(first.value).toBeLessThan(second.value);
  expect(first.items.reduce((sum, { contribution }) => sum + (contribution ?? 0), 0)).toBe(first.value);
  const own = await get<Answered['items'][number] & Pick<Answered, 'definitions'>>(
    `/v1/departments/${id}/workload?${moment}&formulas=weighted@1`,
  );
  expect(own.weighted).toBe(first.value);
  expect(own.definitions.find(({ name }) => name === 'weighted')).toMatchObject({
    ...{ version: 1, versions: [2, 1], formula: first.formula },
  });
  for (const by of ['department', 'street']) {
    const path = `/v1/workload?by=${by}&${moment}`;
    const inForce = await get<Answered>(path);
    const earlier = await get<Answered>(`${path}&formulas=weighted@1,open@1`);
    const bare = ({ items }: Answered) => items.map(({ weighted: _, ...others }) => others);
    expect(bare(earlier)).toEqual(bare(inForce));
    const sum = ({ items }: Answered) => items.reduce((all, { weighted }) => all + weighted, 0);
    expect(sum(earlier)).toBeLessThan(sum(inForce));
    const table = parseCsv((await city.as('oversight').get(`${path}&formulas=weighted@1&format=csv`)).text);
    for (const row of table) expect(row['formulas']).toBe('weighted@1');
  }
  const page = `/v1/workload/explain?figure=weighted&departmentId=${id}&${moment}&limit=1`;
  const { nextCursor } = await get<{ nextCursor: string }>(`${page}&version=1`);
  const next = await get<{ version: number; value: number }>(`${page}&cursor=${nextCursor}`);
  expect(next).toMatchObject({ version: 1, value: first.value });
});

test('the departments of a level, and below a unit, are those of the moment', async () => {
  const moved = { id: 'dp-parks', kind: 'DEPARTMENT', name: '公园管理中心', parentId: 'di-qinghe' };
  const publish = (orgUnits: object[]) => city.as('admin').post('/v1/org-units', { orgUnits });
  expected(201, await publish([{ ...moved, effectiveFrom: '2025-01-01' }]));
  const day = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  expected(201, await publish([{ ...moved, parentId: 'ct-lindong', effectiveFrom: day }]));
  const listed = async (query: string): Promise<boolean> => {
    const answer = await city
      .as('oversight')
      .get<{ items: { departmentId: string }[] }>(`/v1/workload?${query}`);
    return expected(200, answer).items.some(({ departmentId }) => departmentId === 'dp-parks');
  };
  const before = 'asOf=2025-06-01T00:00:00Z';
  for (const [query, is] of [
    ...([
      ['level=DISTRICT', false],
      ['level=CITY', true],
      ['parent=di-qinghe', false],
    ] as const),
    ...([
      [`level=DISTRICT&${before}`, true],
      [`level=CITY&${before}`, false],
    ] as const),
    ...([
      [`parent=di-qinghe&${before}`, true],
      ['asOf=2024-06-01T00:00:00Z', false],
    ] as const),
  ])
    expect([query, await listed(query)]).toEqual([query, is]);
});
