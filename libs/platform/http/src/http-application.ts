import type { CanActivate, DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger, type HttpMetrics, type Logger } from '@shaoying/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { parseJsonBody } from './json-body.js';
import { RequestRefused } from './http.errors.js';
import { ProblemFilter } from './problem-filter.js';
import { RouteTable } from './route-table.js';
import { DtoPipe } from './validation.js';

export interface HttpApplicationOptions {
  readonly logger: Logger;
  readonly metrics?: HttpMetrics;
  /** Run before every route, in order; normally the one `AccessGuard`. */
  readonly guards?: readonly CanActivate[];
  /** The one route that takes files; every other takes JSON alone. */
  readonly uploads?: UploadRoute;
  /** Default 256 KiB: a report with its evidence hashes is some 2 KiB. */
  readonly bodyLimitBytes?: number;
  /** For a request to arrive completely. Default 10 s; answers and streams may take longer. */
  readonly requestTimeoutMs?: number;
  /** Requests under way get this long when the server closes, then their connections are cut. Default 3 s. */
  readonly drainMs?: number;
}

/** A route whose body comes as a stream that nobody has read: its handler, behind the guards, limits what it takes. */
export interface UploadRoute {
  /** As Fastify spells it: `/v1/files`. */
  readonly path: string;
  /** Media types that the handler looks at, to take or to refuse them; all others are refused here. */
  readonly mediaTypes: readonly (string | RegExp)[];
}

const DEFAULTS = { bodyLimitBytes: 256 * 1024, requestTimeoutMs: 10_000, drainMs: 3_000 } as const;
const HEADER_BYTES_MAX = 16 * 1024;
const PARAM_CHARS_MAX = 200;
/** Longer than the 60 s after which common load balancers drop idle connections, so that they do it first. */
const KEEP_ALIVE_MS = 65_000;

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
  fastify.addHook('onRoute', ({ method, url }) => routes.add(method, url));
  acceptJsonOnly(fastify);
  if (options.uploads) acceptUploads(fastify, options.uploads);
  // First of all hooks: a request that a later one refuses has begun, too.
  if (options.metrics) measure(fastify, options.metrics);
  refuseNulInAddresses(fastify);
  cutConnectionsOnClose(fastify, options.drainMs ?? DEFAULTS.drainMs);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLogger(options.logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(filter);
  app.useGlobalPipes(new DtoPipe());
  app.useGlobalGuards(...(options.guards ?? []));
  return app;
}

function createAdapter(options: HttpApplicationOptions, filter: ProblemFilter): FastifyAdapter {
  const requestTimeoutMs = options.requestTimeoutMs ?? DEFAULTS.requestTimeoutMs;
  return new FastifyAdapter({
    logger: false,
    // Forwarded headers are whatever the client wrote, until a setting names the proxies to believe.
    trustProxy: false,
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
      headersTimeout: requestTimeoutMs,
      // Node looks for overdue requests every 30 s by default, which would be the real time-out.
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
    },
  });
}

/** Fastify would also take text/plain and hand it on as a string. */
function acceptJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body));
    } catch (error) {
      done(error as RequestRefused);
    }
  });
}

function acceptUploads(fastify: FastifyInstance, { path, mediaTypes }: UploadRoute): void {
  for (const mediaType of mediaTypes) {
    fastify.addContentTypeParser(mediaType, (request, payload, done) => {
      if (request.routeOptions.url === path) done(null, payload);
      else done(Object.assign(new Error('only JSON is taken here'), { statusCode: 415 }));
    });
  }
}

/** PostgreSQL cannot take a NUL as text: without this an id such as `%00` would be an error there. */
function refuseNulInAddresses(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    done(request.url.includes('%00') ? new RequestRefused('INVALID_CHARACTERS') : undefined);
  });
}

function measure(fastify: FastifyInstance, metrics: HttpMetrics): void {
  fastify.addHook('onRequest', (_request, _reply, done) => {
    metrics.started();
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? undefined : request.routeOptions.url;
    metrics.finished(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
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

/** What Node's parser refuses never becomes a request; it still gets a problem. */
function answerUnreadableRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, reason, code, title] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ([408, 'Request Timeout', 'REQUEST_TIMEOUT', 'The request took too long to arrive'] as const)
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ([
            431,
            'Request Header Fields Too Large',
            'HEADERS_TOO_LARGE',
            'The headers are too large',
          ] as const)
        : ([400, 'Bad Request', 'MALFORMED_REQUEST', 'The HTTP request is malformed'] as const);
  const body = JSON.stringify({ type: `/problems/${code}`, title, status, code });
  if (socket.writable) {
    socket.end(
      `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/problem+json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  } else {
    socket.destroy();
  }
}
