import { Client } from 'pg';
import { answers, Receiver, verified } from '@shaoying/webhooks/testing';
import { City, type Answer as Answered, type PersonName, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { act, blowWhistle, expected } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { expectReplayOf } from './kit/replayed.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

interface Webhook {
  readonly id: string;
  readonly secret: string;
  readonly state: string;
  readonly waiting: number;
  readonly history: readonly { readonly what: string; readonly by: string }[];
}
interface Item {
  readonly id: string;
  readonly subject: string;
  readonly sequence: string;
  readonly time: string;
}
interface Delivery {
  readonly eventId: string;
  readonly outcome: string;
}

const local = { ...inOneProcess, WEBHOOK_LOCAL_ADDRESSES: '127.0.0.1' };
const newHome = useServerHomes(local);
const water = '/v1/departments/dp-water/webhooks';
let home: ServerHome;
let server: Started;
let city: City;
let receiver: Receiver;

beforeAll(async () => {
  home = await newHome();
  server = await home.start();
  city = await City.of(home, server);
  receiver = await Receiver.start();
});

expectDeclaredAnswers(() => city);
afterAll(() => receiver.close());
beforeEach(() => {
  receiver.received.length = 0;
  receiver.behaviour = answers(204);
});

const register = async (more: object = {}, url = receiver.url): Promise<Webhook> =>
  expected(201, await city.as('water').post<Webhook>(water, { url, ...more }));
const ask = async <Answer>(webhook: Webhook, act: string, body: object = {}): Promise<Answer> =>
  expected(200, await city.as('water').post<Answer>(`${water}/${webhook.id}/${act}`, body));
const one = async ({ id }: Webhook): Promise<Webhook> =>
  expected(200, await city.as('oversight').get<Webhook>(`${water}/${id}`));
const remove = async ({ id }: Webhook): Promise<void> =>
  expected(204, await city.as('water').delete<undefined>(`${water}/${id}`));
const deliveriesOf = async ({ id }: Webhook): Promise<readonly Delivery[]> =>
  expected(200, await city.as('water').get<{ items: Delivery[] }>(`${water}/${id}/deliveries?limit=200`))
    .items;
const feed = async (): Promise<readonly Item[]> =>
  expected(
    200,
    await city.as('water').get<{ items: Item[] }>('/v1/departments/dp-water/dispatches?limit=200'),
  ).items;
const has = (count: number) => () => new Set(receiver.ids).size >= count;

/** An incident of which the department is told three times. */
async function threeItems(): Promise<void> {
  const { id, tasks } = await blowWhistle(city, { lead: 'dp-water' });
  const reason = '群众多次反映';
  const order = { taskId: tasks[0]?.taskId, level: 'BLUE', reason };
  const path = `/v1/incidents/${id}/supervisions`;
  const { supervisionId } = expected(
    201,
    await city.as('supervision').post<{ supervisionId: string }>(path, order),
  );
  await act(city, 'supervision', id, `supervisions/${supervisionId}/lift`, { reason });
}

test('a system is called with every dispatch from then on, signed by a secret that is shown once', async () => {
  await blowWhistle(city, { lead: 'dp-water' });
  const webhook = await register();
  expect(webhook).toMatchObject({ state: 'ENABLED', waiting: 0, secret: expect.stringMatching(/^whsec_/) });
  await threeItems();
  await waitFor('it has been called', has(3));
  const [, ...items] = await feed();
  expect(receiver.ids).toEqual(items.map(({ id }) => id));
  expect(receiver.received.map((received) => verified(webhook.secret, received))).toEqual(items);
  await waitFor('all is written', async () => (await deliveriesOf(webhook)).length === 3);
  expect(await deliveriesOf(webhook)).toEqual(
    items.toReversed().map(({ id, sequence }) => ({
      ...{ position: sequence, eventId: id, attempt: 1, at: expect.any(String), tookMs: expect.any(Number) },
      ...{ outcome: 'DELIVERED', status: 204, error: null },
    })),
  );
  const seen = await one(webhook);
  expect(seen).toMatchObject({ history: [{ what: 'REGISTERED', by: 'e2e-water' }] });
  expect('secret' in seen).toBe(false);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/webhook_attempts_total\{outcome="DELIVERED",error="none",role=".*"\} 3/);
  expect(JSON.stringify([server.process.stderr, await (await home.openLog()).readAll('0')])).not.toContain(
    webhook.secret.slice('whsec_'.length),
  );
  await remove(webhook);
});

