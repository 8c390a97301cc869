import { propertyParameters } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import { dealt } from './shares.js';

const itemsOf = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('what is dealt to those who share the work', () => {
  it.each([
    { count: 3, most: [10, 10, 10], shares: [[0], [1], [2]] },
    { count: 5, most: [10, 1, 10], shares: [[0, 1], [2], [3, 4]] },
    { count: 4, most: [0, 10, 2], shares: [[], [0, 1], [2, 3]] },
    { count: 0, most: [10], shares: [[]] },
  ])('is $shares of $count where they want $most', ({ count, most, shares }) => {
    expect(dealt(itemsOf(count), most)).toEqual(shares);
  });

  it('is all of it, in order, to nobody more than they want, nor two more than another who wants more', () => {
    const wishes = fc.array(fc.nat(100), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(wishes, fc.nat(1_000), (most, given) => {
        const count = Math.min(
          given,
          most.reduce((sum, max) => sum + max, 0),
        );
        const shares = dealt(itemsOf(count), most);
        expect(shares.flat()).toEqual(itemsOf(count));
        const hungry = shares.filter(({ length }, index) => length < (most[index] ?? 0));
        const least = Math.min(...hungry.map(({ length }) => length));
        shares.forEach(({ length }, index) => {
          expect(length).toBeLessThanOrEqual(most[index] ?? 0);
          expect(length).toBeLessThanOrEqual(least + 1);
        });
      }),
      propertyParameters({ numRuns: 300 }),
    );
  });
});
