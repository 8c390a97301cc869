import type { HistoryEntry } from '@shaoying/audit';
import type { IncidentView } from '@shaoying/incident-read-models';
import { City, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { blowWhistle, expected, taskOf, type Whistled } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes(inOneProcess);
let city: City;

/** In the city's own time; the years of the calendar are counted from it. */
const thisYear = Number(new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 4));
const ordinary = { holidays: [], makeUpWorkdays: [] };

/** The sample with the calendar of this year alone, and a handling that reaches into the next, or the one after. */
function reachingFar(yaml: string): string {
  const usual =
    '{ timer: HANDLING, when: { whistleKind: PUBLIC_DEMAND }, duration: { amount: 3, unit: WORKING_DAY } }';
  const published = /2025: \{ source: chinese-days \}\n\s+2026: \{ source: chinese-days \}/;
  if (!yaml.includes(usual) || !published.test(yaml)) throw new Error('the sample has changed');
  return yaml
    .replace(usual, usual.replace('amount: 3', 'amount: 270'))
    .replace(published, `${thisYear}: { holidays: [], makeUpWorkdays: [] }`);
}

beforeAll(async () => {
  const home = await newHome({ jurisdiction: reachingFar });
  city = await City.of(home, await home.start());
});

expectDeclaredAnswers(() => city);

interface Moves {
  readonly policyVersion: number;
  readonly dryRun: boolean;
  readonly moved: readonly { incidentId: string; timer: string; formerDueAt: string; dueAt: string }[];
  readonly stayed: readonly object[];
  readonly more: boolean;
  readonly nextCursor: string | null;
}

const path = '/v1/deadline-policies/default/move-open-deadlines';
const reason = { reason: '新时限标准施行' };
const headers = (): Record<string, string> => ({ 'Shaoying-Min-Position': city.position });
const move = (query = '', body: object = reason, key?: string) =>
  city.as('admin').post<Moves & Problem>(path + query, body, { headers: headers(), ...(key && { key }) });

const deadlinesOf = async ({ id }: Whistled): Promise<IncidentView['deadlines']> => {
  const view = await city.as('oversight').get<IncidentView>(`/v1/incidents/${id}`, headers());
  const { tasks, deadlines } = expected(200, view);
  return [...deadlines, ...tasks.flatMap((task) => task.deadlines)];
};
const handlingOf = async (whistled: Whistled) =>
  (await deadlinesOf(whistled)).find(({ timer }) => timer === 'HANDLING');
const historyOf = async ({ id }: Whistled): Promise<readonly HistoryEntry[]> =>
  expected(200, await city.as('oversight').get<{ items: HistoryEntry[] }>(`/v1/incidents/${id}/events`))
    .items;

async function publish(listed: string, change: (document: Record<string, unknown>) => object): Promise<void> {
  const { items } = expected(200, await city.as('admin').get<{ items: Record<string, unknown>[] }>(listed));
  const [{ version: _, ...document }] = items as [Record<string, unknown>];
  expected(201, await city.as('admin').post(listed, { ...document, ...change(document) }));
}

const publishHandlingOf = (days: number): Promise<void> =>
  publish('/v1/deadline-policies', ({ rules }) => ({
    rules: (rules as { timer: string; when?: { whistleKind?: string } }[]).map((rule) =>
      rule.timer === 'HANDLING' && rule.when?.whistleKind === 'PUBLIC_DEMAND'
        ? { ...rule, duration: { amount: days, unit: 'WORKING_DAY' } }
        : rule,
    ),
  }));

