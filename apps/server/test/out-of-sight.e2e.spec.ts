import type { EventStore } from '@shaoying/event-store';
import { ROLES, type Role } from '@shaoying/identity';
import { ACCESS_POLICY, sightOfRole } from '@shaoying/incident-application';
import { City, type Answer, type Caller, type Problem } from './kit/city.js';
import { bodyOf, doors, pathOf, type Lives } from './kit/doors.js';
import {
  act,
  expected,
  fileIncident,
  report,
  whistle,
  type Reported,
  type Whistled,
} from './kit/incident-steps.js';
import { live, NOWHERE, type Life, type Stage } from './kit/lives.js';
import { expectProblem } from './kit/problems.js';
import { recipes } from './kit/reads.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';

// What lies outside a caller's sight is told like what does not exist, and no way round leads to it.

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let city: City;
let log: EventStore;
/** Of 河畔街道, whistled to 城市管理局 and 水务局. */
let life: Life;

const elsewhere = [
  { id: 'di-donghu', kind: 'DISTRICT', name: '东湖区', parentId: 'ct-lindong', effectiveFrom: '2025-01-01' },
];

beforeAll(async () => {
  home = await newHome();
  city = await City.of(home, await home.start());
  log = await home.openLog();
  expected(201, await city.as('admin').post('/v1/org-units', { orgUnits: elsewhere }));
  life = await live(city, 'CHECKED_IN');
});

/** Runs what must be refused, and sees that the log has not grown by it. */
async function addsNothing(refused: () => Promise<unknown>): Promise<void> {
  const before = await log.head();
  await refused();
  expect(await log.head()).toBe(before);
}

const strangers: Readonly<Record<string, string>> = {
  ...{
    STREET: 'st-gulou',
    COMMUNITY: 'co-zhonglou',
    TASKS: 'dp-gas',
    DISTRICT: 'di-donghu',
    NOTHING: 'st-hepan',
  },
};
const strangerOf = (role: Role): string => strangers[sightOfRole[role]] ?? 'ct-lindong';

const absent = '0f6dd1a2-5f3c-5e0b-9d7e-3f1f0c2b7a11';

/** All of an answer that tells something: not when it came, nor the address that was asked. */
function told({ status, headers, body }: Answer<Problem>): object {
  const { instance, requestId: _, ...rest } = body as Problem & { requestId?: string };
  const changing = ['date', 'content-length', 'x-request-id', 'keep-alive', 'connection'];
  return {
    status,
    headers: [...headers].filter(([name]) => !changing.includes(name)),
    problem: rest,
    instance: instance.replace(life.id, '{id}').replace(absent, '{id}'),
  };
}

const incidentOperations = Object.keys(ACCESS_POLICY).filter((operation) =>
  operation.includes('/v1/incidents/{id}'),
);
const staleRevision = { 'If-Match': '"999"' };

function ask(
  caller: Caller,
  operation: string,
  id: string,
  headers = {},
  more = {},
): Promise<Answer<Problem>> {
  const asked = { ...life, id };
  const [method = '', path = ''] = operation.split(' ');
  if (method === 'GET') return caller.get<Problem>(recipes[operation]!.path(asked), headers);
  const merging = { FEEDBACK: { id: NOWHERE } } as Partial<Record<Stage, { id: string }>> as Lives;
  const { receiptCode: _, ...body } = bodyOf(doors[path]!, life, merging);
  return caller.post<Problem>(pathOf(path, asked), { ...body, ...more }, { headers });
}

describe.each(incidentOperations)('%s', (operation) => {
  const { grants, anybody } = ACCESS_POLICY[operation]!;

  test('says the same of an incident out of sight and of none, whoever asks', () =>
    addsNothing(async () => {
      for (const role of ROLES) {
        if (sightOfRole[role] === 'ALL' && grants?.[role] !== undefined) continue;
        const caller = await city.withRole(role, strangerOf(role));
        for (const headers of [{}, staleRevision]) {
          const hidden = await ask(caller, operation, life.id, headers);
          expect(told(hidden)).toEqual(told(await ask(caller, operation, absent, headers)));
          const needsCode = grants?.[role] === 'RECEIPT';
          const code = grants?.[role] === undefined ? 'ROLE_NOT_PERMITTED' : 'INCIDENT_NOT_FOUND';
          expect(hidden.body.code).toBe(needsCode ? 'RECEIPT_CODE_REQUIRED' : code);
        }
      }
    }));

  if (anybody === 'RECEIPT') {
    test('says the same of a code that does not fit and of an incident that does not exist', () =>
      addsNothing(async () => {
        const wrong = { receiptCode: 'AAAA-BBBB-CCCC-DDDD' };
        for (const caller of [city.anonymous, city.as('resident')]) {
          for (const headers of [{}, staleRevision]) {
            const hidden = await ask(caller, operation, life.id, headers, wrong);
            expect(told(hidden)).toEqual(told(await ask(caller, operation, absent, headers, wrong)));
            expectProblem(hidden, 403, 'RECEIPT_CODE_WRONG');
          }
        }
      }));
  }
});

