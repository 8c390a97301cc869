import { ACCESS_POLICY } from '@shaoying/incident-application';
import { randomUUID } from 'node:crypto';
import { City, people, type Answer, type Caller, type PersonName, type Problem } from './kit/city.js';
import { bodyOf, doors, pathOf } from './kit/doors.js';
import { expected, report, whistle, type Reported, type Whistled } from './kit/incident-steps.js';
import { live, stages, type Life, type Stage } from './kit/lives.js';
import { expectProblem } from './kit/problems.js';
import { expectReplayOf } from './kit/replayed.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';

// Every command of the server sent again as a bad network has it sent: five times at once, once more later, by another account with
// the same key, once more after that, and with another body. A new route without a line here fails.

type Body = Record<string, unknown>;

/** A command that is good now, and the same address with another good body; null where there is none. */
interface Ready {
  readonly path: string;
  readonly body: Body;
  readonly other: Body | null;
}
interface Command {
  readonly who: PersonName;
  readonly ready: () => Promise<Ready>;
  /** What is told once, or is told as it is now. */
  readonly notAgain?: readonly string[];
  /** Once it is done, again is the same, whoever asks. */
  readonly sameForAll?: true;
}

/** What has no key, and why. */
const without: Readonly<Record<string, string>> = {
  'POST /v1/incidents/validate': 'records nothing',
  'POST /v1/grids/locate': 'records nothing',
  'POST /v1/calendars/{id}/due': 'records nothing',
  'POST /v1/files': 'its bytes are its key',
  'POST /v1/receipts/{receiptCode}/files': 'its bytes are its key',
  'DELETE /v1/departments/{id}/consumer-groups/{group}': 'what is gone is gone: 404',
  'DELETE /v1/simulations/{id}': 'what is gone is gone: 404',
};

const newHome = useServerHomes({ ...inOneProcess, WEBHOOK_LOCAL_ADDRESSES: '127.0.0.1' });
let city: City;
const lives = {} as Record<Stage, Life>;

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
  for (const stage of stages) lives[stage] = await live(city, stage);
});

const today = (): string => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
const admin = async <Told>(path: string, body: object): Promise<Told> =>
  expected(201, await city.as('admin').post<Told>(path, body));
const make = (path: string, body: Body, other: Body | null) => (): Promise<Ready> =>
  Promise.resolve({ path, body, other });

async function newDepartment(): Promise<string> {
  const id = `dp-${randomUUID().slice(0, 8)}`;
  const unit = {
    id,
    kind: 'DEPARTMENT',
    name: `新设${id}`,
    parentId: 'di-qinghe',
    effectiveFrom: '2025-01-01',
  };
  const { position } = await admin<{ position: string }>('/v1/org-units', { orgUnits: [unit] });
  city.sawWrite(position);
  return id;
}
const endDepartment = async (id: string): Promise<void> => {
  const merged = { unitIds: [id], into: { id: 'dp-urban-management' }, from: today() };
  city.sawWrite((await admin<{ position: string }>('/v1/org-units/merge', merged)).position);
};

/** A department that is no more, with a task. */
async function endedWithTask(): Promise<{ id: string; departmentId: string; taskId: string }> {
  const departmentId = await newDepartment();
  const { id } = await live(city, 'FILED');
  const summons = { ...whistle, lead: departmentId };
  const { tasks } = expected(
    201,
    await city.as('street').post<Whistled>(`/v1/incidents/${id}/whistles`, summons),
  );
  await endDepartment(departmentId);
  await city.as('admin').get(`/v1/departments/${departmentId}/queue`);
  return { id, departmentId, taskId: tasks[0]?.taskId ?? '' };
}

const document = (path: string): Command => ({
  who: 'admin',
  ready: async () => {
    const { items } = expected(200, await city.as('admin').get<{ items: Body[] }>(path));
    const { version: _, ...contents } = items[0] ?? {};
    const named = (name: string): Body => ({
      ...{ ...contents, name: path.endsWith('metric-definitions') ? { zh: name, en: name } : name },
    });
    return { path, body: named('再次'), other: named('又一次') };
  },
});

