import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { AlarmClock } from './alarm-clock.js';
import { DeadlineScheduler, type DeadlineSchedulerOptions } from './deadline-scheduler.js';
import type { OpenDeadline } from './open-deadlines.js';
import { SimulatedAlarmClock } from './simulated-alarm-clock.js';
import { InMemoryOpenDeadlines } from './testing/index.js';

const START = '2026-03-01T00:00:00.000Z';
const MINUTE = 60_000;
const at = (ms: number) => new Date(Date.parse(START) + ms).toISOString();
const deadline = (deadlineId: string, dueMs: number, step = 0): OpenDeadline => ({
  step,
  deadlineId,
  incidentId: 'incident',
  taskId: 'task',
  timer: 'check-in',
  dueAt: at(dueMs),
});

interface World {
  truth: InMemoryOpenDeadlines;
  clock: SimulatedAlarmClock;
  scheduler: DeadlineScheduler;
  /** `<deadlineId> <instant>` in order of firing. */
  fired: string[];
}

const running: DeadlineScheduler[] = [];

/** Firing closes the deadline, as the projection of the breach does. */
function world(options: Partial<DeadlineSchedulerOptions> = {}): World {
  const truth = new InMemoryOpenDeadlines();
  const clock = new SimulatedAlarmClock(START);
  const fired: string[] = [];
  const fire = async ({ deadlineId }: OpenDeadline) => {
    fired.push(`${deadlineId} ${clock.now().toISOString()}`);
    truth.remove(deadlineId);
  };
  const scheduler = new DeadlineScheduler({
    ...{ openDeadlines: truth, clock, now: clock.now, fire },
    // Most of what is asked here is asked of deadlines that are armed at once.
    ...{ horizonMs: 2_880 * MINUTE, ...options },
  });
  running.push(scheduler);
  return { truth, clock, scheduler, fired };
}

/** An alarm clock that takes everything and never rings. */
const deaf = (): AlarmClock => ({
  arm: async () => {},
  disarm: async () => {},
  listen: async () => {},
  status: () => Promise.reject(new Error('unreachable')),
  close: async () => {},
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((scheduler) => scheduler.stop()));
});

