import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { HttpMetrics, Logger } from '@shaoying/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from './command-endpoint.js';
import { requestTraceparent } from './request-headers.js';
import type { FieldError } from './http.errors.js';
import { problemKind, type ProblemKind } from './problems.js';
import type { RouteTable } from './route-table.js';

/** RFC 9457. */
export interface ProblemDocument {
  /** `/problems/<code>`, stable. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: string;
  /** Path of the request without its query, which may carry a name or a phone number. */
  readonly instance: string;
  readonly requestId: string;
  readonly errors?: readonly { field: string; code: string; message: string }[];
}

/** Errors of Fastify by their codes. Whatever else it refuses is told by its status. */
const FASTIFY_CODES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_BAD_URL: 'MALFORMED_URL',
  FST_ERR_MAX_PARAM_LENGTH: 'URL_TOO_LONG',
};

const STATUS_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'ROUTE_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  413: 'BODY_TOO_LARGE',
  414: 'URL_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
  431: 'HEADERS_TOO_LARGE',
  503: 'SERVICE_UNAVAILABLE',
};

/** A file that is wrong throughout is not told to the end. */
const PROBLEMS_MAX = 100;

/** Of the limit. What is longer is cut off unread. */
const READ_TO_THE_END_TIMES_MAX = 8;

/**
 * Fastify closes the connection on a body that is too large and leaves it unread. The kernel then resets the connection,
 * and whoever is still sending loses the answer. Of a connection that is kept Node reads what is left, and throws it away.
 */
const isReadToItsEnd = ({ headers, routeOptions }: FastifyRequest): boolean =>
  Number(headers['content-length']) <= (routeOptions.bodyLimit ?? 0) * READ_TO_THE_END_TIMES_MAX;

interface Verdict {
  readonly code: string;
  readonly kind: ProblemKind;
  readonly unexpected: boolean;
}

/** The one place where errors become answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly routes: RouteTable,
    private readonly metrics?: HttpMetrics,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** For errors that Fastify's router raises before Nest sees the request. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { code, kind, unexpected } = this.judge(error, request, reply);
    if (unexpected) {
      this.logger.error(
        {
          ...{ err: error, requestId: request.id, traceparent: requestTraceparent(request) },
          ...{ method: request.method, path: pathOf(request.url) },
        },
        'request failed',
      );
    }
    this.metrics?.problem(code);
    // A stream that has begun cannot become a problem any more: cutting it is what tells the client.
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const status = statusOf(code, kind, request);
    const chinese = prefersChinese(request.headers['accept-language']);
    const retryAfter = retryAfterSeconds(error, kind);
    if (retryAfter !== undefined) void reply.header('Retry-After', String(retryAfter));
    if (status === 401) void reply.header('WWW-Authenticate', challenge(code));
    if (code === 'BODY_TOO_LARGE' && isReadToItsEnd(request) && reply.raw.shouldKeepAlive)
      void reply.header('Connection', 'keep-alive');
    void reply
      .status(status)
      .header('Content-Type', 'application/problem+json; charset=utf-8')
      .header('Content-Language', chinese ? 'zh-CN' : 'en')
      // Also where the router refuses, before any hook has set the headers of all answers.
      .header('Cache-Control', 'no-store')
      .header('X-Content-Type-Options', 'nosniff')
      .send(JSON.stringify(problemDocument(error, code, { ...kind, status }, request, chinese)));
  }

  private judge(error: unknown, request: FastifyRequest, reply: FastifyReply): Verdict {
    const code = codeOf(error) ?? 'INTERNAL_ERROR';
    if (code === 'ROUTE_NOT_FOUND') {
      const allowed = this.routes.methodsAt(pathOf(request.url));
      if (allowed.length > 0 && !allowed.includes(request.method)) {
        void reply.header('Allow', allowed.join(', '));
        return verdict('METHOD_NOT_ALLOWED');
      }
    }
    return verdict(code);
  }
}

function verdict(code: string): Verdict {
  const kind = problemKind(code);
  if (kind === undefined) throw new TypeError(`the problem ${code} is not registered`);
  return { code, kind, unexpected: kind.status === 500 };
}

/** The registered code of an error, by its own code, by Fastify's, or by its HTTP status; undefined for the unexpected. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const cause = error instanceof HttpException && 'cause' in error ? error.cause : undefined;
  for (const candidate of [error, cause]) {
    const own = ownCode(candidate);
    if (own !== undefined && problemKind(own) !== undefined) return own;
    const fastify = own === undefined ? undefined : FASTIFY_CODES[own];
    if (fastify !== undefined) return fastify;
  }
  const status =
    error instanceof HttpException ? error.getStatus() : 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status !== 'number') return undefined;
  return STATUS_CODES[status] ?? (status >= 400 && status < 500 ? 'BAD_REQUEST' : undefined);
}

function ownCode(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('code' in value)) return undefined;
  return typeof value.code === 'string' ? value.code : undefined;
}

/** With `If-Match` the caller has named the condition that failed (RFC 9110, 13.1.1). */
function statusOf(code: string, kind: ProblemKind, request: FastifyRequest): number {
  return code === 'REVISION_CONFLICT' && request.headers['if-match'] !== undefined ? 412 : kind.status;
}

