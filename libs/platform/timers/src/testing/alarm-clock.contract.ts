import { setTimeout as sleep } from 'node:timers/promises';
import type { Alarm, AlarmClock, AlarmHandler, FiredAlarm } from '../alarm-clock.js';
import type { DeadlineScheduler } from '../deadline-scheduler.js';
import type { AlarmClockOptions } from '../open-alarm-clock.js';
import { Watch } from './watch.js';

export interface AlarmClockUnderTest {
  /** Opens one more alarm clock on the same queue; every call as if by another process. */
  open(options?: Pick<AlarmClockOptions, 'clock' | 'concurrency'>): Promise<AlarmClock>;
  /** Makes the queue's server forget every alarm, as FLUSHALL or emptied tables do. */
  wipe(): Promise<void>;
}

/** A queue of its own, empty, for one test. */
export type MakeAlarmClockUnderTest = () => Promise<AlarmClockUnderTest>;

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const alarmsDue = (dueAt: string, count: number): Alarm[] =>
  Array.from({ length: count }, (_, n) => ({ deadlineId: `d-${n}`, tier: 'BREACH', dueAt }));

/** Waits until `condition` holds, `ms` at the most; the expectation that follows tells what is missing. */
async function eventually(condition: () => boolean, ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (!condition() && Date.now() < end) await sleep(10);
}

class Recorder {
  readonly fired: FiredAlarm[] = [];
  readonly handler: AlarmHandler = async (alarm) => {
    this.fired.push(alarm);
  };

  get keys(): string[] {
    return this.fired.map(({ deadlineId, tier }) => `${deadlineId}-${tier}`);
  }

  get early(): FiredAlarm[] {
    return this.fired.filter(({ dueAt, firedAt }) => firedAt < dueAt);
  }
}

/** What every engine of the alarm clock promises, in real time. `name` may end in `(skipped: <reason>)`. */
export function alarmClockContract(name: string, make: MakeAlarmClockUnderTest, skipReason?: string): void {
  const suite = skipReason === undefined ? describe : describe.skip;
  const title = skipReason === undefined ? name : `${name} (skipped: ${skipReason})`;
  suite(title, () => {
    let underTest: AlarmClockUnderTest;
    let opened: AlarmClock[];
    const open: AlarmClockUnderTest['open'] = async (options) => {
      const clock = await underTest.open(options);
      opened.push(clock);
      return clock;
    };

    beforeEach(async () => {
      opened = [];
      underTest = await make();
    });

    afterEach(async () => {
      await Promise.all(opened.map((clock) => clock.close()));
    });

    firingContract(open);
    failureContract(open);
    lossContract(open, () => underTest.wipe());
  });
}

