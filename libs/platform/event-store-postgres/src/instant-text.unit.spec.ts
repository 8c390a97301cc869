import fc from 'fast-check';
import { instantText } from './instant-text.js';

const [first, last] = ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'].map((text) =>
  Date.parse(text),
);

it('writes every instant as toISOString does, whatever it wrote before', () => {
  const instants = fc.integer({ min: first!, max: last! });
  fc.assert(
    fc.property(fc.array(fc.tuple(instants, fc.integer({ min: 0, max: 86_400_000 }))), (pairs) => {
      const written = pairs.flatMap(([ms, later]) => [ms, ms, Math.min(ms + later, last!)]);
      expect(written.map(instantText)).toEqual(written.map((ms) => new Date(ms).toISOString()));
    }),
  );
});

it.each([-1, 0, 999, 1_000, 59_999, 86_399_999, 86_400_000, -86_400_001, first!, last!])(
  'writes %i',
  (ms) => {
    expect(instantText(ms)).toBe(new Date(ms).toISOString());
  },
);