test('what is sent again is answered as the first time, and undoes nothing that has been done since', async () => {
  const key = (of: string): string => `${of} of a bad network`;
  const registering = { url: receiver.url, after: '0' };
  const first = await city.as('water').post<Webhook>(water, registering, { key: key('register') });
  const webhook = expected(201, first);
  const acts = ['rotate', 'disable', 'enable'];
  const told = new Map<string, Answered<Webhook>>();
  const send = (act: string) =>
    city.as('water').post<Webhook>(`${water}/${webhook.id}/${act}`, {}, { key: key(act) });
  for (const act of acts) told.set(act, await send(act));
  await waitFor('it has been called', has((await feed()).length));
  await waitFor('what came is written', async () => (await one(webhook)).waiting === 0);
  // How deliveries go is told as it is now; of what was done it is the first answer, without the secret that nobody keeps.
  const done = ({ body: { id, state, history } }: Answered<Webhook>) => ({ id, state, history });
  // What stops it comes last.
  for (const act of acts.toReversed()) {
    const [before, again] = [told.get(act)!, await send(act)];
    expect(again.status).toBe(200);
    expect(done(again)).toEqual(done(before));
    expect(again.body.secret ?? null).toBeNull();
    for (const name of ['etag', 'shaoying-position'])
      expect(again.headers.get(name)).toBe(before.headers.get(name));
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  }
  const again = await city.as('water').post<Webhook>(water, registering, { key: key('register') });
  expectReplayOf({ ...first, body: { ...first.body, secret: null } }, again as Answered<unknown>);
  // It was enabled after it had been disabled, and goes on to be called.
  expect(await one(webhook)).toMatchObject({ state: 'ENABLED', history: { length: 4 } });
  receiver.received.length = 0;
  await threeItems();
  await waitFor('it is called', has(3));
  await remove(webhook);
  expect((await city.as('water').post(water, registering, { key: key('register') })).status).toBe(201);
  const database = new Client({ connectionString: await home.postgresUrl() });
  await database.connect();
  const { rows } = await database.query('select 1 from webhooks.endpoints where webhook_id = $1', [
    webhook.id,
  ]);
  await database.end();
  expect(rows).toEqual([]);
});

test('after a rotation both secrets sign; items come again by hand; who did what is on record', async () => {
  const webhook = await register({ after: '0' });
  const all = await feed();
  await waitFor('it has caught up', has(all.length));
  const { secret } = await ask<Webhook>(webhook, 'rotate', { overlapHours: 1 });
  receiver.received.length = 0;
  // What is under way when it is asked for again comes for both.
  const settled = () => waitFor('what came is written', async () => (await one(webhook)).waiting === 0);
  await settled();
  const range = { from: all[1]?.sequence, to: all[2]?.sequence };
  const byHand = () =>
    city.as('water').post<object>(`${water}/${webhook.id}/redeliver`, range, { key: 'once by hand' });
  const first = await byHand();
  expect(expected(200, first)).toEqual({ redelivered: 2, next: null });
  await waitFor('they came again', has(2));
  for (const received of receiver.received)
    expect(verified(secret, received)).toEqual(verified(webhook.secret, received));
  await settled();
  // Its answer lost and sent again, it is told again, and nothing comes again.
  expectReplayOf(first, await byHand());
  expect((await one(webhook)).waiting).toBe(0);
  expect(receiver.ids).toEqual([all[1]?.id, all[2]?.id]);
  receiver.received.length = 0;
  // The same by the times that the items tell, whatever offset the caller writes.
  const since = all.filter(({ time }) => time >= (all[1]?.time ?? ''));
  const local = all[1]?.time.replace('Z', '+00:00');
  await settled();
  expect(await ask(webhook, 'redeliver', { from: local })).toEqual({ redelivered: since.length, next: null });
  await waitFor('they came once more', has(since.length));
  expect(receiver.ids.toSorted()).toEqual(since.map(({ id }) => id).toSorted());
  await settled();
  const rest = { from: local, to: null, after: since.at(-2)?.sequence };
  expect(await ask(webhook, 'redeliver', rest)).toEqual({ redelivered: 1, next: null });
  await waitFor('the last one came', () => receiver.ids.length > since.length);
  expect(receiver.ids.slice(since.length)).toEqual([since.at(-1)?.id]);
  for (const bad of [
    ...[
      { from: '9', to: '8' },
      { from: '2026-02-13T16:00:00+08:00', to: '2026-02-13T07:59:59Z' },
    ],
    ...[{ from: '2026-02-13T16:00:00' }, { from: 'yesterday' }, { from: '1', to: '2026-02-30T00:00:00Z' }],
    { from: '1', to: '9', after: '2026-02-13T08:00:00Z' },
  ]) {
    const refused = await city.as('water').post<Problem>(`${water}/${webhook.id}/redeliver`, bad);
    expectProblem(refused, 400, 'VALIDATION_FAILED');
  }
  expect(await ask(webhook, 'disable')).toMatchObject({ state: 'DISABLED', disabledBecause: 'BY_HAND' });
  const again = await city.as('water').post<Problem>(`${water}/${webhook.id}/redeliver`, { from: '1' });
  expectProblem(again, 409, 'WEBHOOK_DISABLED');
  expectReplayOf(first, await byHand());
  await threeItems();
  expect(await ask(webhook, 'enable')).toMatchObject({ state: 'ENABLED' });
  await waitFor('what has waited came', has(since.length + 3));
  expect((await one(webhook)).history.map(({ what }) => what)).toEqual([
    ...['REGISTERED', 'ROTATED', 'DISABLED', 'ENABLED'],
  ]);
  await remove(webhook);
});

