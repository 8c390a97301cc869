import {
  ALARM_LIMITS,
  retryDelayMs,
  type Alarm,
  type AlarmClock,
  type AlarmClockStatus,
  type AlarmHandler,
} from './alarm-clock.js';
import { AlarmClockClosed, AlreadyListening } from './alarm-clock.errors.js';
import { alarmKey, checkIdentities, dueMs } from './alarm-key.js';

interface ArmedAlarm {
  readonly key: string;
  readonly alarm: Alarm;
  /** When to wake: the due instant, or later for a retry. */
  readonly wakeMs: number;
  readonly attempt: number;
}

/**
 * {@link AlarmClock} whose time passes only in {@link advanceTo}: a whole month in a second, the same every time.
 * Alarms wake one after the other in order of (instant, key).
 */
export class SimulatedAlarmClock implements AlarmClock {
  /** By wake-up order, soonest last, so that taking one is a pop. */
  private queue: ArmedAlarm[] = [];
  private readonly armed = new Map<string, ArmedAlarm>();
  private handler: AlarmHandler | undefined;
  private nowMs: number;
  private handling = 0;
  private givenUp = 0;
  private advancing = false;
  private closed = false;

  constructor(start: Date | string) {
    this.nowMs = instantMs(start);
  }

  /** Simulated time. Hand this to whatever else asks for the time. */
  readonly now = (): Date => new Date(this.nowMs);

  arm(alarms: readonly Alarm[]): Promise<void> {
    return this.attempt(() => {
      checkIdentities(alarms);
      for (const alarm of alarms) {
        const wakeMs = dueMs(alarm);
        const key = alarmKey(alarm);
        if (!this.armed.has(key)) this.insert({ key, alarm: { ...alarm }, wakeMs, attempt: 1 });
      }
    });
  }

  disarm(alarms: readonly Pick<Alarm, 'deadlineId' | 'tier'>[]): Promise<void> {
    return this.attempt(() => {
      checkIdentities(alarms);
      const gone = new Set(alarms.map(alarmKey).filter((key) => this.armed.delete(key)));
      if (gone.size > 0) this.queue = this.queue.filter(({ key }) => !gone.has(key));
    });
  }

  listen(handler: AlarmHandler): Promise<void> {
    return this.attempt(() => {
      if (this.handler) throw new AlreadyListening();
      this.handler = handler;
    });
  }

  status(): Promise<AlarmClockStatus> {
    return this.attempt(() => ({ delayed: this.queue.length, active: this.handling, failed: this.givenUp }));
  }

  /**
   * Lets time pass until `instant`, waking every alarm due on the way at its own instant, also those that handlers arm
   * meanwhile. An instant in the past changes nothing. Must not be called by a handler.
   */
  async advanceTo(instant: Date | string): Promise<void> {
    this.assertOpen();
    if (this.advancing) throw new Error('time is advancing already: await the earlier advanceTo');
    const target = Math.max(instantMs(instant), this.nowMs);
    this.advancing = true;
    try {
      for (let next = this.takeDue(target); next; next = this.takeDue(target)) {
        this.nowMs = Math.max(this.nowMs, next.wakeMs);
        await this.wake(next);
      }
      this.nowMs = target;
    } finally {
      this.advancing = false;
    }
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  private takeDue(untilMs: number): ArmedAlarm | undefined {
    const next = this.queue.at(-1);
    if (!this.handler || this.closed || !next || next.wakeMs > untilMs) return undefined;
    this.queue.pop();
    this.armed.delete(next.key);
    return next;
  }

  private async wake({ key, alarm, attempt }: ArmedAlarm): Promise<void> {
    this.handling += 1;
    try {
      await this.handler?.({ ...alarm, firedAt: this.now().toISOString() });
    } catch {
      if (attempt >= ALARM_LIMITS.attemptsMax) this.givenUp += 1;
      else if (!this.armed.has(key)) {
        this.insert({ key, alarm, wakeMs: this.nowMs + retryDelayMs(attempt), attempt: attempt + 1 });
      }
    } finally {
      this.handling -= 1;
    }
  }

  private insert(entry: ArmedAlarm): void {
    let low = 0;
    let high = this.queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.queue[middle];
      if (other && wakesLater(other, entry)) low = middle + 1;
      else high = middle;
    }
    this.queue.splice(low, 0, entry);
    this.armed.set(entry.key, entry);
  }

  private attempt<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.assertOpen();
      resolve(work());
    });
  }

  private assertOpen(): void {
    if (this.closed) throw new AlarmClockClosed();
  }
}

function wakesLater(a: ArmedAlarm, b: ArmedAlarm): boolean {
  return a.wakeMs > b.wakeMs || (a.wakeMs === b.wakeMs && a.key > b.key);
}

function instantMs(instant: Date | string): number {
  const ms = typeof instant === 'string' ? Date.parse(instant) : instant.getTime();
  if (Number.isNaN(ms)) throw new RangeError('simulated time needs a valid instant');
  return ms;
}
