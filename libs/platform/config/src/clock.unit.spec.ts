import { SimulatedClock } from './clock.js';

describe('SimulatedClock', () => {
  it('stands still until it is moved', () => {
    const clock = new SimulatedClock('2026-02-13T16:00:00+08:00');
    expect(clock.now().toISOString()).toBe('2026-02-13T08:00:00.000Z');
    clock.advanceMs(3_600_000);
    expect(clock.now().toISOString()).toBe('2026-02-13T09:00:00.000Z');
    clock.set('2026-01-01T00:00:00Z');
    expect(clock.now().toISOString()).toBe('2026-01-01T00:00:00.000Z');
  });

  it('cannot be moved from outside through a date it gave away', () => {
    const clock = new SimulatedClock('2026-01-01T00:00:00Z');
    clock.now().setFullYear(1999);
    expect(clock.now().getUTCFullYear()).toBe(2026);
  });

  it('refuses what is not an instant', () => {
    expect(() => new SimulatedClock('tomorrow')).toThrow(RangeError);
  });
});