describe('open deadlines under another policy', () => {
  test('are moved by nothing but the call, which says before what it would do, and does that', async () => {
    const whistled = await blowWhistle(city);
    const before = await handlingOf(whistled);
    expect(before).toMatchObject({ provisional: true, policyVersion: 1 });
    await publishHandlingOf(280);
    expect(await handlingOf(whistled)).toEqual(before);

    const preview = expected(200, await move('?dryRun=true'));
    expect(preview).toMatchObject({ policyVersion: 2, dryRun: true, stayed: [], more: false });
    expect(await handlingOf(whistled)).toEqual(before);
    const answer = expected(200, await move('', reason, 'one move'));
    expect(answer).toEqual({ ...preview, dryRun: false });
    expect(expected(200, await move('', reason, 'one move'))).toEqual(answer);

    const told = answer.moved.find(({ timer }) => timer === 'HANDLING');
    expect(told).toMatchObject({ incidentId: whistled.id, formerDueAt: before?.dueAt });
    expect(Date.parse(told?.dueAt ?? '')).toBeGreaterThan(Date.parse(before?.dueAt ?? ''));
    expect(await handlingOf(whistled)).toMatchObject({ dueAt: told?.dueAt, policyVersion: 2 });
    const moved = (await historyOf(whistled)).filter(({ type }) => type === 'DeadlinesRescheduled');
    expect(moved).toMatchObject([
      { actor: { role: 'admin' }, data: { cause: 'POLICY_MOVED', ...reason, pins: { policyVersion: 2 } } },
    ]);
    await waitFor('its department hears of it', async () => {
      const feed = await city
        .as('urbanManagement')
        .get<{ items: { type: string; data: object }[] }>('/v1/departments/dp-urban-management/dispatches');
      const item = feed.body.items.find(({ type }) => type.endsWith('.rescheduled'));
      return item !== undefined && JSON.stringify(item.data).includes(told?.dueAt ?? 'nothing');
    });
  });

  test('bad input is a problem and moves nothing', async () => {
    const log = (await historyOf(await blowWhistle(city))).length;
    expect(log).toBeGreaterThan(0);
    const cases: [string, object, number, string][] = [
      ['', {}, 400, 'VALIDATION_FAILED'],
      ['', { ...reason, policyVersion: 'two' }, 400, 'VALIDATION_FAILED'],
      ['', { ...reason, policyVersion: 0 }, 400, 'VALIDATION_FAILED'],
      ['', { reason: 'x'.repeat(5_000) }, 400, 'VALIDATION_FAILED'],
      ['', { ...reason, unknown: 1 }, 400, 'VALIDATION_FAILED'],
      ['', { ...reason, after: 'bm90IGEgY3Vyc29y' }, 400, 'INVALID_CURSOR'],
      ['?dryRun=perhaps', reason, 400, 'VALIDATION_FAILED'],
      ['', { ...reason, policyVersion: 99 }, 404, 'UNKNOWN_POLICY'],
    ];
    for (const [query, body, status, code] of cases) expectProblem(await move(query, body), status, code);
    const other = path.replace('default', 'no-such-policy');
    expectProblem(await city.as('admin').post<Problem>(other, reason), 404, 'UNKNOWN_POLICY');
    for (const who of ['street', 'supervision', 'water'] as const)
      expectProblem(await city.as(who).post<Problem>(path, reason), 403, 'ROLE_NOT_PERMITTED');
  });
});

test('a provisional deadline is fixed by itself once its year is published, with an event that says so', async () => {
  const whistled = await blowWhistle(city);
  const before = await handlingOf(whistled);
  expect(before).toMatchObject({ provisional: true, calendarVersion: 1 });
  // Every working day of the next January but its last days is a holiday.
  const holidays = Array.from(
    { length: 25 },
    (_, n) => `${thisYear + 1}-01-${String(n + 1).padStart(2, '0')}`,
  );
  await publish('/v1/calendars', ({ years }) => ({
    years: {
      ...(years as object),
      [thisYear + 1]: { ...ordinary, holidays },
      [thisYear + 2]: ordinary,
    },
  }));
  const fixed = await waitFor(
    'the deadline is fixed',
    async () => {
      const deadline = await handlingOf(whistled);
      return deadline?.provisional === false && deadline;
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
  expect(fixed).toMatchObject({ calendarVersion: 2, policyVersion: before?.policyVersion });
  expect(Date.parse(fixed.dueAt)).toBeGreaterThan(Date.parse(before?.dueAt ?? ''));
  const history = (await historyOf(whistled)).filter(({ type }) => type === 'DeadlinesRescheduled');
  expect(history).toMatchObject([
    { actor: { role: 'system' }, data: { cause: 'CALENDAR_PUBLISHED', reason: null, pins: null } },
  ]);
  expect(taskOf(whistled, 'dp-urban-management').taskId).toBeDefined();
});