describe('the deadline scheduler and its alarms', () => {
  it('fires each deadline at its due instant, once', async () => {
    const { truth, clock, scheduler, fired } = world();
    truth.put([deadline('b', 20 * MINUTE), deadline('a', 10 * MINUTE)]);
    await scheduler.start();
    await clock.advanceTo(at(60 * MINUTE));
    await scheduler.sweep();
    expect(fired).toEqual([`a ${at(10 * MINUTE)}`, `b ${at(20 * MINUTE)}`]);
    expect(await scheduler.status()).toMatchObject({ due: 0, late: 0, lostAndFound: 0, maxLatenessMs: 0 });
  });

  it('does not fire what was met before its time', async () => {
    const { truth, clock, scheduler, fired } = world();
    truth.put([deadline('met', 10 * MINUTE), deadline('missed', 10 * MINUTE)]);
    await scheduler.start();
    truth.remove('met');
    await clock.advanceTo(at(60 * MINUTE));
    expect(fired).toEqual([`missed ${at(10 * MINUTE)}`]);
  });

  it('arms new deadlines when the read model says that there are some', async () => {
    const { truth, scheduler } = world();
    await scheduler.start();
    truth.put([deadline('a', 10 * MINUTE)]);
    for (let waited = 0; (await scheduler.status()).armed === 0 && waited < 100; waited += 1) await sleep(10);
    expect(await scheduler.status()).toMatchObject({ armed: 1, clock: { delayed: 1 } });
  });

  it('arms only what falls due within the horizon, and the rest when its time comes', async () => {
    const { truth, clock, scheduler, fired } = world({ horizonMs: 60 * MINUTE });
    truth.put([deadline('near', 59 * MINUTE), deadline('far', 61 * MINUTE)]);
    await scheduler.start();
    expect(await scheduler.status()).toMatchObject({ armed: 1, clock: { delayed: 1 } });
    await clock.advanceTo(at(5 * MINUTE));
    expect(await scheduler.arm()).toBe(1);
    await clock.advanceTo(at(120 * MINUTE));
    expect(fired).toEqual([`near ${at(59 * MINUTE)}`, `far ${at(61 * MINUTE)}`]);
  });

  it('arms 2,500 deadlines over several pages and not again on the next walk', async () => {
    const { truth, scheduler } = world();
    // Many share an instant, so that pages break between equal due times.
    truth.put(Array.from({ length: 2_500 }, (_, n) => deadline(`d-${n}`, MINUTE * (1 + (n % 3)))));
    await scheduler.start();
    expect(await scheduler.status()).toMatchObject({ armed: 2_500, clock: { delayed: 2_500 } });
    expect(await scheduler.arm()).toBe(0);
    expect(await scheduler.rearm()).toBe(2_500);
    expect(await scheduler.status()).toMatchObject({ armed: 2_500, clock: { delayed: 2_500 } });
  });

  it('arms the others of a page although one id fits no alarm, and sweeps that one', async () => {
    const { truth, clock, scheduler, fired } = world();
    truth.put([deadline('no:alarm', 10 * MINUTE), deadline('a', 10 * MINUTE)]);
    await scheduler.start();
    expect(await scheduler.status()).toMatchObject({ due: 0, oldestDueAt: null, clock: { delayed: 1 } });
    await clock.advanceTo(at(11 * MINUTE));
    await scheduler.sweep();
    expect(fired).toEqual([`a ${at(10 * MINUTE)}`, `no:alarm ${at(11 * MINUTE)}`]);
  });

  it.each([
    ['later', 30],
    ['earlier', 5],
  ])('fires a deadline that was moved %s at its new instant only', async (_, minutes) => {
    const { truth, clock, scheduler, fired } = world();
    truth.put([deadline('a', 10 * MINUTE)]);
    await scheduler.start();
    truth.put([deadline('a', minutes * MINUTE)]);
    await scheduler.arm();
    await clock.advanceTo(at(60 * MINUTE));
    expect(fired).toEqual([`a ${at(minutes * MINUTE)}`]);
  });

  it('arms again when an alarm of another process rings for a deadline that was extended', async () => {
    const { truth, clock, scheduler, fired } = world();
    truth.put([deadline('a', 30 * MINUTE)]);
    await clock.arm([{ deadlineId: 'a', tier: 'BREACH', dueAt: at(10 * MINUTE) }]);
    await scheduler.start();
    await clock.advanceTo(at(60 * MINUTE));
    expect(fired).toEqual([`a ${at(30 * MINUTE)}`]);
  });

  it('leaves to a walk what is beyond the horizon when an alarm rings for it', async () => {
    const { truth, clock, scheduler, fired } = world();
    truth.put([deadline('a', 3 * 24 * 60 * MINUTE)]);
    await clock.arm([{ deadlineId: 'a', tier: 'BREACH', dueAt: at(10 * MINUTE) }]);
    await scheduler.start();
    await clock.advanceTo(at(20 * MINUTE));
    expect(await scheduler.status()).toMatchObject({ armed: 0, clock: { delayed: 0 } });
    await clock.advanceTo(at(3 * 24 * 60 * MINUTE - 5 * MINUTE));
    await scheduler.arm();
    await clock.advanceTo(at(3 * 24 * 60 * MINUTE + MINUTE));
    expect(fired).toEqual([`a ${at(3 * 24 * 60 * MINUTE)}`]);
  });
});

