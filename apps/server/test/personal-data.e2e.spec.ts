import { LocalIssuer } from '@shaoying/identity';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Canaries } from './kit/canaries.js';
import { City, type Answer, type Caller, type PersonName, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import {
  act,
  expected,
  report,
  taskOf,
  whistle,
  type Reported,
  type Whistled,
} from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { repositoryRoot } from './kit/running-server.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

// Who whom may see: what is personal is planted through every door, looked for in everything that comes out, told to
// whoever has the matter in hand, and forgotten.

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let server: Started;
let city: City;
let resident: Caller;

const secret = {
  name: '金丝雀欧阳',
  phone: '+86 10 5550 9137',
  description: '三零九室的黄莺女士家漏水',
  note: '家有卧床的百灵老人',
  address: '柳荫花园三号楼三零九',
  comment: '画眉说已经修好',
  account: 'resident-4417-夜莺',
};
const home309 = { lon: 120.410_012_3, lat: 31.830_045_6, crs: 'WGS84', address: secret.address };
const canaries = new Canaries([...Object.values(secret), '120.4100123', '31.8300456']);

const personalReport = {
  ...{ ...report, channel: 'APP', description: secret.description, location: home309 },
  ...{ reporter: { name: secret.name, phone: secret.phone }, privateNote: secret.note },
  personal: ['description', 'location'],
};
const purpose = { purpose: 'VISIT_SITE', reason: '约定入户时间' };
const everything = ['NAME', 'PHONE', 'DESCRIPTION', 'NOTE', 'LOCATION', 'COMMENT'];
const known = { name: secret.name, phone: secret.phone };

interface View {
  readonly state: string;
  readonly revision: number;
  readonly gridId: string | null;
  readonly estateId: string | null;
  readonly location: object | null;
  readonly reporter: { state: string; subjectIds: string[]; reveals: object[] } | null;
  readonly tasks: readonly object[];
}
interface Revealed {
  readonly revision: number;
  readonly reporter: Record<string, unknown>;
}

beforeAll(async () => {
  home = await newHome();
  // The most that can be logged: what is not there now is never there.
  server = await home.start({ LOG_LEVEL: 'trace' });
  city = await City.of(home, server);
  const issuer = await LocalIssuer.open(home.dataDir);
  resident = city.withToken(await issuer.issue({ sub: secret.account, roles: ['resident'], org: null }));
});

expectDeclaredAnswers(() => city);

/** A personal report, filed and whistled. */
async function whistled(changes: object = {}): Promise<Whistled & Reported> {
  const reported = expected(
    201,
    await resident.post<Reported>('/v1/incidents', { ...personalReport, ...changes }),
  );
  await act(city, 'street', reported.id, 'file');
  const path = `/v1/incidents/${reported.id}/whistles`;
  return { ...reported, ...expected(201, await city.as('street').post<Whistled>(path, whistle)) };
}

const read = async (id: string): Promise<View> =>
  expected(200, await city.as('oversight').get<View>(`/v1/incidents/${id}`));
const reveal = (who: PersonName, id: string, body: object = {}, key?: string) =>
  city.as(who).post<Revealed & Problem>(
    `/v1/incidents/${id}/reporter/reveal`,
    { ...purpose, ...body },
    {
      ...(key === undefined ? {} : { key }),
    },
  );

/** Everything that can be read of an incident by whoever may read it. */
async function readings({
  id,
  receiptCode,
}: Pick<Reported, 'id' | 'receiptCode'>): Promise<Answer<object>[]> {
  const path = `/v1/incidents/${id}`;
  const at = new Date().toISOString();
  const all = [path, `${path}/events`, `${path}/replay?at=1`, `${path}/replay?at=${at}`, `${path}/lost-time`];
  const answers = await Promise.all([
    ...[...all, `${path}?asOf=${at}`, '/v1/incidents', '/v1/metrics', '/v1/workload'].map((address) =>
      city.as('oversight').get<object>(address),
    ),
    city.as('urbanManagement').get<object>('/v1/departments/dp-urban-management/dispatches'),
    city.as('urbanManagement').get<object>('/v1/departments/dp-urban-management/queue'),
    city.anonymous.get<object>(`/v1/receipts/${receiptCode}`),
    city.anonymous.get<object>('/metrics'),
  ]);
  for (const answer of answers) expect(answer.status).toBe(200);
  return answers;
}

const textOf = ({ text, headers }: Answer<unknown>): string =>
  [text, ...[...headers].map(([name, value]) => `${name}: ${value}`)].join('\n');

describe('the reporter is revealed', () => {
  let incident: Whistled & Reported;
  beforeAll(async () => {
    incident = await whistled();
  });

  test('to the department that has the task, no more than it asks for, and on record', async () => {
    const { id } = incident;
    const told = await reveal('urbanManagement', id);
    expect(expected(200, told).reporter).toEqual({
      ...{ ...known, description: null, note: null, location: null, comments: [] },
    });
    expect(told.headers.get('cache-control')).toBe('no-store');
    const all = expected(200, await reveal('urbanManagement', id, { fields: everything }));
    expect(all.reporter).toEqual({
      ...{ ...known, description: secret.description, note: secret.note, location: home309, comments: [] },
    });
    const { reporter } = await read(id);
    expect(reporter?.reveals).toMatchObject([
      { unitId: 'dp-urban-management', purpose: 'VISIT_SITE', fields: ['NAME', 'PHONE'] },
      { unitId: 'dp-urban-management', fields: everything },
    ]);
    const { text } = await city.as('oversight').get(`/v1/incidents/${id}/events`);
    expect(text).toContain('"ReporterIdentityRevealed"');
    expect(text).toContain('e2e-urbanManagement');
  });

  test('to its street, and to nobody without a part in it', async () => {
    expect(expected(200, await reveal('street', incident.id)).reporter).toMatchObject(known);
    const log = await home.openLog();
    const before = await log.head();
    for (const who of ['callback', 'community', 'gridWorker'] as const) {
      expectProblem(await reveal(who, incident.id), 403, 'REVEAL_WITHOUT_TASK');
    }
    for (const who of ['gas', 'otherStreet'] as const) {
      expectProblem(await reveal(who, incident.id), 404, 'INCIDENT_NOT_FOUND');
    }
    for (const who of ['resident', 'oversight', 'admin', 'supervision', 'arbitrator'] as const) {
      expectProblem(await reveal(who, incident.id), 403, 'ROLE_NOT_PERMITTED');
    }
    expectProblem(
      await reveal('urbanManagement', incident.id, { purpose: 'CURIOSITY' }),
      400,
      'VALIDATION_FAILED',
    );
    expectProblem(await reveal('urbanManagement', incident.id, { reason: ' ' }), 400, 'VALIDATION_FAILED');
    expect(await log.head()).toBe(before);
  });

  test('to a callback while feedback is awaited, and not again after the task is done', async () => {
    const { id, receiptCode } = incident;
    const { taskId } = taskOf(incident, 'dp-urban-management');
    expected(200, await reveal('urbanManagement', id, {}, 'looked up'));
    await act(city, 'urbanManagement', id, `tasks/${taskId}/check-in`);
    await act(city, 'urbanManagement', id, `tasks/${taskId}/complete`);
    expectProblem(await reveal('urbanManagement', id, {}, 'looked up'), 403, 'REVEAL_WITHOUT_TASK');
    await act(city, 'supervision', id, 'check', { result: 'PASS', note: '属实' });
    expect(expected(200, await reveal('callback', id)).reporter).toMatchObject(known);
    const rating = { solved: 'SOLVED', satisfaction: 'SATISFIED', comment: secret.comment };
    const feedback = { ...rating, receiptCode, personal: ['comment'] };
    expected(200, await resident.post(`/v1/incidents/${id}/feedback`, feedback));
    expectProblem(await reveal('callback', id), 403, 'REVEAL_WITHOUT_TASK');
  });
});

describe('what is personal', () => {
  let incident: Whistled & Reported;
  const refusals: string[] = [];

  beforeAll(async () => {
    incident = await whistled();
    expected(201, await city.anonymous.post('/v1/incidents', { ...personalReport, anonymous: true }));
    expected(200, await reveal('urbanManagement', incident.id, { fields: everything }));
    const { paths } = expected(
      200,
      await city.anonymous.get<{ paths: Record<string, Record<string, unknown>> }>('/docs-json'),
    );
    // Through every door, where it is refused; refusals and failures are logged, some with what was sent.
    const filled = (path: string): string => path.replace(/\{\w+\}/g, incident.id);
    for (const [path, operations] of Object.entries(paths)) {
      const target = filled(path);
      if ('post' in operations) {
        for (const body of [
          { reason: { text: secret.note }, description: [secret.name], note: 7, unknown: secret.phone },
          { ...personalReport, severity: secret.name, unknown: secret.account },
        ]) {
          refusals.push(textOf(await city.as('admin').post(target, body)));
          refusals.push(textOf(await resident.post(target, body)));
        }
        const rawBody = `{"reporter": "${secret.name} ${secret.phone}`;
        refusals.push(textOf(await resident.post(target, {}, { rawBody })));
      } else if ('get' in operations && !path.endsWith('/stream')) {
        const query = new URLSearchParams({ q: secret.name, by: secret.phone, cursor: secret.note });
        refusals.push(textOf(await city.as('oversight').get(`${target}?${query}`)));
        // Who asks is told their own address; it is the log that must not keep it.
        await resident.get(`${target}/${encodeURIComponent(secret.phone)}`);
      }
    }
    const { receiptCode } = incident;
    const named = { 'Idempotency-Key': secret.phone, 'X-Correlation-Id': secret.phone };
    refusals.push(textOf(await resident.post('/v1/incidents', personalReport, { headers: named })));
    refusals.push(textOf(await city.anonymous.get(`/v1/receipts/${receiptCode}X`)));
  });

  test('is in no answer, no header and no address, and the place is found all the same', async () => {
    for (const [index, answer] of (await readings(incident)).entries()) {
      canaries.expectNoneIn(`reading ${index}`, textOf(answer));
    }
    expect(await read(incident.id)).toMatchObject({
      ...{ estateId: 'es-liuyin-garden', gridId: expect.any(String) },
      location: { lon: 120.41, lat: 31.83, address: null },
    });
  });

  test('is in no refusal', () => {
    expect(refusals.length).toBeGreaterThan(100);
    for (const text of refusals) canaries.expectNoneIn(text.slice(0, 200), text);
  });

  test('is in no line of the log at its most talkative', () => {
    expect(server.process.log().length).toBeGreaterThan(50);
    canaries.expectNoneIn('stderr', server.process.stderr);
    canaries.expectNoneIn('stdout', server.process.stdout);
    for (const said of [incident.receiptCode, city.as('street').token ?? '']) {
      expect(server.process.stderr).not.toContain(said);
    }
  });

  test('is in no row of any table: log, keys, read models, deadlines, jobs', async () => {
    const { tables, text } = await canaries.expectNoneInTables(await home.postgresUrl());
    // The search would find it: the incident itself is there, and so are the alarms.
    expect(text).toContain(incident.id);
    expect(text).not.toContain(incident.receiptCode);
    expect(tables).toEqual(
      expect.arrayContaining(['log.events', 'personal_data.subject_keys', 'incident_board.events']),
    );
    expect(tables.some((name) => name.startsWith('shaoying_timers.'))).toBe(true);
  });
});

describe('a person is forgotten', () => {
  const run = promisify(execFile);
  let incident: Whistled & Reported;
  let other: Whistled & Reported;
  const whole = new Map<string, View>();

  const shaoying = async (...args: string[]): Promise<Record<string, unknown>> => {
    const script = join(repositoryRoot, 'bundle/cli.js');
    const env = { ...process.env, DATA_DIR: home.dataDir, NODE_ENV: 'development', LOG_LEVEL: 'warn' };
    const { stdout } = await run(process.execPath, [script, ...args, '--json'], { env });
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  async function expectGone({ id, receiptCode }: Reported): Promise<void> {
    const view = await read(id);
    expect(view.reporter).toMatchObject({ state: 'FORGOTTEN', subjectIds: [] });
    const { state, tasks, location } = whole.get(id)!;
    expect(view).toMatchObject({ state, tasks, location });
    for (const answer of await readings({ id, receiptCode }))
      canaries.expectNoneIn('reading', textOf(answer));
    expectProblem(await reveal('urbanManagement', id), 409, 'REPORTER_FORGOTTEN');
  }

  beforeAll(async () => {
    [incident, other] = [await whistled(), await whistled()];
    for (const { id } of [incident, other]) whole.set(id, await read(id));
    expected(200, await reveal('urbanManagement', incident.id, {}, 'before'));
  });

  test('by an administrator: the case whole, the person gone, also for who was told before', async () => {
    const [subjectId] = whole.get(incident.id)?.reporter?.subjectIds ?? [];
    const path = `/v1/subjects/${subjectId}/forget`;
    for (const who of ['oversight', 'supervision', 'street', 'resident'] as const) {
      expectProblem(await city.as(who).post<Problem>(path), 403, 'ROLE_NOT_PERMITTED');
    }
    const forgotten = expected(200, await city.as('admin').post<object>(path));
    expect(forgotten).toEqual({
      ...{ incidentId: incident.id, subjectIds: [subjectId], reporter: 'FORGOTTEN' },
    });
    await expectGone(incident);
    expectProblem(await reveal('urbanManagement', incident.id, {}, 'before'), 409, 'REPORTER_FORGOTTEN');
    const { revision } = await read(incident.id);
    expected(200, await city.as('admin').post(path));
    expect((await read(incident.id)).revision).toBe(revision);
    expect(expected(200, await reveal('urbanManagement', other.id)).reporter).toMatchObject(known);
  });

  test('at the command line, by the incident; replay and rebuild show the same', async () => {
    const [subjectId] = (await read(other.id)).reporter?.subjectIds ?? [];
    expect(await shaoying('forget', '--incident', other.id)).toEqual({
      ...{ incidentId: other.id, subjectIds: [subjectId], recorded: true },
    });
    expect(await shaoying('forget', subjectId ?? '')).toMatchObject({ recorded: false });
    const log = await home.openLog();
    city.sawWrite(await log.head());
    await expectGone(other);
    canaries.expectNoneIn('replay', JSON.stringify(await shaoying('replay', other.id)));
    // Those that hold anything of a report's words; nothing of a person is in the others' tables either, see above.
    for (const name of ['incident-board', 'dispatch-feed']) await shaoying('projections', 'rebuild', name);
    await waitFor(
      'the board is read anew',
      async () => (await read(other.id)).reporter?.state === 'FORGOTTEN',
    );
    await expectGone(other);
  });

  test('and whoever was never there is no reason to fail, while what is no reference is none', async () => {
    const nobody = '7f0f2f6c-8f0a-4a7e-9a53-3c1d0b9e5a11';
    expect(expected(200, await city.as('admin').post(`/v1/subjects/${nobody}/forget`))).toMatchObject({
      incidentId: null,
    });
    const named = await city.as('admin').post<Problem>('/v1/subjects/somebody/forget');
    expectProblem(named, 404, 'SUBJECT_NOT_FOUND');
  });

  test('and stays so over a restart and a new master key; no file ever held anything', async () => {
    const kept = await whistled();
    await shaoying('master-key', 'rotate', '--destroy-old');
    expect(expected(200, await reveal('urbanManagement', kept.id)).reporter).toMatchObject(known);
    await home.closeLogs();
    expect((await server.process.stop()).code).toBe(0);
    expect(await canaries.expectNoneInFiles(home.dataDir)).toBeGreaterThan(100);
    const again = await home.start();
    const position = city.position;
    city = await City.of(home, again);
    city.sawWrite(position);
    await expectGone(incident);
    expect(expected(200, await reveal('urbanManagement', kept.id)).reporter).toMatchObject(known);
  });
});
