import { isUtf8 } from 'node:buffer';
import { RequestRefused } from './http.errors.js';

const LIMITS = {
  /** The deepest body of the contract has four levels; the transformer behind this is recursive. */
  depthMax: 16,
  /** 256 KiB of `[0,0,…]` would be 130,000 values to validate. */
  valuesMax: 20_000,
} as const;

/** Own keys such as `__proto__`, `constructor` or `hasOwnProperty`: never a field of ours, often an attack. */
const RESERVED: object = Object.prototype;

export function isReservedKey(key: string): boolean {
  return key in RESERVED;
}

/**
 * Parses a body and admits only what can be recorded: UTF-8, bounded depth and size, text without NUL and unpaired
 * surrogates (PostgreSQL stores neither), finite numbers, no keys of `Object.prototype`. One walk for all of it.
 * @throws RequestRefused
 */
export function parseJsonBody(body: Buffer): unknown {
  // Clients that set the media type on every request send it with commands that need no body, too.
  if (body.length === 0) return {};
  // Decoding would quietly turn GBK into replacement characters, and the log keeps what it gets for ever.
  if (!isUtf8(body)) throw new RequestRefused('MALFORMED_JSON');
  let value: unknown;
  try {
    value = JSON.parse(withoutByteOrderMark(body.toString('utf8')));
  } catch {
    throw new RequestRefused('MALFORMED_JSON');
  }
  new Admission().admit(value, 0);
  return value;
}

function withoutByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

class Admission {
  private values = 0;

  admit(value: unknown, depth: number): void {
    this.values += 1;
    if (depth > LIMITS.depthMax || this.values > LIMITS.valuesMax) throw new RequestRefused('BODY_TOO_DEEP');
    if (typeof value === 'string') {
      admitText(value);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw new RequestRefused('INVALID_CHARACTERS');
    } else if (Array.isArray(value)) {
      for (const item of value) this.admit(item, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      this.admitMembers(value as Record<string, unknown>, depth);
    }
  }

  private admitMembers(object: Record<string, unknown>, depth: number): void {
    for (const key of Object.keys(object)) {
      if (isReservedKey(key)) throw new RequestRefused('FORBIDDEN_KEY');
      admitText(key);
      this.admit(object[key], depth + 1);
    }
  }
}

function admitText(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) throw new RequestRefused('INVALID_CHARACTERS');
}
