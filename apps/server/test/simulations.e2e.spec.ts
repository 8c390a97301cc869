import { parseCsv } from './kit/csv.js';
import { City, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { act, blowWhistle, expected, taskOf, type Whistled } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

const newHome = useServerHomes(inOneProcess);
let city: City;
let whistled: Whistled;

interface Told {
  readonly id: string;
  readonly state: string;
  readonly failure: string | null;
  readonly knownAt: { readonly position: string } | null;
  readonly progress: { readonly incidentsDone: number; readonly incidentsTotal: number } | null;
  readonly report: {
    readonly incidents: number;
    readonly differences: number;
    readonly breaches: Record<string, { recorded: number; simulated: number; difference: number }>;
    readonly supervisionOrders: Record<string, { simulated: number }>;
    readonly onTime: readonly {
      metric: string;
      key: string;
      simulated: { numerator: number; value: number };
    }[];
    readonly text: { readonly zh: string; readonly en: string };
  } | null;
}
interface Difference {
  readonly kind: string;
  readonly incidentId: string;
  readonly timer: string | null;
  readonly change: number;
  readonly cause: string;
  readonly events: readonly { type: string; eventId: string; position: string }[];
}

const path = '/v1/simulations';
const hour = 3_600_000;
const window = {
  from: new Date(Date.now() - hour).toISOString(),
  to: new Date(Date.now() + hour).toISOString(),
};
type Document = Record<string, unknown> & { rules: { timer: string; when?: object; duration: unknown }[] };

/** The policy in force with no time at all to acknowledge in. */
async function impatient(): Promise<object> {
  const { items } = expected(200, await city.as('admin').get<{ items: Document[] }>('/v1/deadline-policies'));
  const [{ version: _, ...policy }] = items as [Document];
  const duration = { amount: 0, unit: 'CLOCK_HOUR' };
  const rules = policy.rules.map((rule) => (rule.timer === 'ACKNOWLEDGE' ? { ...rule, duration } : rule));
  return { ...policy, rules };
}

const ask = (body: object, key?: string) =>
  city.as('oversight').post<Told & Problem>(path, { ...window, ...body }, key === undefined ? {} : { key });

const ended = (id: string): Promise<Told> =>
  waitFor(`the simulation ${id} has ended`, async () => {
    const told = expected(200, await city.as('oversight').get<Told>(`${path}/${id}`));
    return (told.state === 'DONE' || told.state === 'FAILED') && told;
  });

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
  whistled = await blowWhistle(city);
  const { taskId } = taskOf(whistled, 'dp-urban-management');
  await act(city, 'urbanManagement', whistled.id, `tasks/${taskId}/acknowledge`);
});

expectDeclaredAnswers(() => city);

test('tells what would have been different under another policy, and changes nothing', async () => {
  const history = () => city.as('oversight').get(`/v1/incidents/${whistled.id}/events`);
  const before = (await history()).text;

  const asked = await ask({ deadlinePolicy: await impatient() });
  const { id, state } = expected(202, asked);
  // A helper may have taken it up before it is answered.
  expect(['QUEUED', 'RUNNING']).toContain(state);
  expect(asked.headers.get('location')).toBe(`${path}/${id}`);
  expect(asked.headers.get('shaoying-position')).toBeNull();

  const { report, progress, knownAt, failure } = await ended(id);
  expect({ failure, progress }).toEqual({
    failure: null,
    progress: expect.objectContaining({ incidentsTotal: 1 }),
  });
  expect(knownAt?.position).toBe(city.position);
  expect(report).toMatchObject({
    incidents: 1,
    breaches: { ACKNOWLEDGE: { recorded: 0, simulated: 1, difference: 1 } },
    // Every step of the ladder is due at once: the highest is the one that fits.
    supervisionOrders: { RED: { recorded: 0, simulated: 1 } },
  });
  expect(report?.onTime.find(({ metric }) => metric === 'acknowledge-on-time')).toMatchObject({
    ...{
      key: 'dp-urban-management',
      recorded: { numerator: 1, value: 1 },
      simulated: { numerator: 0, value: 0 },
    },
  });
  expect(report?.text).toEqual({
    zh: expect.stringContaining('不表明'),
    en: expect.stringContaining('does not say'),
  });

  const first = expected(
    200,
    await city
      .as('oversight')
      .get<{ items: Difference[]; nextCursor: string }>(`${path}/${id}/differences?limit=2`),
  );
  const next = `${path}/${id}/differences?limit=200&cursor=${encodeURIComponent(first.nextCursor)}`;
  const rest = expected(200, await city.as('oversight').get<{ items: Difference[]; nextCursor: null }>(next));
  const all = [...first.items, ...rest.items];
  expect(rest.nextCursor).toBeNull();
  expect(all).toHaveLength(report?.differences ?? 0);
  const breach = all.find(({ kind, timer }) => kind === 'BREACH' && timer === 'ACKNOWLEDGE');
  expect(breach).toMatchObject({ incidentId: whistled.id, change: 1, cause: 'RULES' });
  expect(breach?.events.map(({ type }) => type)).toEqual(['WhistleBlown', 'TaskAcknowledged']);
  const table = await city.as('oversight').get(`${path}/${id}/differences?limit=2&format=csv`);
  expect(table.headers.get('shaoying-next-cursor')).toBe(first.nextCursor);
  expect(parseCsv(table.text).map(({ simulationId, kind, change }) => [simulationId, kind, change])).toEqual(
    first.items.map(({ kind, change }) => [id, kind, String(change)]),
  );
  expect((await history()).text).toBe(before);
});

