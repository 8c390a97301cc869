// What cannot be said by who frames requests well: smuggling, injected lines, lengths that lie, and what is no HTTP.

/** What may come back: statuses of the answers, in order, before the connection ends or falls silent. */
export interface RawCase {
  readonly what: string;
  /** In Latin-1. */
  readonly bytes: string;
  /** The server may also close without a word. */
  readonly mayBeSilent?: true;
}

const report = JSON.stringify({
  ...{ category: 'sewer-blockage', severity: 'MINOR', description: 'smuggled', channel: 'PATROL' },
  location: { lon: 120.41, lat: 31.83 },
});

/** Of the request that must not be carried out. */
export const smuggledId = 'smuggled-id';

/** A whole request that must never be taken for one when it stands in the body, or in a header, of another. */
const smuggled = (token: string): string =>
  `POST /v1/incidents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nX-Correlation-Id: ${smuggledId}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${report.length}\r\n\r\n${report}`;

const post = (headers: readonly string[], body: string, target = '/v1/incidents'): string =>
  [`POST ${target} HTTP/1.1`, 'Host: a', 'Content-Type: application/json', ...headers, '', body].join('\r\n');

const get = (headers: readonly string[], target = '/health/live', version = 'HTTP/1.1'): string =>
  [`GET ${target} ${version}`, 'Host: a', ...headers, '', ''].join('\r\n');

/** Two ways to say how long a body is: whoever goes by the other one reads another request in it. */
function framings(hidden: string): RawCase[] {
  const chunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
  const encodings = [
    ...[
      'chunked',
      ' chunked',
      'chunked ',
      'Chunked',
      'CHUNKED',
      '\tchunked',
      'xchunked',
      'chunked, identity',
      'identity',
    ],
    ...[
      'gzip, chunked',
      'chunked, chunked',
      '"chunked"',
      'chunked;q=1',
      'chunked\x0b',
      'chunked\x00',
      '',
      'identity, chunked',
    ],
  ];
  const names = [
    'Transfer-Encoding',
    'transfer-encoding',
    'Transfer-Encoding ',
    ' Transfer-Encoding',
    'X: a\nTransfer-Encoding',
    'X: a\rTransfer-Encoding',
    'Transfer-\xefncoding',
  ];
  const lengths = [
    '4',
    '-1',
    '+4',
    '4 ',
    '0x4',
    '4,4',
    '4, 5',
    '04',
    '1e1',
    '99999999999999999999',
    '',
    'a',
    '4\x00',
    '4.0',
    '\u00b2',
  ];
  return [
    ...encodings.map((encoding) => ({
      what: `Content-Length and Transfer-Encoding ${JSON.stringify(encoding)}`,
      bytes: post(['Content-Length: 4', `Transfer-Encoding: ${encoding}`], `0\r\n\r\n${hidden}`),
    })),
    ...encodings.map((encoding) => ({
      what: `Transfer-Encoding ${JSON.stringify(encoding)} alone`,
      bytes: post([`Transfer-Encoding: ${encoding}`], chunk),
    })),
    ...names.map((name) => ({
      what: `the header ${JSON.stringify(name)}`,
      bytes: post(['Content-Length: 4', `${name}: chunked`], `0\r\n\r\n${hidden}`),
    })),
    ...lengths.map((length) => ({
      what: `Content-Length ${JSON.stringify(length)}`,
      bytes: post([`Content-Length: ${length}`], hidden),
    })),
    ...lengths.map((length) => ({
      what: `Content-Length 0 and ${JSON.stringify(length)}`,
      bytes: post(['Content-Length: 0', `Content-Length: ${length}`], hidden),
    })),
    ...['\n', '\r', '\r\r\n', '\n\r', '\x0b', '\x85', '\x00'].map((end) => ({
      what: `lines that end in ${JSON.stringify(end)}`,
      bytes: post(['Content-Length: 0'], '').replaceAll('\r\n', end) + hidden,
    })),
    ...['g', '-1', '0x5', '5 ', ' 5', 'fffffffffffffffff', '5\n', '', '5;\n'].map((size) => ({
      what: `a chunk of ${JSON.stringify(size)}`,
      bytes: post(['Transfer-Encoding: chunked'], `${size}\r\nhello\r\n0\r\n\r\n${hidden}`),
    })),
    ...['X: \r\n\r\n', `Content-Length: 4\r\n\r\n`, 'Authorization: Bearer x\r\n\r\n', `a\r\n\r\n`].map(
      (trailer) => ({
        what: `the trailer ${JSON.stringify(trailer)}`,
        bytes: post(['Transfer-Encoding: chunked'], `0\r\n${trailer}`),
      }),
    ),
    {
      what: 'a body with GET',
      bytes: get([`Content-Length: ${hidden.length}`]) + hidden,
    },
    { what: 'a chunked body with GET', bytes: get(['Transfer-Encoding: chunked']) + chunk },
    {
      what: 'a body with HEAD',
      bytes: get([`Content-Length: ${hidden.length}`]).replace('GET', 'HEAD') + hidden,
    },
    {
      what: 'HTTP/1.0 with chunks',
      bytes: post(['Transfer-Encoding: chunked'], chunk).replace('HTTP/1.1', 'HTTP/1.0'),
    },
  ];
}

