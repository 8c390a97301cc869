import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

// What is done to a request after it has been written: JSON that no serialiser writes, bytes that are no text, addresses
// that no client library sends. By name, so that a recipe can be printed.

const splice = (text: string, at: number, inserted: string): string => {
  const place = text.length === 0 ? 0 : at % (text.length + 1);
  return text.slice(0, place) + inserted + text.slice(place);
};

/** In place of the value of some field. */
const literal =
  (value: string) =>
  (text: string, at: number): string => {
    const fields = [...text.matchAll(/:("(?:[^"\\]|\\.)*"|[\d.e+-]+|true|false)/g)];
    const field = fields[at % Math.max(fields.length, 1)];
    return field === undefined
      ? value
      : `${text.slice(0, field.index + 1)}${value}${text.slice(field.index + field[0].length)}`;
  };

const first =
  (member: string) =>
  (text: string): string => {
    const separator = /^\{\s*\}/.test(text) ? '' : ',';
    return text.replace('{', () => `{${member}${separator}`);
  };

const literals = [
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    '1e999',
    '-1e999',
    '01',
    '0x10',
    '+1',
    '.5',
    '1.',
    '1_000',
    'undefined',
    '',
  ],
  ...[
    '9'.repeat(400),
    `0.${'1'.repeat(10_000)}`,
    `1${'0'.repeat(5_000)}`,
    "'x'",
    '`x`',
    '"\\x41"',
    '"\\ud800"',
  ],
  ...[
    '"\\u0000"',
    '"\\udc00\\ud800"',
    '"\\u{1F600}"',
    '"\n"',
    '"\t"',
    '/*x*/1',
    '[1,]',
    '{"a":1,}',
    '{"__proto__":1}',
  ],
  ...['{"constructor":{"prototype":{"x":1}}}', '[,]', 'new Date()', '1e-999', '-0', '1E400', '"\\/\\b\\f"'],
];

