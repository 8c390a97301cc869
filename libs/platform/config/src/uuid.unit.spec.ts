import { anyText } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { SimulatedClock, systemClock } from './clock.js';
import { isUuid, uuidV5, uuidV7 } from './uuid.js';

const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

describe('uuidV5', () => {
  it.each([
    // RFC 9562, appendix A.4
    [DNS, 'www.example.com', '2ed6657d-e927-568b-95e1-2665a8aea6a2'],
    // Python's uuid documentation
    [DNS, 'python.org', '886313e1-3b8a-5372-9b90-0c9aee199e5d'],
    [URL_NAMESPACE, 'http://python.org/', '4c565f0d-3f5a-5890-b41b-20cf47701c5e'],
  ])('gives the published id for %s %s', (namespace, name, expected) => {
    expect(uuidV5(namespace, name)).toBe(expected);
  });

  it('refuses a namespace that is no UUID', () => {
    expect(() => uuidV5('shaoying', 'x')).toThrow(TypeError);
  });

  it('always gives a version 5 UUID, the same for the same name', () => {
    fc.assert(
      fc.property(anyText(), (name) => {
        const id = uuidV5(DNS, name);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(uuidV5(DNS.toUpperCase(), name)).toBe(id);
      }),
    );
  });

  it.each([0, 1, 335, 336, 337, 5_000])(
    'is the SHA-1 of namespace and name, also for %d characters',
    (chars) => {
      // Long after short and short after long: nothing of one name may be left in the next.
      for (const name of ['号'.repeat(chars), 'x', 'é'.repeat(chars)]) {
        const sha1 = createHash('sha1').update(DNS.replaceAll('-', ''), 'hex').update(name).digest('hex');
        expect(uuidV5(DNS, name).replaceAll('-', '').slice(0, 12)).toBe(sha1.slice(0, 12));
        expect(uuidV5(DNS, name).slice(-12)).toBe(sha1.slice(20, 32));
      }
    },
  );
});

describe('uuidV7', () => {
  it('carries the instant of the clock, as RFC 9562 appendix A.6 does', () => {
    const id = uuidV7(new SimulatedClock('2022-02-22T19:22:22.000Z'));
    expect(id).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(isUuid(id)).toBe(true);
  });

  it('does not repeat within a millisecond', () => {
    const clock = new SimulatedClock('2026-01-01T00:00:00Z');
    expect(new Set(Array.from({ length: 10_000 }, () => uuidV7(clock))).size).toBe(10_000);
  });

  it('sorts by time', () => {
    const clock = new SimulatedClock('1970-01-01T00:00:00Z');
    const first = uuidV7(clock);
    clock.set('2199-12-31T23:59:59Z');
    expect(first < uuidV7(clock)).toBe(true);
    expect(uuidV7(systemClock) < uuidV7(clock)).toBe(true);
  });
});
