import { traceparentFrom } from '@shaoying/event-store';
import { propertyParameters } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';
import { commandContext } from './command-endpoint.js';
import { IsNotBlank, IsWithoutRepeats } from './fields.js';
import { RequestRefused, ValidationFailed } from './http.errors.js';
import { parseInstant, parseTimeTravel } from './instants.js';
import { parseJsonBody } from './json-body.js';
import { decodeCursor, encodeCursor, pageOf } from './paging.js';
import { prefersChinese } from './problem-filter.js';
import { problemCatalogue, registerProblems } from './problems.js';
import { parseMinPosition } from './request-headers.js';
import { RouteTable } from './route-table.js';
import { validated } from './validation.js';

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof RequestRefused) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('parseInstant', () => {
  it.each([
    ['2026-02-13T16:00:00+08:00', '2026-02-13T08:00:00.000Z'],
    ['2026-02-13T16:00+08:00', '2026-02-13T08:00:00.000Z'],
    ['2026-02-13T08:00:00Z', '2026-02-13T08:00:00.000Z'],
    ['2026-02-13T08:00:00.1239999Z', '2026-02-13T08:00:00.123Z'],
    ['2024-02-29T00:00:00-00:30', '2024-02-29T00:30:00.000Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['2201-01-01T07:59:59+08:00', '2200-12-31T23:59:59.000Z'],
  ])('reads %s as %s', (text, expected) => {
    expect(parseInstant(text)).toBe(expected);
  });

  it.each([
    '2026-02-13T16:00:00',
    '2026-02-13',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:59:60Z',
    '2026-01-01T00:00:00+24:00',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+08:00',
    '2201-01-01T00:00:00Z',
    '+002026-01-01T00:00:00Z',
    '2026-01-01 00:00:00Z',
    '2026-01-01T00:00:00Z ',
    '1767225600000',
    1_767_225_600_000,
    null,
    '２０２６-01-01T00:00:00Z',
  ])('refuses %j', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it('gives every instant of the range back as it was, at any offset', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('1970-01-02T00:00:00Z'),
          max: new Date('2200-12-30T00:00:00Z'),
          noInvalidDate: true,
        }),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        (date, offsetMinutes) => {
          const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1);
          const size = Math.abs(offsetMinutes);
          const offset = `${offsetMinutes < 0 ? '-' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
          expect(parseInstant(`${local}${offset}`)).toBe(date.toISOString());
        },
      ),
    );
  });

  it('reads the two instants of a time travel', () => {
    expect(parseTimeTravel({ asOf: '2026-01-01T00:00:00+08:00' })).toEqual({
      asOf: '2025-12-31T16:00:00.000Z',
    });
    expect(codeOf(() => parseTimeTravel({ knownAt: ['2026-01-01T00:00:00Z'] }))).toBe('INVALID_INSTANT');
  });
});

describe('canonicalJson', () => {
  it('does not depend on the order of keys, and differs for different values', () => {
    expect(canonicalJson({ b: [1, { d: null, c: '中' }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"中","d":null}]}',
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        const reversed = JSON.parse(JSON.stringify(left), (_key, value: unknown) =>
          typeof value === 'object' && value !== null && !Array.isArray(value)
            ? Object.fromEntries(Object.entries(value).reverse())
            : value,
        ) as unknown;
        expect(canonicalJson(reversed)).toBe(canonicalJson(JSON.parse(JSON.stringify(left))));
        if (canonicalJson(left) === canonicalJson(right)) {
          expect(JSON.parse(canonicalJson(left))).toEqual(JSON.parse(canonicalJson(right)));
        }
      }),
    );
  });
});

describe('commandContext', () => {
  const principal = { id: 'chen', roles: [], orgUnitId: null };
  const request = {
    method: 'POST',
    url: '/v1/incidents?x=1',
    headers: { 'idempotency-key': 'k' },
    body: { a: 1, b: 2 },
  };

  it('is the same for the same request, whatever the order of its keys', () => {
    const first = commandContext(request, principal);
    expect(commandContext({ ...request, url: '/v1/incidents', body: { b: 2, a: 1 } }, principal)).toEqual(
      first,
    );
    expect(first).toMatchObject({ correlationId: first.commandId, causationId: first.commandId });
    expect(first.requestHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has another id for another caller, method, path or key', () => {
    const ids = [
      commandContext(request, principal),
      commandContext(request, { ...principal, id: 'li' }),
      commandContext({ ...request, method: 'PUT' }, principal),
      commandContext({ ...request, url: '/v1/incidents/1' }, principal),
      commandContext({ ...request, headers: { 'idempotency-key': 'K' } }, principal),
      commandContext({ ...request, headers: {} }, principal),
      commandContext({ ...request, headers: {} }, principal),
    ].map(({ commandId }) => commandId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has the same id but another hash for another body', () => {
    const first = commandContext(request, principal);
    const other = commandContext({ ...request, body: { a: 1, b: 3 } }, principal);
    expect(other.commandId).toBe(first.commandId);
    expect(other.requestHash).not.toBe(first.requestHash);
  });

  it('takes the caller’s correlation id when it is one', () => {
    const headers = { 'x-correlation-id': 'ticket-12345' };
    expect(commandContext({ ...request, headers }, principal).correlationId).toBe('ticket-12345');
    const bad = commandContext({ ...request, headers: { 'x-correlation-id': 'a b' } }, principal);
    expect(bad.correlationId).toBe(bad.commandId);
  });

  it('is of the trace that the caller names, or of one of the request’s own where that is none', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const named = { ...request, id: 'request-1', headers: { ...request.headers, traceparent } };
    expect(commandContext(named, principal)).toMatchObject({ traceparent });
    const own = traceparentFrom('request-1');
    for (const wrong of [{}, { traceparent: `${traceparent}0` }, { traceparent: '13800000000' }])
      expect(commandContext({ ...named, headers: wrong }, principal)).toMatchObject({ traceparent: own });
    // A retry has another trace, and is the same command all the same.
    const { traceparent: _, ...context } = commandContext(named, principal);
    expect(context).toEqual(commandContext(request, principal));
  });
});

describe('parseJsonBody', () => {
  const parsed = (text: string): unknown => parseJsonBody(Buffer.from(text));

  it('takes whatever JSON.stringify writes', () => {
    const text = fc.string({ unit: fc.constantFrom('"', '\\', ':', '{', '}', 'a', '号', ' ') });
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, text, fc.integer(), tie('list'), tie('object')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(text, tie('value'), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(value, (any) => expect(parsed(JSON.stringify(any))).toEqual(any)),
      propertyParameters({}),
    );
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":{"b":1,"c":"}","b":2}}',
    '[{"\\"":1,"\\u0022":2}]',
    '{"a\\\\":1, "b": [], "a\\\\": 2}',
    '{"reporter":null,"reporter":{"name":"x"}}',
  ])('refuses %s: somebody before us may have read the first', (text) => {
    expect(() => parsed(text)).toThrow(expect.objectContaining({ code: 'DUPLICATE_KEY' }) as Error);
  });

  it('reads 256 KiB of quotes and backslashes in no time', () => {
    const began = process.cpuUsage();
    parsed(JSON.stringify({ a: '"\\'.repeat(64 * 1024), b: '\\'.repeat(64 * 1024) }));
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_000);
  });
});

describe('paging', () => {
  const isPlace = (value: unknown): value is { after: string } =>
    typeof value === 'object' && value !== null && 'after' in value && typeof value.after === 'string';

  it('reads its own cursors back', () => {
    expect(decodeCursor(encodeCursor({ after: '案件-1' }), isPlace)).toEqual({ after: '案件-1' });
    expect(decodeCursor(undefined, isPlace)).toBeUndefined();
  });

  it.each([
    ...['', '!!', 'bm9wZQ', encodeCursor({ after: 1 }), encodeCursor(null), 'e30=', 'A'.repeat(2_000)],
    ...[encodeCursor({ after: 'a\u0000b' }), encodeCursor({ after: '\ud800' })],
  ])('refuses the cursor %s', (cursor) => {
    expect(codeOf(() => decodeCursor(cursor, isPlace))).toBe('INVALID_CURSOR');
  });

  it('cuts pages that together are the whole', () => {
    const rows = [1, 2, 3];
    const page = pageOf(rows, 2, String, (row) => ({ after: String(row) }));
    expect(page.items).toEqual(['1', '2']);
    expect(decodeCursor(page.nextCursor ?? undefined, isPlace)).toEqual({ after: '2' });
    expect(pageOf(rows, 3, String, (row) => row).nextCursor).toBeNull();
  });
});

describe('parseMinPosition', () => {
  it('takes positions and nothing else', () => {
    expect(parseMinPosition({})).toBeUndefined();
    expect(parseMinPosition({ 'shaoying-min-position': '42' })).toBe('42');
    for (const bad of ['', '-1', '1.5', 'x', '9999999999999999999', '1'.repeat(20)]) {
      expect(codeOf(() => parseMinPosition({ 'shaoying-min-position': bad }))).toBe('INVALID_POSITION');
    }
  });
});

describe('IsWithoutRepeats', () => {
  class Body {
    @IsWithoutRepeats() list!: unknown[];
  }
  const taken = (list: unknown): boolean => {
    try {
      return validated(Body, { list }) instanceof Body;
    } catch (error) {
      if (error instanceof ValidationFailed) return false;
      throw error;
    }
  };

  it('takes a list without repeats, and nothing else', () => {
    expect([[], ['a', 'b'], ['1', 1]].map(taken)).toEqual([true, true, true]);
    expect([['a', 'b', 'a'], 'ab', { 0: 'a', length: 1 }].map(taken)).toEqual([false, false, false]);
  });

  it('takes no longer than the list is long', () => {
    // Of the processor: a neighbour's work is not ours.
    const began = process.cpuUsage();
    expect(taken(Array.from({ length: 100_000 }, (_, n) => `dp-${n}`))).toBe(true);
    // Compared each with each it would be 5,000,000,000 comparisons.
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(3_000);
  });
});

describe('IsNotBlank', () => {
  class Body {
    @IsNotBlank() text!: string;
  }

  it.each([' ', '\u3000', '\u2028\n', '\u200b', '\ufeff\u2060', '\u202e \u00ad', ''])(
    'finds nothing said by %j',
    (text) => {
      expect(() => validated(Body, { text })).toThrow(ValidationFailed);
    },
  );

  it.each(['.', '井\u200b盖', '👩‍👩‍👧', '\u0301', '\ue000'])('takes %j', (text) => {
    expect(validated(Body, { text })).toEqual({ text });
  });
});

describe('prefersChinese', () => {
  it.each(['zh', 'zh-CN', 'ZH-Hans-CN;q=0.9, en', ' zh,en'])('is so for %s', (header) => {
    expect(prefersChinese(header)).toBe(true);
  });
  it.each([undefined, '', 'en, zh', 'zha', '*'])('is not so for %s', (header) => {
    expect(prefersChinese(header)).toBe(false);
  });
});

describe('registerProblems', () => {
  const kind = { status: 409, title: 'One', titleZh: '一' };

  it('refuses two tellings of one code, malformed codes and statuses that are no errors', () => {
    registerProblems({ TEST_ONE: kind });
    registerProblems({ TEST_ONE: { ...kind } });
    expect(() => registerProblems({ TEST_ONE: { ...kind, status: 404 } })).toThrow(TypeError);
    expect(() => registerProblems({ lower: kind })).toThrow(TypeError);
    expect(() => registerProblems({ TEST_TWO: { ...kind, status: 200 } })).toThrow(TypeError);
  });

  it('has every text in both languages', () => {
    for (const { title, titleZh, detail, detailZh } of problemCatalogue().values()) {
      expect(title).not.toBe('');
      expect(titleZh).toMatch(/\p{Script=Han}/u);
      expect(detail === undefined).toBe(detailZh === undefined);
    }
  });
});

describe('RouteTable', () => {
  it('tells the methods of a path', () => {
    const routes = new RouteTable();
    routes.add(['GET', 'HEAD'], '/v1/incidents/:id');
    routes.add('POST', '/v1/incidents/:id/whistles');
    routes.add('GET', '/docs/*');
    expect(routes.methodsAt('/v1/incidents/i-1')).toEqual(['GET', 'HEAD']);
    expect(routes.methodsAt('/v1/incidents/i-1/whistles')).toEqual(['POST']);
    expect(routes.methodsAt('/docs/x')).toEqual([]);
  });
});
