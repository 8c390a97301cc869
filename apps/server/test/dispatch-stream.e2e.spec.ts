import { SseClient } from '@shaoying/subscriptions/testing';
import { withoutFurtherFields } from '@shaoying/incident-contracts/testing';
import { Check } from 'typebox/schema';
import { City, type PersonName, type Problem } from './kit/city.js';
import { act, blowWhistle, expected, handle, taskOf } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';

interface CloudEvent {
  readonly specversion: string;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly dataschema: string;
  readonly time: string;
  readonly sequence: string;
  readonly traceparent: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface FeedPage {
  readonly items: readonly CloudEvent[];
  readonly nextCursor: string | null;
  readonly position: string;
}

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let server: Started;
let city: City;
const open = new Set<SseClient>();

beforeAll(async () => {
  home = await newHome();
  server = await home.start();
  city = await City.of(home, server);
});

afterEach(() => {
  for (const client of open) client.close();
  open.clear();
});

async function subscribe(
  who: PersonName,
  departmentId: string,
  lastEventId?: string,
  query = '',
): Promise<SseClient> {
  const url = `${city.url}/v1/departments/${departmentId}/dispatches/stream${query}`;
  const client = await SseClient.open(url, {
    Authorization: `Bearer ${city.as(who).token ?? ''}`,
    ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
  });
  open.add(client);
  return client;
}

const eventsOf = (client: SseClient): CloudEvent[] =>
  client.dispatches.map(({ data = '' }) => JSON.parse(data) as CloudEvent);

/** The whole feed, read page by page. */
async function paged(departmentId: string, limit: number): Promise<CloudEvent[]> {
  const items: CloudEvent[] = [];
  for (let after: string | null = '0'; after !== null;) {
    const path: string = `/v1/departments/${departmentId}/dispatches?limit=${limit}&after=${after}`;
    const page: FeedPage = expected(200, await city.as('oversight').get<FeedPage>(path));
    items.push(...page.items);
    after = page.nextCursor;
  }
  return items;
}

test('a whistle reaches its departments as a CloudEvent, and nobody else', async () => {
  const [lead, assist, other] = await Promise.all([
    subscribe('gas', 'dp-gas'),
    subscribe('fire', 'dp-fire'),
    subscribe('water', 'dp-water'),
  ]);
  expect(lead.status).toBe(200);
  expect(lead.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  const whistled = await blowWhistle(city, { lead: 'dp-gas', assists: ['dp-fire'], kind: 'EMERGENCY' });
  await lead.until(({ dispatches }) => dispatches.length > 0, 10_000);
  await assist.until(({ dispatches }) => dispatches.length > 0, 10_000);
  const [event] = eventsOf(lead);
  expect(event).toMatchObject({
    ...{ specversion: '1.0', type: 'cn.shaoying.dispatch.dispatched', subject: `incidents/${whistled.id}` },
    data: {
      incidentId: whistled.id,
      role: 'LEAD',
      taskId: taskOf(whistled, 'dp-gas').taskId,
      kind: 'EMERGENCY',
    },
  });
  expect(lead.dispatches[0]?.id).toBe(event?.sequence);
  expect(eventsOf(assist)[0]).toMatchObject({ data: { role: 'ASSIST', departmentId: 'dp-fire' } });
  expect(eventsOf(assist)[0]?.id).not.toBe(event?.id);
  expect(other.dispatches).toEqual([]);
});

test('a connection that broke resumes after its Last-Event-ID with all it missed, once and in order', async () => {
  const first = await subscribe('water', 'dp-water');
  const incidentIds: string[] = [];
  const blow = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) incidentIds.push((await blowWhistle(city, { lead: 'dp-water' })).id);
  };
  await blow(2);
  await first.until(({ dispatches }) => dispatches.length === 2, 10_000);
  const lastEventId = first.dispatches[0]?.id;
  first.close();
  await blow(3);
  const second = await subscribe('water', 'dp-water', lastEventId);
  await second.until(({ dispatches }) => dispatches.length >= 4, 10_000);
  await blow(1);
  await second.until(({ dispatches }) => dispatches.length >= 5, 10_000);
  expect(eventsOf(second).map(({ data }) => data['incidentId'])).toEqual(incidentIds.slice(1));
  // An EventSource that was given `after` in its address sends both: what it has seen last counts.
  const third = await subscribe('water', 'dp-water', second.dispatches[3]?.id, '?after=0');
  await third.until(({ dispatches }) => dispatches.length >= 1, 10_000);
  expect(eventsOf(third).map(({ data }) => data['incidentId'])).toEqual(incidentIds.slice(-1));
});

