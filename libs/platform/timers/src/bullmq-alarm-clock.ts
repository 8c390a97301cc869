import {
  ALARM_LIMITS,
  retryDelayMs,
  type Alarm,
  type AlarmClock,
  type AlarmClockStatus,
  type AlarmHandler,
  type Clock,
  type TimersLog,
} from './alarm-clock.js';
import { AlarmClockClosed, AlreadyListening } from './alarm-clock.errors.js';
import { alarmKey, checkIdentities, chunksOf, dueMs } from './alarm-key.js';
import type { AlarmJob, QueuedAlarm, QueueEngine } from './queue-engine.js';

/** Waking earlier than this is waited out in place; more is armed again. */
const EARLY_MS_MAX = 100;
/** Ctrl-C must end the whole server within 5 s. */
const CLOSE_MS_MAX = 4_000;
const RETRY_SUFFIX = '.r';

/**
 * An alarm occupies the job id `<deadlineId>-<tier>`, or that with `.r` behind it. While a job is being processed its
 * id is taken, so whatever must follow it (a retry, a wake-up that came early, an alarm armed anew by its own handler)
 * is added under the other of the two ids *before* the job completes: at every instant one of them exists.
 */
function otherJobId(jobId: string): string {
  return jobId.endsWith(RETRY_SUFFIX) ? jobId.slice(0, -RETRY_SUFFIX.length) : `${jobId}${RETRY_SUFFIX}`;
}

function isAlarmJob(job: unknown): job is AlarmJob {
  if (typeof job !== 'object' || job === null) return false;
  const { deadlineId, tier, dueAt, attempt } = job as Record<string, unknown>;
  return (
    typeof deadlineId === 'string' &&
    typeof tier === 'string' &&
    typeof dueAt === 'string' &&
    !Number.isNaN(Date.parse(dueAt)) &&
    Number.isSafeInteger(attempt)
  );
}

export interface BullMqAlarmClockOptions {
  readonly engine: QueueEngine;
  readonly clock: Clock;
  readonly concurrency: number;
  readonly log: TimersLog;
}

/** {@link AlarmClock} over a BullMQ queue of delayed jobs. */
export class BullMqAlarmClock implements AlarmClock {
  private readonly engine: QueueEngine;
  private readonly clock: Clock;
  private readonly concurrency: number;
  private readonly log: TimersLog;
  /** Job ids being processed here; at most `concurrency`. */
  private readonly processing = new Set<string>();
  private readonly waits = new AbortController();
  private handler: AlarmHandler | undefined;
  private givenUp = 0;
  private closing: Promise<void> | undefined;

  constructor({ engine, clock, concurrency, log }: BullMqAlarmClockOptions) {
    this.engine = engine;
    this.clock = clock;
    this.concurrency = concurrency;
    this.log = log;
  }

  async arm(alarms: readonly Alarm[]): Promise<void> {
    this.assertOpen();
    checkIdentities(alarms);
    const now = this.clock().getTime();
    const queued = alarms.map((alarm) => this.queued(alarm, now));
    for (const chunk of chunksOf(queued, ALARM_LIMITS.alarmsPerCall)) await this.engine.add(chunk);
  }

  async disarm(alarms: readonly Pick<Alarm, 'deadlineId' | 'tier'>[]): Promise<void> {
    this.assertOpen();
    checkIdentities(alarms);
    const jobIds = alarms.flatMap((alarm) => [alarmKey(alarm), otherJobId(alarmKey(alarm))]);
    await this.engine.remove(jobIds);
  }

  async listen(handler: AlarmHandler): Promise<void> {
    this.assertOpen();
    if (this.handler) throw new AlreadyListening();
    this.handler = handler;
    await this.engine.work((jobId, job) => this.process(jobId, job), this.concurrency);
  }

  async status(): Promise<AlarmClockStatus> {
    this.assertOpen();
    return { ...(await this.engine.counts()), failed: this.givenUp };
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    this.waits.abort();
    const closed = this.engine.close().catch((error: unknown) => {
      this.log.warn({ err: error }, 'the alarm clock did not close cleanly');
    });
    if (!(await settledWithin(closed, CLOSE_MS_MAX))) {
      this.log.warn(
        { processing: this.processing.size },
        'closing the alarm clock without waiting for its handlers',
      );
    }
  }

  private queued(alarm: Alarm, now: number): QueuedAlarm {
    const key = alarmKey(alarm);
    const { deadlineId, tier } = alarm;
    const due = dueMs(alarm);
    return {
      jobId: this.processing.has(key) ? otherJobId(key) : key,
      job: { deadlineId, tier, dueAt: new Date(due).toISOString(), attempt: 1 },
      delayMs: Math.max(0, due - now),
    };
  }

  private async process(jobId: string, job: unknown): Promise<void> {
    if (!isAlarmJob(job)) {
      this.log.error({ jobId }, 'dropped a job that is not an alarm');
      return;
    }
    this.processing.add(jobId);
    try {
      const earlyMs = Date.parse(job.dueAt) - this.clock().getTime();
      if (earlyMs > EARLY_MS_MAX || (earlyMs > 0 && !(await this.waitOut(job)))) {
        await this.follow(jobId, job, earlyMs);
        return;
      }
      await this.handle(jobId, job);
    } finally {
      this.processing.delete(jobId);
    }
  }

  /** Adds the job that takes this one's place. When that fails the job stays locked, stalls and is taken up again. */
  private follow(jobId: string, job: AlarmJob, delayMs: number): Promise<void> {
    return this.engine.add([{ jobId: otherJobId(jobId), job, delayMs: Math.max(0, delayMs) }]);
  }

  /** True once the alarm is due by our clock; false when we are closing, or our clock stands still. */
  private async waitOut(job: AlarmJob): Promise<boolean> {
    const due = Date.parse(job.dueAt);
    await sleep(Math.max(1, due - this.clock().getTime()), this.waits.signal);
    return this.clock().getTime() >= due;
  }

  private async handle(jobId: string, job: AlarmJob): Promise<void> {
    const { deadlineId, tier, dueAt, attempt } = job;
    try {
      const call = this.handler?.({ deadlineId, tier, dueAt, firedAt: this.clock().toISOString() });
      if (!(await settledWithin(call ?? Promise.resolve(), ALARM_LIMITS.handlerMsMax))) {
        throw new Error(`the handler did not answer within ${ALARM_LIMITS.handlerMsMax} ms`);
      }
    } catch (error) {
      if (attempt >= ALARM_LIMITS.attemptsMax) {
        this.givenUp += 1;
        this.log.error({ err: error, deadlineId, tier, attempt }, 'gave an alarm up; the sweeper has it now');
        return;
      }
      const delayMs = retryDelayMs(attempt);
      this.log.warn(
        { err: error, deadlineId, tier, attempt, delayMs },
        'an alarm handler failed and is retried',
      );
      await this.follow(jobId, { ...job, attempt: attempt + 1 }, delayMs);
    }
  }

  private assertOpen(): void {
    if (this.closing) throw new AlarmClockClosed();
  }
}

/** Resolves false when `work` is still under way after `ms`; rejects when `work` does. */
async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([work.then(() => true), sleep(ms, timer.signal).then(() => false)]);
  } finally {
    timer.abort();
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
