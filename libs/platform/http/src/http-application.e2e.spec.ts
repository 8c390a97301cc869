import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Module,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SimulatedClock } from '@shaoying/config';
import { Overloaded, RevisionConflict } from '@shaoying/event-store';
import {
  AccessGuard,
  Credentials,
  CurrentPrincipal,
  LocalIssuer,
  TokenVerifier,
  type AccessPolicy,
  type Principal,
} from '@shaoying/identity';
import { createLogger, createMetrics } from '@shaoying/telemetry';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsDefined,
  IsIn,
  IsNumber,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandEndpoint, type CommandContext } from './command-endpoint.js';
import { IsInstant, IsOpaqueId, IsSha256 } from './fields.js';
import { createHttpApplication } from './http-application.js';
import { mountOpenApi } from './open-api.js';
import { PageQuery } from './paging.js';
import { registerProblems } from './problems.js';

registerProblems({
  CASE_CLOSED: {
    status: 409,
    title: 'The case is closed',
    titleZh: '案件已结案',
    messageIsDetail: true,
  },
});

class PlaceBody {
  @IsNumber() lon!: number;
  @IsNumber() lat!: number;
}

class CaseBody {
  @IsIn(['MINOR', 'MAJOR']) severity!: string;
  @IsString() @MaxLength(20) text!: string;
  @IsDefined() @ValidateNested() @Type(() => PlaceBody) place!: PlaceBody;
  @IsOptional() @IsInstant() occurredAt?: string;
  @IsOptional() @IsOpaqueId() gridId?: string;
  @IsOptional() @IsArray() @IsSha256({ each: true }) evidence?: string[];
}

class NoteBody {
  @IsOptional() @IsString() note?: string;
}

class NoBody {}

class Gate {
  private open: () => void = () => undefined;
  entered = 0;
  passage: Promise<void> = Promise.resolve();
  shut(): void {
    this.passage = new Promise((open) => (this.open = open));
  }
  release(): void {
    this.open();
  }
}

const CASE = { severity: 'MINOR', text: '楼道堆物', place: { lon: 116.4, lat: 39.9 } };

const anyToken = { roles: null, tokenless: null };
const everybody = { roles: null, tokenless: 'public' } as const;
const routes: Readonly<Record<string, ReturnType<AccessPolicy>>> = {
  'POST /v1/cases': { roles: ['resident'], tokenless: 'anonymous-reports' },
  'POST /v1/cases/run': anyToken,
  'POST /v1/cases/sign': anyToken,
  'POST /v1/cases/fail/{kind}': everybody,
  'GET /v1/cases': everybody,
  'GET /v1/cases/stream': everybody,
  'GET /v1/cases/{id}': { roles: ['oversight'], tokenless: null },
};
const policy: AccessPolicy = (operation) => routes[operation];

@Controller('v1/cases')
class CaseController {
  private readonly endpoint = new CommandEndpoint();
  constructor(@Inject(Gate) private readonly gate: Gate) {}

  @Post()
  create(@Body() body: CaseBody, @CurrentPrincipal() principal: Principal): unknown {
    return { body, isDto: body.place instanceof PlaceBody, by: principal.id };
  }

  @Post('run')
  @HttpCode(200)
  run(
    @Body() body: NoteBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentPrincipal() principal: Principal,
  ): Promise<unknown> {
    return this.endpoint.run(request, reply, principal, async (context: CommandContext) => {
      this.gate.entered += 1;
      await this.gate.passage;
      return { revision: 7, position: '42', replayed: body.note === 'again', context };
    });
  }

  @Post('sign')
  @HttpCode(204)
  sign(@Body() _body: NoBody): void {}

  @Post('fail/:kind')
  fail(@Param('kind') kind: string): never {
    if (kind === 'conflict') throw new RevisionConflict('incident-1', 3, 4);
    if (kind === 'overloaded') throw new Overloaded(7);
    if (kind === 'closed') {
      throw Object.assign(new Error('incident i-1 is closed'), {
        code: 'CASE_CLOSED',
        messageZh: '事件 i-1 已结案',
      });
    }
    if (kind === 'string') throw 'not even an error';
    throw Object.assign(new Error('secret: connection to 10.0.0.1 failed'), { code: '57P01' });
  }

  @Get()
  list(@Query() query: PageQuery): unknown {
    return query;
  }

  @Get('stream')
  stream(@Res() reply: FastifyReply): void {
    reply.hijack();
    reply.raw.writeHead(200, { 'Content-Type': 'text/event-stream' });
    reply.raw.write(': here\n\n');
  }