describe('the ladder after a breach', () => {
  /** Each firing puts the next step in its place, as the projection does; step n comes n hours after the breach. */
  const climbing = (clock?: AlarmClock) => {
    const steps: string[] = [];
    const {
      truth,
      clock: time,
      scheduler,
    } = world({
      ...(clock === undefined ? {} : { clock }),
      fire: async ({ deadlineId, step }) => {
        steps.push(`${step} ${time.now().toISOString()}`);
        if (step === 3) truth.remove(deadlineId);
        else truth.put([deadline(deadlineId, (step + 2) * 60 * MINUTE, step + 1)]);
      },
    });
    truth.put([deadline('a', 60 * MINUTE)]);
    return { time, scheduler, steps };
  };
  const hour = (count: number): string => at(count * 60 * MINUTE);

  it('is climbed step by step, each at its instant', async () => {
    const { time, scheduler, steps } = climbing();
    await scheduler.start();
    for (let minute = 0; minute <= 300; minute += 1) {
      await time.advanceTo(at(minute * MINUTE));
      await scheduler.arm();
    }
    expect(steps).toEqual([1, 2, 3, 4].map((count, step) => `${step} ${hour(count)}`));
  });

  it('is climbed by the sweeper too, though the step before was fired a moment ago', async () => {
    const { time, scheduler, steps } = climbing(deaf());
    await time.advanceTo(hour(10));
    for (let sweep = 0; sweep < 5; sweep += 1) await scheduler.sweep();
    expect(steps).toEqual([0, 1, 2, 3].map((step) => `${step} ${hour(10)}`));
  });
});

