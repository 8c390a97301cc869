import { type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { resumePosition } from './feed.js';
import { SharedFeeds } from './shared-feeds.js';
import { type StreamFeedOptions, streamFeed } from './sse-stream.js';
import { InMemoryFeedSource, SseClient } from './testing/index.js';

let server: Server;
let source: InMemoryFeedSource;
let options: Partial<StreamFeedOptions>;
let responses: ServerResponse[];
let streams: Promise<void>[];
let clients: SseClient[];
let errors: unknown[];
let url: string;

beforeEach(async () => {
  source = new InMemoryFeedSource();
  options = {};
  responses = [];
  streams = [];
  clients = [];
  errors = [];
  server = createServer((request, response) => {
    const search = new URL(request.url ?? '/', 'http://server').searchParams;
    const after = resumePosition(
      request.headers['last-event-id']?.toString(),
      search.get('after') ?? undefined,
    );
    responses.push(response);
    const feedId = search.get('feed') ?? 'dept-1';
    const onError = (error: unknown) => errors.push(error);
    streams.push(streamFeed({ source, feedId, after, response, onError, ...options }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  for (const client of clients) client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await Promise.all(streams);
  // Whatever a test did: nothing is left behind.
  expect(source.listeners.size).toBe(0);
  for (const response of responses) {
    expect(response.listenerCount('close')).toBeLessThanOrEqual(1);
    expect(response.listenerCount('drain')).toBeLessThanOrEqual(1);
  }
});

async function open(path = '', headers: Record<string, string> = {}): Promise<SseClient> {
  const client = await SseClient.open(url + path, headers);
  clients.push(client);
  return client;
}

const event = (n: number) => JSON.stringify({ specversion: '1.0', id: `e-${n}` });
const ids = (client: SseClient) => client.dispatches.map((dispatch) => Number(dispatch.id));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

it('says at once that it is connected, in headers that no proxy buffers or changes', async () => {
  const client = await open();
  await client.until(() => client.received.length > 0);
  expect(client.status).toBe(200);
  expect(client.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  expect(client.received[0]).toEqual({ comment: 'connected', retry: '3000' });
});

it('sends what was missed, then what comes, each once and in order', async () => {
  source.add('dept-1', ...range(1, 350).map(event));
  const client = await open();
  await client.until(() => client.dispatches.length === 350);
  for (const n of range(351, 400)) {
    source.add('dept-1', event(n));
    if (n % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await client.until(() => client.dispatches.length === 400);
  expect(ids(client)).toEqual(range(1, 400));
  expect(client.dispatches[9]).toEqual({ id: '10', event: 'dispatch', data: event(10) });
});

it('resumes exactly after Last-Event-ID, cut off anywhere', async () => {
  source.add('dept-1', ...range(1, 500).map(event));
  const seen: number[] = [];
  let lastEventId = '';
  while (seen.length < 500) {
    const client = await open('?after=0', lastEventId ? { 'last-event-id': lastEventId } : {});
    const wanted = Math.min(500 - seen.length, 1 + ((seen.length * 7) % 90));
    await client.until(() => client.dispatches.length >= wanted);
    client.close();
    // What the client read before it broke off, and no more, is what it has seen.
    seen.push(...ids(client).slice(0, wanted));
    lastEventId = String(seen.at(-1));
  }
  expect(seen).toEqual(range(1, 500));
});

it('shows each department its own feed', async () => {
  const [one, two] = [await open('?feed=dept-1'), await open('?feed=dept-2')];
  source.add('dept-1', event(1));
  source.add('dept-2', event(2));
  source.add('dept-1', event(3));
  await one.until(() => one.dispatches.length === 2);
  await two.until(() => two.dispatches.length === 1);
  expect([ids(one), ids(two)]).toEqual([[1, 3], [2]]);
});

it('keeps each event on one data line', async () => {
  source.add('dept-1', '{\n  "id": "e-1"\r\n}');
  const client = await open();
  await client.until(() => client.dispatches.length === 1);
  expect(JSON.parse(client.dispatches[0]?.data ?? '')).toEqual({ id: 'e-1' });
});

it('beats when nothing happens', async () => {
  options = { heartbeatMs: 30 };
  const client = await open();
  await client.until(
    () => client.received.filter((received) => received.comment === 'still here').length >= 3,
  );
});

it('refuses a heartbeat that proxies would not wait for, and positions that are none, before it sends anything', async () => {
  const response = {} as ServerResponse;
  await expect(streamFeed({ source, feedId: 'a', after: 'x', response })).rejects.toMatchObject({
    code: 'INVALID_FEED_POSITION',
  });
  await expect(
    streamFeed({ source, feedId: 'a', after: '0', response, heartbeatMs: 20_001 }),
  ).rejects.toThrow(RangeError);
});

it('reads a burst of advances together', async () => {
  const client = await open();
  await client.until(() => client.received.length > 0);
  for (const n of range(1, 200)) {
    source.add('dept-1', event(n));
    if (n % 20 === 0) await new Promise(setImmediate);
  }
  await client.until(() => client.dispatches.length === 200);
  expect(source.reads).toBeLessThan(15);
});

describe('a client that does not read', () => {
  // 32 MiB: far more than the kernel's buffers take.
  const fill = () =>
    source.add('dept-1', ...range(1, 2_048).map((n) => JSON.stringify({ n, pad: 'x'.repeat(16_384) })));

  it('is disconnected, and holds no more than its buffer until then', async () => {
    options = { stallMsMax: 200, bufferBytesMax: 1024 * 1024 };
    fill();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: server\r\n\r\n');
    socket.pause();
    let mostBuffered = 0;
    const watch = setInterval(() => {
      mostBuffered = Math.max(mostBuffered, responses[0]?.writableLength ?? 0);
    }, 1);
    while (!responses[0]?.destroyed) await new Promise((resolve) => setTimeout(resolve, 10));
    clearInterval(watch);
    await streams[0];
    socket.destroy();
    expect(mostBuffered).toBeGreaterThan(0);
    expect(mostBuffered).toBeLessThan(1024 * 1024);
  });

  it('is disconnected, and has everything once it comes back and reads', async () => {
    options = { stallMsMax: 200 };
    fill();
    const client = await open();
    await client.until(() => client.dispatches.length > 0);
    client.pause();
    while (!responses[0]?.destroyed) await new Promise((resolve) => setTimeout(resolve, 10));
    // What lay in its socket it has read, up to where it was cut, perhaps in the middle of an item.
    client.resume();
    await client.closed;
    const seen = ids(client);
    expect(seen.length).toBeLessThan(2_048);
    options = {};
    const back = await open('', { 'last-event-id': String(seen.at(-1)) });
    await back.until(() => seen.length + back.dispatches.length >= 2_048, 20_000);
    expect([...seen, ...ids(back)]).toEqual(range(1, 2_048));
  });

  it('is disconnected at once when one item overflows its buffer', async () => {
    options = { stallMsMax: 60_000, bufferBytesMax: 64 * 1024 };
    source.add('dept-1', JSON.stringify({ pad: 'x'.repeat(16 * 1024 * 1024) }));
    const client = await open();
    client.pause();
    while (!responses[0]?.destroyed) await new Promise((resolve) => setTimeout(resolve, 10));
    await streams[0];
  });

  it('but only reads slowly, gets everything', async () => {
    options = { stallMsMax: 2_000 };
    fill();
    const client = await open();
    while (client.dispatches.length < 2_048) {
      client.pause();
      await new Promise((resolve) => setTimeout(resolve, 5));
      client.resume();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(ids(client)).toEqual(range(1, 2_048));
  });

  it('does not hold up a shutdown', async () => {
    const shutdown = new AbortController();
    options = { signal: shutdown.signal };
    fill();
    const client = await open();
    client.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const startedMs = performance.now();
    shutdown.abort();
    await Promise.all(streams);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});

describe('the server ends a stream', () => {
  it('at shutdown, and says so', async () => {
    const shutdown = new AbortController();
    options = { signal: shutdown.signal };
    const client = await open();
    shutdown.abort();
    await client.closed;
    expect(client.received.at(-1)).toEqual({ event: 'end', data: '{"reason":"SHUTTING_DOWN"}' });
  });

  it('when the token expires, and says so', async () => {
    options = { expiresAt: new Date(Date.now() + 100) };
    const client = await open();
    source.add('dept-1', event(1));
    await client.closed;
    expect(ids(client)).toEqual([1]);
    expect(client.received.at(-1)).toEqual({ event: 'end', data: '{"reason":"TOKEN_EXPIRED"}' });
  });

  it('not before its time when the token outlives a timer', async () => {
    options = { expiresAt: new Date(Date.now() + 400 * 24 * 3600 * 1_000) };
    const client = await open();
    source.add('dept-1', event(1));
    await client.until(() => client.dispatches.length === 1);
  });

  it('when the source fails, so that the client comes back', async () => {
    source.failure = new Error('database away');
    const client = await open();
    await client.closed;
    expect(client.received.at(-1)).toEqual({ event: 'end', data: '{"reason":"UNAVAILABLE"}' });
    expect(errors).toEqual([source.failure]);
  });

  it('when the source repeats itself, rather than looping for ever', async () => {
    source.addAt('dept-1', '5', event(5));
    source.addAt('dept-1', '5', event(5));
    const client = await open();
    await client.closed;
    expect(errors).toMatchObject([{ code: 'UNORDERED_FEED' }]);
  });

  it('even while a read hangs', async () => {
    const shutdown = new AbortController();
    options = { signal: shutdown.signal };
    jest.spyOn(source, 'read').mockReturnValue(new Promise(() => undefined));
    const client = await open();
    shutdown.abort();
    await client.closed;
    await Promise.all(streams);
  });
});

it('serves 200 connections from one subscription and leaves nothing when they go', async () => {
  const shared = new SharedFeeds(source);
  options = { source: shared };
  source.add('dept-1', ...range(1, 20).map(event));
  const all = await Promise.all(Array.from({ length: 200 }, () => open()));
  await Promise.all(all.map((client) => client.until(() => client.dispatches.length === 20, 20_000)));
  const readsBefore = source.reads;
  source.add('dept-1', ...range(21, 40).map(event));
  await Promise.all(all.map((client) => client.until(() => client.dispatches.length === 40, 20_000)));
  for (const client of all) expect(ids(client)).toEqual(range(1, 40));
  expect(source.listeners.size).toBe(1);
  expect(source.reads).toBe(readsBefore);
  expect(source.readingsOfAll).toBeLessThanOrEqual(2);
  for (const client of all) client.close();
  await Promise.all(streams);
  expect(source.listeners.size).toBe(0);
});
