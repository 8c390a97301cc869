import { City, type PersonName, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { blowWhistle, expected } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';

interface Delivery {
  readonly deliveryId: string;
  readonly deliveries: number;
  readonly leasedUntil: string;
  readonly event: { readonly type: string; readonly subject: string; readonly sequence: string };
}
interface Settled {
  readonly settled: readonly string[];
  readonly lost: readonly string[];
}

const newHome = useServerHomes(inOneProcess);
let city: City;

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
});

expectDeclaredAnswers(() => city);

const groupsOf = (department: string): string => `/v1/departments/${department}/consumer-groups`;
const water = groupsOf('dp-water');

async function ask<Answer>(who: PersonName, path: string, body: object = {}): Promise<Answer> {
  return expected(200, await city.as(who).post<Answer>(path, body));
}
const make = (name: string, more: object = {}) => ask('water', water, { name, ...more });
const lease = async (group: string, more: object = {}): Promise<readonly Delivery[]> =>
  (await ask<{ items: Delivery[] }>('water', `${water}/${group}/lease`, { waitSeconds: 10, ...more })).items;
const settle = (
  group: string,
  act: string,
  items: readonly Delivery[],
  more: object = {},
): Promise<Settled> =>
  ask('water', `${water}/${group}/${act}`, {
    deliveryIds: items.map(({ deliveryId }) => deliveryId),
    ...more,
  });
const subjectsOf = (items: readonly Delivery[]): string[] => items.map(({ event }) => event.subject);

test('the systems of a department share its dispatches, each group gets all of them', async () => {
  expect(await make('crews')).toEqual({
    items: [
      expect.objectContaining({
        name: 'crews',
        position: '0',
        maxDeliveries: 10,
        leased: 0,
        waiting: 0,
        dead: 0,
      }),
    ],
  });
  const waiting = lease('crews');
  const first = await blowWhistle(city, { lead: 'dp-water' });
  const second = await blowWhistle(city, { lead: 'dp-water' });
  const one = await waiting;
  const other = one.length === 2 ? [] : await lease('crews');
  const all = [...one, ...other];
  expect(subjectsOf(all)).toEqual([`incidents/${first.id}`, `incidents/${second.id}`]);
  expect(all.every(({ event, deliveries }) => event.type.endsWith('.dispatched') && deliveries === 1)).toBe(
    true,
  );
  expect(await settle('crews', 'ack', all)).toEqual({
    ...{ settled: all.map(({ deliveryId }) => deliveryId), lost: [] },
  });
  await make('map');
  expect(subjectsOf(await lease('map'))).toEqual(subjectsOf(all));
  expect(await lease('crews', { waitSeconds: 0 })).toEqual([]);
});

test('what is given back comes again; too often, and it is a dead letter that can be delivered again', async () => {
  await make('strict', { maxDeliveries: 1 });
  const [item, ...more] = await lease('strict', { max: 1 });
  expect(more).toEqual([]);
  const taken = item ? [item] : [];
  expect(await settle('strict', 'extend', taken, { visibilitySeconds: 60 })).toMatchObject({ lost: [] });
  expect(await settle('strict', 'nack', taken)).toMatchObject({ lost: [] });
  await lease('strict');
  const letters = expected(
    200,
    await city
      .as('oversight')
      .get<{ items: { position: string; event: object }[] }>(`${water}/strict/dead-letters`),
  );
  expect(letters).toMatchObject({
    items: [{ position: item?.event.sequence, deliveries: 1, event: item?.event }],
  });
  expect(await ask('water', `${water}/strict/dead-letters/redrive`)).toEqual({
    redriven: [item?.event.sequence],
  });
  expect(await lease('strict', { max: 1 })).toMatchObject([{ deliveries: 1, event: item?.event }]);
  expect(await settle('strict', 'ack', taken)).toMatchObject({ settled: [], lost: [item?.deliveryId] });
});

test('nobody works for another department, and what is no group, no lease or too much is refused', async () => {
  const as = (who: PersonName, path: string, body: object = {}) => city.as(who).post<Problem>(path, body);
  expectProblem(await as('gas', `${water}/crews/lease`), 403, 'DEPARTMENT_NOT_YOURS');
  expectProblem(await as('oversight', `${water}/crews/lease`), 403, 'ROLE_NOT_PERMITTED');
  expectProblem(await city.anonymous.post<Problem>(`${water}/crews/lease`, {}), 401, 'TOKEN_MISSING');
  for (const group of ['nobody', 'No%20Body', '..%2f..', 'x'.repeat(60)])
    expectProblem(await as('water', `${water}/${group}/lease`), 404, 'CONSUMER_GROUP_NOT_FOUND');
  const bad: readonly (readonly [path: string, body: object])[] = [
    [water, { name: 'Großes' }],
    [water, { name: 'x', after: '-1' }],
    [water, { name: 'x', maxDeliveries: 0 }],
    [`${water}/crews/lease`, { max: 101 }],
    [`${water}/crews/lease`, { waitSeconds: 21 }],
    [`${water}/crews/lease`, { visibilitySeconds: 0.5 }],
    [`${water}/crews/ack`, { deliveryIds: [] }],
    [`${water}/crews/ack`, { deliveryIds: ['1'] }],
    [`${water}/crews/nack`, { deliveryIds: 'all' }],
    [`${water}/crews/dead-letters/redrive`, { positions: ['x'] }],
  ];
  for (const [path, body] of bad) expectProblem(await as('water', path, body), 400, 'VALIDATION_FAILED');
  // Cursors are the caller's text, and longer ones than a position can be are none.
  for (const place of ['9'.repeat(19), '-1', 5]) {
    const cursor = Buffer.from(JSON.stringify(place)).toString('base64url');
    const letters = `${water}/crews/dead-letters?cursor=${cursor}`;
    expectProblem(await city.as('water').get<Problem>(letters), 400, 'INVALID_CURSOR');
  }
  // A street can be whistled to, as a department can; a community cannot.
  for (const [unit, code] of [
    ['st-hepan', 'CONSUMER_GROUP_NOT_FOUND'],
    ['co-liuyin', 'DEPARTMENT_NOT_FOUND'],
  ] as const) {
    const path = `${groupsOf(unit)}/crews/dead-letters`;
    expectProblem(await city.as('oversight').get<Problem>(path), 404, code);
  }
});

