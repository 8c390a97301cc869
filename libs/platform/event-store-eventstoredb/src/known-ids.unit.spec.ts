import { KnownIds } from './known-ids.js';

test('what is known of a stream is its longest known beginning', () => {
  const known = new KnownIds();
  expect(known.of('a')).toEqual([]);
  known.remember('a', ['1', '2', '3']);
  known.remember('a', ['1']);
  expect(known.of('a')).toEqual(['1', '2', '3']);
});

test('beyond the bound the streams least recently heard of are forgotten', () => {
  const known = new KnownIds(5);
  known.remember('a', ['1', '2']);
  known.remember('b', ['3', '4']);
  known.remember('a', ['1', '2', '5']);
  known.remember('c', ['6', '7']);
  expect(known.of('b')).toEqual([]);
  expect([known.of('a').length, known.of('c').length]).toEqual([3, 2]);
});

test('a stream longer than the bound is not remembered, and leaves room for others', () => {
  const known = new KnownIds(3);
  known.remember('long', ['1', '2', '3', '4']);
  expect(known.of('long')).toEqual([]);
  known.remember('a', ['5', '6', '7']);
  expect(known.of('a')).toEqual(['5', '6', '7']);
});

test('what is told counts where it contradicts what is known, and leaves its room', () => {
  const known = new KnownIds(5);
  known.remember('a', ['1', '2', '3', '4']);
  known.remember('a', ['1', '5']);
  expect(known.of('a')).toEqual(['1', '5']);
  known.forget('a');
  known.remember('b', ['1', '2', '3', '4', '5']);
  expect([known.of('a'), known.of('b').length]).toEqual([[], 5]);
});
