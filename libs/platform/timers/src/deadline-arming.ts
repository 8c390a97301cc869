import type { Alarm, AlarmClock, Clock } from './alarm-clock.js';
import { isDeadlineId } from './alarm-key.js';
import type { DeadlineCursor, OpenDeadline, OpenDeadlines } from './open-deadlines.js';

const WARNING = 'WARNING';
const BREACH = 'BREACH';
const STEP = /^STEP_[1-9][0-9]*$/;

/** A step has a tier of its own: the alarm it follows may still be in hand when it is armed. */
function tierOf({ step }: Pick<OpenDeadline, 'step'>): string {
  if (step < 0) return WARNING;
  return step === 0 ? BREACH : `STEP_${step}`;
}

/** Whether the scheduler arms such alarms. */
export const isOwnTier = (tier: string): boolean => tier === WARNING || tier === BREACH || STEP.test(tier);

const PAGE = 1_000;
/**
 * Deadlines armed ahead by one process, about 15 MB. Pages come in due order, so beyond it the horizon merely shrinks:
 * the nearest are armed, the others as soon as these are over.
 */
const ARMED_MAX = 100_000;

export interface DeadlineArmingOptions {
  readonly openDeadlines: OpenDeadlines;
  readonly clock: AlarmClock;
  readonly now: Clock;
  readonly horizonMs: number;
  readonly graceMs: number;
}

export function alarmFor(deadline: Pick<OpenDeadline, 'deadlineId' | 'dueAt' | 'step'>): Alarm {
  const { deadlineId, dueAt } = deadline;
  return { deadlineId, tier: tierOf(deadline), dueAt };
}

/** Walks the open deadlines within the horizon and arms those that this process has not armed yet. */
export class DeadlineArming {
  /** By deadlineId, as armed. */
  private armed = new Map<string, Alarm>();
  private stopped = false;

  constructor(private readonly options: DeadlineArmingOptions) {}

  get size(): number {
    return this.armed.size;
  }

  /** From now on everything counts as not armed: for when the alarm clock has lost its memory. */
  forget(): void {
    this.armed = new Map();
  }

  note(alarm: Alarm): void {
    this.armed.set(alarm.deadlineId, alarm);
  }

  stop(): void {
    this.stopped = true;
  }

  /** Answers how many alarms were handed to the clock. What is no longer open is forgotten and wakes up for nothing. */
  async walk(): Promise<number> {
    const { openDeadlines, now, horizonMs, graceMs } = this.options;
    const nowMs = now().getTime();
    const until = new Date(nowMs + horizonMs).toISOString();
    // What is older is the sweeper's: overdue deadlines that cannot be fired must not crowd out those to come.
    let after: DeadlineCursor | null = { dueAt: new Date(nowMs - graceMs).toISOString(), deadlineId: '' };
    const seen = new Map<string, Alarm>();
    let handed = 0;
    while (after && !this.stopped && seen.size < ARMED_MAX) {
      const page: OpenDeadline[] = await openDeadlines.dueWithin(until, after, PAGE);
      handed += await this.armPage(page);
      for (const deadline of page) seen.set(deadline.deadlineId, alarmFor(deadline));
      const last = page.at(-1);
      after = last && page.length >= PAGE ? { dueAt: last.dueAt, deadlineId: last.deadlineId } : null;
    }
    if (!this.stopped) this.armed = seen;
    return handed;
  }

  private async armPage(page: readonly OpenDeadline[]): Promise<number> {
    const { clock } = this.options;
    // One id that no alarm can carry must not keep its whole page from being armed: that one is the sweeper's.
    const armable = page.filter(({ deadlineId }) => isDeadlineId(deadlineId));
    const fresh = armable.map(alarmFor).filter((alarm) => !this.isArmed(alarm));
    if (fresh.length === 0) return 0;
    // The clock keeps the first instant it was given: an extended deadline must leave before it can come back.
    const moved = fresh.flatMap(({ deadlineId }) => this.armed.get(deadlineId) ?? []);
    if (moved.length > 0) await clock.disarm(moved);
    await clock.arm(fresh);
    // At once, not at the end of the walk: a walk that fails half-way need not arm these again.
    for (const alarm of fresh) this.armed.set(alarm.deadlineId, alarm);
    return fresh.length;
  }

  private isArmed({ deadlineId, tier, dueAt }: Alarm): boolean {
    const armed = this.armed.get(deadlineId);
    return armed?.dueAt === dueAt && armed.tier === tier;
  }
}
