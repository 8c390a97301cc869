import { SILENT_LOG, type AlarmClock, type Clock, type TimersLog } from './alarm-clock.js';
import { UnsupportedTimersUrl } from './alarm-clock.errors.js';
import { BullMqAlarmClock } from './bullmq-alarm-clock.js';
import type { QueueEngine } from './queue-engine.js';

export interface AlarmClockOptions {
  /** `postgres://`, `postgresql://`, `redis://` or `rediss://`. */
  readonly url: string;
  /** Queue name; processes with the same name share the work. Default `deadlines`; `[a-z0-9-]{1,50}`. */
  readonly name?: string;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Alarms handled at once. Default 16, 1 to 100. */
  readonly concurrency?: number;
  readonly log?: TimersLog;
}

/** The same connection error a hundred times a second helps nobody. */
const SAME_ERROR_EVERY_MS = 10_000;

/**
 * Opens the alarm clock on the engine that the URL names; no other code path differs.
 * @throws UnsupportedTimersUrl, AlarmClockUnavailable, RedisEvictsKeys
 */
export async function openAlarmClock(options: AlarmClockOptions): Promise<AlarmClock> {
  const { url, name = 'deadlines', clock = () => new Date(), concurrency = 16, log = SILENT_LOG } = options;
  if (!/^[a-z0-9-]{1,50}$/.test(name))
    throw new RangeError('the name of an alarm clock must match [a-z0-9-]{1,50}');
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 100) {
    throw new RangeError('the concurrency of an alarm clock must be 1 to 100');
  }
  const engine = await openEngine(url, name, throttled(log));
  return new BullMqAlarmClock({ engine, clock, concurrency, log });
}

/** Engines are loaded when one is opened: a process that only knows of the scheduler does without the queue. */
async function openEngine(url: string, name: string, onError: (error: Error) => void): Promise<QueueEngine> {
  const scheme = URL.canParse(url) ? new URL(url).protocol : '';
  switch (scheme) {
    case 'postgres:':
    case 'postgresql:':
      return (await import('./postgres-engine.js')).openPostgresEngine(url, name, onError);
    case 'redis:':
    case 'rediss:':
      return (await import('./redis-engine.js')).openRedisEngine(url, name, onError);
    default:
      throw new UnsupportedTimersUrl(
        `timers run on postgres://, postgresql://, redis:// or rediss://, not on ${scheme || 'what is no URL'}`,
      );
  }
}

function throttled(log: TimersLog): (error: Error) => void {
  let last = '';
  let silentUntil = 0;
  return (error) => {
    const now = Date.now();
    if (error.message === last && now < silentUntil) return;
    last = error.message;
    silentUntil = now + SAME_ERROR_EVERY_MS;
    log.warn({ err: error }, 'the alarm clock has trouble with its queue; deadlines are swept meanwhile');
  };
}
