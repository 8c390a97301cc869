import type { CanActivate, DynamicModule, ExecutionContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger, type HttpMetrics, type Logger } from '@shaoying/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { parseJsonBody } from './json-body.js';
import { RequestRefused, type BadRequestCode } from './http.errors.js';
import { ProblemFilter } from './problem-filter.js';
import { problemKind } from './problems.js';
import { parseMinPosition } from './request-headers.js';
import { limitRequests, type RequestLimits } from './request-limits.js';
import { RouteTable } from './route-table.js';
import { sendSecurityHeaders } from './security-headers.js';
import { DtoPipe } from './validation.js';

export interface HttpApplicationOptions {
  readonly logger: Logger;
  readonly metrics?: HttpMetrics;
  /** Run before every route, in order; normally the one `AccessGuard`. */
  readonly guards?: readonly CanActivate[];
  /** Told each route before it is there; what it throws ends the start. */
  readonly onRoute?: (method: string, pattern: string) => void;
  /** The routes that take files; every other takes JSON alone. */
  readonly uploads?: UploadRoutes;
  /** Default 256 KiB: a report with its evidence hashes is some 2 KiB. */
  readonly bodyLimitBytes?: number;
  /** For a request to arrive completely. Default 10 s; answers and streams may take longer. */
  readonly requestTimeoutMs?: number;
  /** Requests under way get this long when the server closes, then their connections are cut. Default 3 s. */
  readonly drainMs?: number;
  /** How many requests are taken of whom; any number without it. */
  readonly limits?: RequestLimits;
  /** Addresses and networks whose `X-Forwarded-For` is believed. Default none. */
  readonly trustedProxies?: readonly string[];
  /** Origins whose pages may call from a browser. Default none. */
  readonly corsOrigins?: readonly string[];
  /** Connections open at once; further ones are closed as they come. Default 10,000. */
  readonly connectionsMax?: number;
}

/** Routes whose body comes as a stream that nobody has read: their handlers, behind the guards, limit what they take. */
export interface UploadRoutes {
  /** As Fastify spells them: `/v1/files`. */
  readonly paths: readonly string[];
  /** Media types that the handlers look at, to take or to refuse them; all others are refused here. */
  readonly mediaTypes: readonly (string | RegExp)[];
}

const DEFAULTS = {
  ...{ bodyLimitBytes: 256 * 1024, requestTimeoutMs: 10_000, drainMs: 3_000, connectionsMax: 10_000 },
} as const;
const HEADER_BYTES_MAX = 16 * 1024;
/** The longest address of the contract, a list with all its filters and a cursor, is some 2,000 characters. */
const URL_CHARS_MAX = 4_096;
/** No list has half as many filters. */
const QUERY_PARAMETERS_MAX = 50;
const PARAM_CHARS_MAX = 200;
const ALLOWED_HEADERS = [
  ...['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'Accept-Language', 'Last-Event-ID'],
  ...['X-Correlation-Id', 'Shaoying-Min-Position', 'traceparent'],
];
const EXPOSED_HEADERS = [
  ...['ETag', 'Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
  ...['Shaoying-Position', 'Shaoying-Next-Cursor', 'Idempotency-Replayed'],
];
const PREFLIGHT_SECONDS = 600;
/** Longer than the 60 s after which common load balancers drop idle connections, so that they do it first. */
const KEEP_ALIVE_MS = 65_000;

/** Errors of Node's parser by their codes; whatever else it refuses is malformed. */
const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  ...{ ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT', HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'BODY_TOO_LARGE',
};

/**
 * The HTTP server: Nest on Fastify with problem details, validation and limits, not listening yet.
 *
 * Closing stops listening, lets requests under way finish for `drainMs`, then cuts what is left, streams included.
 * Nest calls `onModuleDestroy` before that and `onApplicationShutdown` after it: close stores in the latter.
 */
export async function createHttpApplication(
  module: Type | DynamicModule,
  options: HttpApplicationOptions,
): Promise<NestFastifyApplication> {
  const routes = new RouteTable();
  const filter = new ProblemFilter(options.logger, routes, options.metrics);
  const adapter = createAdapter(options, filter);
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.server.maxConnections = options.connectionsMax ?? DEFAULTS.connectionsMax;
  fastify.addHook('onRoute', ({ method, url }) => {
    routes.add(method, url);
    for (const one of [method].flat()) options.onRoute?.(one, url);
  });
  acceptJsonOnly(fastify);
  if (options.uploads) acceptUploads(fastify, options.uploads);
  // First of all hooks: a request that a later one refuses has begun, too.
  if (options.metrics) measure(fastify, options.metrics);
  await sendSecurityHeaders(fastify);
  refuseOddAddresses(fastify);
  answerWhatNodeWouldNot(fastify);
  requireHost(fastify);
  if (options.limits) limitRequests(fastify, options.limits);
  cutConnectionsOnClose(fastify, options.drainMs ?? DEFAULTS.drainMs);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLogger(options.logger),
    bodyParser: false,
    abortOnError: false,
  });
  allowOrigins(app, options.corsOrigins ?? []);
  app.useGlobalFilters(filter);
  app.useGlobalPipes(new DtoPipe());
  app.useGlobalGuards(...(options.guards ?? []), positionsAreGood);
  return app;
}

