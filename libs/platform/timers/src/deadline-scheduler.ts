import {
  SILENT_LOG,
  type AlarmClock,
  type AlarmClockStatus,
  type Clock,
  type FiredAlarm,
  type TimersLog,
} from './alarm-clock.js';
import { alarmFor, DeadlineArming, isOwnTier } from './deadline-arming.js';
import { DeadlineFiring, type FireDeadline, type Lateness } from './deadline-firing.js';
import type { OpenDeadlines } from './open-deadlines.js';

export interface DeadlineSchedulerOptions {
  readonly openDeadlines: OpenDeadlines;
  /** Owned by the scheduler from here on: `stop` closes it. */
  readonly clock: AlarmClock;
  readonly now: Clock;
  readonly fire: FireDeadline;
  /** How far ahead alarms are armed. Default 15 minutes, at least 1 minute. */
  readonly horizonMs?: number;
  /** Pause between two sweeps. Default 5,000, at least 10. */
  readonly sweepIntervalMs?: number;
  /** How late an alarm may be before the sweeper fires its deadline itself. Default 2,000, at least 0. */
  readonly graceMs?: number;
  readonly log?: TimersLog;
}

/** What only this process knows. */
export interface SchedulerMeasures extends Lateness {
  /** Deadlines within the horizon that this process has armed. */
  readonly armed: number;
}

export interface DeadlineSchedulerStatus extends SchedulerMeasures {
  /** Due and still open. */
  readonly due: number;
  /** Due for more than {@link NOT_READY_AFTER_MS} and still open. */
  readonly late: number;
  /** Of what is due; null when nothing is. */
  readonly oldestDueAt: string | null;
  /** Null when the alarm clock does not answer; the sweeper works without it. */
  readonly clock: AlarmClockStatus | null;
}

export interface TimersReadiness {
  readonly ready: boolean;
  /** Why not; null when ready. */
  readonly reason: string | null;
}

/** A deadline due for longer than this and still open means that deadlines are not being kept. */
export const NOT_READY_AFTER_MS = 30_000;

/**
 * Fifteen times the longest pause between two walks. Most deadlines are met hours before they are due: whatever is armed
 * earlier than it has to be is an alarm that rings for nothing, and a row more that every walk reads.
 */
const HORIZON_MS = 900_000;
/** Deadlines read per query of a sweep, on top of those held back. */
const SWEEP_BATCH = 500;
/** Limit of what is held back and so skipped in a sweep's query. */
const HELD_BACK_MAX = 10_000;
/** Deadlines come into the horizon by time passing alone, without any change being projected. */
const WALK_EVERY_MS = 60_000;
/** A clock that lost its memory is on time again after this long; until then the sweeper is. */
const REARM_EVERY_MS = 900_000;
/** Changes come in bursts: the walks they cause take at most a tenth of the time, and a quarter second's rest each. */
const WALK_REST_MS_MIN = 250;
const WALK_REST_FACTOR = 9;

/**
 * Joins the truth (open deadlines) and the alarm clock. Alarms make firing punctual; the sweeper makes it certain.
 * Any number of schedulers may run at once: firing is idempotent, and the decider has the last word.
 */
export class DeadlineScheduler {
  private readonly openDeadlines: OpenDeadlines;
  private readonly clock: AlarmClock;
  private readonly now: Clock;
  private readonly horizonMs: number;
  private readonly sweepIntervalMs: number;
  private readonly graceMs: number;
  private readonly log: TimersLog;
  private readonly firing: DeadlineFiring;
  private readonly arming: DeadlineArming;
  private unsubscribe: (() => void) | undefined;
  private sweepTimer: NodeJS.Timeout | undefined;
  private walkTimer: NodeJS.Timeout | undefined;
  private walkWanted = false;
  private walkNotBefore = 0;
  private walkedAt = -Infinity;
  private rearmedAt = -Infinity;
  private walking: Promise<unknown> = Promise.resolve();
  private sweeping: Promise<number> | undefined;
  /** When a sweep last found nothing due: whatever is due now has come up since, however long ago it was due. */
  private clearAtMs = -Infinity;
  private started = false;
  private stopping: Promise<void> | undefined;

