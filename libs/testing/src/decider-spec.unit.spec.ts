import { givenOf, historyOf, type Decider } from './index.js';

interface Took {
  readonly type: 'Took';
  readonly amount: number;
}
type Refusal = { readonly code: 'EMPTY' } | { readonly code: 'TOO_MUCH'; readonly left: number };

const till: Decider<number, number, Took, Refusal> = {
  initial: 3,
  decide: (left, amount) => {
    if (left === 0) return { refusal: { code: 'EMPTY' } };
    if (amount > left) return { refusal: { code: 'TOO_MUCH', left } };
    return { events: amount === 0 ? [] : [{ type: 'Took', amount }] };
  },
  evolve: (left, { amount }) => left - amount,
};
const given = givenOf(till);
const took = (amount: number): Took => ({ type: 'Took', amount });

test('says what was decided', () => {
  given([took(1)])
    .when(2)
    .then([took(2)]);
  given([])
    .when(2)
    .thenLike([{ type: 'Took' }]);
  given([]).when(0).thenNothing();
  given([took(1)])
    .when(3)
    .thenRefused('TOO_MUCH', { left: 2 });
  given(historyOf(till, [1, 2]))
    .when(1)
    .thenRefused('EMPTY');
});

test('fails where another thing was decided', () => {
  expect(() =>
    given([])
      .when(2)
      .then([took(1)]),
  ).toThrow();
  expect(() => given([]).when(2).then([])).toThrow();
  expect(() => given([]).when(2).thenNothing()).toThrow();
  expect(() => given([]).when(4).thenNothing()).toThrow();
  expect(() =>
    given([])
      .when(2)
      .thenLike([{ amount: 1 }]),
  ).toThrow();
  expect(() => given([]).when(2).thenLike([{}, {}])).toThrow();
  expect(() => given([]).when(2).thenLike([])).toThrow();
  expect(() => given([]).when(2).thenRefused('TOO_MUCH')).toThrow();
  expect(() => given([]).when(4).thenRefused('EMPTY')).toThrow();
  expect(() => given([]).when(4).thenRefused('TOO_MUCH', { left: 2 })).toThrow();
});

test('a history with a refused command is none', () => {
  expect(() => historyOf(till, [1, 5])).toThrow('command 1 of the history: TOO_MUCH');
});