const water = '/v1/departments/dp-water';
const webhooks = `${water}/webhooks`;
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9';
async function newWebhook(): Promise<string> {
  const body = { url: `${nowhere}/${randomUUID()}` };
  return expected(201, await city.as('water').post<{ id: string }>(webhooks, body)).id;
}
const ofWebhook = (act: string, body: Body, other: Body | null, first?: string): Omit<Command, 'who'> => ({
  ready: async () => {
    const path = `${webhooks}/${await newWebhook()}`;
    if (first !== undefined) expected(200, await city.as('water').post(`${path}/${first}`));
    return { path: `${path}${act}`, body, other };
  },
});
const newKey = async (): Promise<string> => {
  const wanted = { label: '系统', role: 'department', orgUnitId: 'dp-water', expiresInDays: 30 };
  return (await admin<{ id: string }>('/v1/api-keys', wanted)).id;
};

/** A group of its own, with two items. */
async function newGroup(): Promise<{ path: string; lease: () => Promise<string[]> }> {
  const name = randomUUID().slice(0, 20).replaceAll('-', '0');
  const groups = `${water}/consumer-groups`;
  const { position } = expected(
    200,
    await city.as('water').get<{ position: string }>(`${water}/dispatches?limit=200`),
  );
  expected(200, await city.as('water').post(groups, { name, after: position, maxDeliveries: 1 }));
  for (let n = 0; n < 2; n += 1) {
    const { id } = await live(city, 'FILED');
    expected(
      201,
      await city.as('street').post(`/v1/incidents/${id}/whistles`, { ...whistle, lead: 'dp-water' }),
    );
  }
  expected(200, await city.as('water').get(`${water}/dispatches`));
  const path = `${groups}/${name}`;
  const lease = async (): Promise<string[]> => {
    const body = { max: 2 };
    const answer = await city.as('water').post<{ items: { deliveryId: string }[] }>(`${path}/lease`, body);
    return expected(200, answer).items.map(({ deliveryId }) => deliveryId);
  };
  return { path, lease };
}
const inGroup = (act: string, more: Body, more2: Body): Command => ({
  who: 'water',
  ready: async () => {
    const { path, lease } = await newGroup();
    const [one, other] = await lease();
    return {
      path: `${path}/${act}`,
      body: { deliveryIds: [one], ...more },
      other: { deliveryIds: [other], ...more2 },
    };
  },
});
const byLease = (act: string, body: Body, other: Body | null): Command => ({
  who: 'fire',
  ready: async () => {
    const { id } = await live(city, 'FILED');
    expected(
      201,
      await city.as('street').post(`/v1/incidents/${id}/whistles`, { ...whistle, lead: 'dp-fire' }),
    );
    const leases = '/v1/departments/dp-fire/leases';
    await city.as('fire').get('/v1/departments/dp-fire/dispatches');
    const answer = await city.as('fire').post<{ items: { leaseId: string }[] }>(leases, { max: 1 });
    return { path: `${leases}/${expected(200, answer).items[0]?.leaseId}/${act}`, body, other };
  },
});

const group = '/v1/departments/{id}/consumer-groups/{group}';
const lease = '/v1/departments/{id}/leases/{leaseId}';
const webhook = '/v1/departments/{id}/webhooks/{webhookId}';
const day = 24 * 3_600_000;