test('a group that is forgotten is gone', async () => {
  const names = async (): Promise<string[]> =>
    expected(200, await city.as('water').get<{ items: { name: string }[] }>(water)).items.map(
      ({ name }) => name,
    );
  expect(await names()).toEqual(['crews', 'map', 'strict']);
  const address = `${city.url}${water}/map`;
  const headers = { Authorization: `Bearer ${city.as('water').token ?? ''}` };
  expect((await fetch(address, { method: 'DELETE', headers })).status).toBe(204);
  expect((await fetch(address, { method: 'DELETE', headers })).status).toBe(404);
  expect(await names()).toEqual(['crews', 'strict']);
});

describe('a department that makes no group', () => {
  interface Leased {
    readonly leaseId: string;
    readonly deliveries: number;
    readonly leasedUntil: string;
    readonly event: Delivery['event'];
  }
  const gas = '/v1/departments/dp-gas/leases';
  const leased = async (more: object = {}): Promise<readonly Leased[]> =>
    (await ask<{ items: Leased[] }>('gas', gas, more)).items;
  const act = (leaseId: string, verb: string, body: object = {}) =>
    city.as('gas').post<Problem>(`${gas}/${leaseId}/${verb}`, body);

  test('leases its dispatches, keeps them, gives them back and acknowledges them one by one', async () => {
    expect(await leased()).toEqual([]);
    const waiting = leased({ max: 5, visibilityTimeoutSeconds: 60, waitSeconds: 20 });
    const { id } = await blowWhistle(city, { lead: 'dp-gas' });
    const [item, ...more] = await waiting;
    expect(more).toEqual([]);
    expect(item).toMatchObject({ deliveries: 1, event: { subject: `incidents/${id}` } });
    const { leaseId = '' } = item ?? {};
    expect(await leased()).toEqual([]);
    expect(expected(200, await act(leaseId, 'extend', { visibilityTimeoutSeconds: 120 }))).toEqual({
      leaseId,
    });
    expect(expected(200, await act(leaseId, 'nack', { delaySeconds: 0 }))).toEqual({ leaseId });
    const [again] = await leased();
    expect(again).toMatchObject({ deliveries: 2, event: item?.event });
    // The lease of before has ended; nobody ends another one by it.
    for (const verb of ['ack', 'extend']) expectProblem(await act(leaseId, verb), 404, 'LEASE_NOT_FOUND');
    const second = again?.leaseId ?? '';
    expect(expected(200, await act(second, 'ack'))).toEqual({ leaseId: second });
    // Whoever did not hear it is told again; what is done is not given back.
    expect(expected(200, await act(second, 'ack'))).toEqual({ leaseId: second });
    expectProblem(await act(second, 'nack'), 404, 'LEASE_NOT_FOUND');
    expect(await leased()).toEqual([]);
  });

  test('has the group default, whose dead letters are shown and delivered again like those of any', async () => {
    const groups = groupsOf('dp-gas');
    const { items } = expected(200, await city.as('gas').get<{ items: object[] }>(groups));
    expect(items).toMatchObject([{ name: 'default', maxDeliveries: 10, leased: 0, waiting: 0, dead: 0 }]);
    expect(await ask('gas', `${groups}/default/dead-letters/redrive`)).toEqual({ redriven: [] });
  });

  test('has it begin where it was made to, where it was made before', async () => {
    const fire = '/v1/departments/dp-fire';
    await blowWhistle(city, { lead: 'dp-fire' });
    const { position } = expected(
      200,
      await city.as('oversight').get<{ position: string }>(`${fire}/dispatches`),
    );
    await ask('fire', `${fire}/consumer-groups`, { name: 'default', after: position });
    expect(await ask('fire', `${fire}/leases`)).toEqual({ items: [] });
  });

  test.each(['none', '..%2f..', '1-00000000-0000-4000-8000-000000000000', `${'9'.repeat(20)}-x`])(
    'is refused %s as no lease',
    async (leaseId) => {
      for (const verb of ['ack', 'nack', 'extend'])
        expectProblem(await act(leaseId, verb), 404, 'LEASE_NOT_FOUND');
    },
  );

  test('is refused what it may not ask for, and nobody leases for another one', async () => {
    for (const body of [
      { max: 0 },
      { max: 101 },
      { waitSeconds: 21 },
      { visibilityTimeoutSeconds: 0 },
      { x: 1 },
    ])
      expectProblem(await city.as('gas').post<Problem>(gas, body), 400, 'VALIDATION_FAILED');
    expectProblem(await city.as('water').post<Problem>(gas, {}), 403, 'DEPARTMENT_NOT_YOURS');
    expectProblem(await city.as('oversight').post<Problem>(gas, {}), 403, 'ROLE_NOT_PERMITTED');
  });
});