/** Lines that somebody wants to have in a header, a path, or the log. */
function injections(hidden: string): RawCase[] {
  const names = [
    'Authorization',
    'Idempotency-Key',
    'If-Match',
    'Accept-Language',
    'Last-Event-ID',
    'X-Correlation-Id',
    'Shaoying-Min-Position',
    'Host',
  ];
  const values = [
    'a\r\n b',
    'a\r\n\tb',
    'a\rb',
    'a\nb',
    'a\x00b',
    'a\x0b\x0cb',
    '\x7f',
    `a\r\nX-Injected: 1`,
    'a\u00ff\u0080',
  ];
  const targets = [
    '/health/live HTTP/1.1\r\nX: y',
    '/health/live\r\n',
    '/health/live\tx',
    '/health/live\x00',
    '/health/live \x7f',
    '/\r\n\r\n',
    ' ',
    '\\',
    '/health/live%0d%0aX:1',
    '/\xff\xfe',
    '*',
    '?',
    '#',
    'health/live',
    '/health/live#x',
  ];
  return [
    ...names.flatMap((name) =>
      values.map((value) => ({
        what: `${name}: ${JSON.stringify(value)}`,
        bytes: get([`${name}: ${value}`], '/v1/departments/dp-gas/queue'),
      })),
    ),
    ...targets.map((target) => ({ what: `the address ${JSON.stringify(target)}`, bytes: get([], target) })),
    ...[
      'HTTP/0.9',
      'HTTP/1.0',
      'HTTP/1.2',
      'HTTP/2.0',
      'HTTP/3',
      'HTTP/11',
      'http/1.1',
      'ICE/1.0',
      'HTTP/1.1 x',
      '',
    ].map((version) => ({
      what: `the version ${JSON.stringify(version)}`,
      bytes: get(['Connection: close'], '/health/live', version),
    })),
    { what: 'a header without a colon', bytes: get(['nothing']) },
    { what: 'a header without a name', bytes: get([': x']) },
    { what: 'a header with blanks in its name', bytes: get(['A b: x']) },
    { what: 'no Host', bytes: 'GET /health/live HTTP/1.1\r\n\r\n' },
    { what: 'two Hosts', bytes: get(['Host: b']) },
    { what: 'a smuggled request in a header', bytes: get([`X: ${hidden}`]) },
    { what: '3,000 headers', bytes: get(Array.from({ length: 3_000 }, (_, n) => `X-${n}: 1`)) },
    { what: '900 headers', bytes: get(Array.from({ length: 900 }, (_, n) => `X${n}: 1`)) },
    { what: 'one header of 20 KB', bytes: get([`X: ${'a'.repeat(20_000)}`]) },
    { what: 'an endless first line', bytes: `GET /${'a'.repeat(100_000)}` },
  ];
}

const others: RawCase[] = [
  { what: 'CONNECT', bytes: 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n' },
  {
    what: 'an upgrade to websocket',
    bytes: get([
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: x',
      'Sec-WebSocket-Version: 13',
    ]),
  },
  {
    what: 'an upgrade to HTTP/2',
    bytes: get([
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    ]),
  },
  { what: 'the preface of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  { what: 'TLS', bytes: '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03' + 'x'.repeat(160) },
  { what: 'SSH', bytes: 'SSH-2.0-OpenSSH_9.6\r\n' },
  { what: 'nothing but line ends', bytes: '\r\n'.repeat(5_000) },
  { what: 'NULs', bytes: '\0'.repeat(5_000) },
  { what: 'the options of everything', bytes: 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n' },
  { what: 'a trace', bytes: 'TRACE /health/live HTTP/1.1\r\nHost: a\r\n\r\n' },
  { what: 'a proxy request', bytes: get([], 'http://169.254.169.254/latest/meta-data/') },
  { what: 'a body of 300 KB', bytes: post(['Content-Length: 300000'], ' '.repeat(300_000)) },
  {
    what: 'a body of 5 MB in chunks',
    mayBeSilent: true,
    bytes: post(['Transfer-Encoding: chunked'], `10000\r\n${' '.repeat(65_536)}\r\n`.repeat(80)),
  },
  { what: 'a body said to be of 1 GB', bytes: post(['Content-Length: 1000000000'], '{}') },
  {
    what: '20,000 chunks of one byte',
    bytes: post(['Transfer-Encoding: chunked'], '1\r\n \r\n'.repeat(20_000) + '2\r\n{}\r\n0\r\n\r\n'),
  },
  {
    what: 'chunks with long extensions',
    bytes: post(['Transfer-Encoding: chunked'], `1;${'a'.repeat(20_000)}\r\n \r\n`.repeat(3)),
  },
  { what: '100 requests at once', bytes: get([]).repeat(100) },
];

/** All of them; `token` is that of the request which must not be carried out. */
export function rawCases(token: string): RawCase[] {
  const hidden = smuggled(token);
  return [...framings(hidden), ...injections(hidden), ...others];
}