const commands: Readonly<Record<string, Command>> = {
  'POST /v1/org-units': {
    who: 'admin',
    ready: () => {
      const park = { id: 'es-again', kind: 'ESTATE', parentId: 'co-liuyin', effectiveFrom: today() };
      const named = (name: string): Body => ({ orgUnits: [{ ...park, name }] });
      return Promise.resolve({ path: '/v1/org-units', body: named('甲里'), other: named('乙里') });
    },
  },
  'POST /v1/org-units/rename': {
    who: 'admin',
    ready: make(
      '/v1/org-units/rename',
      { id: 'dp-water', name: '新水务局', from: today() },
      { id: 'dp-water', name: '水务局', from: today() },
    ),
  },
  'POST /v1/org-units/merge': {
    who: 'admin',
    ready: async () => {
      const id = await newDepartment();
      const into = (target: string): Body => ({ unitIds: [id], into: { id: target }, from: today() });
      return { path: '/v1/org-units/merge', body: into('dp-water'), other: into('dp-gas') };
    },
  },
  'POST /v1/org-units/split': {
    who: 'admin',
    ready: async () => {
      const id = await newDepartment();
      const into = (name: string): Body => ({
        ...{ id, from: today() },
        into: ['a', 'b'].map((half) => ({ id: `${id}-${half}`, name: `${name}${half}` })),
      });
      return { path: '/v1/org-units/split', body: into('分'), other: into('拆') };
    },
  },
  'POST /v1/categories': {
    who: 'admin',
    ready: async () => {
      const { items } = expected(200, await city.as('admin').get<{ items: Body[] }>('/v1/categories'));
      const weighing = (weight: number): Body => ({ categories: [{ ...items[0], weight }] });
      return { path: '/v1/categories', body: weighing(2.25), other: weighing(3.75) };
    },
  },
  ...Object.fromEntries(
    ['catalogues', 'grid-maps', 'deadline-policies', 'ladders', 'calendars', 'metric-definitions'].map(
      (name) => [`POST /v1/${name}`, document(`/v1/${name}`)],
    ),
  ),
  'POST /v1/deadline-policies/{id}/move-open-deadlines': {
    who: 'admin',
    ready: make(
      '/v1/deadline-policies/default/move-open-deadlines',
      { reason: '新标准' },
      { reason: '新政策' },
    ),
  },
  'POST /v1/departments/{id}/transfer-open-tasks': {
    who: 'admin',
    ready: async () => ({
      path: `/v1/departments/${(await endedWithTask()).departmentId}/transfer-open-tasks`,
      ...{ body: { reason: '机构改革' }, other: { reason: '撤并' } },
    }),
  },
  'POST /v1/incidents/{id}/tasks/{taskId}/transfer': {
    who: 'admin',
    ready: async () => {
      const { id, taskId } = await endedWithTask();
      const body = { to: 'dp-urban-management', reason: '机构改革' };
      return {
        path: `/v1/incidents/${id}/tasks/${taskId}/transfer`,
        body,
        other: { ...body, reason: '撤并' },
      };
    },
  },
  'POST /v1/subjects/{subjectId}/forget': {
    who: 'admin',
    ready: async () => {
      const reporter = { name: '王小明', phone: '13900001111' };
      const { id } = expected(
        201,
        await city.as('resident').post<Reported>('/v1/incidents', { ...report, reporter }),
      );
      const view = await city.as('admin').get<{ reporter: { subjectIds: string[] } }>(`/v1/incidents/${id}`);
      const [subjectId] = expected(200, view).reporter.subjectIds;
      return { path: `/v1/subjects/${subjectId}/forget`, body: {}, other: null };
    },
    sameForAll: true,
  },
  'POST /v1/api-keys': {
    who: 'admin',
    ready: make(
      '/v1/api-keys',
      { label: '甲系统', role: 'department', orgUnitId: 'dp-water' },
      { label: '乙系统', role: 'department', orgUnitId: 'dp-water' },
    ),
    notAgain: ['key'],
  },
  'POST /v1/api-keys/{id}/rotate': {
    who: 'admin',
    ready: async () => ({
      path: `/v1/api-keys/${await newKey()}/rotate`,
      ...{ body: { overlapHours: 1 }, other: { overlapHours: 2 } },
    }),
    notAgain: ['key'],
  },
  'DELETE /v1/api-keys/{id}': {
    who: 'admin',
    ready: async () => ({ path: `/v1/api-keys/${await newKey()}`, body: {}, other: null }),
    sameForAll: true,
  },
  'POST /v1/departments/{id}/webhooks': {
    who: 'water',
    ready: make(webhooks, { url: `${nowhere}/one` }, { url: `${nowhere}/other` }),
    notAgain: ['secret'],
  },
  [`DELETE ${webhook}`]: { who: 'water', ...ofWebhook('', {}, null) },
  [`POST ${webhook}/rotate`]: {
    who: 'water',
    ...ofWebhook('/rotate', { overlapHours: 1 }, { overlapHours: 2 }),
    notAgain: ['secret'],
  },
  [`POST ${webhook}/disable`]: { who: 'water', ...ofWebhook('/disable', {}, null), sameForAll: true },
  [`POST ${webhook}/enable`]: {
    who: 'water',
    ...ofWebhook('/enable', {}, null, 'disable'),
    sameForAll: true,
  },
  [`POST ${webhook}/redeliver`]: {
    who: 'water',
    ready: async () => {
      const { items } = expected(
        200,
        await city.as('water').get<{ items: { sequence: string }[] }>(`${water}/dispatches?limit=200`),
      );
      const url = `${nowhere}/${randomUUID()}`;
      const { id } = expected(201, await city.as('water').post<{ id: string }>(webhooks, { url }));
      const [first, second] = items.map(({ sequence }) => sequence);
      return {
        path: `${webhooks}/${id}/redeliver`,
        body: { from: first },
        other: { from: first, to: second },
      };
    },
  },
  'POST /v1/departments/{id}/consumer-groups': {
    who: 'water',
    ready: make(`${water}/consumer-groups`, { name: 'twice' }, { name: 'twice', after: '1' }),
  },
  [`POST ${group}/lease`]: {
    who: 'water',
    ready: async () => ({
      path: `${(await newGroup()).path}/lease`,
      ...{ body: { max: 1 }, other: { max: 2 } },
    }),
  },
  [`POST ${group}/ack`]: { ...inGroup('ack', {}, {}), sameForAll: true },
  [`POST ${group}/nack`]: { ...inGroup('nack', { delaySeconds: 9 }, {}), sameForAll: true },
  [`POST ${group}/extend`]: inGroup('extend', { visibilitySeconds: 99 }, {}),
  [`POST ${group}/dead-letters/redrive`]: {
    who: 'water',
    ready: async () => {
      const { path, lease: take } = await newGroup();
      const deliveryIds = await take();
      expected(200, await city.as('water').post(`${path}/nack`, { deliveryIds }));
      // One delivery was all: they are buried by whoever looks.
      await take();
      return { path: `${path}/dead-letters/redrive`, body: {}, other: { positions: [] } };
    },
  },
  'POST /v1/departments/{id}/leases': {
    who: 'gas',
    ready: async () => {
      for (let n = 0; n < 3; n += 1) {
        const { id } = await live(city, 'FILED');
        const summons = { ...whistle, lead: 'dp-gas' };
        expected(201, await city.as('street').post(`/v1/incidents/${id}/whistles`, summons));
      }
      await city.as('gas').get('/v1/departments/dp-gas/dispatches');
      return { path: '/v1/departments/dp-gas/leases', body: { max: 1 }, other: { max: 2 } };
    },
  },
  [`POST ${lease}/ack`]: { ...byLease('ack', {}, null), sameForAll: true },
  [`POST ${lease}/nack`]: {
    ...byLease('nack', { delaySeconds: 1_000 }, { delaySeconds: 2_000 }),
    sameForAll: true,
  },
  [`POST ${lease}/extend`]: byLease(
    'extend',
    { visibilityTimeoutSeconds: 60 },
    { visibilityTimeoutSeconds: 90 },
  ),
  'POST /v1/simulations': {
    who: 'oversight',
    ready: async () => {
      const { items } = expected(200, await city.as('admin').get<{ items: Body[] }>('/v1/deadline-policies'));
      const { version: _, ...deadlinePolicy } = items[0] ?? {};
      const from = new Date(Date.now() - day).toISOString();
      const body = { from, to: new Date().toISOString(), deadlinePolicy };
      return {
        path: '/v1/simulations',
        body,
        other: { ...body, to: new Date(Date.now() - 1_000).toISOString() },
      };
    },
    // It goes on meanwhile.
    notAgain: ['state', 'startedAt', 'endedAt', 'knownAt', 'progress', 'report'],
  },
};

