import { setTimeout as sleep } from 'node:timers/promises';
import type { AlarmClock } from '../alarm-clock.js';
import { DeadlineScheduler } from '../deadline-scheduler.js';
import type { OpenDeadline } from '../open-deadlines.js';
import { InMemoryOpenDeadlines } from './open-deadlines.in-memory.js';

/** Short, so that a spec waits for few of them. */
const sweepIntervalMs = 250;
/** Not as short: an alarm on a busy machine may be late by half of it and still be what fires. */
const graceMs = 1_000;

/** How often it is looked whether this process runs. */
const beatMs = 50;

/**
 * What a busy machine withholds from this process: it is measured, and does not count as lateness. Time that the process itself
 * has used does.
 */
class Metronome {
  private readonly beats: { readonly atMs: number; readonly withheldMs: number }[] = [];
  private readonly beating: NodeJS.Timeout;

  constructor() {
    let lastMs = performance.now();
    let used = process.cpuUsage();
    this.beating = setInterval(() => {
      const nowMs = performance.now();
      const { user, system } = process.cpuUsage(used);
      const withheldMs = Math.max(nowMs - lastMs - beatMs - (user + system) / 1_000, 0);
      this.beats.push({ atMs: Date.now(), withheldMs });
      lastMs = nowMs;
      used = process.cpuUsage();
    }, beatMs);
  }

  /** Between two instants, of which a beat may reach over either. */
  withheldMs(fromMs: number, toMs: number): number {
    return this.beats
      .filter(({ atMs, withheldMs }) => atMs >= fromMs && atMs - withheldMs <= toMs)
      .reduce((sum, { withheldMs }) => sum + withheldMs, 0);
  }

  stop(): void {
    clearInterval(this.beating);
  }
}

interface Breach {
  readonly deadline: OpenDeadline;
  readonly atMs: number;
}

/**
 * One scheduler per alarm clock, as if each in a process of its own, over one truth, in real time. Commands end at a
 * decider that writes the breach of a deadline once, however many say that it is due.
 */
export class Watch {
  /**
   * How late a deadline may be that the clock has lost: the grace of the sweeper and one of its rounds; and what a busy
   * machine takes to fire a thousand.
   */
  static readonly oneSweepMs = graceMs + sweepIntervalMs + 1_500;

  readonly truth = new InMemoryOpenDeadlines();
  /** In the order they were written. */
  readonly breaches: Breach[] = [];
  /** Commands sent, by deadline. */
  readonly sent = new Map<string, number>();
  readonly schedulers: readonly DeadlineScheduler[];
  private readonly metronome = new Metronome();
  private count = 0;

  private constructor(clocks: readonly AlarmClock[]) {
    this.schedulers = clocks.map(
      (clock) =>
        new DeadlineScheduler({
          ...{ openDeadlines: this.truth, clock, now: () => new Date(), sweepIntervalMs, graceMs },
          fire: async (deadline) => this.decide(deadline),
        }),
    );
  }

  static async over(...clocks: readonly AlarmClock[]): Promise<Watch> {
    const watch = new Watch(clocks);
    await Promise.all(watch.schedulers.map((scheduler) => scheduler.start()));
    return watch;
  }

  /** Deadlines that fall due one after the other over a stretch of time from now on. */
  put(count: number, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): OpenDeadline[] {
    const nowMs = Date.now();
    const deadlines = Array.from({ length: count }, (_, index) => ({
      ...{ deadlineId: `d-${(this.count += 1)}`, incidentId: 'i', taskId: 't', timer: 'CHECK_IN', step: 0 },
      dueAt: new Date(nowMs + fromMs + Math.floor(((toMs - fromMs) * index) / count)).toISOString(),
    }));
    this.truth.put(deadlines);
    return deadlines;
  }

  /** Waits until each scheduler has armed all that is open. @throws Error when that takes too long */
  async armed(): Promise<void> {
    for (const scheduler of this.schedulers) {
      await within(15_000, async () => (await scheduler.status()).armed >= this.truth.size);
    }
  }

  /** Waits until nothing is open any more, and a little longer, for what would come twice. @throws Error */
  async ended(): Promise<void> {
    await within(20_000, () => this.truth.size === 0);
    await sleep(2 * sweepIntervalMs);
  }

  /** Breaches by the sweeper, because no alarm had come. */
  async lostAndFound(): Promise<number> {
    const all = await Promise.all(this.schedulers.map((scheduler) => scheduler.status()));
    return all.reduce((sum, { lostAndFound }) => sum + lostAndFound, 0);
  }

  /** Every deadline breached, once, and none early. */
  expectBreachedOnce(): void {
    const ids = Array.from({ length: this.count }, (_, index) => `d-${index + 1}`);
    expect(this.breaches.map(({ deadline }) => deadline.deadlineId).sort()).toEqual(ids.sort());
    expect(this.breaches.filter(({ deadline, atMs }) => atMs < Date.parse(deadline.dueAt))).toEqual([]);
  }

  /** And not two commands for any: one scheduler does not send what it has sent. */
  expectEachOnce(): void {
    this.expectBreachedOnce();
    expect([...this.sent].filter(([, times]) => times > 1)).toEqual([]);
  }

  /** Whoever has given up on the queue for ever would leave all of these to the sweeper. */
  async expectAlarmsAgain(): Promise<void> {
    const before = await this.lostAndFound();
    const later = this.put(20, { fromMs: 1_000, toMs: 2_000 });
    // At once: a walk that was slow has its successor wait, nine times as long.
    await Promise.all(this.schedulers.map((scheduler) => scheduler.arm()));
    await this.ended();
    this.expectEachOnce();
    expect((await this.lostAndFound()) - before).toBeLessThan(later.length);
    expect(this.latenessOf(later)).toBeLessThan(Watch.oneSweepMs);
  }

  /** Milliseconds that the latest of them was late by, without those in which this process was given no processor. */
  latenessOf(deadlines: readonly OpenDeadline[]): number {
    const own = new Set(deadlines.map(({ deadlineId }) => deadlineId));
    const late = this.breaches
      .filter(({ deadline }) => own.has(deadline.deadlineId))
      .map(({ deadline, atMs }) => {
        const dueMs = Date.parse(deadline.dueAt);
        return atMs - dueMs - this.metronome.withheldMs(dueMs, atMs);
      });
    return Math.max(...late);
  }

  async stop(): Promise<void> {
    this.metronome.stop();
    await Promise.all(this.schedulers.map((scheduler) => scheduler.stop()));
  }

  private decide(deadline: OpenDeadline): void {
    const { deadlineId } = deadline;
    this.sent.set(deadlineId, (this.sent.get(deadlineId) ?? 0) + 1);
    if (!this.truth.isOpen(deadlineId)) return;
    this.breaches.push({ deadline, atMs: Date.now() });
    this.truth.remove(deadlineId);
  }
}

async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + ms; !(await condition()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms`);
  }
}