describe('the sweeper', () => {
  it('fires in due order what fell due while nobody looked, before any alarm', async () => {
    const { truth, clock, scheduler, fired } = world();
    truth.put([3, 1, 2].map((hour) => deadline(`d-${hour}`, hour * 60 * MINUTE)));
    await clock.advanceTo(at(48 * 60 * MINUTE));
    await scheduler.start();
    expect(fired.map((line) => line.split(' ')[0])).toEqual(['d-1', 'd-2', 'd-3']);
    expect(await scheduler.status()).toMatchObject({ lostAndFound: 3, maxLatenessMs: 47 * 60 * MINUTE });
  });

  it('leaves the alarm its time: fires only what is overdue by more than the grace', async () => {
    const { truth, clock, scheduler, fired } = world({ clock: deaf(), graceMs: 2_000 });
    truth.put([deadline('a', MINUTE)]);
    await clock.advanceTo(at(MINUTE + 1_999));
    expect(await scheduler.sweep()).toBe(0);
    await clock.advanceTo(at(MINUTE + 2_000));
    expect(await scheduler.sweep()).toBe(1);
    expect(fired).toEqual([`a ${at(MINUTE + 2_000)}`]);
    expect(await scheduler.status()).toMatchObject({ lostAndFound: 1, lastLatenessMs: 2_000, clock: null });
  });

  it('gets through 1,700 deadlines in one sweep, in due order', async () => {
    const { truth, clock, scheduler, fired } = world({ clock: deaf() });
    truth.put(Array.from({ length: 1_700 }, (_, n) => deadline(`d-${1_700 - n}`, 1_700 - n)));
    await clock.advanceTo(at(MINUTE));
    expect(await scheduler.sweep()).toBe(1_700);
    expect(fired.map((line) => line.split(' ')[0])).toEqual(
      Array.from({ length: 1_700 }, (_, n) => `d-${n + 1}`),
    );
  });

  it('retries what could not be fired, with back-off, and does not call it lost by the clock', async () => {
    let calls = 0;
    const { truth, clock, scheduler } = world({
      fire: async () => {
        calls += 1;
        if (calls < 3) throw new Error('the log is down');
        truth.remove('a');
      },
    });
    truth.put([deadline('a', MINUTE)]);
    await scheduler.start();
    await clock.advanceTo(at(MINUTE));
    expect(calls).toBe(1);
    for (let second = 0; second < 10; second += 1) {
      await clock.advanceTo(at(MINUTE + second * 1_000));
      await scheduler.sweep();
    }
    expect(calls).toBe(3);
    expect(await scheduler.status()).toMatchObject({ due: 0, lostAndFound: 0 });
  });

  it('retries what could not be fired also where its clock was set back since', async () => {
    let nowMs = Date.parse(at(2_880 * MINUTE));
    let calls = 0;
    const { truth, scheduler } = world({
      clock: deaf(),
      now: () => new Date(nowMs),
      fire: async () => {
        calls += 1;
        throw new Error('the log is down');
      },
    });
    truth.put([deadline('a', 0)]);
    await scheduler.sweep();
    nowMs = Date.parse(at(MINUTE));
    await scheduler.sweep();
    expect(calls).toBe(2);
  });

  it('gets past 600 deadlines that cannot be fired to the one behind them', async () => {
    const { truth, clock, scheduler } = world({
      clock: deaf(),
      fire: async ({ deadlineId }) => {
        if (deadlineId !== 'good') throw new Error('refused');
        truth.remove(deadlineId);
      },
    });
    truth.put([...Array.from({ length: 600 }, (_, n) => deadline(`bad-${n}`, n)), deadline('good', 10_000)]);
    await clock.advanceTo(at(MINUTE));
    expect(await scheduler.sweep()).toBe(1);
    expect(truth.size).toBe(600);
  });

  it('does not fire again while the read model has not caught up, but does a minute later', async () => {
    let calls = 0;
    const { truth, clock, scheduler } = world({
      clock: deaf(),
      fire: async () => {
        calls += 1;
      },
    });
    truth.put([deadline('a', 0)]);
    await clock.advanceTo(at(10_000));
    await scheduler.sweep();
    await scheduler.sweep();
    await clock.advanceTo(at(69_000));
    await scheduler.sweep();
    expect(calls).toBe(1);
    await clock.advanceTo(at(70_000));
    await scheduler.sweep();
    expect(calls).toBe(2);
  });

  it('goes on by itself after a read model that failed', async () => {
    const truth = new InMemoryOpenDeadlines();
    const overdueSince = truth.overdueSince.bind(truth);
    let failures = 2;
    truth.overdueSince = (...args) =>
      failures-- > 0 ? Promise.reject(new Error('down')) : overdueSince(...args);
    truth.put([deadline('a', 0)]);
    const { scheduler, clock } = world({
      openDeadlines: truth,
      clock: deaf(),
      sweepIntervalMs: 10,
      fire: async ({ deadlineId }) => truth.remove(deadlineId),
    });
    await clock.advanceTo(at(MINUTE));
    await scheduler.start();
    for (let waited = 0; truth.size > 0 && waited < 100; waited += 1) await sleep(10);
    expect(truth.size).toBe(0);
  });
});

describe('readiness', () => {
  it('is red when a deadline has been due for more than 30 s, and green again once it is fired', async () => {
    const { truth, clock, scheduler } = world({ clock: deaf() });
    truth.put([deadline('a', MINUTE)]);
    expect(await scheduler.readiness()).toEqual({ ready: true, reason: null });
    await clock.advanceTo(at(MINUTE + 30_000));
    expect(await scheduler.readiness()).toEqual({ ready: true, reason: null });
    await clock.advanceTo(at(MINUTE + 31_000));
    expect(await scheduler.readiness()).toEqual({
      ready: false,
      reason: 'the oldest due deadline has been waiting for 31 s',
    });
    expect(await scheduler.status()).toMatchObject({ due: 1, late: 1, oldestDueAt: at(MINUTE) });
    await scheduler.sweep();
    expect(await scheduler.readiness()).toEqual({ ready: true, reason: null });
  });

  it('is green right after a decision brought back what was due long ago, and red if that stays', async () => {
    const { truth, clock, scheduler } = world({
      clock: deaf(),
      fire: () => Promise.reject(new Error('refused')),
    });
    await clock.advanceTo(at(60 * MINUTE));
    await scheduler.sweep();
    truth.put([deadline('a', MINUTE)]);
    expect(await scheduler.readiness()).toEqual({ ready: true, reason: null });
    await clock.advanceTo(at(60 * MINUTE + 31_000));
    await scheduler.sweep();
    expect(await scheduler.readiness()).toMatchObject({ ready: false });
  });

  it('is red when the read model cannot be asked', async () => {
    const truth = new InMemoryOpenDeadlines();
    truth.overdueSince = () => Promise.reject(new Error('down'));
    const { scheduler } = world({ openDeadlines: truth });
    expect(await scheduler.readiness()).toEqual({ ready: false, reason: 'open deadlines cannot be read' });
  });
});

