import fc, { type Arbitrary } from 'fast-check';

/** A header that is set, or set a second time. In Latin-1, without line breaks: those are a matter of raw sockets. */
export interface HostileHeader {
  readonly name: string;
  readonly value: string;
  readonly again: boolean;
}

const long = 'x'.repeat(9_000);
const utf8 = Buffer.from('中文').toString('latin1');
const unsigned = (header: object, claims: object): string =>
  [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
const admin = { sub: 'x', roles: ['admin'], iss: 'urn:shaoying:local-issuer', aud: 'shaoying', exp: 4e9 };

/** A position that no read model reaches: each such request waits for 5 s, so there are few of them. */
export const unreached = '9223372036854775807';

const values: Readonly<Record<string, readonly string[]>> = {
  'Content-Type': [
    ...[
      '',
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'application/octet-stream',
      '*/*',
    ],
    ...[
      'multipart/form-data; boundary=x',
      'multipart/form-data',
      'application/json; charset=utf-16',
      'json',
      ';',
      '/',
    ],
    ...[
      'application/json; charset=gbk',
      'application/json;charset="utf-8"',
      'APPLICATION/JSON',
      'application/json;',
    ],
    ...[
      'application/merge-patch+json',
      'application/problem+json',
      'application/json, text/plain',
      ' application/json',
    ],
    ...[
      `application/json; ${'a=b;'.repeat(1_500)}`,
      `application/json; charset=${long}`,
      `application/${long}`,
      utf8,
    ],
    ...[
      'application/json\t',
      'application/jsonx',
      'application/json; charset=utf-8; charset=utf-16',
      '__proto__',
    ],
  ],
  'Content-Encoding': ['gzip', 'identity', 'x', 'gzip, gzip, gzip', ''],
  'Idempotency-Key': [
    '',
    ' ',
    'same',
    'same',
    utf8,
    'k'.repeat(255),
    'k'.repeat(256),
    long,
    '"',
    '__proto__',
    '../..',
  ],
  'If-Match': [
    '',
    '*',
    '"0"',
    '"1"',
    '"999"',
    'W/"1"',
    '1',
    '"-1"',
    '"1", "2"',
    '"99999999999999999999"',
    '""',
    long,
  ],
  'If-None-Match': ['*', '"1"', long],
  'Shaoying-Min-Position': [
    '',
    '-1',
    '1.5',
    'x',
    '0',
    '1',
    '9'.repeat(40),
    '9223372036854775808',
    ' 1 ',
    utf8,
    '0x1',
  ],
  'Last-Event-ID': ['', '-1', 'x', '0', '9'.repeat(40), '9223372036854775808', utf8, long, '1\t'],
  'Accept-Language': [
    '',
    'zh-CN',
    'zh',
    'zho',
    'ZH;q=0',
    '*',
    utf8,
    long,
    `${'zh,'.repeat(3_000)}`,
    ' '.repeat(9_000) + 'zh',
    ';;;',
  ],
  Accept: ['', 'text/html', 'image/*', 'x', long, 'application/json;q=0'],
  Authorization: [
    ...[
      '',
      'Bearer',
      'Bearer ',
      'bearer x',
      'Basic YWRtaW46YWRtaW4=',
      'Bearer a.b.c',
      `Bearer ${long}`,
      utf8,
      'Bearer \x80',
    ],
    ...[`Bearer ${unsigned({ alg: 'none' }, admin)}.`, `Bearer ${unsigned({ alg: 'HS256' }, admin)}.eHg`],
    ...[
      `Bearer ${unsigned({ alg: 'EdDSA', kid: '../../x', crit: ['x'], b64: false }, admin)}.AA`,
      'Bearer {}.{}.{}',
    ],
    ...[
      `Bearer ${unsigned({ alg: 'EdDSA', jwk: {}, jku: 'http://evil.example/' }, admin)}.AA`,
      'Bearer null',
      'Bearer  x',
    ],
  ],
  Host: ['', 'evil.example', 'a b', long, '127.0.0.1:0', '[::1]', utf8],
  'X-Forwarded-For': ['127.0.0.1', '1.1.1.1, 2.2.2.2', long],
  'X-Forwarded-Host': ['evil.example'],
  'X-HTTP-Method-Override': ['DELETE', 'GET'],
  'X-Original-URL': ['/metrics', '/v1/incidents'],
  Origin: ['null', 'http://evil.example', long],
  Cookie: ['a=b', long, '__proto__=x'],
  Range: ['bytes=0-0', 'bytes=-1', `bytes=${'0-,'.repeat(2_000)}`],
  Expect: ['100-continue', 'x'],
  Connection: ['close', 'keep-alive', 'x', 'Authorization, close'],
  TE: ['trailers', 'x'],
  Prefer: ['respond-async'],
  ['__proto__']: ['x'],
  Constructor: ['x'],
  'X-Request-Id': ['x', long, utf8],
};

const headers = Object.entries(values).flatMap(([name, all]) =>
  all.flatMap((value) => [false, true].map((again): HostileHeader => ({ name, value, again }))),
);
/** By name first, so that one with many values is not most of them. */
const byName = Object.keys(values).map((name) =>
  fc.constantFrom(...headers.filter((header) => header.name === name)),
);

export const hostileHeader: Arbitrary<HostileHeader> = fc.oneof(
  { weight: 60, arbitrary: fc.oneof(...byName) },
  {
    weight: 3,
    arbitrary: fc.record({
      name: fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,20}x$/),
      value: fc.stringMatching(/^[\x21-\x7e\x80-\xff]{0,80}$/),
      again: fc.constant(false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ name: 'Shaoying-Min-Position', value: unreached, again: false }),
  },
);