  @Get(':id')
  one(@Param('id') id: string): unknown {
    return { id };
  }
}

@Module({ controllers: [CaseController], providers: [Gate] })
class CaseModule {}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

describe('the HTTP application', () => {
  const logged: string[] = [];
  const metrics = createMetrics({ role: 'api', processMetrics: false });
  let dataDir: string;
  let app: NestFastifyApplication;
  let origin: string;
  let resident: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'http-application-'));
    const issuer = await LocalIssuer.open(dataDir);
    resident = await issuer.issue({ sub: 'resident-1', roles: ['resident'] });
    app = await createHttpApplication(CaseModule, {
      logger: createLogger({
        role: 'api',
        level: 'error',
        destination: { write: (line) => void logged.push(line) },
      }),
      metrics: metrics.http,
      guards: [
        new AccessGuard(new Credentials(TokenVerifier.forLocalIssuer(issuer), null), policy, {
          anonymousReports: true,
        }),
      ],
      drainMs: 500,
    });
    mountOpenApi(app, { title: 'Shaoying', description: 'test', version: '0' });
    await app.listen(0, '127.0.0.1');
    origin = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
    await rm(dataDir, { recursive: true });
  });

  async function call(
    method: string,
    path: string,
    init: { body?: unknown; raw?: string | Buffer<ArrayBuffer>; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const payload = init.raw ?? (init.body === undefined ? undefined : JSON.stringify(init.body));
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...init.headers },
      ...(payload === undefined ? {} : { body: payload }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: json ? (JSON.parse(text) as Record<string, unknown>) : { text },
    };
  }

  function bearer(token = resident): Record<string, string> {
    return { authorization: `Bearer ${token}` };
  }

  function expectProblem(answer: Answer, status: number, code: string): void {
    expect(answer.body).toMatchObject({ status, code, type: `/problems/${code}` });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(JSON.stringify(answer.body)).not.toMatch(/\bat .+:\d+:\d+/);
  }

  it('hands a valid body on as its DTO, with instants in UTC', async () => {
    const answer = await call('POST', '/v1/cases', {
      body: { ...CASE, occurredAt: '2026-02-13T16:00:00+08:00' },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.body).toEqual({
      body: { ...CASE, occurredAt: '2026-02-13T08:00:00.000Z' },
      isDto: true,
      by: 'anonymous',
    });
  });

  describe('bodies', () => {
    it.each<[string, string]>([
      ['half an object', '{"severity":'],
      ['a blank', ' '],
      ['two documents', '{}{}'],
      ['a comment', '{/* */}'],
      ['not a number', '{"a": NaN}'],
    ])('answers 400 to %s', async (_what, raw) => {
      expectProblem(await call('POST', '/v1/cases', { raw }), 400, 'MALFORMED_JSON');
    });

    it('answers 400 to GBK, which would be recorded as rubbish', async () => {
      const gbk = Buffer.concat([
        Buffer.from('{"text":"'),
        Buffer.from([0xc2, 0xa5, 0xb5, 0xc0]),
        Buffer.from('"}'),
      ]);
      expectProblem(await call('POST', '/v1/cases', { raw: gbk }), 400, 'MALFORMED_JSON');
    });

    it.each(['null', '[]', '[{}]', '"text"', '5', 'true'])('answers 400 to the body %s', async (raw) => {
      expectProblem(await call('POST', '/v1/cases', { raw }), 400, 'BODY_NOT_AN_OBJECT');
    });

    it.each([
      '{"__proto__":{"isAdmin":true}}',
      '{"constructor":{"prototype":{"isAdmin":true}}}',
      '{"place":{"hasOwnProperty":1}}',
      '{"list":[{"toString":1}]}',
      '{"\\u005f_proto__":{}}',
    ])('answers 400 to %s and pollutes nothing', async (raw) => {
      expectProblem(await call('POST', '/v1/cases', { raw }), 400, 'FORBIDDEN_KEY');
      expect(Reflect.get({}, 'isAdmin')).toBeUndefined();
    });

    it.each([
      ['10,000 arrays deep', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
      ['40,000 objects deep', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`],
      ['100,000 values wide', `{"a":[${'0,'.repeat(100_000)}0]}`],
    ])('answers 400 to a body %s', async (_what, raw) => {
      expectProblem(await call('POST', '/v1/cases', { raw }), 400, 'BODY_TOO_DEEP');
    });

    it.each(['{"text":"a\\u0000b"}', '{"text":"\\ud800"}', '{"a\\u0000":1}', '{"place":{"lon":1e999}}'])(
      'answers 400 to %s, which no database keeps',
      async (raw) => {
        expectProblem(await call('POST', '/v1/cases', { raw }), 400, 'INVALID_CHARACTERS');
      },
    );

    it('answers 413 to 300 KiB', async () => {
      const answer = await call('POST', '/v1/cases', { body: { text: 'x'.repeat(300 * 1024) } });
      expectProblem(answer, 413, 'BODY_TOO_LARGE');
    });

    it.each(['gzip', 'br', 'identity, gzip', 'x'])(
      'answers 415 to a body that says it is in %s',
      async (encoding) => {
        const headers = { 'content-encoding': encoding };
        expectProblem(
          await call('POST', '/v1/cases', { body: CASE, headers }),
          415,
          'ENCODING_NOT_SUPPORTED',
        );
        expect(
          (await call('POST', '/v1/cases', { body: CASE, headers: { 'content-encoding': 'identity' } }))
            .status,
        ).toBe(201);
      },
    );

    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/xml',
      'multipart/form-data; boundary=x',
    ])('answers 415 to %s', async (type) => {
      const answer = await call('POST', '/v1/cases', {
        raw: JSON.stringify(CASE),
        headers: { 'content-type': type },
      });
      expectProblem(answer, 415, 'UNSUPPORTED_MEDIA_TYPE');
    });

    it('names every wrong field, and never its value', async () => {
      const answer = await call('POST', '/v1/cases', {
        body: {
          severity: 'HUGE-13800138000',
          text: 'x'.repeat(21),
          place: { lon: '116.4', lat: null, alt: 3 },
          occurredAt: '2026-02-13T16:00:00',
          gridId: '../etc',
          evidence: ['zz'],
          phone: '13800138000',
        },
      });
      expectProblem(answer, 400, 'VALIDATION_FAILED');
      const errors = answer.body['errors'] as { field: string; code: string }[];
      expect(Object.fromEntries(errors.map(({ field, code }) => [field, code]))).toEqual({
        severity: 'IS_IN',
        text: 'MAX_LENGTH',
        'place.lon': 'IS_NUMBER',
        'place.lat': 'IS_DEFINED',
        'place.alt': 'UNKNOWN_FIELD',
        occurredAt: 'IS_INSTANT',
        gridId: 'IS_OPAQUE_ID',
        evidence: 'MATCHES',
        phone: 'UNKNOWN_FIELD',
      });
      expect(JSON.stringify(answer.body)).not.toContain('13800138000');
    });

    it.each([
      { place: [] },
      { place: 'here' },
      { place: null },
      { place: [[{ lon: 1, lat: 1 }]] },
      { evidence: {} },
      { text: {} },
    ])('answers 400 to %j where something else is agreed', async (wrong) => {
      expectProblem(
        await call('POST', '/v1/cases', { body: { ...CASE, ...wrong } }),
        400,
        'VALIDATION_FAILED',
      );
    });

    it('takes a field that is null as one that was not sent', async () => {
      const sent = { ...CASE, gridId: null, evidence: null, occurredAt: null };
      const { status, body } = await call('POST', '/v1/cases', { body: sent });
      expect(status).toBe(201);
      expect(body['body']).toEqual(CASE);
      const item = await call('POST', '/v1/cases', { body: { ...CASE, evidence: [null] } });
      expectProblem(item, 400, 'VALIDATION_FAILED');
    });

    it('says of a missing field that it is missing, and of a wrong type that, not what it breaks besides', async () => {
      const { body } = await call('POST', '/v1/cases', { body: { text: 5, place: { lon: 1 } } });
      expect(body['errors']).toEqual(
        expect.arrayContaining([
          { field: 'severity', code: 'IS_DEFINED', message: 'severity is required' },
          { field: 'text', code: 'IS_STRING', message: 'text must be a string' },
          { field: 'place.lat', code: 'IS_DEFINED', message: 'lat is required' },
        ]),
      );
      expect(body['errors']).toHaveLength(3);
    });

    it('takes an absent body as an empty one', async () => {
      const wanting = await call('POST', '/v1/cases');
      expectProblem(wanting, 400, 'VALIDATION_FAILED');
      expect((await call('POST', '/v1/cases/run', { headers: bearer() })).status).toBe(200);
      expect((await call('POST', '/v1/cases/run', { headers: bearer(), raw: '' })).status).toBe(200);
    });

    it('takes an empty body, and no other, where a command has no fields', async () => {
      const sign = (options: object) => call('POST', '/v1/cases/sign', { headers: bearer(), ...options });
      expect((await sign({})).status).toBe(204);
      expect((await sign({ body: {} })).status).toBe(204);
      expectProblem(await sign({ body: { note: 'x' } }), 400, 'VALIDATION_FAILED');
    });
  });

  describe('problems', () => {
    it('speaks Chinese when asked', async () => {
      const headers = { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' };
      const invalid = await call('POST', '/v1/cases', { body: { ...CASE, severity: 'HUGE' }, headers });
      expect(invalid.body).toMatchObject({
        title: '请求内容未通过校验',
        errors: [{ field: 'severity', message: '必须是以下之一：MINOR, MAJOR' }],
      });
      expect(invalid.headers.get('content-language')).toBe('zh-CN');
      const closed = await call('POST', '/v1/cases/fail/closed', { headers });
      expect(closed.body).toMatchObject({ status: 409, title: '案件已结案', detail: '事件 i-1 已结案' });
      const english = await call('POST', '/v1/cases/fail/closed', { headers: { 'accept-language': 'zha' } });
      expect(english.body).toMatchObject({ title: 'The case is closed', detail: 'incident i-1 is closed' });
    });

    it('hides what went wrong inside, and logs it', async () => {
      logged.length = 0;
      const answer = await call('POST', '/v1/cases/fail/unknown?phone=13800138000');
      expectProblem(answer, 500, 'INTERNAL_ERROR');
      expect(JSON.stringify(answer.body)).not.toMatch(/10\.0\.0\.1|57P01|13800138000/);
      expect(answer.body['instance']).toBe('/v1/cases/fail/unknown');
      expect(JSON.parse(logged[0]!)).toMatchObject({
        requestId: answer.body['requestId'],
        path: '/v1/cases/fail/unknown',
        err: {
          message: expect.stringContaining('10.0.0.1') as string,
          stack: expect.stringContaining('at ') as string,
        },
      });
      expectProblem(await call('POST', '/v1/cases/fail/string'), 500, 'INTERNAL_ERROR');
    });

    it('tells a conflict as 409, and as 412 to who named a revision', async () => {
      expectProblem(await call('POST', '/v1/cases/fail/conflict'), 409, 'REVISION_CONFLICT');
      const conditional = await call('POST', '/v1/cases/fail/conflict', { headers: { 'if-match': '"3"' } });
      expectProblem(conditional, 412, 'REVISION_CONFLICT');
    });

    it('says when to come back', async () => {
      const answer = await call('POST', '/v1/cases/fail/overloaded');
      expectProblem(answer, 503, 'OVERLOADED');
      expect(answer.headers.get('retry-after')).toBe('7');
    });

    it('answers 404 where nothing is and 405 where another method would do', async () => {
      expectProblem(await call('GET', '/v1/nothing'), 404, 'ROUTE_NOT_FOUND');
      const answer = await call('DELETE', '/v1/cases?a=1');
      expectProblem(answer, 405, 'METHOD_NOT_ALLOWED');
      expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
    });

    it.each([
      ['/v1/cases/%zz', 400, 'MALFORMED_URL'],
      ['/v1/cases/%ff', 400, 'MALFORMED_URL'],
      ['/v1/cases/a%00b', 400, 'INVALID_CHARACTERS'],
      ['/v1/cases?cursor=%00', 400, 'INVALID_CHARACTERS'],
      [`/v1/cases/${'x'.repeat(300)}`, 414, 'URL_TOO_LONG'],
    ])('answers a problem to %s', async (path, status, code) => {
      expectProblem(await call('GET', path), status, code);
    });

    function raw(request: string): Promise<string> {
      const { hostname, port } = new URL(origin);
      return new Promise<string>((resolve) => {
        const socket = connect(Number(port), hostname, () => socket.write(request));
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.on('close', () => resolve(text));
      });
    }

    it('answers a problem to an expectation that nobody meets', async () => {
      const answer = await raw('GET /v1/cases HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n');
      expect(answer).toMatch(/^HTTP\/1\.1 417 Expectation Failed\r\n/);
      expect(answer).toContain('"code":"EXPECTATION_FAILED"');
    });

    it('answers a problem to who names no host, and to who takes it for a proxy', async () => {
      const hostless = await raw('GET /v1/cases HTTP/1.1\r\nConnection: close\r\n\r\n');
      expect(hostless).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(hostless).toContain('"code":"MALFORMED_REQUEST"');
      const tunnel = await raw('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n');
      expect(tunnel).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
      expect(tunnel).toContain('"code":"METHOD_NOT_ALLOWED"');
    });

    it('answers a problem even to what is hardly HTTP', async () => {
      const answer = await raw('GET / SMTP/1.0\r\nhello\r\n\r\n');
      expect(answer).toContain('HTTP/1.1 400 Bad Request');
      expect(answer).toContain('"code":"MALFORMED_REQUEST"');
      const huge = await call('GET', '/v1/cases', { headers: { 'x-large': 'x'.repeat(20_000) } });
      expectProblem(huge, 431, 'HEADERS_TOO_LARGE');
    });

    it('counts a stream no longer that its client has left', async () => {
      const leaving = new AbortController();
      const stream = await fetch(`${origin}/v1/cases/stream`, { headers: bearer(), signal: leaving.signal });
      expect(stream.status).toBe(200);
      const inFlight = async (): Promise<string | undefined> =>
        /^http_requests_in_flight.* (\d+)$/m.exec(await metrics.registry.metrics())?.[1];
      expect(await inFlight()).toBe('1');
      leaving.abort();
      while ((await inFlight()) !== '0') await new Promise((resolve) => setTimeout(resolve, 5));
    });

    it('counts problems by code and requests by route', async () => {
      const text = await metrics.registry.metrics();
      expect(text).toContain('http_requests_in_flight{role="api"} 0');
      expect(text).toMatch(/http_problems_total\{code="FORBIDDEN_KEY",role="api"\} 5/);
      expect(text).toMatch(
        /http_request_duration_seconds_count\{role="api",method="POST",route="\/v1\/cases",status="413"\} 1/,
      );
      expect(text).toMatch(
        /http_request_duration_seconds_count\{role="api",method="GET",route="\(none\)",status="404"\} 1/,
      );
    });
  });

  describe('access', () => {
    it('is closed without a token', async () => {
      const answer = await call('GET', '/v1/cases/1');
      expectProblem(answer, 401, 'TOKEN_MISSING');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expectProblem(await call('GET', '/v1/cases/1', { headers: bearer('rubbish') }), 401, 'TOKEN_INVALID');
      expectProblem(
        await call('GET', '/v1/cases/1', { headers: { authorization: 'Basic YTpi' } }),
        401,
        'TOKEN_INVALID',
      );
    });

    it('asks for one of the roles', async () => {
      expectProblem(await call('GET', '/v1/cases/1', { headers: bearer() }), 403, 'ROLE_NOT_PERMITTED');
    });

    it('knows an anonymous reporter from a resident, and never takes a bad token for anonymous', async () => {
      const known = await call('POST', '/v1/cases', { body: CASE, headers: bearer() });
      expect(known.body['by']).toBe('resident-1');
      const bad = await call('POST', '/v1/cases', { body: CASE, headers: bearer('rubbish') });
      expectProblem(bad, 401, 'TOKEN_INVALID');
    });

    it('does not start with a route that nobody has admitted', async () => {
      const seen: string[] = [];
      const starting = createHttpApplication(CaseModule, {
        logger: createLogger({ role: 'api', level: 'silent' }),
        onRoute: (method, pattern) => {
          seen.push(`${method} ${pattern}`);
          if (pattern === '/v1/cases/:id') throw new Error('nobody admitted it');
        },
      });
      await expect(starting.then((unready) => unready.init())).rejects.toThrow('nobody admitted it');
      expect(seen).toContain('POST /v1/cases/run');
    });

    it('can refuse anonymous reports', async () => {
      const issuer = await LocalIssuer.open(dataDir, { clock: new SimulatedClock('2026-01-01T00:00:00Z') });
      const strict = await createHttpApplication(CaseModule, {
        logger: createLogger({ role: 'api', level: 'silent' }),
        guards: [
          new AccessGuard(new Credentials(TokenVerifier.forLocalIssuer(issuer), null), policy, {
            anonymousReports: false,
          }),
        ],
      });
      await strict.listen(0, '127.0.0.1');
      const response = await fetch(`${await strict.getUrl()}/v1/cases`, { method: 'POST' });
      expect(response.status).toBe(401);
      await strict.close();
    });
  });

  describe('commands', () => {
    function run(headers: Record<string, string>, body: unknown = {}): Promise<Answer> {
      return call('POST', '/v1/cases/run', { body, headers: { ...bearer(), ...headers } });
    }

    it('answers with revision and position, and says when it repeats itself', async () => {
      const first = await run({ 'idempotency-key': 'k1' });
      expect(first.status).toBe(200);
      expect(first.headers.get('etag')).toBe('"7"');
      expect(first.headers.get('shaoying-position')).toBe('42');
      expect(first.headers.has('idempotency-replayed')).toBe(false);
      expect((await run({}, { note: 'again' })).headers.get('idempotency-replayed')).toBe('true');
    });

    it('refuses a second attempt while the first is running, and takes it afterwards', async () => {
      const gate = app.get(Gate);
      gate.entered = 0;
      gate.shut();
      const first = run({ 'idempotency-key': 'slow' });
      while (gate.entered === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expectProblem(await run({ 'idempotency-key': 'slow' }), 409, 'COMMAND_IN_PROGRESS');
      const other = run({ 'idempotency-key': 'other' });
      gate.release();
      expect((await first).status).toBe(200);
      expect((await other).status).toBe(200);
      expect((await run({ 'idempotency-key': 'slow' })).status).toBe(200);
    });

    it.each<[Record<string, string>, string]>([
      [{ 'if-match': 'W/"12"' }, 'INVALID_IF_MATCH'],
      [{ 'if-match': '12' }, 'INVALID_IF_MATCH'],
      [{ 'if-match': '"1", "2"' }, 'INVALID_IF_MATCH'],
      [{ 'if-match': '"-1"' }, 'INVALID_IF_MATCH'],
      [{ 'if-match': '' }, 'INVALID_IF_MATCH'],
      [{ 'idempotency-key': 'x'.repeat(256) }, 'INVALID_IDEMPOTENCY_KEY'],
      [{ 'idempotency-key': '' }, 'INVALID_IDEMPOTENCY_KEY'],
    ])('answers 400 to %j', async (headers, code) => {
      expectProblem(await run(headers), 400, code);
    });

    it('passes If-Match on, and * as any', async () => {
      expect((await run({ 'if-match': '"12"' })).body).toMatchObject({ context: { ifMatch: 12 } });
      expect((await run({ 'if-match': '*' })).body['context']).not.toHaveProperty('ifMatch');
    });
  });

  describe('queries', () => {
    it('pages by 50 unless told otherwise', async () => {
      expect((await call('GET', '/v1/cases')).body).toEqual({ limit: 50 });
      expect((await call('GET', '/v1/cases?limit=200&cursor=abc')).body).toEqual({
        limit: 200,
        cursor: 'abc',
      });
    });

    it.each([
      'limit=0',
      'limit=201',
      'limit=ten',
      'limit=1.5',
      'limit=',
      'limit=1&limit=2',
      'cursor=a&cursor=b',
      'page=2',
    ])('answers 400 to ?%s', async (query) => {
      expectProblem(await call('GET', `/v1/cases?${query}`), 400, 'VALIDATION_FAILED');
    });
  });

  it.each(['__proto__=1', 'constructor=1', 'toString=1'])('answers 400 to the query ?%s', async (query) => {
    expectProblem(await call('GET', `/v1/cases?${query}`), 400, 'FORBIDDEN_KEY');
  });

  it('documents itself', async () => {
    const document = await call('GET', '/docs-json');
    expect(document.body).toMatchObject({
      openapi: expect.any(String) as string,
      info: { title: 'Shaoying' },
    });
    expect(Object.keys(document.body['paths'] as object)).toContain('/v1/cases/{id}');
    const page = await fetch(`${origin}/docs`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('swagger');
  });
});

describe('closing the HTTP application', () => {
  it('lets a running request finish, cuts a stream, and is done in time', async () => {
    const app = await createHttpApplication(CaseModule, {
      logger: createLogger({ role: 'api', level: 'silent' }),
      guards: [
        {
          canActivate: (context) => {
            context.switchToHttp().getRequest<{ principal: Principal }>().principal = {
              id: 'x',
              roles: [],
              orgUnitId: null,
            };
            return true;
          },
        },
      ],
      drainMs: 300,
    });
    await app.listen(0, '127.0.0.1');
    const origin = await app.getUrl();
    const stream = await fetch(`${origin}/v1/cases/stream`);
    const ended = stream.text().catch(() => 'cut');
    const gate = app.get(Gate);
    gate.shut();
    const running = fetch(`${origin}/v1/cases/run`, { method: 'POST' });
    while (gate.entered === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const started = performance.now();
    const closed = app.close();
    setTimeout(() => gate.release(), 100);
    expect((await running).status).toBe(200);
    await closed;
    expect(await ended).toBe('cut');
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