  constructor(options: DeadlineSchedulerOptions) {
    const { openDeadlines, clock, now, fire, log = SILENT_LOG } = options;
    const { horizonMs = HORIZON_MS, sweepIntervalMs = 5_000, graceMs = 2_000 } = options;
    atLeast('horizonMs', horizonMs, 60_000);
    atLeast('sweepIntervalMs', sweepIntervalMs, 10);
    atLeast('graceMs', graceMs, 0);
    this.openDeadlines = openDeadlines;
    this.clock = clock;
    this.now = now;
    this.horizonMs = horizonMs;
    this.sweepIntervalMs = sweepIntervalMs;
    this.graceMs = graceMs;
    this.log = log;
    this.firing = new DeadlineFiring(fire, now, log);
    this.arming = new DeadlineArming({ openDeadlines, clock, now, horizonMs, graceMs });
  }

  /**
   * Fires in due order what fell due while nobody looked, then listens, arms, and sweeps for ever. Resolves when the
   * backlog is fired and the horizon is armed, or was tried; call it once. @throws AlreadyListening
   */
  async start(): Promise<void> {
    if (this.started) throw new Error('this scheduler was started already');
    this.started = true;
    this.unsubscribe = this.openDeadlines.onChange(() => this.walkSoon());
    // Before listening: the alarms of the backlog would fire it sixteen at a time and out of order.
    await this.sweepLogged();
    if (this.stopping) return;
    try {
      await this.clock.listen((alarm) => this.wake(alarm));
    } catch (error) {
      if (this.stopping) return;
      throw error;
    }
    await this.walkLogged(true);
    this.sweepLater();
  }

  /** Ends sweeping and arming, closes the alarm clock and waits for what is under way. Safe to call twice. */
  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  /** Fires what the clock lost, in due order. Answers how many were fired. One sweep at a time. */
  sweep(): Promise<number> {
    this.sweeping ??= this.sweepOnce().finally(() => (this.sweeping = undefined));
    return this.sweeping;
  }

  /** Arms what is within the horizon and not armed by this process yet. Answers how many alarms were armed. */
  arm(): Promise<number> {
    return this.walk(false);
  }

  /** Arms everything within the horizon again, whatever was armed before. Answers how many alarms were armed. */
  rearm(): Promise<number> {
    return this.walk(true);
  }

  async status(): Promise<DeadlineSchedulerStatus> {
    const nowMs = this.now().getTime();
    const [counts, late, clock] = await Promise.all([
      this.openDeadlines.counts(new Date(nowMs).toISOString()),
      this.openDeadlines.counts(new Date(nowMs - NOT_READY_AFTER_MS).toISOString()),
      this.clock.status().catch(() => null),
    ]);
    const { due } = counts;
    const oldestDueAt = due > 0 ? counts.oldestDueAt : null;
    return { ...this.measures(), due, late: late.due, oldestDueAt, clock };
  }

  /** The part of {@link status} that asks nobody. */
  measures(): SchedulerMeasures {
    return { armed: this.arming.size, ...this.firing.lateness() };
  }

  /**
   * For `/health/ready`: red when a deadline has been due and open for more than 30 s. One that a decision brings back
   * long after its due time (a return that was refused) has been open since then only. Never throws.
   */
  async readiness(): Promise<TimersReadiness> {
    try {
      const nowMs = this.now().getTime();
      // Not `counts`: a probe that comes every few seconds must not count a million open deadlines.
      const [oldest] = await this.openDeadlines.overdueSince(new Date(nowMs).toISOString(), 1);
      const lateMs = oldest ? nowMs - Math.max(Date.parse(oldest.dueAt), this.clearAtMs) : 0;
      if (lateMs <= NOT_READY_AFTER_MS) return { ready: true, reason: null };
      return {
        ready: false,
        reason: `the oldest due deadline has been waiting for ${Math.round(lateMs / 1000)} s`,
      };
    } catch (error) {
      this.log.warn({ err: error }, 'open deadlines cannot be read');
      return { ready: false, reason: 'open deadlines cannot be read' };
    }
  }

