const MASK = '[redacted]';

/** Keys whose values never reach a log, wherever they stand. Compared in lower case without `_` and `-`. */
const PERSONAL_KEYS: ReadonlySet<string> = new Set([
  'name',
  'phone',
  'mobile',
  'idnumber',
  'address',
  'reporter',
  'reportername',
  'reporterphone',
  'description',
  'comment',
  'authorization',
  'cookie',
  'token',
  'accesstoken',
  'receiptcode',
  'password',
  'secret',
]);

/** A log line is for people: what is larger than this is a dump, and a dump may carry anything. */
const LIMITS = { depth: 6, entries: 50, chars: 4_000 } as const;

/**
 * A copy of what may be logged: personal values masked at any depth, long texts and lists cut, errors reduced to
 * type, code, message and stack (an error of a driver may carry the row it failed on).
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string')
    return value.length > LIMITS.chars ? `${value.slice(0, LIMITS.chars)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= LIMITS.depth) return '[too deep]';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (isError(value)) return describeError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, LIMITS.entries).map((item) => redact(item, depth + 1));
  return redactEntries(Object.entries(value).slice(0, LIMITS.entries), depth);
}

function redactEntries(
  entries: readonly (readonly [string, unknown])[],
  depth: number,
): Record<string, unknown> {
  return Object.fromEntries(
    entries.map(([key, item]) => [key, isPersonal(key) ? MASK : redact(item, depth + 1)] as const),
  );
}

function isPersonal(key: string): boolean {
  return PERSONAL_KEYS.has(key.toLowerCase().replace(/[-_]/g, ''));
}

// Not `instanceof Error` alone: errors of Node itself come from another realm under Jest.
function isError(value: object): value is Error {
  return (
    value instanceof Error || ('message' in value && 'stack' in value && typeof value.stack === 'string')
  );
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  return {
    type: error.constructor.name,
    ...('code' in error ? { code: redact(error.code, depth + 1) } : {}),
    message: redact(error.message, depth + 1),
    stack: redact(error.stack, depth + 1),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