export const textEdits: Readonly<Record<string, (text: string, at: number) => string>> = {
  ...Object.fromEntries(literals.map((value) => [`literal ${value.slice(0, 30)}`, literal(value)])),
  'own __proto__': first('"__proto__":{"roles":["admin"],"admin":true}'),
  'escaped __proto__': first('"\\u005f_proto__":{"admin":true}'),
  'own constructor': first('"constructor":{"prototype":{"admin":true}}'),
  'key twice': (text, at) => {
    const members = [...text.matchAll(/"(\w+)":/g)];
    const key = members[at % Math.max(members.length, 1)]?.[1] ?? 'reason';
    return first(`"${key}":{"first":true}`)(text);
  },
  'key twice, last wins': (text) => text.replace(/\}\s*$/, ',"reason":"x","description":7,"accept":"no"}'),
  'cut off': (text, at) => text.slice(0, at % Math.max(text.length, 1)),
  'two documents': (text) => text + text,
  'one after it': (text) => `${text}x`,
  'after a NUL': (text) => `${text}\0`,
  'in a comment': (text) => `/* */${text}`,
  'single quotes': (text) => text.replaceAll('"', "'"),
  'byte order mark': (text) => `\ufeff${text}`,
  'two byte order marks': (text) => `\ufeff\ufeff${text}`,
  'white space': (text) => ' '.repeat(200_000) + text,
  'too much white space': (text) => text + '\n'.repeat(300_000),
  'deep lists': (text) => first(`"a":${'['.repeat(30_000)}${']'.repeat(30_000)}`)(text),
  'deep lists, not closed': () => '['.repeat(200_000),
  'deep objects': () => `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
  'many keys': (text) => first(Array.from({ length: 20_000 }, (_, n) => `"k${n}":0`).join())(text),
  'many keys of one name': (text) => first(Array.from({ length: 20_000 }, () => '"k":0').join())(text),
  'many lists': (text) => first(`"a":[${'[],'.repeat(60_000)}[]]`)(text),
  'JSON in a string': (text) => JSON.stringify(text),
  'in a list': (text) => `[${text}]`,
  'nothing but a number': () => '7',
  'nothing but a text': () => '"text"',
  'nothing but null': () => 'null',
  form: () => 'reason=x&accept=true',
  XML: () => '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
  'lone surrogate, escaped': (text, at) => splice(text, at, '\\ud83d'),
  'a control character': (text, at) => splice(text, at, '\u0001'),
};

const gzipOfMuch = gzipSync(Buffer.alloc(8 * 1024 * 1024, 0x20));

const inserted =
  (...bytes: number[]) =>
  (body: Buffer, at: number): Buffer => {
    const place = body.length === 0 ? 0 : at % (body.length + 1);
    return Buffer.concat([body.subarray(0, place), Buffer.from(bytes), body.subarray(place)]);
  };

export const byteEdits: Readonly<Record<string, (body: Buffer, at: number) => Buffer>> = {
  'byte FF': inserted(0xff),
  'overlong slash': inserted(0xc0, 0xaf),
  'overlong NUL': inserted(0xc0, 0x80),
  'surrogate in UTF-8': inserted(0xed, 0xa0, 0x80),
  'beyond Unicode': inserted(0xf4, 0x90, 0x80, 0x80),
  'half a character': inserted(0xe4, 0xb8),
  GBK: inserted(0xc4, 0xe3, 0xba, 0xc3),
  'UTF-16': (body) => Buffer.from(body.toString('utf8'), 'utf16le'),
  'UTF-16 with mark': (body) =>
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(body.toString('utf8'), 'utf16le')]),
  gzip: (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  brotli: (body) => brotliCompressSync(body),
  'gzip of much': () => gzipOfMuch,
  'a bit turned': (body, at) => {
    const turned = Buffer.from(body);
    if (turned.length > 0) turned[at % turned.length]! ^= 1 << (at % 8);
    return turned;
  },
  nothing: () => Buffer.alloc(0),
};

const encodings: Readonly<Record<string, string>> = {
  ...{ gzip: 'gzip', deflate: 'deflate', brotli: 'br', 'gzip of much': 'gzip' },
};

/** Said with such a body, every other time; without it, it is just bytes. */
export const encodingOf = (edit: string, at: number): string | null =>
  at % 2 === 0 ? (encodings[edit] ?? null) : null;

const inPath =
  (change: (path: string, at: number) => string) =>
  (target: string, at: number): string => {
    const query = target.indexOf('?');
    return query < 0 ? change(target, at) : change(target.slice(0, query), at) + target.slice(query);
  };

/** Addresses as they stand in the first line, in Latin-1. */
export const targetEdits: Readonly<Record<string, (target: string, at: number) => string>> = {
  'two slashes': (target) => `/${target}`,
  'slashes doubled': inPath((path) => path.replaceAll('/', '//')),
  'slash at the end': inPath((path) => `${path}/`),
  'encoded slash': inPath((path) => path.replace(/\/(?=[^/]*$)/, '%2F')),
  backslashes: inPath((path) => path.replaceAll('/', '\\')),
  'up and down': inPath((path) => path.replace('/v1', '/v1/../v1')),
  out: (target) => `/../../..${target}`,
  'out, encoded': (target) => `/%2e%2e/%2e%2e${target}`,
  'twice encoded': inPath((path) => path.replace(/\/(?=[^/]*$)/, '/%252e%252e/')),
  'dots and semicolon': inPath((path) => path.replace(/\/(?=[^/]*$)/, '/..;/')),
  'from the documentation': (target) => `/docs/..${target}`,
  'file of the documentation': () => '/docs/%2e%2e%2f%2e%2e%2fpackage.json',
  'upper case': inPath((path) => path.toUpperCase()),
  'matrix parameter': inPath((path) => `${path};admin=true`),
  extension: inPath((path) => `${path}.json`),
  'white space, encoded': inPath((path) => `${path}%20`),
  'NUL, encoded': inPath((path) => `${path}%00`),
  'half an escape': inPath((path) => `${path}%`),
  'no escape': inPath((path) => `${path}%zz`),
  'overlong UTF-8': inPath((path) => `${path}%c0%ae%c0%ae%c0%af`),
  'invalid UTF-8': inPath((path, at) => `${path}%${(0x80 + (at % 0x80)).toString(16)}`),
  'raw bytes': inPath((path) => `${path}\xe4\xb8\xad\xff`),
  fragment: (target) => `${target}#x`,
  'another host': (target) => `http://evil.example${target}`,
  'another scheme': (target) => `file://${target}`,
  'user in it': (target) => `//admin@127.0.0.1${target}`,
  'without a path': (target) =>
    target.slice(target.indexOf('?') < 0 ? target.length : target.indexOf('?')) || '?',
  long: inPath((path) => `${path}/${'a'.repeat(9_000)}`),
  'longer than headers may be': inPath((path) => `${path}/${'a'.repeat(20_000)}`),
  deep: inPath((path) => path + '/a'.repeat(3_000)),
  'two queries': (target) => `${target}?limit=1?limit=2`,
  'nothing but ampersands': (target) => `${target}?${'&'.repeat(2_000)}`,
  'many parameters': (target) => `${target}?${Array.from({ length: 1_500 }, (_, n) => `a${n}=1`).join('&')}`,
  'one parameter many times': (target) => `${target}?${'limit=1&'.repeat(1_000)}`,
  'parameter without a name': (target) => `${target}?=x&=&limit`,
  'pollution by query': (target) => `${target}?__proto__[admin]=1&constructor.prototype.admin=1&__proto__=1`,
  'lists by query': (target) => `${target}?limit[]=1&limit[$gt]=1&asOf[]=x&q[a][b]=c&kind[0]=CITY`,
  'query in UTF-16': (target) => `${target}?q=%u4e2d&limit=%uff11`,
  'query of bad escapes': (target) => `${target}?q=%&q=%f&cursor=%ff%fe&q=%c0%80`,
};
