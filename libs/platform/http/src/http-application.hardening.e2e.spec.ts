import { Body, Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SharedLimit, type SharedPoints } from '@shaoying/limits';
import { createLogger, createMetrics } from '@shaoying/telemetry';
import { IsOptional, IsString } from 'class-validator';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpApplication, type HttpApplicationOptions } from './http-application.js';
import { mountOpenApi } from './open-api.js';
import { networkOf, type RequestLimits } from './request-limits.js';

class NoteBody {
  @IsOptional() @IsString() note?: string;
}

let handled = 0;

@Controller('v1/notes')
class NoteController {
  @Get()
  list(): object {
    handled += 1;
    return { items: [] };
  }

  @Post()
  @HttpCode(200)
  add(@Body() body: NoteBody): object {
    handled += 1;
    return { chars: body.note?.length ?? 0 };
  }
}

@Module({ controllers: [NoteController] })
class NoteModule {}

const running: NestFastifyApplication[] = [];

async function start(options: Partial<HttpApplicationOptions> = {}): Promise<URL> {
  const app = await createHttpApplication(NoteModule, {
    logger: createLogger({ role: 'api', level: 'silent' }),
    drainMs: 100,
    ...options,
  });
  running.push(app);
  mountOpenApi(app, { title: 'Shaoying', description: 'test', version: '0' });
  await app.listen(0, '127.0.0.1');
  return new URL(await app.getUrl());
}

afterAll(async () => {
  await Promise.all(running.map((app) => app.close()));
});

/** A connection on which a test writes what no client library would. */
class RawConnection {
  text = '';
  closedAfterMs: number | null = null;
  readonly closed: Promise<void>;
  private readonly openedMs = performance.now();

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => (this.text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        this.closedAfterMs = performance.now() - this.openedMs;
        resolve();
      }),
    );
  }

  static open({ hostname, port }: URL): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(new RawConnection(socket)));
      socket.once('error', reject);
    });
  }

  write(text: string): void {
    if (this.socket.writable) this.socket.write(text);
  }

  /** Until the server has said this much; fails with the test's own time-out. */
  async says(what: string): Promise<void> {
    while (!this.text.includes(what)) {
      if (this.closedAfterMs !== null) throw new Error(`closed after saying only: ${this.text}`);
      await sleep(5);
    }
  }
}

const head = (more: string): string =>
  `POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}\r\n`;

