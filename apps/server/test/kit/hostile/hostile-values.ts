import { anyText } from '@shaoying/event-store/testing';
import fc, { type Arbitrary } from 'fast-check';

const nested = (depth: number): unknown => (depth === 0 ? 0 : { a: [nested(depth - 1)] });
const loneSurrogate = String.fromCharCode(0xd83d);

/** Texts that have been somebody's undoing. */
const texts = [
  ...[
    '',
    ' ',
    '\t\r\n',
    '\u3000',
    '\0',
    'a\0b',
    loneSurrogate,
    `x${loneSurrogate}y`,
    '\u202etxt.exe',
    '\ufeff',
  ],
  ...[
    '\u200b',
    'e\u0301'.repeat(50),
    '👩‍👩‍👧‍👦'.repeat(20),
    'ﷺ'.repeat(60),
    'İ',
    'ß',
    'ﬃ',
    '\u2028\u2029',
    '\uffff',
    '\x7f\x1b[2J',
  ],
  ...[
    "'; DROP TABLE events;--",
    "' OR '1'='1",
    '%',
    '_',
    '\\',
    '%00',
    '$1',
    '${7*7}',
    '{{7*7}}',
    '<script>',
    '=1+1',
  ],
  ...[
    '../../etc/passwd',
    'file:///etc/passwd',
    'http://169.254.169.254/',
    '\\\\host\\share',
    'con',
    '.',
    '..',
    '/',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'null',
    'undefined',
    'NaN',
    'true',
  ],
  ...['-1', '0x10', '1e3', '9'.repeat(30), '1.5', '-0', 'Infinity', '１２', '٣', '0'.repeat(120)],
  ...[
    '2026-02-30T00:00:00Z',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ],
  ...['+275760-09-13T00:00:00Z', '2026-06-30T23:59:60Z', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00+99:99'],
  ...[
    '1970-01-01T00:00:00Z',
    '2200-12-31T23:59:59.999Z',
    '2026-01-01T00:00:00.123456789Z',
    'infinity',
    'now',
    'today',
  ],
  ...[
    '00000000-0000-0000-0000-000000000000',
    'dp-nowhere',
    'ct-lindong',
    'es-liuyin-garden',
    'A',
    'a.b',
    '-a',
    'a-',
  ],
] as const;

/** Longer than a field, a header, an index entry of PostgreSQL, a body may be. */
const lengths = [101, 201, 501, 2_001, 5_001, 9_000, 70_000, 300_000] as const;
const units = ['a', '长', '😀', ' ', '0', '-', '+', 'a.', '%2e', '\\', '"'] as const;

const longTexts = units.flatMap((unit) =>
  lengths.map((length) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)),
);

// Each is made once: an arbitrary of texts is slow to make, and a hundred operations have several of them.

export const hostileText: Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<string>(...texts) },
  { weight: 2, arbitrary: anyText({ maxLength: 30 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }) },
  { weight: 2, arbitrary: fc.constantFrom(...longTexts) },
);

const numbers = [
  ...[-1, 0, -0, 1, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 2 ** 64],
  ...[1e21, 1e308, -1e308, 5e-324, 180.000001, -90.1, 91, 181, 361, 1e-7, 0.1 + 0.2],
];

/** Any JSON value in place of another. */
export const hostileValue: Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: hostileText },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...numbers) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [{}], [null], { '': '' }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(nested(6), nested(40), Array(200).fill(0), Array(30_000).fill(0)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      ...[{ toString: 'x' }, { valueOf: 1, toString: null }, { length: 1e9 }, { then: 'x' }, { toJSON: 1 }],
      ...[
        { constructor: { prototype: { admin: true } } },
        { $gt: '' },
        { $ref: '#' },
        { type: 'Buffer', data: [1] },
      ],
      ...[Array(40).fill('dp-water'), ['dp-water', 'dp-water'], [['dp-water']], { 0: 'dp-water', length: 1 }],
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** Names that a field may be given. */
export const hostileKey: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      '__defineGetter__',
      'then',
      'toJSON',
    ],
    ...[
      '',
      ' ',
      '\0',
      loneSurrogate,
      'id',
      'state',
      'revision',
      'actor',
      'roles',
      'admin',
      'length',
      '0',
      'a.b',
      'a[0]',
    ],
    ...['commandId', 'x'.repeat(300), '长'.repeat(70_000)],
  ),
  anyText({ maxLength: 12 }),
);

const cursors = [
  ...[
    {},
    [],
    null,
    1,
    '',
    { id: 'x' },
    { reportedAt: '2026-01-01T00:00:00.000Z', id: '\0' },
    { reportedAt: 1, id: 1 },
  ],
  ...[
    { reportedAt: '2026-01-01T00:00:00.000Z', id: "';--" },
    { reportedAt: 'infinity', id: 'x' },
    { __proto__: null },
  ],
  ...[
    { notifiedAt: '2026-01-01T00:00:00.000Z', taskId: 'x'.repeat(500) },
    { notifiedAt: '-infinity', taskId: '' },
  ],
  ...[{ incidentId: 'x' }, { incidentId: 1e308, deadlineId: {} }],
].map((place) => Buffer.from(JSON.stringify(place)).toString('base64url'));

/** Short enough for a first line or a header. */
export const shortHostileText: Arbitrary<string> = hostileText.filter((text) => text.length < 9_000);

export const hostileParameter: Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: shortHostileText },
  { weight: 2, arbitrary: fc.constantFrom(...cursors, 'eyI', '////', '='.repeat(9), 'A'.repeat(2_000)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0', '201', '99999999999', '9223372036854775807', '9223372036854775808'),
  },
);
