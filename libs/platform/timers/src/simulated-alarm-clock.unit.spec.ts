import { SimulatedAlarmClock } from './simulated-alarm-clock.js';

const START = '2026-03-01T00:00:00.000Z';
const at = (minutes: number) => new Date(Date.parse(START) + minutes * 60_000).toISOString();
const alarm = (deadlineId: string, minutes: number) => ({ deadlineId, tier: 'BREACH', dueAt: at(minutes) });

async function listening(): Promise<{ clock: SimulatedAlarmClock; fired: string[] }> {
  const clock = new SimulatedAlarmClock(START);
  const fired: string[] = [];
  await clock.listen(async ({ deadlineId, firedAt }) => {
    fired.push(`${deadlineId} ${firedAt}`);
  });
  return { clock, fired };
}

describe('the simulated alarm clock', () => {
  it('wakes alarms in due order, each at its own instant, and none that is not due', async () => {
    const { clock, fired } = await listening();
    await clock.arm([alarm('c', 30), alarm('a', 10), alarm('b', 10), alarm('d', 61)]);
    await clock.advanceTo(at(60));
    expect(fired).toEqual([`a ${at(10)}`, `b ${at(10)}`, `c ${at(30)}`]);
    expect(clock.now().toISOString()).toBe(at(60));
    expect(await clock.status()).toEqual({ delayed: 1, active: 0, failed: 0 });
  });

  it('wakes on the way what a handler armed meanwhile', async () => {
    const clock = new SimulatedAlarmClock(START);
    const fired: string[] = [];
    await clock.listen(async ({ firedAt }) => {
      fired.push(firedAt);
      if (fired.length < 3) await clock.arm([alarm('again', 10 * (fired.length + 1))]);
    });
    await clock.arm([alarm('again', 10)]);
    await clock.advanceTo(at(60));
    expect(fired).toEqual([at(10), at(20), at(30)]);
  });

  it('fires an alarm armed twice once, at the first instant', async () => {
    const { clock, fired } = await listening();
    await clock.arm([alarm('a', 10), alarm('a', 20)]);
    await clock.advanceTo(at(60));
    expect(fired).toEqual([`a ${at(10)}`]);
  });

  it('does not fire what was disarmed, and fires it when armed again', async () => {
    const { clock, fired } = await listening();
    await clock.arm([alarm('a', 10), alarm('b', 10)]);
    await clock.disarm([alarm('a', 0)]);
    await clock.advanceTo(at(20));
    expect(fired).toEqual([`b ${at(10)}`]);
    await clock.arm([alarm('a', 30)]);
    await clock.advanceTo(at(40));
    expect(fired).toEqual([`b ${at(10)}`, `a ${at(30)}`]);
  });

  it('keeps due alarms until somebody listens', async () => {
    const clock = new SimulatedAlarmClock(START);
    await clock.arm([alarm('a', 10)]);
    await clock.advanceTo(at(60));
    const fired: string[] = [];
    await clock.listen(async ({ firedAt }) => {
      fired.push(firedAt);
    });
    await clock.advanceTo(at(60));
    expect(fired).toEqual([at(60)]);
  });

  it('calls a failing handler again after 1 s and 2 s of simulated time', async () => {
    const clock = new SimulatedAlarmClock(START);
    const calls: string[] = [];
    await clock.listen(async ({ firedAt }) => {
      calls.push(firedAt);
      if (calls.length < 3) throw new Error('not yet');
    });
    await clock.arm([alarm('a', 0)]);
    await clock.advanceTo(at(60));
    expect(calls).toEqual([0, 1_000, 3_000].map((ms) => new Date(Date.parse(START) + ms).toISOString()));
  });

  it('gives up after seven attempts and says so', async () => {
    const clock = new SimulatedAlarmClock(START);
    let calls = 0;
    await clock.listen(async () => {
      calls += 1;
      throw new Error('never');
    });
    await clock.arm([alarm('a', 0)]);
    await clock.advanceTo(at(60));
    expect(calls).toBe(7);
    expect(await clock.status()).toEqual({ delayed: 0, active: 0, failed: 1 });
  });

  it('refuses the same things as the real one', async () => {
    const { clock } = await listening();
    await expect(clock.arm([alarm('a:b', 0)])).rejects.toMatchObject({ code: 'INVALID_ALARM' });
    await expect(clock.listen(async () => {})).rejects.toMatchObject({ code: 'ALREADY_LISTENING' });
    await clock.close();
    await expect(clock.arm([alarm('a', 0)])).rejects.toMatchObject({ code: 'ALARM_CLOCK_CLOSED' });
  });
});
