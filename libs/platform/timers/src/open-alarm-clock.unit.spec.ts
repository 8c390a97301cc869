import { openAlarmClock } from './open-alarm-clock.js';

describe('opening an alarm clock', () => {
  it.each(['http://localhost', 'esdb://localhost', 'nonsense', ''])(
    'refuses %p by its scheme',
    async (url) => {
      await expect(openAlarmClock({ url })).rejects.toMatchObject({ code: 'UNSUPPORTED_TIMERS_URL' });
    },
  );

  it('does not repeat the password of a URL that it refuses', async () => {
    await expect(openAlarmClock({ url: 'mysql://me:secret-word@db' })).rejects.toMatchObject({
      message: expect.not.stringContaining('secret-word'),
    });
  });

  it('refuses names and concurrencies out of bounds before connecting', async () => {
    const url = 'redis://127.0.0.1:1';
    await expect(openAlarmClock({ url, name: 'a:b' })).rejects.toThrow(RangeError);
    await expect(openAlarmClock({ url, concurrency: 0 })).rejects.toThrow(RangeError);
    await expect(openAlarmClock({ url, concurrency: 101 })).rejects.toThrow(RangeError);
  });
});
