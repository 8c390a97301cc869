import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { City, type Answer, type CallOptions, type PersonName, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { blowWhistle, expected } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { expectReplayOf } from './kit/replayed.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';

// A department's system on a bad network: answers get lost, and it asks again, also another server and after a crash.

interface Leased {
  readonly leaseId: string;
  readonly deliveryId: string;
  readonly deliveries: number;
  readonly event: { readonly subject: string };
}
interface LeasedItems {
  readonly items: readonly Leased[];
}
interface Settled {
  readonly settled: readonly string[];
  readonly lost: readonly string[];
}

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let server: Started;
let city: City;
/** The same, asked at another server of it. */
let elsewhere: City;

beforeAll(async () => {
  home = await newHome();
  server = await home.start();
  city = await City.of(home, server);
  elsewhere = await City.of(home, await home.start({ ROLES: 'api' }));
});

expectDeclaredAnswers(() => city);

const gas = '/v1/departments/dp-gas/leases';
const crews = '/v1/departments/dp-water/consumer-groups/crews';
const newKey = (): string => `repeated ${randomUUID()}`;

function post<Body>(
  path: string,
  body: object = {},
  options: CallOptions & { readonly at?: City; readonly who?: PersonName } = {},
): Promise<Answer<Body>> {
  const { at = city, who = path.includes('dp-gas') ? 'gas' : 'water', ...call } = options;
  return at.as(who).post<Body>(path, body, call);
}

const isReplay = ({ headers }: Answer<unknown>): boolean => headers.get('idempotency-replayed') === 'true';
/** Until they are in the feed. */
const dispatch = async (who: 'gas' | 'water', times: number): Promise<void> => {
  for (let n = 0; n < times; n += 1) await blowWhistle(city, { lead: `dp-${who}` });
  expected(200, await city.as(who).get(`/v1/departments/dp-${who}/dispatches`));
};
const lease = async (): Promise<Leased> => {
  const [item] = expected(200, await post<LeasedItems>(gas, { max: 1 })).items;
  if (item === undefined) throw new Error('nothing was lent');
  return item;
};

describe('one lease', () => {
  test('is acknowledged, given back and kept for longer as often as is asked, by any server, without a key', async () => {
    await dispatch('gas', 1);
    const given = await lease();
    for (const [nth, at] of [city, elsewhere, city].entries()) {
      const answer = await post<Leased>(`${gas}/${given.leaseId}/nack`, {}, { at });
      expect(expected(200, answer)).toEqual({ leaseId: given.leaseId });
      expect(isReplay(answer)).toBe(nth > 0);
    }
    const { leaseId, deliveries } = await lease();
    expect(deliveries).toBe(2);
    for (let nth = 0; nth < 2; nth += 1) {
      const kept = await post(`${gas}/${leaseId}/extend`, { visibilityTimeoutSeconds: 90 });
      expect(expected(200, kept)).toEqual({ leaseId });
    }
    // By the lease that was given back nobody ends the one that somebody has now.
    expectProblem(await post<Problem>(`${gas}/${given.leaseId}/ack`), 404, 'LEASE_NOT_FOUND');
    for (const [nth, at] of [city, elsewhere, city].entries()) {
      const answer = await post<Leased>(`${gas}/${leaseId}/ack`, {}, { at });
      expect(expected(200, answer)).toEqual({ leaseId });
      expect(isReplay(answer)).toBe(nth > 0);
    }
    for (const act of ['nack', 'extend'])
      expectProblem(await post<Problem>(`${gas}/${leaseId}/${act}`), 404, 'LEASE_NOT_FOUND');
    expect(expected(200, await post(gas))).toEqual({ items: [] });
  });

  test('that ran out and was lent to somebody else is not acknowledged, whatever is sent again', async () => {
    await dispatch('gas', 1);
    const key = newKey();
    const late = expected(200, await post<LeasedItems>(gas, { max: 1, visibilityTimeoutSeconds: 1 }))
      .items[0];
    await sleep(1_100);
    const other = await lease();
    expect(other.event.subject).toBe(late?.event.subject);
    for (const at of [city, elsewhere])
      expectProblem(
        await post<Problem>(`${gas}/${late?.leaseId}/ack`, {}, { at, key }),
        404,
        'LEASE_NOT_FOUND',
      );
    expected(200, await post(`${gas}/${other.leaseId}/ack`));
    expectProblem(await post<Problem>(`${gas}/${late?.leaseId}/ack`, {}, { key }), 404, 'LEASE_NOT_FOUND');
  });
});

describe('the same key', () => {
  test('is lent the same again by any server, byte for byte, and less of it once that is done', async () => {
    await dispatch('gas', 3);
    const [body, key] = [{ max: 2 }, newKey()];
    const first = await post<LeasedItems>(gas, body, { key });
    expect(expected(200, first).items).toHaveLength(2);
    expect(isReplay(first)).toBe(false);
    for (const at of [elsewhere, city]) {
      const again = await post<LeasedItems>(gas, body, { key, at });
      expectReplayOf(first, again);
      expect(again.text).toBe(first.text);
    }
    const [one, other] = first.body.items;
    expected(200, await post(`${gas}/${one?.leaseId}/ack`));
    const left = await post<LeasedItems>(gas, body, { key });
    expectReplayOf({ ...first, body: { items: other === undefined ? [] : [other] } }, left);
    expected(200, await post(`${gas}/${other?.leaseId}/ack`));
    expectReplayOf({ ...first, body: { items: [] } }, await post(gas, body, { key, at: elsewhere }));
    // A new key is another request.
    const third = expected(200, await post<LeasedItems>(gas, body, { key: newKey() })).items;
    expect(third).toHaveLength(1);
    expected(200, await post(`${gas}/${third[0]?.leaseId}/ack`));
  });

  test('settles as the first time, at one lease and in a group', async () => {
    await dispatch('gas', 1);
    const { leaseId } = await lease();
    for (const [act, body] of [
      ['extend', { visibilityTimeoutSeconds: 90 }],
      ['ack', {}],
    ] as const) {
      const key = newKey();
      const first = await post(`${gas}/${leaseId}/${act}`, body, { key });
      expected(200, first);
      for (const at of [elsewhere, city])
        expectReplayOf(first, await post(`${gas}/${leaseId}/${act}`, body, { key, at }));
    }
    const groups = '/v1/departments/dp-water/consumer-groups';
    const making = newKey();
    const made = await post<LeasedItems>(groups, { name: 'crews' }, { key: making });
    expected(200, made);
    await dispatch('water', 2);
    const { items } = expected(200, await post<LeasedItems>(`${crews}/lease`, { max: 2 }));
    const ids = items.map(({ deliveryId }) => deliveryId);
    expectReplayOf(made, await post(groups, { name: 'crews' }, { key: making, at: elsewhere }));
    const nobodys = '1-00000000-0000-4000-8000-000000000000';
    for (const [act, more] of [
      ['extend', { visibilitySeconds: 90 }],
      ['ack', {}],
    ] as const) {
      const [key, body] = [newKey(), { deliveryIds: [...ids, nobodys], ...more }];
      const first = await post<Settled>(`${crews}/${act}`, body, { key });
      expect(expected(200, first)).toEqual({ settled: ids, lost: [nobodys] });
      for (const at of [elsewhere, city])
        expectReplayOf(first, await post<Settled>(`${crews}/${act}`, body, { key, at }));
    }
  });

  test('with another body is refused, in both languages; of another caller it is another request', async () => {
    await dispatch('gas', 2);
    const key = newKey();
    const first = expected(200, await post<LeasedItems>(gas, { max: 1 }, { key })).items;
    const refused = await post<Problem>(gas, { max: 2 }, { key, at: elsewhere });
    expectProblem(refused, 422, 'IDEMPOTENCY_KEY_REUSED');
    const headers = { 'Accept-Language': 'zh-CN' };
    const inChinese = await post<Problem>(gas, { max: 2 }, { key, headers });
    expect(inChinese.body.title).toContain('Idempotency-Key');
    expect(inChinese.body.title).not.toBe(refused.body.title);
    const colleague = await city.withRole('department', 'dp-gas');
    const answer = await colleague.post<LeasedItems>(gas, { max: 1 }, { key });
    expect(isReplay(answer)).toBe(false);
    const [own] = expected(200, answer).items;
    expect(own?.leaseId).not.toBe(first[0]?.leaseId);
    for (const item of [first[0], own]) expected(200, await post(`${gas}/${item?.leaseId}/ack`));
  });

  test('of a request that still waits is told to come back, and gets its answer then', async () => {
    const [key, body] = [newKey(), { max: 1, waitSeconds: 20 }];
    const waiting = post<LeasedItems>(gas, body, { key });
    await sleep(300);
    const early = await post<Problem>(gas, body, { key });
    expectProblem(early, 409, 'COMMAND_IN_PROGRESS');
    expect(early.headers.get('retry-after')).toBe('1');
    await dispatch('gas', 1);
    const first = await waiting;
    expect(expected(200, first).items).toHaveLength(1);
    expectReplayOf(first, await post(gas, body, { key }));
    expected(200, await post(`${gas}/${first.body.items[0]?.leaseId}/ack`));
  });

  test.each([
    ['of 255 characters is taken', 'k'.repeat(255), 200],
    ['of 256 is not', 'k'.repeat(256), 400],
    ['of none is not', '', 400],
    ['with quotes and spaces is taken', `"it's" ; drop table -- %00 ${'é'.repeat(10)}`, 200],
  ])('%s', async (_, key, status) => {
    const nobodys = { deliveryIds: ['1-00000000-0000-4000-8000-000000000000'] };
    const requests: readonly (readonly [path: string, body: object])[] = [
      [gas, { max: 1 }],
      ['/v1/departments/dp-gas/consumer-groups', { name: 'default' }],
      ...['ack', 'nack', 'extend'].map(
        (act) => [`/v1/departments/dp-gas/consumer-groups/default/${act}`, nobodys] as const,
      ),
      ['/v1/departments/dp-gas/consumer-groups/default/lease', { max: 1 }],
      ['/v1/departments/dp-gas/consumer-groups/default/dead-letters/redrive', {}],
    ];
    for (const [path, body] of requests) {
      const answer = await post<Problem>(path, body, { headers: { 'Idempotency-Key': key } });
      if (status === 400) expectProblem(answer, 400, 'INVALID_IDEMPOTENCY_KEY');
      else expected(200, answer);
    }
  });
});

test('the server killed among such requests: each is answered afterwards as if it had been heard the first time', async () => {
  await dispatch('gas', 12);
  const requests = Array.from({ length: 6 }, () => newKey());
  let dead: Promise<unknown> = Promise.resolve();
  const before = await Promise.allSettled(
    requests.map(async (key, nth) => {
      if (nth === 3) dead = server.process.stop('SIGKILL');
      return post<LeasedItems>(gas, { max: 2 }, { key });
    }),
  );
  await dead;
  server = await home.start();
  city = await City.of(home, server);
  const lent: Leased[] = [];
  for (const [nth, key] of requests.entries()) {
    const again = await post<LeasedItems>(gas, { max: 2 }, { key });
    const first = before[nth];
    if (first?.status === 'fulfilled' && first.value.status === 200 && first.value.body.items.length > 0)
      expectReplayOf(first.value, again);
    lent.push(...expected(200, again).items);
  }
  // Nobody has what another one has, and nothing was lent to nobody.
  expect(new Set(lent.map(({ event }) => event.subject)).size).toBe(12);
  expect(lent.every(({ deliveries }) => deliveries === 1)).toBe(true);
  const acks = lent.map(({ leaseId }) => ({ path: `${gas}/${leaseId}/ack`, key: newKey() }));
  const told = await Promise.allSettled(
    acks.map(async ({ path, key }, nth) => {
      if (nth === 8) dead = server.process.stop('SIGKILL');
      return post(path, {}, { key });
    }),
  );
  expect(told).toHaveLength(12);
  await dead;
  server = await home.start();
  city = await City.of(home, server);
  for (const { path, key } of acks) {
    expected(200, await post(path, {}, { key }));
    const again = await post(path, {});
    expected(200, again);
    expect(isReplay(again)).toBe(true);
  }
  expect(expected(200, await post<LeasedItems>(gas, { max: 10 })).items).toEqual([]);
});