test('an item is of the trace of the request that led to it, and of one of its own where that names none', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const traced = await blowWhistle(city, { lead: 'dp-fire' });
  const { taskId } = taskOf(traced, 'dp-fire');
  const remind = (headers: Record<string, string>) =>
    city
      .as('street')
      .post(`/v1/incidents/${traced.id}/tasks/${taskId}/urge`, { note: '请尽快' }, { headers });
  expected(200, await remind({ traceparent }));
  expected(200, await remind({ traceparent: traceparent.replace('4bf9', '4BF9') }));
  const found = (await paged('dp-fire', 200)).filter(({ subject }) => subject === `incidents/${traced.id}`);
  const [own, named, replaced, ...more] = found.map((item) => item.traceparent);
  expect(more).toEqual([]);
  expect(named).toBe(traceparent);
  expect(own).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(replaced).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(replaced).not.toBe(own);
  const { items } = expected(
    200,
    await city
      .as('oversight')
      .get<{ items: { traceparent?: string }[] }>(`/v1/incidents/${traced.id}/events`),
  );
  expect(items.map((event) => event.traceparent)).toEqual(expect.arrayContaining([own, named, replaced]));
});

test('paging gives the same items as the stream, whatever the size of the page', async () => {
  const client = await subscribe('water', 'dp-water');
  const all = await paged('dp-water', 200);
  expect(all.length).toBeGreaterThanOrEqual(6);
  await client.until(({ dispatches }) => dispatches.length >= all.length, 10_000);
  expect(eventsOf(client)).toEqual(all);
  expect(await paged('dp-water', 1)).toEqual(all);
  expect(await paged('dp-water', 4)).toEqual(all);
});

test('a page goes on where the cursor of the page before says, whatever it began after', async () => {
  const all = await paged('dp-water', 200);
  const items: CloudEvent[] = [];
  const from = `/v1/departments/dp-water/dispatches?limit=2&after=${all[0]?.sequence ?? ''}`;
  for (let path: string | null = from; path !== null;) {
    const page: FeedPage = expected(200, await city.as('water').get<FeedPage>(path));
    items.push(...page.items);
    expect(items.length).toBeLessThan(all.length);
    path = page.nextCursor === null ? null : `${from}&cursor=${page.nextCursor}`;
  }
  expect(items).toEqual(all.slice(1));
  for (const cursor of ['x', '-1', '', '9'.repeat(19), '1&cursor=2'])
    expectProblem(
      await city.as('water').get<Problem>(`/v1/departments/dp-water/dispatches?cursor=${cursor}`),
      ...([400, ['INVALID_CURSOR', 'VALIDATION_FAILED']] as const),
    );
});

test('a stream takes no page size and no cursor, since it has neither', async () => {
  for (const query of ['limit=2', 'cursor=1'])
    expectProblem(
      await city.as('water').get<Problem>(`/v1/departments/dp-water/dispatches/stream?${query}`),
      ...([400, 'VALIDATION_FAILED'] as const),
    );
});

test('every item names a schema that the server tells to anybody, and is as that schema says', async () => {
  const { items } = expected(
    200,
    await city.anonymous.get<{ items: { id: string; path: string }[] }>('/v1/schemas'),
  );
  const sent = await paged('dp-water', 200);
  expect(sent.length).toBeGreaterThan(0);
  for (const { dataschema, data } of sent) {
    const path = items.find(({ id }) => id === dataschema)?.path ?? '';
    const schema = expected(200, await city.anonymous.get<{ $id: string }>(path));
    expect(schema.$id).toBe(dataschema);
    expect(Check(withoutFurtherFields(schema) as never, data)).toBe(true);
  }
});

