import { DeadlineScheduler, SimulatedAlarmClock, type OpenDeadline } from '@shaoying/timers';
import type { SimulatedClock } from '@shaoying/config';
import { Agenda } from './agenda.js';
import type { DeadlineTable } from './deadline-table.js';

const iso = (ms: number): string => new Date(ms).toISOString();

/** Sweeps are asked for, in simulated time, where something is due already: what a decision has brought back. */
const NEVER_MS = 2 ** 31 - 1;
const HORIZON_MS = 24 * 3_600_000;

export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Time that passes only when told: from one intention of somebody's to the next, with every alarm on the way at its own
 * instant. The scheduler is the real one. During an outage it is gone while everybody else goes on; a new one begins with
 * the backlog, as after a restart.
 */
export class SimulatedTime {
  readonly agenda = new Agenda();
  private alarms: SimulatedAlarmClock | null = null;
  private scheduler: DeadlineScheduler | null = null;

  constructor(
    private readonly clock: SimulatedClock,
    private readonly table: DeadlineTable,
    private readonly fire: (deadline: OpenDeadline) => Promise<void>,
  ) {}

  get nowMs(): number {
    return this.clock.now().getTime();
  }

  async live(untilMs: number, outages: readonly Outage[]): Promise<void> {
    try {
      await this.startTimers();
      for (const { fromMs, toMs } of outages) {
        await this.passUntil(fromMs);
        await this.stopTimers();
        await this.passUntil(toMs);
        await this.startTimers();
      }
      await this.passUntil(untilMs);
    } finally {
      // A year that fails must not leave a scheduler that waits for ever.
      await this.stopTimers();
    }
  }

  private async startTimers(): Promise<void> {
    const alarms = new SimulatedAlarmClock(iso(this.nowMs));
    const now = (): Date => new Date(Math.max(this.nowMs, alarms.now().getTime()));
    const scheduler = new DeadlineScheduler({
      ...{ openDeadlines: this.table, clock: alarms, now },
      ...{ horizonMs: HORIZON_MS, sweepIntervalMs: NEVER_MS, graceMs: 0 },
      fire: async (deadline) => {
        // An act in the very millisecond of the due time is in time: the alarm speaks in the next one.
        this.setClock(Date.parse(deadline.dueAt) + 1);
        await this.fire(deadline);
      },
    });
    [this.alarms, this.scheduler] = [alarms, scheduler];
    await scheduler.start();
  }

  private async stopTimers(): Promise<void> {
    await this.scheduler?.stop();
    [this.alarms, this.scheduler] = [null, null];
  }

  private async passUntil(untilMs: number): Promise<void> {
    for (let next = this.agenda.takeUntil(untilMs); next; next = this.agenda.takeUntil(untilMs)) {
      // Who acts in the due millisecond comes before its alarm.
      await this.ringUntil(next.atMs - 1);
      this.setClock(next.atMs);
      await next.act();
      await this.ringUntil(next.atMs);
    }
    await this.ringUntil(untilMs);
    this.setClock(untilMs);
  }

  /** From one due time to the next: what an alarm starts may be due before whatever comes after it. */
  private async ringUntil(untilMs: number): Promise<void> {
    const { alarms, scheduler } = this;
    if (alarms === null || scheduler === null) return;
    const rung = new Set<string>();
    while (alarms.now().getTime() < untilMs || (await this.isOverdue(untilMs))) {
      const atMs = alarms.now().getTime();
      const to = iso(Math.min(untilMs, atMs + HORIZON_MS));
      const [next] = await this.table.dueWithin(to, null, 1);
      if (next === undefined) {
        await alarms.advanceTo(to);
        continue;
      }
      const name = `${next.deadlineId} ${next.step} ${next.dueAt}`;
      if (rung.has(name)) throw new Error(`an alarm rang and nothing came of it: ${name}`);
      rung.add(name);
      await scheduler.arm();
      if (Date.parse(next.dueAt) <= atMs) await scheduler.sweep();
      else await alarms.advanceTo(next.dueAt);
    }
  }

  private async isOverdue(ms: number): Promise<boolean> {
    return (await this.table.dueWithin(iso(ms), null, 1)).length > 0;
  }

  /** Never backwards: of two alarms of one instant the second speaks as late as the first. */
  private setClock(ms: number): void {
    if (ms > this.nowMs) this.clock.set(new Date(ms));
  }
}
