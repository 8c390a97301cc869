import { setTimeout as sleep } from 'node:timers/promises';
import { answers, Receiver, until, type Behaviour } from '../testing/index.js';
import { Sender, type SenderOptions, type Sent } from './sender.js';

const local = { localAddresses: ['127.0.0.1'], httpsOnly: false };
const never = new AbortController().signal;

describe('a sender', () => {
  let receiver: Receiver;
  let resolved: string[];

  beforeAll(async () => {
    receiver = await Receiver.start();
  });
  beforeEach(() => {
    receiver.received.length = 0;
    receiver.behaviour = answers(204);
    resolved = [];
  });
  afterAll(() => receiver.close());

  /** A name server that says these one after the other, the last one for ever. */
  const says = (...turns: (readonly string[])[]) => {
    let turn = 0;
    return (name: string): Promise<readonly string[]> => {
      resolved.push(name);
      turn += 1;
      return Promise.resolve(turns[Math.min(turn, turns.length) - 1] ?? []);
    };
  };
  const named = (): URL => new URL(`http://hooks.example.gov.cn:${receiver.port}/hook`);
  const literal = (): URL => new URL(receiver.url);

  async function send(
    url: URL,
    options: Partial<SenderOptions> = {},
    { times = 1, signal = never } = {},
  ): Promise<Sent[]> {
    const sender = new Sender({ addresses: local, resolve: says(['127.0.0.1']), ...options });
    const run = sender.open(2);
    try {
      const sent: Sent[] = [];
      for (let n = 0; n < times; n += 1)
        sent.push(await run.send(url, { 'webhook-id': `${n}` }, '{"a":1}', signal));
      return sent;
    } finally {
      run.close();
    }
  }
  const ok: Sent = { status: 204, error: null, retryAfterMs: null };

  it('posts the body with its headers, over one connection for one run', async () => {
    const sockets = new Set<unknown>();
    receiver.behaviour = (_received, response) => {
      sockets.add(response.socket);
      response.writeHead(204).end();
    };
    expect(await send(named(), {}, { times: 3 })).toEqual([ok, ok, ok]);
    expect(receiver.received[0]).toMatchObject({
      ...{ body: '{"a":1}', path: '/hook' },
      headers: {
        ...{ 'webhook-id': '0', 'content-type': 'application/cloudevents+json; charset=utf-8' },
        host: `hooks.example.gov.cn:${receiver.port}`,
      },
    });
    expect(sockets.size).toBe(1);
  });

  it('does not call an inside address, be it written, resolved, or one of several', async () => {
    const production = { localAddresses: [], httpsOnly: false };
    const refused = [{ status: null, error: 'ADDRESS_REFUSED', retryAfterMs: null }];
    expect(await send(literal(), { addresses: production })).toEqual(refused);
    expect(await send(new URL(`http://localhost:${receiver.port}/`), { addresses: production })).toEqual(
      refused,
    );
    for (const answer of [['127.0.0.1'], ['8.8.8.8', '127.0.0.1'], ['::ffff:127.0.0.1'], ['169.254.169.254']])
      expect(await send(named(), { addresses: production, resolve: says(answer) })).toEqual(refused);
    expect(receiver.received).toEqual([]);
  });

  it('connects to the address that was checked: a name that means another one a moment later gains nothing', async () => {
    // Asked once for each run: there is no second question whose answer could be another one.
    const resolve = says(['127.0.0.1'], ['10.0.0.1']);
    expect(await send(named(), { resolve }, { times: 2 })).toEqual([ok, ok]);
    expect(resolved).toEqual(['hooks.example.gov.cn']);
    expect(await send(named(), { resolve })).toMatchObject([{ error: 'ADDRESS_REFUSED' }]);
    expect(receiver.received).toHaveLength(2);
  });

  it('looks at the connection itself before a byte is written', async () => {
    // Good when it was resolved, and no more when it is connected.
    let asked = 0;
    const addresses = {
      httpsOnly: false,
      get localAddresses() {
        asked += 1;
        return asked === 1 ? ['127.0.0.1'] : [];
      },
    };
    expect(await send(named(), { addresses })).toMatchObject([{ error: 'ADDRESS_REFUSED' }]);
    expect(asked).toBe(2);
    await sleep(50);
    expect(receiver.received).toEqual([]);
  });

  it('follows no redirect', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.behaviour = ({ path }, response) =>
        void response.writeHead(path === '/hook' ? status : 204, { location: '/elsewhere' }).end();
      expect(await send(literal())).toEqual([{ status, error: 'REDIRECT', retryAfterMs: null }]);
    }
    expect(receiver.received.map(({ path }) => path)).toEqual(Array(5).fill('/hook'));
  });

  it.each<[string, Behaviour, Partial<Sent>]>([
    ['500s', answers(500), { status: 500, error: 'STATUS' }],
    ['is gone', answers(410), { status: 410, error: 'STATUS' }],
    ['asks for time', answers(503, { 'retry-after': '7' }), { status: 503, retryAfterMs: 7_000 }],
    ['asks for time in words', answers(429, { 'retry-after': 'soon' }), { status: 429, retryAfterMs: null }],
    ['hangs', () => undefined, { status: null, error: 'TIMEOUT' }],
    [
      'hangs in the middle',
      (_, response) => void response.writeHead(200).write('x'),
      { status: 200, error: 'TIMEOUT' },
    ],
    [
      'closes without an answer',
      (_, response) => void response.destroy(),
      { status: null, error: 'CONNECTION' },
    ],
    [
      'closes in the middle',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('x');
        setTimeout(() => response.destroy(), 20);
      },
      { status: 200, error: 'CUT_OFF' },
    ],
    [
      'answers what is no HTTP',
      (_, response) => void response.socket?.end('SSH-2.0\r\n\r\n'),
      { error: 'CONNECTION' },
    ],
  ])('tells of an endpoint that %s', async (_what, behaviour, expected) => {
    receiver.behaviour = behaviour;
    expect(await send(literal(), { totalMsMax: 300 })).toMatchObject([expected]);
    await until('its connection is closed', () => receiver.open === 0);
  });

  it('reads no more of an endless answer than it must', async () => {
    let written = 0;
    receiver.behaviour = (_received, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1_024))) written += 64;
      };
      response.on('drain', more);
      more();
    };
    expect(await send(literal())).toEqual([{ ...ok, status: 200 }]);
    // Not within a time: a busy machine tells the receiver later that its reader has gone.
    await until('its connection is closed', () => receiver.open === 0);
    // What the buffers of two sockets hold; ten gigabytes would be ten million.
    expect(written).toBeLessThan(32 * 1_024);
  });

  it('gives up a name that is not resolved, or not in time, and a port where nobody is', async () => {
    const resolve = () => Promise.reject(new Error('SERVFAIL'));
    expect(await send(named(), { resolve })).toMatchObject([{ error: 'NAME_NOT_RESOLVED' }]);
    const silent = () => new Promise<string[]>(() => undefined);
    expect(await send(named(), { resolve: silent, connectMsMax: 50 })).toMatchObject([
      { status: null, error: 'CONNECT_TIMEOUT' },
    ]);
    expect(await send(new URL('http://127.0.0.1:1/'))).toMatchObject([{ error: 'CONNECTION' }]);
    const notTls = new URL(`https://127.0.0.1:${receiver.port}/`);
    expect(await send(notTls)).toMatchObject([{ error: 'TLS' }]);
  });

  it('tries once more where a connection that it had kept was closed just then', async () => {
    receiver.behaviour = ({ headers }, response) => {
      if (headers['webhook-id'] === '1' && receiver.received.length === 2) response.destroy();
      else response.writeHead(204).end();
    };
    expect(await send(literal(), {}, { times: 2 })).toEqual([ok, ok]);
    expect(receiver.ids).toEqual(['0', '1', '1']);
  });

  it('ends at once when it is told to', async () => {
    receiver.behaviour = () => undefined;
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    await expect(send(literal(), {}, { signal: stop.signal })).rejects.toMatchObject({
      code: 'SENDING_STOPPED',
    });
  });
});