/** Is about the task of who assists. */
const aboutTheAssist = /\/release(\/request)?$/;
/** Doors whose other body has no other words, or that take one body alone. */
const otherwise: Readonly<Record<string, object | 'none'>> = {
  '/v1/incidents/{id}/whistles/{whistleId}/evaluate': { score: 4 },
  '/v1/incidents/{id}/tasks/{taskId}/return/decide': { newUnit: 'dp-water' },
  '/v1/incidents/{id}/tasks/{taskId}/extension/decide': { grant: false },
  '/v1/incidents/{id}/feedback': { satisfaction: 'DISSATISFIED' },
  ...Object.fromEntries(
    ['file', 'tasks/{taskId}/acknowledge', 'tasks/{taskId}/arbitration', 'close', 'reporter/forget'].map(
      (command) => [`/v1/incidents/{id}/${command}`, 'none'],
    ),
  ),
};

const ofIncident = (path: string): Command => {
  const door = doors[path]!;
  return {
    who: door.who,
    ready: async () => {
      const on = door.on === null ? lives.FILED : await live(city, door.on);
      const life = aboutTheAssist.test(path) ? { ...on, taskId: on.assistId } : on;
      const body = bodyOf(door, life, lives);
      const text = ['reason', 'note', 'notice', 'basis', 'response', 'description'].find(
        (name) => name in body,
      );
      const change = otherwise[path] ?? { [text ?? 'note']: '另有说明' };
      const other = change === 'none' ? null : { ...body, ...change };
      return { path: pathOf(path, life), body, other };
    },
  };
};

