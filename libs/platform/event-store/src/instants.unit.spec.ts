import fc from 'fast-check';
import { instantMs, instantText } from './instants.js';

const [first, last] = ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'].map((text) =>
  Date.parse(text),
) as [number, number];
const instants = fc.integer({ min: first, max: last });

describe('as text', () => {
  it('is written as toISOString writes it, whatever was written before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(instants, fc.integer({ min: 0, max: 86_400_000 }))), (pairs) => {
        const written = pairs.flatMap(([ms, later]) => [ms, ms, Math.min(ms + later, last)]);
        expect(written.map(instantText)).toEqual(written.map((ms) => new Date(ms).toISOString()));
      }),
    );
  });

  it.each([-1, 0, 999, 1_000, 59_999, 86_399_999, 86_400_000, -86_400_001, 1.5, -0.5, first, last, last + 1])(
    'is written: %d',
    (ms) => {
      expect(instantText(ms)).toBe(new Date(ms).toISOString());
    },
  );

  it.each([NaN, Infinity, -Infinity, 8.64e15 + 1])('is refused: %d', (ms) => {
    expect(() => instantText(ms)).toThrow(RangeError);
  });
});

describe('from text', () => {
  const texts = instants.map((ms) => new Date(ms).toISOString());

  it('is read as Date.parse reads it, on every day of 400 years', () => {
    const days = Array.from({ length: 146_097 + 366 }, (_, day) =>
      new Date(Date.UTC(1890, 0, 1 + day, 23, 59, 59, 999)).toISOString(),
    );
    expect(days.map(instantMs)).toEqual(days.map((text) => Date.parse(text)));
  });

  it('is read as Date.parse reads it, at any instant', () => {
    fc.assert(fc.property(texts, (text) => expect(instantMs(text)).toBe(Date.parse(text))));
  });

  it('is read as Date.parse reads it where a character is another one, or it is no instant at all', () => {
    const digits = fc.constantFrom(...'0123456789');
    const others = fc.constantFrom(...'/:-.TZtz +eE, 日\0');
    const changed = fc
      .tuple(texts, fc.array(fc.tuple(fc.nat(23), fc.oneof(digits, others)), { minLength: 1, maxLength: 3 }))
      .map(([text, changes]) =>
        changes.reduce((now, [at, by]) => now.slice(0, at) + by + now.slice(at + 1), text),
      );
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: changed }, fc.string()), (text) =>
        expect(instantMs(text)).toBe(Date.parse(text)),
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '2026-02-29T00:00:00.000Z',
    '2024-02-29T00:00:00.000Z',
    '2026-02-31T00:00:00.000Z',
    '2026-04-31T00:00:00.000Z',
    '2026-12-31T24:00:00.000Z',
    '2026-12-01T24:00:00.001Z',
    '2026-13-01T00:00:00.000Z',
    '2026-00-01T00:00:00.000Z',
    '2026-01-00T00:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.000+08:00',
    '2026-01-01T00:00:00Z',
    '2026-01-01',
    '',
  ])('is read as Date.parse reads it: %s', (text) => {
    expect(instantMs(text)).toBe(Date.parse(text));
  });
});