test('a server that is killed while it delivers: everything comes, in order, twice only under the same id', async () => {
  const before = (await feed()).length;
  const webhook = await register({ concurrency: 2 });
  receiver.behaviour = (_received, response) => void setTimeout(() => response.writeHead(204).end(), 100);
  await Promise.all([threeItems(), threeItems(), threeItems()]);
  await waitFor('some are delivered', has(2));
  await server.process.stop('SIGKILL');
  server = await home.start();
  city = await City.of(home, server);
  await threeItems();
  const wanted = (await feed()).slice(before);
  expect(wanted.length).toBe(12);
  await waitFor('all are delivered', has(wanted.length), { timeoutMs: 120_000 });
  await waitFor('all is written', async () => (await one(webhook)).waiting === 0);
  const came = receiver.received.map((received) => verified(webhook.secret, received) as Item);
  const firsts = [...new Map(came.toReversed().map((item) => [item.id, item])).values()];
  expect(new Set(firsts)).toEqual(new Set(wanted));
  for (const subject of new Set(wanted.map((item) => item.subject))) {
    const of = (items: readonly Item[]) =>
      items.filter((item) => item.subject === subject).map(({ id }) => id);
    expect([...new Set(of(came))]).toEqual(of(wanted));
  }
  await remove(webhook);
});

test('a department has twenty webhooks and no more, however many are registered at once', async () => {
  const url = 'https://hooks.example.invalid/';
  const gas = '/v1/departments/dp-gas/webhooks';
  const asked = Array.from({ length: 23 }, () => city.as('gas').post<Webhook | Problem>(gas, { url }));
  const all = await Promise.all(asked);
  expect(Map.groupBy(all, ({ status }) => status).get(201)).toHaveLength(20);
  for (const answer of all.filter(({ status }) => status !== 201))
    expectProblem(answer as Answered<Problem>, 409, 'TOO_MANY_WEBHOOKS');
  // And one by one, while the index passes by what happens besides.
  const made = all.filter(({ status }) => status === 201).slice(0, 2) as Answered<Webhook>[];
  for (const { body } of made) expected(204, await city.as('gas').delete<undefined>(`${gas}/${body.id}`));
  const besides = Promise.all([threeItems(), threeItems(), threeItems()]);
  for (const status of [201, 201, 409, 409])
    expect(await city.as('gas').post<Webhook | Problem>(gas, { url })).toMatchObject({ status });
  await besides;
});

test('addresses inside are refused, and so is who is not the department, and whatever is no webhook', async () => {
  const as = (who: PersonName, path: string, body: object = {}) => city.as(who).post<Problem>(path, body);
  for (const url of [
    'http://169.254.169.254/latest/',
    'https://[::1]/',
    'https://2130706434/',
    'ftp://x.cn/',
  ])
    expectProblem(await as('water', water, { url }), 422, 'WEBHOOK_URL_REFUSED');
  const url = receiver.url;
  expectProblem(await as('gas', water, { url }), 403, 'DEPARTMENT_NOT_YOURS');
  expectProblem(await as('oversight', water, { url }), 403, 'ROLE_NOT_PERMITTED');
  const bad = [{}, { url: 1 }, { url, after: '-1' }, { url, concurrency: 17 }, { url, perSecond: 0 }];
  for (const body of bad) expectProblem(await as('water', water, body), 400, 'VALIDATION_FAILED');
  const webhook = await register();
  const gas = `/v1/departments/dp-gas/webhooks/${webhook.id}`;
  for (const path of [`${water}/0123456789abcdef`, `${water}/..%2fx`, `${water}/${'x'.repeat(90)}`])
    expectProblem(await as('water', `${path}/rotate`), 404, 'WEBHOOK_NOT_FOUND');
  expectProblem(await as('gas', `${gas}/redeliver`, { from: '1' }), 404, 'WEBHOOK_NOT_FOUND');
  expectProblem(await city.as('gas').get<Problem>(`${gas}/deliveries`), 404, 'WEBHOOK_NOT_FOUND');
  await remove(webhook);
  expectProblem(await as('water', `${water}/${webhook.id}/enable`), 404, 'WEBHOOK_NOT_FOUND');
  const listed = expected(200, await city.as('water').get<{ items: Webhook[] }>(water));
  expect(listed.items).toEqual([]);
});