function problemDocument(
  error: unknown,
  code: string,
  kind: ProblemKind,
  request: FastifyRequest,
  chinese: boolean,
): ProblemDocument {
  const detail = detailOf(error, kind, chinese);
  const errors = kind.problemsAreErrors === true ? problemsOf(error, code) : fieldErrorsOf(error);
  return {
    type: `/problems/${code}`,
    title: chinese ? kind.titleZh : kind.title,
    status: kind.status,
    ...(detail === undefined ? {} : { detail }),
    code,
    instance: instanceOf(request),
    requestId: request.id,
    ...(errors === undefined
      ? {}
      : {
          errors: errors.map(({ field, code: rule, message, messageZh }) => ({
            field,
            code: rule,
            message: chinese ? messageZh : message,
          })),
        }),
  };
}

/** A secret in the address is not said again. */
function instanceOf({ url, routeOptions }: FastifyRequest): string {
  const pattern = routeOptions.url ?? '';
  return pattern.includes(':receiptCode') ? pattern.replace(/:(\w+)/g, '{$1}') : pathOf(url);
}

function detailOf(error: unknown, kind: ProblemKind, chinese: boolean): string | undefined {
  if (kind.messageIsDetail === true && typeof error === 'object' && error !== null) {
    const message = chinese ? 'messageZh' in error && error.messageZh : 'message' in error && error.message;
    if (typeof message === 'string' && message !== '') return message.slice(0, 500);
  }
  return chinese ? (kind.detailZh ?? undefined) : kind.detail;
}

function fieldErrorsOf(error: unknown): readonly FieldError[] | undefined {
  const isValidation = ownCode(error) === 'VALIDATION_FAILED';
  return isValidation ? (error as { errors: readonly FieldError[] }).errors : undefined;
}

/** A document is wrong in its parts or as a whole, so no field is named beside the sentence. */
function problemsOf(error: unknown, code: string): readonly FieldError[] | undefined {
  const problems = typeof error === 'object' && error !== null && 'problems' in error ? error.problems : [];
  if (!Array.isArray(problems)) return undefined;
  return problems
    .filter((problem) => typeof problem === 'string')
    .slice(0, PROBLEMS_MAX)
    .map((problem) => ({ field: '', code, message: problem, messageZh: problem }));
}

function retryAfterSeconds(error: unknown, kind: ProblemKind): number | undefined {
  const own =
    typeof error === 'object' && error !== null && 'retryAfterSeconds' in error
      ? error.retryAfterSeconds
      : undefined;
  return typeof own === 'number' && own > 0 && own < 86_400 ? Math.ceil(own) : kind.retryAfterSeconds;
}

function challenge(code: string): string {
  return code === 'TOKEN_MISSING' ? 'Bearer' : 'Bearer error="invalid_token"';
}

/** Chinese when the first language of the list is Chinese: two languages need no negotiation by weights. */
export function prefersChinese(acceptLanguage: string | undefined): boolean {
  if (acceptLanguage === undefined) return false;
  const first = acceptLanguage.trimStart().slice(0, 3).toLowerCase();
  return first.startsWith('zh') && !/[a-z]/.test(first.charAt(2));
}