describe('no way round', () => {
  const idsIn = async (caller: Caller, path: string): Promise<string[]> => {
    const page = await caller.get<{ items: { id: string }[] }>(path);
    return expected(200, page).items.map(({ id }) => id);
  };
  const cursorOf = (place: object): string => Buffer.from(JSON.stringify(place)).toString('base64url');

  test('a cursor of somebody who sees everything, or a made up one, shows no more than one sees', async () => {
    const { id } = await fileIncident(city);
    const first = await city.as('oversight').get<{ nextCursor: string }>('/v1/incidents?limit=1');
    const theirs = expected(200, first).nextCursor;
    const madeUp = cursorOf({ reportedAt: '2199-12-31T23:59:59.000Z', id: 'z' });
    for (const cursor of [theirs, madeUp]) {
      const seen = await idsIn(city.as('otherStreet'), `/v1/incidents?limit=200&cursor=${cursor}`);
      expect(seen).not.toContain(id);
      expect(seen).not.toContain(life.id);
    }
    expect(await idsIn(city.as('street'), `/v1/incidents?limit=200&cursor=${theirs}`)).toContain(life.id);
    const queue = '/v1/departments/dp-urban-management/queue?limit=200';
    const place = cursorOf({ notifiedAt: '2026-01-01T00:00:00.000Z', taskId: '0' });
    const { items } = expected(
      200,
      await city.as('otherStreet').get<{ items: { incidentId: string }[] }>(`${queue}&cursor=${place}`),
    );
    expect(items).toEqual([]);
  });

  test('no filter and no moment shows more than one sees', async () => {
    for (const filter of [
      'streetId=st-hepan',
      'departmentId=dp-urban-management',
      'communityId=co-liuyin',
      'q=3',
    ]) {
      expect(await idsIn(city.as('otherStreet'), `/v1/incidents?${filter}`)).not.toContain(life.id);
      expect(await idsIn(city.as('gas'), `/v1/incidents?${filter}`)).not.toContain(life.id);
    }
    const now = new Date().toISOString();
    for (const moment of [`asOf=${now}`, `knownAt=${now}`, `asOf=${now}&knownAt=${now}`]) {
      const answer = await city.as('otherStreet').get<Problem>(`/v1/incidents/${life.id}?${moment}`);
      expectProblem(answer, 404, 'INCIDENT_NOT_FOUND');
    }
  });

  test('the same Idempotency-Key of another person is another command', async () => {
    const options = { key: 'the-same-for-both' };
    const [one, two] = [
      expected(201, await city.as('street').post<Reported>('/v1/incidents', report, options)),
      expected(201, await city.as('streetLeader').post<Reported>('/v1/incidents', report, options)),
    ];
    expect(two.id).not.toBe(one.id);
    expect(two.receiptCode).not.toBe(one.receiptCode);
    const verified = await city
      .as('street')
      .post(`/v1/incidents/${one.id}/verify`, { note: '属实' }, options);
    expect(expected(200, verified)).toMatchObject({ state: 'VERIFYING' });
    await addsNothing(async () => {
      const path = `/v1/incidents/${one.id}/verify`;
      const again = await city.as('otherStreet').post<Problem>(path, { note: '属实' }, options);
      expectProblem(again, 404, 'INCIDENT_NOT_FOUND');
      expect(again.headers.get('idempotency-replayed')).toBeNull();
    });
  });

  test('a merge, or a report as a recurrence, tells of no incident elsewhere', async () => {
    const stranger = city.as('otherStreet');
    const there = { ...report, estateId: 'es-zhonglou-lane', location: { address: '钟楼里' }, file: true };
    const { id } = expected(201, await stranger.post<Reported>('/v1/incidents', there));
    await addsNothing(async () => {
      for (const [path, body] of [
        [`/v1/incidents/${id}/merge`, (into: string) => ({ into, reason: '同一处' })],
        ['/v1/incidents', (recurrenceOf: string) => ({ ...report, recurrenceOf })],
      ] as const) {
        const hidden = await stranger.post<Problem>(path, body(life.id));
        expectProblem(hidden, 422, 'UNKNOWN_INCIDENT');
        expect(told(hidden)).toEqual(told(await stranger.post<Problem>(path, body(absent))));
      }
    });
  });
});

describe('several roles', () => {
  test('one sees by those that the operation admits, not by any', async () => {
    const both = await city.withRoles(['callback', 'department'], 'dp-gas');
    expected(200, await both.get(`/v1/incidents/${life.id}`));
    // Callback reads no history, and the department has no part in it.
    expectProblem(
      await both.get<Problem>(`/v1/incidents/${life.id}/events`),
      ...([404, 'INCIDENT_NOT_FOUND'] as const),
    );
    const arbiter = await city.withRoles(['arbitrator', 'department'], 'dp-gas');
    const explained = await arbiter.get('/v1/metrics/check-in-on-time/explain');
    expect(expected(200, explained)).toBeDefined();
    expect(explained.text).not.toContain(life.id);
  });

  test('one sees what either role sees', async () => {
    const both = await city.withRoles(['street-office', 'department'], 'dp-urban-management');
    expected(200, await both.get(`/v1/incidents/${life.id}`));
    const list = await both.get('/v1/incidents?state=HANDLING&limit=200');
    expect(list.text).toContain(life.id);
    const queue = await both.get('/v1/departments/dp-urban-management/queue?limit=200');
    expect(queue.text).toContain(life.id);
    expected(200, await both.get('/v1/departments/dp-urban-management/dispatches'));
  });
});