test('the same key is the same simulation, and another body with it is refused', async () => {
  const first = expected(202, await ask({ scope: { streetId: 'st-gulou' } }, 'once'));
  const again = await ask({ scope: { streetId: 'st-gulou' } }, 'once');
  expect(expected(202, again).id).toBe(first.id);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expectProblem(await ask({ scope: { streetId: 'st-hepan' } }, 'once'), 422, 'IDEMPOTENCY_KEY_REUSED');
  // Another street had nothing in the window.
  expect((await ended(first.id)).report).toMatchObject({ incidents: 0, differences: 0 });
});

test('the rules in force make no difference', async () => {
  const { id } = expected(202, await ask({ deadlinePolicy: { policyId: 'default', version: 1 } }));
  const { report } = await ended(id);
  expect(report).toMatchObject({ incidents: 1, byCause: { RULES: 0 } });
});

test('a cancelled one is gone', async () => {
  const { id } = expected(202, await ask({}));
  expect((await city.as('oversight').delete(`${path}/${id}`)).status).toBe(204);
  const { code } = expected(404, await city.as('oversight').get<Problem>(`${path}/${id}`));
  expect(code).toBe('SIMULATION_NOT_FOUND');
  expect((await city.as('oversight').delete(`${path}/${id}`)).status).toBe(404);
});

test('bad input is a problem, as it is when it is published', async () => {
  const sound = (await impatient()) as Document;
  const cases: [object, number, string][] = [
    [{ from: 'yesterday' }, 400, 'VALIDATION_FAILED'],
    [{ from: window.to, to: window.from }, 422, 'SIMULATION_WINDOW'],
    [{ from: '1999-01-01T00:00:00Z' }, 422, 'SIMULATION_WINDOW'],
    [{ deadlinePolicy: 'default' }, 400, 'VALIDATION_FAILED'],
    [{ scope: { street: 'st-hepan' } }, 400, 'VALIDATION_FAILED'],
    [{ scope: { districtId: 'di-nowhere' } }, 422, 'SIMULATION_SCOPE'],
    [{ scope: { streetId: 'st-hepang' } }, 422, 'SIMULATION_SCOPE'],
    [{ scope: { streetId: 'st-hepan', departmentId: 'dp-nobody' } }, 422, 'SIMULATION_SCOPE'],
    [{ deadlinePolicy: { policyId: 'default', version: 99 } }, 422, 'ALTERNATIVE_NOT_PUBLISHED'],
    [{ deadlinePolicy: {} }, 422, 'JURISDICTION_INVALID'],
    [{ deadlinePolicy: { ...sound, ladderId: 'nowhere' } }, 422, 'JURISDICTION_INVALID'],
    [{ ladder: { ladderId: 'default', name: '', steps: 'none' } }, 422, 'JURISDICTION_INVALID'],
    [{ calendar: { calendarId: 'default', workingHours: [] } }, 422, 'JURISDICTION_INVALID'],
  ];
  for (const [body, status, code] of cases) expectProblem(await ask(body), status, code);
});