describe('a month of deadlines', () => {
  const MONTH = 30 * 24 * 60;
  const lives = fc.array(
    fc.record({
      startMinute: fc.integer({ min: 0, max: MONTH - 1 }),
      durationMinutes: fc.integer({ min: 1, max: 5 * 24 * 60 }),
      /** When somebody meets it, in percent of its duration; above 100 nobody does in time. */
      metAtPercent: fc.integer({ min: 1, max: 200 }),
    }),
    { maxLength: 60 },
  );
  const forgettings = fc.array(fc.integer({ min: 0, max: MONTH }), { maxLength: 5 });

  it('ends each in exactly one of met and breached, whatever the clock forgets, with two schedulers', async () => {
    await fc.assert(
      fc.asyncProperty(lives, forgettings, async (deadlines, forgets) => {
        const truth = new InMemoryOpenDeadlines();
        const clock = new SimulatedAlarmClock(START);
        const ends = new Map<string, string[]>();
        const end = (id: string, how: string) => {
          truth.remove(id);
          ends.set(id, [...(ends.get(id) ?? []), how]);
        };
        const fire = async ({ deadlineId, dueAt }: OpenDeadline) => {
          expect(clock.now().toISOString() >= dueAt).toBe(true);
          // The decider: the first answer stands, the same command again changes nothing.
          if (!ends.has(deadlineId)) end(deadlineId, 'breached');
        };
        const options = { openDeadlines: truth, now: clock.now, fire };
        const one = new DeadlineScheduler({ ...options, clock });
        const two = new DeadlineScheduler({ ...options, clock: deaf() });
        running.push(one, two);
        await one.start();
        const happenings = [
          ...deadlines.flatMap(({ startMinute, durationMinutes, metAtPercent }, n) => {
            const startMs = startMinute * MINUTE;
            const dueMs = startMs + durationMinutes * MINUTE;
            const metMs = startMs + Math.floor((durationMinutes * MINUTE * metAtPercent) / 100);
            const id = `d-${n}`;
            const start = () => truth.put([deadline(id, dueMs)]);
            // Meeting it after the breach is late, and no second end.
            const meet = () => void (ends.has(id) || end(id, 'met'));
            return [
              { ms: startMs, happen: start },
              { ms: metMs, happen: meet },
            ];
          }),
          ...forgets.map((minute) => ({
            ms: minute * MINUTE,
            happen: () =>
              void clock.disarm(deadlines.map((_, n) => ({ deadlineId: `d-${n}`, tier: 'BREACH' }))),
          })),
        ].sort((a, b) => a.ms - b.ms);
        for (const { ms, happen } of happenings) {
          await clock.advanceTo(at(ms));
          await Promise.all([one.sweep(), two.sweep()]);
          happen();
          await one.arm();
        }
        await clock.advanceTo(at((MONTH + 11 * 24 * 60) * MINUTE));
        await Promise.all([one.sweep(), two.sweep()]);
        deadlines.forEach(({ metAtPercent }, n) => {
          expect(ends.get(`d-${n}`)).toHaveLength(1);
          if (metAtPercent < 100) expect(ends.get(`d-${n}`)).toEqual(['met']);
        });
        expect(truth.size).toBe(0);
        await Promise.all([one.stop(), two.stop()]);
      }),
      { numRuns: 60 },
    );
  });
});