function createAdapter(options: HttpApplicationOptions, filter: ProblemFilter): FastifyAdapter {
  const requestTimeoutMs = options.requestTimeoutMs ?? DEFAULTS.requestTimeoutMs;
  return new FastifyAdapter({
    logger: false,
    // Forwarded headers are whatever the client wrote, until a setting names the proxies to believe.
    trustProxy: options.trustedProxies?.length ? [...options.trustedProxies] : false,
    bodyLimit: options.bodyLimitBytes ?? DEFAULTS.bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // Requests that arrive on open connections while the server closes are still answered, with Connection: close.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: PARAM_CHARS_MAX },
    // A malformed or over-long address is refused by the router, before any filter of Nest's.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply): void =>
      filter.answer(error, request, reply),
    clientErrorHandler: answerUnreadableRequest,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      requireHostHeader: false,
      headersTimeout: requestTimeoutMs,
      // Node looks for overdue requests every 30 s by default, which would be the real time-out.
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
    },
  });
}

/** Fastify would also take text/plain and hand it on as a string. */
function acceptJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      assertNotEncoded(request.headers['content-encoding']);
      done(null, parseJsonBody(body));
    } catch (error) {
      done(error as RequestRefused);
    }
  });
}

function acceptUploads(fastify: FastifyInstance, { paths, mediaTypes }: UploadRoutes): void {
  for (const mediaType of mediaTypes) {
    fastify.addContentTypeParser(mediaType, (request, payload, done) => {
      try {
        assertNotEncoded(request.headers['content-encoding']);
        if (paths.includes(request.routeOptions.url ?? '')) return done(null, payload);
        done(Object.assign(new Error('only JSON is taken here'), { statusCode: 415 }));
      } catch (error) {
        done(error as RequestRefused);
      }
    });
  }
}

/** Whoever says that a body is compressed means what it says, and reading it as it stands would be a guess. */
function assertNotEncoded(encoding: string | undefined): void {
  if (encoding !== undefined && !/^(identity)?$/i.test(encoding))
    throw new RequestRefused('ENCODING_NOT_SUPPORTED');
}

/**
 * A read that has no use for a position would pass over one that is none, and hide from a client what it does wrong until it matters.
 * The last of the guards: who may not ask is told so first.
 */
const positionsAreGood: CanActivate = {
  canActivate(context: ExecutionContext): boolean {
    const { method, url, headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (/^(GET|HEAD)$/.test(method) && url.startsWith('/v1/')) parseMinPosition(headers);
    return true;
  },
};

/** Before anything is read: PostgreSQL cannot take a NUL as text, and an id such as `%00` would be an error there. */
function refuseOddAddresses(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ url }, _reply, done) => {
    const code = oddityOf(url);
    done(code === null ? undefined : new RequestRefused(code));
  });
}

function oddityOf(url: string): BadRequestCode | null {
  if (url.length > URL_CHARS_MAX) return 'URL_TOO_LONG';
  if (url.includes('%00')) return 'INVALID_CHARACTERS';
  const query = url.indexOf('?');
  return query !== -1 && url.split('&', QUERY_PARAMETERS_MAX + 1).length > QUERY_PARAMETERS_MAX
    ? 'TOO_MANY_PARAMETERS'
    : null;
}

/** Closed to the pages of other origins, unless a setting names them; and never with cookies, of which there are none. */
function allowOrigins(app: NestFastifyApplication, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.enableCors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    credentials: false,
    maxAge: PREFLIGHT_SECONDS,
  });
}

function measure(fastify: FastifyInstance, metrics: HttpMetrics): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    metrics.started();
    // Fastify's own hook at the end is not called for a stream that the client has left.
    reply.raw.once('close', () => {
      const route = request.is404 ? undefined : request.routeOptions.url;
      metrics.finished(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    });
    done();
  });
}

function cutConnectionsOnClose(fastify: FastifyInstance, drainMs: number): void {
  fastify.addHook('preClose', (done) => {
    const timer = setTimeout(() => fastify.server.closeAllConnections(), drainMs);
    fastify.server.once('close', () => clearTimeout(timer));
    done();
  });
}

/** What Node answers with nothing, or not at all, before there is a request for any hook. */
function answerWhatNodeWouldNot(fastify: FastifyInstance): void {
  fastify.server.on('checkExpectation', (_request, response) => {
    const { status, headers, body } = bareProblem('EXPECTATION_FAILED');
    response.writeHead(status, headers).end(body);
  });
  fastify.server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(asText(bareProblem('METHOD_NOT_ALLOWED')));
  });
}

/** Node would refuse it with an empty answer. */
function requireHost(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ headers, raw }, _reply, done) => {
    const isMissing = headers.host === undefined && raw.httpVersion === '1.1';
    done(isMissing ? new RequestRefused('MALFORMED_REQUEST') : undefined);
  });
}

interface BareProblem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A problem for who has made no request that could be told its path, its language and its id. */
function bareProblem(code: string): BareProblem {
  const kind = problemKind(code);
  if (kind === undefined) throw new TypeError(`the problem ${code} is not registered`);
  const { status, title } = kind;
  const body = JSON.stringify({ type: `/problems/${code}`, title, status, code });
  const length = String(Buffer.byteLength(body));
  const headers = {
    ...{ 'Content-Type': 'application/problem+json; charset=utf-8', 'Content-Length': length },
    ...{ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', Connection: 'close' },
  };
  return { status, headers, body };
}

/** What Node's parser refuses never becomes a request; it still gets a problem. */
function answerUnreadableRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(asText(bareProblem(CLIENT_ERRORS[error.code ?? ''] ?? 'MALFORMED_REQUEST')));
}

function asText({ status, headers, body }: BareProblem): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
