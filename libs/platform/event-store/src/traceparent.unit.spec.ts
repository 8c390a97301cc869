import fc from 'fast-check';
import { isTraceparent, traceparentFrom, traceparentOf } from './traceparent.js';

const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test.each([good, good.replace(/01$/, '00'), good.replace(/01$/, 'ff')])('%s names a trace', (text) =>
  expect(isTraceparent(text)).toBe(true),
);

test.each([
  ['another version', good.replace(/^00/, '01')],
  ['the version that is none', good.replace(/^00/, 'ff')],
  ['upper case', good.toUpperCase()],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
  ['a parent id of zeros', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
  ['a digit too few', good.slice(0, -1)],
  ['a digit too many', `${good}0`],
  ['more behind it', `${good}-00`],
  ['a line behind it', `${good}\n`],
  ['a space before it', ` ${good}`],
  ['a digit that is none', good.replace('4bf9', '4bg9')],
  ['no text', undefined],
  ['two of them', [good, good]],
])('%s names none', (_what, text) => expect(isTraceparent(text)).toBe(false));

test('a trace made of an id is valid, and the same for the same id alone', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(isTraceparent(traceparentFrom(one))).toBe(true);
      expect(traceparentFrom(one) === traceparentFrom(other)).toBe(one === other);
    }),
  );
});

test('an event is of the trace of its request, or else of its command', () => {
  expect(traceparentOf({ traceparent: good, commandId: 'c' })).toBe(good);
  expect(traceparentOf({ commandId: 'c' })).toBe(traceparentFrom('c'));
});