test('the AsyncAPI document names every type of the feed', async () => {
  const { components } = expected(
    200,
    await city.anonymous.get<{ components: { messages: Record<string, { name: string }> } }>(
      '/v1/asyncapi.json',
    ),
  );
  const told = Object.values(components.messages).map(({ name }) => name);
  expect(told).toEqual(expect.arrayContaining((await paged('dp-water', 200)).map(({ type }) => type)));
  expect(told.length).toBeGreaterThan(20);
});

test('rework and closing reach the department that handled it', async () => {
  const whistled = await blowWhistle(city, { lead: 'dp-fire' });
  const client = await subscribe('fire', 'dp-fire');
  const { taskId } = taskOf(whistled, 'dp-fire');
  await handle(city, 'fire', whistled.id, taskId);
  await act(city, 'supervision', whistled.id, 'check', { result: 'FAIL', note: '通道仍堵' });
  await act(city, 'fire', whistled.id, `tasks/${taskId}/complete`);
  await act(city, 'supervision', whistled.id, 'check', { result: 'PASS', note: '已清空' });
  await act(city, 'callback', whistled.id, 'feedback', { solved: 'SOLVED', satisfaction: 'SATISFIED' });
  await act(city, 'supervision', whistled.id, 'close');
  const own = (): CloudEvent[] => eventsOf(client).filter(({ data }) => data['incidentId'] === whistled.id);
  await client.until(() => own().length >= 3, 10_000);
  expect(own().map(({ type }) => type.replace('cn.shaoying.dispatch.', ''))).toEqual([
    ...['dispatched', 'returned-for-rework', 'closed'],
  ]);
  expect(own()[1]).toMatchObject({ data: { taskIds: [taskId], reason: 'CHECK_FAILED', rework: 1 } });
});

test('another department may not listen, nor whoever has no token; a position that is none is refused', async () => {
  const path = '/v1/departments/dp-gas/dispatches/stream';
  expectProblem(await city.as('water').get<Problem>(path), 403, 'DEPARTMENT_NOT_YOURS');
  expectProblem(await city.anonymous.get<Problem>(path), 401, 'TOKEN_MISSING');
  const unknown = '/v1/departments/dp-nowhere/dispatches/stream';
  expectProblem(await city.as('oversight').get<Problem>(unknown), 404, 'DEPARTMENT_NOT_FOUND');
  const headers = { 'Last-Event-ID': 'x' };
  expectProblem(await city.as('gas').get<Problem>(path, headers), 400, 'INVALID_POSITION');
});

test('a stream ends with the access token, and says so', async () => {
  const gas = await city.withRole('department', 'dp-gas', 2);
  const client = await SseClient.open(`${city.url}/v1/departments/dp-gas/dispatches/stream`, {
    Authorization: `Bearer ${gas.token ?? ''}`,
  });
  open.add(client);
  await client.closed;
  expect(client.received.at(-1)).toEqual({ event: 'end', data: '{"reason":"TOKEN_EXPIRED"}' });
});

test('a shutdown tells every stream that it ends, and the next server resumes them', async () => {
  await blowWhistle(city, { lead: 'dp-gas' });
  const before = await paged('dp-gas', 200);
  const client = await subscribe('gas', 'dp-gas');
  await client.until(({ dispatches }) => dispatches.length >= before.length, 10_000);
  const { code, tookMs } = await server.process.stop('SIGTERM');
  await client.closed;
  expect(client.received.at(-1)).toEqual({ event: 'end', data: '{"reason":"SHUTTING_DOWN"}' });
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(5_000);

  server = await home.start();
  city = await City.of(home, server);
  const { id } = await blowWhistle(city, { lead: 'dp-gas' });
  const resumed = await subscribe('gas', 'dp-gas', client.dispatches.at(-1)?.id);
  await resumed.until(({ dispatches }) => dispatches.length > 0, 10_000);
  expect(eventsOf(resumed).map(({ data }) => data['incidentId'])).toEqual([id]);
});