describe('headers of every answer', () => {
  let origin: URL;
  beforeAll(async () => {
    origin = await start({
      corsOrigins: ['https://street.example.gov.cn'],
      metrics: createMetrics({ role: 'api', processMetrics: false }).http,
    });
  });

  it.each(['/v1/notes', '/v1/nothing', '/v1/notes?%00'])(
    'let no browser run, frame, guess at or keep %s',
    async (path) => {
      const { headers } = await fetch(new URL(path, origin));
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
      });
      expect(headers.has('server')).toBe(false);
      expect(headers.has('x-powered-by')).toBe(false);
    },
  );

  it('let the documentation run what is its own, and nothing else', async () => {
    const page = await fetch(new URL('/docs', origin));
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-hashes' 'sha256-/,
    );
    expect(policy).not.toContain('unsafe-inline');
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    const html = await page.text();
    // Nothing to run stands in the page itself, and every style in it has a hash of its own.
    expect(html.match(/<script(?![^>]* src=)/g)).toBeNull();
    expect(html).not.toMatch(/ on[a-z]+="/);
    const styles = html.match(/<style>| style="/g) ?? [];
    expect(policy.match(/'sha256-[\w+/]{43}='/g)).toHaveLength(styles.length);
    for (const [, file] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await fetch(new URL(file ?? '', new URL('/docs', origin)))).status).toBe(200);
    }
  });

  it('are the same for the pages of other origins, unless a setting names them', async () => {
    const ask = (from: string, method = 'GET'): Promise<Response> =>
      fetch(new URL('/v1/notes', origin), {
        method,
        headers: { origin: from, 'access-control-request-method': 'POST' },
      });
    const named = await ask('https://street.example.gov.cn');
    expect(named.headers.get('access-control-allow-origin')).toBe('https://street.example.gov.cn');
    expect(named.headers.get('access-control-expose-headers')).toContain('RateLimit');
    expect(named.headers.has('access-control-allow-credentials')).toBe(false);
    const preflight = await ask('https://street.example.gov.cn', 'OPTIONS');
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
    for (const other of ['https://evil.example', 'null']) {
      expect((await ask(other)).headers.get('access-control-allow-origin')).not.toBe(other);
      expect((await ask(other)).headers.get('access-control-allow-origin')).not.toBe('*');
    }
  });

  it('open to nobody without that setting', async () => {
    const closed = await start();
    const headers = { origin: 'https://street.example.gov.cn', 'access-control-request-method': 'POST' };
    const preflight = await fetch(new URL('/v1/notes', closed), { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(405);
    const answer = await fetch(new URL('/v1/notes', closed), { headers });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('requests that are too large', () => {
  let origin: URL;
  beforeAll(async () => {
    origin = await start({ bodyLimitBytes: 10_000 });
    handled = 0;
  });

  it('are refused by their Content-Length before a byte of the body is sent', async () => {
    const connection = await RawConnection.open(origin);
    connection.write(head('Content-Length: 50000000\r\n'));
    await connection.says('HTTP/1.1 413');
    await connection.closed;
    expect(connection.text).toContain('"code":"BODY_TOO_LARGE"');
  });

  it('are read to their end and thrown away where they are not much too large, so that the answer is not lost', async () => {
    const connection = await RawConnection.open(origin);
    connection.write(head('Content-Length: 60000\r\n') + 'x'.repeat(30_000));
    await connection.says('"code":"BODY_TOO_LARGE"');
    connection.write('x'.repeat(30_000) + 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    await connection.says('HTTP/1.1 404');
    expect(connection.text).toContain('HTTP/1.1 413');
    connection.socket.destroy();
  });

  it.each(['close', 'Authorization, close'])(
    'end their connection, and say so, where they ask for it: %s',
    async (value) => {
      const connection = await RawConnection.open(origin);
      connection.write(head(`Connection: ${value}\r\nContent-Length: 60000\r\n`) + 'x'.repeat(60_000));
      await connection.closed;
      expect(connection.text).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nconnection: close\r\n/i);
    },
  );

  it('are cut off in the middle where they do not say how long they are', async () => {
    const connection = await RawConnection.open(origin);
    connection.write(head('Transfer-Encoding: chunked\r\n'));
    let sent = 0;
    for (; sent < 1_000 && connection.closedAfterMs === null; sent += 1) {
      connection.write(`400\r\n${'x'.repeat(1_024)}\r\n`);
      await sleep(2);
    }
    await connection.closed;
    expect(connection.text).toContain('HTTP/1.1 413');
    expect(sent).toBeLessThan(1_000);
  });

  it.each([
    ['an address', `/v1/notes?q=${'x'.repeat(5_000)}`, 414, 'URL_TOO_LONG'],
    ['a list of parameters', `/v1/notes?${'a=1&'.repeat(50)}a=1`, 400, 'TOO_MANY_PARAMETERS'],
  ])('are refused where it is %s', async (_what, path, status, code) => {
    const response = await fetch(new URL(path, origin));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it.each([
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n', '{}'],
    ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
    ['an unknown coding', 'Transfer-Encoding: gzip\r\n', '{}'],
  ])(
    'are refused, and their connection with them, where there are %s: a proxy may have read them differently',
    async (_what, lines, body) => {
      const connection = await RawConnection.open(origin);
      connection.write(head(lines) + body);
      await connection.closed;
      expect(connection.text).toMatch(/^HTTP\/1\.1 400 /);
      expect(connection.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    },
  );

  it('have reached no handler', () => {
    expect(handled).toBe(0);
  });
});

describe('connections that take their time', () => {
  const requestTimeoutMs = 400;
  let origin: URL;
  beforeAll(async () => {
    origin = await start({ requestTimeoutMs });
  });

  /** Writes a character every 50 ms until the server has had enough. */
  async function dribble(first: string): Promise<RawConnection> {
    const connection = await RawConnection.open(origin);
    connection.write(first);
    while (connection.closedAfterMs === null) {
      connection.write('x');
      await Promise.race([sleep(50), connection.closed]);
    }
    return connection;
  }

  it.each([
    ['headers', 'GET /v1/notes HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['a body', head('Content-Length: 9000\r\n')],
  ])('are cut while %s dribble in', async (_what, first) => {
    const { text, closedAfterMs } = await dribble(first);
    expect(text).toContain('HTTP/1.1 408');
    expect(text).toContain('"code":"REQUEST_TIMEOUT"');
    expect(closedAfterMs).toBeGreaterThanOrEqual(requestTimeoutMs - 50);
  });

  it('are cut when nothing comes at all', async () => {
    const connection = await RawConnection.open(origin);
    await connection.closed;
    expect(connection.closedAfterMs).toBeGreaterThanOrEqual(requestTimeoutMs - 50);
  });

  it('do not keep others waiting, a hundred of them', async () => {
    const slow = await Promise.all(Array.from({ length: 100 }, () => RawConnection.open(origin)));
    for (const connection of slow) connection.write('GET /v1/notes HTTP/1.1\r\nHost:');
    expect((await fetch(new URL('/v1/notes', origin))).status).toBe(200);
    await Promise.all(slow.map(({ closed }) => closed));
  });

  it('are so many and no more', async () => {
    const few = await start({ connectionsMax: 5 });
    const open = await Promise.all(Array.from({ length: 5 }, () => RawConnection.open(few)));
    const sixth = await RawConnection.open(few);
    await sixth.closed;
    expect(sixth.text).toBe('');
    open[0]!.socket.destroy();
    await open[0]!.closed;
    for (;;) {
      const answered = await fetch(new URL('/v1/notes', few))
        .then(({ status }) => status)
        .catch(() => null);
      if (answered === 200) break;
      await sleep(20);
    }
    for (const { socket } of open) socket.destroy();
  });
});

describe('requests beyond a limit', () => {
  let origin: URL;
  const points: SharedPoints = {
    take: () => Promise.resolve({ granted: 0, left: 0, endsInMs: 4_200 }),
  };

  beforeAll(async () => {
    const none = new SharedLimit({ name: 'address', points: 7, windowSeconds: 60 }, points);
    const limits: RequestLimits = {
      ...{ token: none, address: none, anonymous: null, anonymousTotal: null, receiptMisses: null },
      ...{
        accountOf: () => Promise.resolve(null),
        isAnonymous: () => true,
        showsReceiptCode: () => false,
        byReceipt: [],
        exempt: [],
      },
    };
    origin = await start({ limits });
    handled = 0;
  });

  it('are refused before their bodies are read', async () => {
    const connection = await RawConnection.open(origin);
    connection.write(head('Content-Length: 9000\r\n'));
    await connection.says('"code":"TOO_MANY_REQUESTS"');
    expect(connection.text).toContain('HTTP/1.1 429');
    expect(connection.text.toLowerCase()).toContain('\r\nretry-after: 5\r\n');
    expect(connection.text.toLowerCase()).toContain('\r\nratelimit: "address";r=0;t=5\r\n');
    expect(connection.text.toLowerCase()).toContain('\r\nratelimit-policy: "address";q=7;w=60\r\n');
    connection.socket.destroy();
    expect(handled).toBe(0);
  });

  it.each(['/v1/nothing', '/docs', '/v1/notes'])('are refused wherever they go: %s', async (path) => {
    expect((await fetch(new URL(path, origin))).status).toBe(429);
  });
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0:1::/64'],
  ['2001:0DB8::1:2:3', '2001:db8:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