const operations = Object.keys(ACCESS_POLICY).filter((operation) =>
  /^(POST|PUT|PATCH|DELETE) /.test(operation),
);
const isDoor = (operation: string): boolean => operation.startsWith('POST ') && operation.slice(5) in doors;
const commandOf = (operation: string): Command =>
  commands[operation] ?? ofIncident(operation.slice('POST '.length));

test('every command is sent again here, or has no key', () => {
  const missing = operations.filter(
    (operation) => !(operation in commands) && !(operation in without) && !isDoor(operation),
  );
  expect(missing).toEqual([]);
  const unknown = [...Object.keys(commands), ...Object.keys(without)].filter(
    (one) => !operations.includes(one),
  );
  expect(unknown).toEqual([]);
});

const isReplay = ({ headers }: Answer<unknown>): boolean => headers.get('idempotency-replayed') === 'true';
const isGood = ({ status }: Answer<unknown>): boolean => status < 300;

describe.each(operations.filter((operation) => !(operation in without)))('%s', (operation) => {
  const { who, ready, notAgain = [], sameForAll = false } = commandOf(operation);
  const method = operation.startsWith('DELETE') ? 'delete' : 'post';

  /** Without what is told once. */
  const lasting = (answer: Answer<Body & Problem>): Answer<Body> => ({
    ...answer,
    body: Object.fromEntries(Object.entries(answer.body ?? {}).filter(([name]) => !notAgain.includes(name))),
  });

  test('has one effect and one answer, however often it is sent; another account and another body are others', async () => {
    const { path, body, other } = await ready();
    const key = `twice ${randomUUID()}`;
    const wait = { headers: { 'Shaoying-Min-Position': city.position } };
    const send = (by: Caller, sent: Body = body): Promise<Answer<Body & Problem>> =>
      method === 'delete' ? by.delete(path, { key, ...wait }) : by.post(path, sent, { key, ...wait });
    const own = city.as(who);

    const atOnce = await Promise.all(Array.from({ length: 5 }, () => send(own)));
    for (const answer of atOnce.filter((each) => !isGood(each)))
      expectProblem(answer, 409, 'COMMAND_IN_PROGRESS');
    const firsts = atOnce.filter((answer) => isGood(answer) && !isReplay(answer));
    expect(firsts).toHaveLength(1);
    const first = lasting(firsts[0]!);
    for (const again of atOnce.filter(isReplay)) expectReplayOf(first, lasting(again));
    expectReplayOf(first, lasting(await send(own)));

    const { role, org } = people[who];
    const colleague = await send(await city.withRole(role, org));
    if (!sameForAll) expect(isReplay(colleague)).toBe(false);
    expect(colleague.status).toBeLessThan(500);
    expectReplayOf(first, lasting(await send(own)));

    // The incident goes on.
    if (path.startsWith('/v1/incidents/')) {
      const [id, reason] = [path.split('/')[3] ?? '', { reason: '情况有变' }];
      for (const act of ['void', 'reopen', 'merge', 'suspend'])
        await city.as('supervision').post(`/v1/incidents/${id}/${act}`, reason);
      expectReplayOf(first, lasting(await send(own)));
    }
    if (other === null) return;
    const refused = await send(own, other);
    expectProblem(refused, 422, 'IDEMPOTENCY_KEY_REUSED');
    expectReplayOf(first, lasting(await send(own)));
  });
});
