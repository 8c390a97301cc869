import { parseInstant } from '@shaoying/http';
import { isUtf8 } from 'node:buffer';
import Format from 'typebox/format';
import { Check } from 'typebox/schema';
import type { Operation } from './operations.js';
import type { Written } from './recipes.js';
import { unreached } from './hostile-headers.js';
import type { Reply } from './wire.js';

// A moment is what the server's own documentation says it is; the checker's `date-time` asks for seconds.
Format.Set('date-time', (text) => parseInstant(text) !== undefined);

/** What is wrong with the answer; null where nothing is. */
export function faultOf(operation: Operation, request: Written, reply: Reply): string | null {
  const { status } = reply;
  if (status >= 500) return isPatience(request, reply) ? null : `${status}: ${textOf(reply)}`;
  if (status >= 400) return problemFault(request, reply);
  if (status >= 300) return isDocumentation(request) && status < 309 ? null : `${status}`;
  if (status < 200) return `${status}`;
  return request.method === 'POST' ? acceptedFault(operation, request) : bodyFault(request, reply);
}

/**
 * The documented 503s: the read model is not as far as the client wants it, and cannot be; and on a machine that does
 * other things too, a check of readiness that took longer than it may. Whether it is ready in the end is asked then.
 */
const isPatience = ({ headers, target, method }: Written, reply: Reply): boolean =>
  (reply.status === 503 &&
    target.includes('/health/ready') &&
    // What is answered to HEAD cannot be read.
    (method === 'HEAD' || textOf(reply).includes('no answer within'))) ||
  isBehind(headers, reply);

const isBehind = (headers: Written['headers'], reply: Reply): boolean =>
  reply.status === 503 &&
  headers.some(([name, value]) => name === 'Shaoying-Min-Position' && value === unreached) &&
  textOf(reply).includes('"READ_MODEL_BEHIND"') &&
  Number(reply.headers.get('retry-after')) > 0;

/**
 * No connection to PostgreSQL within 5 s, a full queue of appends, an incident that the board has not come to within 5 s: the
 * documented ways of saying so.
 */
export const isBusy = (reply: Reply): boolean =>
  reply.status === 503 &&
  (/"code":"(SERVICE_UNAVAILABLE|STORE_UNAVAILABLE|OVERLOADED|UNKNOWN_OUTCOME)"/.test(textOf(reply)) ||
    /"code":"READ_MODEL_BEHIND","instance":"\/v1\/incidents\/./.test(textOf(reply))) &&
  Number(reply.headers.get('retry-after')) > 0;

const isDocumentation = ({ target }: Written): boolean => target.includes('docs');

/** RFC 9457 with a stable code, and nothing of the inside. */
function problemFault(request: Written, { status, headers, body }: Reply): string | null {
  if (!headers.get('content-type')?.startsWith('application/problem+json')) {
    return `${status} as ${headers.get('content-type')}`;
  }
  if (status === 405 && !headers.get('allow')) return '405 without Allow';
  if (status === 401 && !headers.get('www-authenticate')) return '401 without WWW-Authenticate';
  if (status === 429 && !headers.get('retry-after')) return '429 without Retry-After';
  if (request.method === 'HEAD') return null;
  const text = body.toString('utf8');
  const { type, title, status: told, code } = parsed(text) as Record<string, unknown>;
  const isProblem =
    typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) && type === `/problems/${code}`;
  if (!isProblem || told !== status || typeof title !== 'string' || title === '') return `${status}: ${text}`;
  return /\bat .*\.[jt]s:\d+|node_modules|\bError:/.test(text) ? `tells of the inside: ${text}` : null;
}

function bodyFault({ method }: Written, { headers, body }: Reply): string | null {
  const isJson = headers.get('content-type')?.startsWith('application/json') ?? false;
  if (method === 'HEAD' || !isJson) return null;
  return parsed(body.toString('utf8')) === undefined ? 'an answer that is no JSON' : null;
}

/** A command that was taken must be one that the document allows. */
function acceptedFault({ body: schema }: Operation, { headers, body }: Written): string | null {
  if (schema === null) return body.length === 0 || isUtf8(body) ? null : 'taken though it is no text';
  const types = headers
    .filter(([name]) => name === 'Content-Type')
    .map(([, value]) => value.trim().toLowerCase());
  if (body.length > 0 && !types[0]?.startsWith('application/json')) return `taken as ${types.join(' and ')}`;
  if (headers.some(([name, value]) => name === 'Content-Encoding' && !['', 'identity'].includes(value))) {
    return 'taken though compressed';
  }
  if (!isUtf8(body)) return 'taken though it is no UTF-8';
  const value = body.length === 0 ? {} : parsed(body.toString('utf8').replace(/^\ufeff/, ''));
  if (value === undefined) return 'taken though it is no JSON';
  return Check(schema as object, withoutNulls(value)) ? null : 'taken though it does not fit its schema';
}

/** A field that is null counts as one that was not sent. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutNulls(field)]));
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const textOf = ({ body }: Reply): string => body.toString('utf8').slice(0, 500);
