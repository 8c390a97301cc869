import { AlarmClockUnavailable, RedisEvictsKeys } from './alarm-clock.errors.js';
import { awaitAlarmClock } from './awaited-alarm-clock.js';
import { SimulatedAlarmClock } from './simulated-alarm-clock.js';

const away = (cause: object): AlarmClockUnavailable => new AlarmClockUnavailable('away', { cause });

/** Fails so many times, and then gives a clock. */
function opening(failures: number, error: Error) {
  const clock = new SimulatedAlarmClock('2026-03-01T00:00:00.000Z');
  let attempts = 0;
  const open = () => ((attempts += 1) > failures ? Promise.resolve(clock) : Promise.reject(error));
  return { clock, open, attempts: () => attempts };
}

describe('an alarm clock whose queue is away as it is opened', () => {
  it.each([
    ['evicts keys', new RedisEvictsKeys('allkeys-lru')],
    ['refuses the password', away({ message: 'WRONGPASS invalid username-password pair' })],
    ['refuses the account', away({ code: '28P01' })],
    ['lets the account make no tables', away({ code: '42501' })],
  ])('is not waited for where it %s', async (_, error) => {
    const { open, attempts } = opening(1, error);
    await expect(awaitAlarmClock(open)).rejects.toBe(error);
    expect(attempts()).toBe(1);
  });

  it('gives whoever listens by then to the clock that comes, once', async () => {
    const { open, clock } = opening(2, away({ code: 'ECONNREFUSED' }));
    const awaited = await awaitAlarmClock(open, { againMs: 1 });
    await expect(awaited.status()).rejects.toMatchObject({ code: 'ALARM_CLOCK_UNAVAILABLE' });
    const rung: string[] = [];
    await awaited.listen(async ({ deadlineId }) => void rung.push(deadlineId));
    await expect(awaited.listen(async () => {})).rejects.toMatchObject({ code: 'ALREADY_LISTENING' });
    const alarm = { deadlineId: 'd', tier: 'BREACH', dueAt: '2026-03-01T00:01:00.000Z' };
    while (await awaited.arm([alarm]).then(...([() => false, () => true] as const)))
      await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advanceTo(alarm.dueAt);
    expect(rung).toEqual(['d']);
    await awaited.close();
  });

  it('is closed at once while it is away, and opened no more', async () => {
    const { open, attempts } = opening(Infinity, away({ code: 'ECONNREFUSED' }));
    const awaited = await awaitAlarmClock(open, { againMs: 60_000 });
    await awaited.close();
    await expect(awaited.arm([])).rejects.toMatchObject({ code: 'ALARM_CLOCK_CLOSED' });
    expect(attempts()).toBe(1);
  });
});