  private async wake(alarm: FiredAlarm): Promise<void> {
    if (!isOwnTier(alarm.tier)) return;
    const deadline = await this.openDeadlines.stillOpen(alarm.deadlineId);
    if (!deadline) return;
    const aheadMs = Date.parse(deadline.dueAt) - this.now().getTime();
    // Beyond the horizon it is a walk's to arm, in bulk: what was swept before its alarm rang waits for a step by then.
    if (aheadMs > this.horizonMs) return;
    if (aheadMs > 0) {
      await this.clock.arm([alarmFor(deadline)]);
      this.arming.note(alarmFor(deadline));
      return;
    }
    await this.firing.attempt(deadline, 'by alarm');
  }

  private async sweepOnce(): Promise<number> {
    const nowMs = this.now().getTime();
    const until = new Date(nowMs - this.graceMs).toISOString();
    let fired = 0;
    for (;;) {
      // What is held back still shows up, oldest first: without room for it, it would hide everything behind it.
      const limit = SWEEP_BATCH + Math.min(this.firing.heldBackMax, HELD_BACK_MAX);
      const batch = await this.openDeadlines.overdueSince(until, limit);
      if (batch.length === 0) this.clearAtMs = nowMs;
      const due = batch.filter((deadline) => !this.firing.isHeldBack(deadline));
      for (const deadline of due) {
        if (this.stopping) return fired;
        if (await this.firing.attempt(deadline, 'by sweeper')) fired += 1;
      }
      if (due.length === 0 || batch.length < limit) return fired;
    }
  }

  private async sweepLogged(): Promise<void> {
    try {
      const fired = await this.sweep();
      if (fired > 0)
        this.log.warn({ fired, ...this.firing.lateness() }, 'fired deadlines that no alarm had fired');
    } catch (error) {
      this.log.error({ err: error }, 'the sweep for due deadlines failed and is tried again');
    }
  }

  private sweepLater(): void {
    if (this.stopping) return;
    this.sweepTimer = setTimeout(() => {
      void this.sweepLogged().then(() => {
        if (performance.now() - this.walkedAt > WALK_EVERY_MS) this.walkSoon();
        this.sweepLater();
      });
    }, this.sweepIntervalMs);
  }

  /** At once after a quiet time; within a burst, after a rest in proportion to what the last walk took. */
  private walkSoon(): void {
    if (this.stopping || this.walkWanted) return;
    this.walkWanted = true;
    void this.walking.then(() => {
      if (this.stopping || !this.walkWanted || this.walkTimer) return;
      const delayMs = Math.max(0, this.walkNotBefore - performance.now());
      this.walkTimer = setTimeout(() => {
        void this.walkLogged(performance.now() - this.rearmedAt > REARM_EVERY_MS);
      }, delayMs);
    });
  }

  private async walkLogged(all: boolean): Promise<void> {
    try {
      await this.walk(all);
    } catch (error) {
      this.log.error(
        { err: error },
        'arming deadlines failed and is tried again; due ones are swept meanwhile',
      );
      // As if never walked: the next sweep asks for another walk.
      this.walkedAt = -Infinity;
    }
  }

  private walk(all: boolean): Promise<number> {
    const walked = this.walking.then(async () => {
      const startedAt = performance.now();
      // Before reading: a change from here on may be missed by this walk and must cause another.
      this.walkWanted = false;
      clearTimeout(this.walkTimer);
      this.walkTimer = undefined;
      if (all) this.arming.forget();
      try {
        return await this.arming.walk();
      } finally {
        this.walkedAt = performance.now();
        if (all) this.rearmedAt = this.walkedAt;
        this.walkNotBefore =
          this.walkedAt + Math.max(WALK_REST_MS_MIN, WALK_REST_FACTOR * (this.walkedAt - startedAt));
      }
    });
    this.walking = walked.catch(() => undefined);
    return walked;
  }

  private async stopOnce(): Promise<void> {
    this.unsubscribe?.();
    clearTimeout(this.sweepTimer);
    clearTimeout(this.walkTimer);
    this.arming.stop();
    await Promise.allSettled([this.sweeping, this.walking]);
    await this.clock.close();
  }
}

function atLeast(name: string, value: number, min: number): void {
  if (!Number.isFinite(value) || value < min) throw new RangeError(`${name} must be at least ${min}`);
}