function firingContract(open: AlarmClockUnderTest['open']): void {
  it('fires each of 1,000 alarms once after its time, none early', async () => {
    const clock = await open();
    const seen = new Recorder();
    await clock.listen(seen.handler);
    const alarms = alarmsDue('', 1_000).map((alarm, n) => ({ ...alarm, dueAt: inMs(1_500 + (n % 10) * 50) }));
    await clock.arm(alarms);
    await eventually(() => seen.fired.length >= 1_000, 15_000);
    await sleep(200);
    expect(seen.early).toEqual([]);
    expect(seen.fired).toHaveLength(1_000);
    expect(new Set(seen.keys).size).toBe(1_000);
    expect(await clock.status()).toEqual({ delayed: 0, active: 0, failed: 0 });
  });

  it('shares 200 alarms between two processes, each fired once', async () => {
    const seen = new Recorder();
    const [one, two] = [await open(), await open()];
    await Promise.all([one.listen(seen.handler), two.listen(seen.handler)]);
    await one.arm(alarmsDue(inMs(300), 200));
    await eventually(() => seen.fired.length >= 200, 10_000);
    await sleep(200);
    expect(seen.early).toEqual([]);
    expect(seen.keys.sort()).toEqual(
      alarmsDue('', 200)
        .map(({ deadlineId }) => `${deadlineId}-BREACH`)
        .sort(),
    );
  });

  it('fires an alarm armed twice once', async () => {
    const clock = await open();
    const seen = new Recorder();
    await clock.listen(seen.handler);
    const [alarm] = alarmsDue(inMs(300), 1) as [Alarm];
    await clock.arm([alarm, alarm]);
    await clock.arm([alarm]);
    await eventually(() => seen.fired.length > 0, 5_000);
    await sleep(300);
    expect(seen.keys).toEqual(['d-0-BREACH']);
  });

  it('keeps the tiers of one deadline apart', async () => {
    const clock = await open();
    const seen = new Recorder();
    await clock.listen(seen.handler);
    await clock.arm(
      ['WARN', 'BREACH', 'STEP_1'].map((tier) => ({ deadlineId: 'd', tier, dueAt: inMs(100) })),
    );
    await eventually(() => seen.fired.length >= 3, 5_000);
    expect(seen.keys.sort()).toEqual(['d-BREACH', 'd-STEP_1', 'd-WARN']);
  });

  it('fires at once what was due in the past', async () => {
    const clock = await open();
    const seen = new Recorder();
    await clock.listen(seen.handler);
    await clock.arm(alarmsDue(inMs(-86_400_000), 1));
    await eventually(() => seen.fired.length > 0, 5_000);
    expect(seen.keys).toEqual(['d-0-BREACH']);
  });

  it('can be armed again after firing', async () => {
    const clock = await open();
    const seen = new Recorder();
    await clock.listen(seen.handler);
    for (const times of [1, 2, 3]) {
      await clock.arm(alarmsDue(inMs(50), 1));
      await eventually(() => seen.fired.length >= times, 5_000);
      // The alarm is seen before its job has left the queue.
      for (let status = await clock.status(); status.active > 0; status = await clock.status())
        await sleep(10);
    }
    expect(seen.keys).toEqual(['d-0-BREACH', 'd-0-BREACH', 'd-0-BREACH']);
  });

  it('can be armed again by the handler itself, while it is firing', async () => {
    const clock = await open();
    const seen = new Recorder();
    await clock.listen(async (alarm) => {
      await seen.handler(alarm);
      if (seen.fired.length < 3) await clock.arm(alarmsDue(inMs(50), 1));
    });
    await clock.arm(alarmsDue(inMs(50), 1));
    await eventually(() => seen.fired.length >= 3, 5_000);
    await sleep(200);
    expect(seen.fired).toHaveLength(3);
    expect(seen.early).toEqual([]);
  });

  it('does not fire what was disarmed', async () => {
    const clock = await open();
    const seen = new Recorder();
    await clock.listen(seen.handler);
    const alarms = alarmsDue(inMs(500), 20);
    await clock.arm(alarms);
    await clock.disarm(alarms.slice(0, 19));
    await clock.disarm([{ deadlineId: 'never-armed', tier: 'BREACH' }]);
    await sleep(1_000);
    expect(seen.keys).toEqual(['d-19-BREACH']);
  });

  it('never fires before the time of the process, however far ahead the clock of the queue is', async () => {
    const behindMs = 1_500;
    const behind = () => new Date(Date.now() - behindMs);
    const [punctual, slow] = [await open(), await open({ clock: behind })];
    const seen = new Recorder();
    await slow.listen(seen.handler);
    const dueAt = inMs(100);
    await punctual.arm(alarmsDue(dueAt, 1));
    await eventually(() => seen.fired.length > 0, 8_000);
    expect(seen.early).toEqual([]);
    expect(seen.keys).toEqual(['d-0-BREACH']);
    expect(Date.now() - behindMs).toBeGreaterThanOrEqual(Date.parse(dueAt));
  });
}