describe('what belongs to whom', () => {
  test('a street that is whistled to in reverse sees what it has to handle, in another street too', async () => {
    const { id } = await live(city, 'CHECKED_IN');
    const street = city.as('otherStreet');
    expectProblem(await street.get<Problem>(`/v1/incidents/${id}`), 404, 'INCIDENT_NOT_FOUND');
    const body = { kind: 'PUBLIC_DEMAND', lead: 'st-gulou', reason: '跨街道协调' };
    const blown = await city.as('urbanManagement').post<Whistled>(`/v1/incidents/${id}/whistles`, body);
    const taskId = expected(201, blown).tasks[0]?.taskId ?? '';
    expected(200, await street.get(`/v1/incidents/${id}`));
    expect((await street.get('/v1/incidents?state=HANDLING&limit=200')).text).toContain(id);
    await act(city, 'otherStreet', id, `tasks/${taskId}/check-in`);
    // Its task is its own; the incident is not.
    await addsNothing(async () => {
      const voided = await street.post<Problem>(`/v1/incidents/${id}/void`, { reason: '重复' });
      expectProblem(voided, 403, 'INCIDENT_NOT_YOURS');
    });
  });

  test('what lies in a street and in no known community is no community’s to see', async () => {
    const nameless = { ...report, estateId: undefined, location: { address: '河边步道' }, file: true };
    const { id } = expected(201, await city.as('street').post<Reported>('/v1/incidents', nameless));
    expected(200, await city.as('street').get(`/v1/incidents/${id}`));
    for (const who of ['community', 'otherGridWorker'] as const) {
      expectProblem(await city.as(who).get<Problem>(`/v1/incidents/${id}`), 404, 'INCIDENT_NOT_FOUND');
      expect((await city.as(who).get('/v1/incidents?state=FILED&limit=200')).text).not.toContain(id);
    }
  });

  test('what was merged into an incident of one’s street is seen, and can be taken out again', async () => {
    const there = { ...report, estateId: 'es-zhonglou-lane', location: { address: '钟楼里' }, file: true };
    const { id } = expected(201, await city.as('otherStreet').post<Reported>('/v1/incidents', there));
    const { id: into } = await fileIncident(city);
    const street = city.as('street');
    expectProblem(await street.get<Problem>(`/v1/incidents/${id}`), 404, 'INCIDENT_NOT_FOUND');
    await act(city, 'supervision', id, 'merge', { into, reason: '同一处' });
    expected(200, await street.get(`/v1/incidents/${id}`));
    expect(await act(city, 'street', id, 'unmerge', { reason: '并非同一处' })).toMatchObject({
      state: 'FILED',
    });
    expectProblem(await street.get<Problem>(`/v1/incidents/${id}`), 404, 'INCIDENT_NOT_FOUND');
  });

  test('a receipt tells its reporter nothing of what offices note about reporters and contest among themselves', async () => {
    const { id, receiptCode } = await live(city, 'APPEALED');
    const flagged = await act(city, 'street', id, 'flag-reporter', { reason: '多次不实上报' });
    const { flagId } = flagged as unknown as { readonly flagId: string };
    await act(city, 'supervision', id, `flag-reporter/${flagId}/decide`, { approve: true, reason: '属实' });
    interface Receipt {
      readonly history: readonly { readonly type: string }[];
    }
    const { history } = expected(200, await city.anonymous.get<Receipt>(`/v1/receipts/${receiptCode}`));
    const types = history.map(({ type }) => type);
    expect(types).toContain('IncidentClosed');
    expect(types.filter((type) => /Flag|Appeal|Score/.test(type))).toEqual([]);
  });

  test('oversight issues no order: it reads', () =>
    addsNothing(async () => {
      const path = `/v1/incidents/${life.id}/supervisions`;
      const ordered = await city.as('oversight').post<Problem>(path, { level: 'BLUE', reason: '久拖不决' });
      expectProblem(ordered, 403, 'ROLE_NOT_PERMITTED');
      expected(200, await city.as('oversight').get(`/v1/incidents/${life.id}/events`));
    }));
});

test('a department that is whistled to hears of it on its own feed only', async () => {
  const { id } = await fileIncident(city);
  expected(201, await city.as('street').post(`/v1/incidents/${id}/whistles`, whistle));
  const feedOf = (unit: string): string => `/v1/departments/${unit}/dispatches?after=0&limit=200`;
  expect((await city.as('urbanManagement').get(feedOf('dp-urban-management'))).text).toContain(id);
  expect((await city.as('gas').get(feedOf('dp-gas'))).text).not.toContain(id);
});
