import fc from 'fast-check';
import { advisoryLockKey } from './advisory-lock.js';

describe('the key of a named lock', () => {
  it('never changes: processes of two releases must exclude each other', () => {
    expect(advisoryLockKey('event-store/append')).toBe(1763866180210352302n);
  });

  it('fits a signed 64-bit integer whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const key = advisoryLockKey(name);
        expect(BigInt.asIntN(64, key)).toBe(key);
      }),
    );
  });
});