function failureContract(open: AlarmClockUnderTest['open']): void {
  it('calls a handler that throws twice a third time, with back-off, and then no more', async () => {
    const [one, two] = [await open(), await open()];
    const calls: number[] = [];
    const handler = async () => {
      calls.push(Date.now());
      if (calls.length < 3) throw new Error('the database is restarting');
    };
    await Promise.all([one.listen(handler), two.listen(handler)]);
    await one.arm(alarmsDue(inMs(50), 1));
    await eventually(() => calls.length >= 3, 10_000);
    await sleep(500);
    expect(calls).toHaveLength(3);
    expect(calls[1]! - calls[0]!).toBeGreaterThanOrEqual(1_000);
    expect(calls[2]! - calls[1]!).toBeGreaterThanOrEqual(2_000);
    expect(await one.status()).toEqual({ delayed: 0, active: 0, failed: 0 });
  });

  it('does not let one failing alarm hold up another', async () => {
    const clock = await open({ concurrency: 1 });
    const seen: string[] = [];
    await clock.listen(async ({ deadlineId }) => {
      if (deadlineId === 'bad') throw new Error('always');
      seen.push(deadlineId);
    });
    await clock.arm([{ deadlineId: 'bad', tier: 'BREACH', dueAt: inMs(0) }]);
    await clock.arm([{ deadlineId: 'good', tier: 'BREACH', dueAt: inMs(200) }]);
    await eventually(() => seen.length > 0, 900);
    expect(seen).toEqual(['good']);
  });

  it('hands alarms armed or due while nobody listened to whoever listens next', async () => {
    const first = await open();
    const seen = new Recorder();
    await first.listen(seen.handler);
    await first.arm(alarmsDue(inMs(700), 50));
    await first.close();
    await sleep(900);
    expect(seen.fired).toEqual([]);
    const second = await open();
    await second.listen(seen.handler);
    await eventually(() => seen.fired.length >= 50, 8_000);
    expect(new Set(seen.keys).size).toBe(50);
    expect(seen.fired).toHaveLength(50);
  });

  it('refuses malformed alarms, a second listener and use after close', async () => {
    const clock = await open();
    const refused = (code: string) => expect.objectContaining({ code });
    const dueAt = inMs(1_000);
    await expect(clock.arm([{ deadlineId: 'a:b', tier: 'BREACH', dueAt }])).rejects.toEqual(
      refused('INVALID_ALARM'),
    );
    await expect(clock.arm([{ deadlineId: '', tier: 'BREACH', dueAt }])).rejects.toEqual(
      refused('INVALID_ALARM'),
    );
    await expect(clock.arm([{ deadlineId: 'a', tier: 'B-C', dueAt }])).rejects.toEqual(
      refused('INVALID_ALARM'),
    );
    await expect(clock.arm(alarmsDue('soon', 1))).rejects.toEqual(refused('INVALID_ALARM'));
    await expect(clock.arm(alarmsDue(dueAt, 100_001))).rejects.toEqual(refused('TOO_MANY_ALARMS'));
    await clock.listen(async () => {});
    await expect(clock.listen(async () => {})).rejects.toEqual(refused('ALREADY_LISTENING'));
    await clock.close();
    await clock.close();
    await expect(clock.arm(alarmsDue(dueAt, 1))).rejects.toEqual(refused('ALARM_CLOCK_CLOSED'));
  });
}

function lossContract(open: AlarmClockUnderTest['open'], wipe: () => Promise<void>): void {
  it('loses its memory, and the sweeper fires all 1,000 deadlines once, none early, one sweep late at most', async () => {
    const watch = await Watch.over(await open());
    try {
      const [scheduler] = watch.schedulers as [DeadlineScheduler];
      const deadlines = watch.put(1_000, { fromMs: 2_000, toMs: 2_000 });
      await watch.armed();
      expect((await scheduler.status()).clock).toEqual({ delayed: 1_000, active: 0, failed: 0 });
      await wipe();
      expect((await scheduler.status()).clock).toEqual({ delayed: 0, active: 0, failed: 0 });
      await watch.ended();
      watch.expectEachOnce();
      expect(watch.latenessOf(deadlines)).toBeLessThan(Watch.oneSweepMs);
      expect(await scheduler.status()).toMatchObject({ due: 0, late: 0, lostAndFound: 1_000 });
    } finally {
      await watch.stop();
    }
  });

  it('goes on working after it lost its memory', async () => {
    const clock = await open();
    const seen = new Recorder();
    await clock.listen(seen.handler);
    await clock.arm(alarmsDue(inMs(60_000), 10));
    await wipe();
    await clock.arm(alarmsDue(inMs(100), 10));
    await eventually(() => seen.fired.length >= 10, 8_000);
    expect(new Set(seen.keys).size).toBe(10);
    expect(seen.early).toEqual([]);
  });
}
