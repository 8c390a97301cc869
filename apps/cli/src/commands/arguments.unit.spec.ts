import { UsageError } from '../cli.errors.js';
import { secondsText } from '../progress.js';
import { table } from '../terminal.js';
import { pointOf } from './replay.command.js';
import { secondsOf } from '../durations.js';

test.each([
  ['90s', 90],
  ['15m', 900],
  ['12h', 43_200],
  ['30d', 2_592_000],
])('--ttl %s', (ttl, seconds) => expect(secondsOf(ttl, '--ttl')).toBe(seconds));

test.each(['', '7', 'd', '0s', '31d', '-1h', '1.5h', '7 d'])('--ttl "%s" is wrong usage', (ttl) => {
  expect(() => secondsOf(ttl, '--ttl')).toThrow(UsageError);
});

test('--at is a revision, or an instant with its offset', () => {
  expect(pointOf(null)).toBeNull();
  expect(pointOf('12')).toEqual({ revision: 12 });
  expect(pointOf('2026-02-13T16:00:00+08:00')).toEqual({ asOf: '2026-02-13T08:00:00.000Z', knownAt: null });
  expect(() => pointOf('2026-02-13T16:00:00')).toThrow(UsageError);
});

test('time left in words', () => {
  expect([5, 200, 3_900].map(secondsText)).toEqual(['5 s', '3 min 20 s', '1 h 05 min']);
});

test('Chinese characters take two cells', () => {
  expect(
    table([
      ['单位', 'a'],
      ['abcd', 'b'],
    ]),
  ).toEqual(['单位  a', 'abcd  b']);
});
