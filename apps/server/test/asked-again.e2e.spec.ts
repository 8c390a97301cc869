import { WORKLOAD_FIGURES, type MetricListing } from '@shaoying/incident-read-models';
import { City, type PersonName } from './kit/city.js';
import { act, expected, report } from './kit/incident-steps.js';
import { live, stages, type Life, type Stage } from './kit/lives.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';

// Whoever distrusts a number asks for it again: it was told of a moment, and of that moment it stays what it was.

const newHome = useServerHomes(inOneProcess);
let city: City;
const lives = new Map<Stage, Life>();

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
  for (const stage of stages) lives.set(stage, await live(city, stage));
  for (const stage of ['CLOSED', 'RATED'] as const) await live(city, stage, { severity: 'MAJOR' });
});

function of(stage: Stage): Life {
  const life = lives.get(stage);
  if (life === undefined) throw new Error(`nobody lives in ${stage}`);
  return life;
}

const read = async <Body>(path: string, who: PersonName = 'oversight'): Promise<Body> =>
  expected(200, await city.as(who).get<Body>(path));

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Told {
  readonly asOf?: string;
  readonly knownAt?: string;
  /** Of a table of workload: each row says its moment. */
  readonly items?: readonly Told[];
  readonly rows?: unknown;
  readonly corrected?: unknown;
}

/** Every number there is, by every dimension, with what stands behind it. */
async function everyQuestion(): Promise<string[]> {
  const { items } = await read<{ items: readonly MetricListing[] }>('/v1/metrics');
  const since = 'from=2026-01-01T00:00:00Z';
  return [
    ...items.flatMap(({ name, versions, dimensions }) => [
      ...versions.flatMap((version) =>
        ['', '/explain'].map((door) => `/v1/metrics/${name}${door}?version=${version}`),
      ),
      ...dimensions.flatMap((by) =>
        ['AS_THEN', 'AS_NOW'].map((units) => `/v1/metrics/${name}?by=${by}&units=${units}`),
      ),
    ]),
    ...['/v1/workload?', '/v1/workload?by=street&', '/v1/departments/dp-urban-management/workload?'].map(
      (path) => `${path}${since}`,
    ),
    ...WORKLOAD_FIGURES.map(
      (figure) => `/v1/workload/explain?figure=${figure}&departmentId=dp-urban-management&${since}`,
    ),
    '/v1/metrics?',
  ];
}

/** Whatever can still happen to what there is. @param beforehand before anything was asked */
async function goOn(beforehand: string): Promise<void> {
  const reviewAt = new Date(Date.now() + 30 * 24 * 3_600_000).toISOString();
  const suspension = { reasonCode: 'NEEDS_FUNDS', reason: '待预算批复', reviewAt };
  const correction = { solved: 'UNSOLVED', satisfaction: 'DISSATISFIED', reason: '录入有误' };
  const [whistled, returning, appealed] = [of('WHISTLED'), of('RETURN_REQUESTED'), of('APPEALED')];
  const offline = { occurredAt: beforehand, evidence: ['d'.repeat(64)] };
  const given = { accept: true, newUnit: 'dp-housing' };
  const excluded = { exclude: true, reason: '非部门原因' };
  const unsolved = { solved: 'UNSOLVED', satisfaction: 'NOT_RATED' };
  for (const [who, id, command, body] of [
    ['urbanManagement', whistled.id, `tasks/${whistled.taskId}/check-in`, offline],
    ['callback', of('RATED').id, 'feedback/correct', correction],
    ['supervision', appealed.id, `appeals/${appealed.appealId}/decide`, excluded],
    ['street', of('CLOSED').id, 'reopen', { reason: '复发' }],
    ['street', of('MERGED').id, 'unmerge', { reason: '不是一处' }],
    ['supervision', of('SUSPENDED').id, 'resume', { reason: '已批复' }],
    ['street', returning.id, `tasks/${returning.taskId}/return/decide`, given],
    ['supervision', of('CHECKING').id, 'check', { result: 'FAIL', note: '未清' }],
    ['callback', of('FEEDBACK').id, 'feedback', unsolved],
    ['supervision', of('CHECKED_IN').id, 'suspend', suspension],
    ['street', of('REPORTED').id, 'file', {}],
  ] as const)
    await act(city, who, id, command, body);
  await live(city, 'CLOSED');
}

/** Another weight of the category, another department in place of one, other terms of every metric. */
async function publish(): Promise<void> {
  const post = async (path: string, body: object): Promise<void> => {
    expected(201, await city.as('admin').post(path, body));
  };
  const { items: categories } = await read<{ items: { code: string }[] }>('/v1/categories', 'admin');
  const category = categories.find(({ code }) => code === report.category);
  await post('/v1/categories', { categories: [{ ...category, weight: 3 }] });
  const department = { kind: 'DEPARTMENT', parentId: 'di-qinghe', effectiveFrom: '2025-01-01' };
  await post('/v1/org-units', { orgUnits: [{ ...department, id: 'dp-new', name: '新局' }] });
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  await post('/v1/org-units/merge', { unitIds: ['dp-water'], into: { id: 'dp-new' }, from: today });
  const { items: definitions } = await read<{
    items: { version: number; params?: object; weights?: object }[];
  }>('/v1/metric-definitions', 'admin');
  for (const { version: _, params, weights, ...definition } of definitions) {
    const partly = params !== undefined && 'weightPartlySolved' in params ? { weightPartlySolved: 0.5 } : {};
    await post('/v1/metric-definitions', {
      ...{ ...definition, params: { ...params, minimumSample: 2, ...partly } },
      ...(weights && { weights: [{ metricId: 'resolution-rate', weight: 1 }] }),
    });
  }
}

test('every number is the same again by its moment, whatever was recorded, corrected and published since', async () => {
  // A check-in that is heard of later came after the whistle, and before the first question.
  await pause(10);
  const beforehand = new Date().toISOString();
  await pause(10);
  const told = new Map<string, Told>();
  for (const question of await everyQuestion()) told.set(question, await read<Told>(question));
  await pause(10);
  await goOn(beforehand);
  await publish();

  for (const [question, answer] of told) {
    const { asOf, knownAt } = answer.asOf === undefined ? (answer.items?.[0] ?? {}) : answer;
    // What is known by now stands beside it.
    const { corrected: _, ...again } = await read<Told>(`${question}&asOf=${asOf}&knownAt=${knownAt}`);
    expect({ question, ...again }).toEqual({ question, ...answer });
  }
  for (const question of [...told.keys()].filter((path) =>
    /(reopen|satisfaction|rework|whistle)-rate\?v/.test(path),
  ))
    expect([question, (await read<Told>(question)).rows]).not.toEqual([question, told.get(question)?.rows]);
});
