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
 * surrogates (PostgreSQL stores neither), finite numbers, no keys of `Object.prototype` and none twice.
 * @throws RequestRefused
 */
export function parseJsonBody(body: Buffer): unknown {
  // Clients that set the media type on every request send it with commands that need no body, too.
  if (body.length === 0) return {};
  // Decoding would quietly turn GBK into replacement characters, and the log keeps what it gets for ever.
  if (!isUtf8(body)) throw new RequestRefused('MALFORMED_JSON');
  const text = withoutByteOrderMark(body.toString('utf8'));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RequestRefused('MALFORMED_JSON');
  }
  const admission = new Admission();
  admission.admit(value, 0);
  // Parsing keeps the last of two members of one name; who looked at the request before us may have read the first.
  if (membersWritten(text) !== admission.members) throw new RequestRefused('DUPLICATE_KEY');
  return value;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Members in a text that is JSON: outside of its strings a colon stands for nothing else. */
function membersWritten(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (character === COLON) count += 1;
    else if (character === QUOTE) index = endOfString(text, index);
  }
  return count;
}

/** Where the string ends that begins here. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
}

function withoutByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

class Admission {
  private values = 0;
  members = 0;

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
      this.members += 1;
      if (isReservedKey(key)) throw new RequestRefused('FORBIDDEN_KEY');
      admitText(key);
      this.admit(object[key], depth + 1);
    }
  }
}

function admitText(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) throw new RequestRefused('INVALID_CHARACTERS');
}
