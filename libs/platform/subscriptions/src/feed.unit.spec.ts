import { resumePosition } from './feed.js';

describe('resumePosition', () => {
  it('prefers what the reconnecting client has seen last', () => {
    expect(resumePosition('12', '3')).toBe('12');
    expect(resumePosition(undefined, '3')).toBe('3');
    expect(resumePosition('', undefined)).toBe('0');
  });

  it.each(['-1', '1.5', 'x', '1; drop table', '9'.repeat(20), '9'.repeat(19)])('refuses %s', (given) => {
    expect(() => resumePosition(given, undefined)).toThrow(
      expect.objectContaining({ code: 'INVALID_FEED_POSITION' }),
    );
  });
});
