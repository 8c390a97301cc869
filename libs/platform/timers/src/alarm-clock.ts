/** Something to wake up for. Identifiers and an instant only: no personal data ever reaches the queue. */
export interface Alarm {
  /** `[A-Za-z0-9_-]{1,200}`. */
  readonly deadlineId: string;
  /** Which threshold of the deadline, such as `WARN` or `BREACH`: `[A-Z][A-Z0-9_]{0,49}`. */
  readonly tier: string;
  /** ISO 8601 in UTC. An instant in the past fires at once. */
  readonly dueAt: string;
}

export interface FiredAlarm extends Alarm {
  /** When the process' clock woke up; never before `dueAt`. */
  readonly firedAt: string;
}

export type AlarmHandler = (alarm: FiredAlarm) => Promise<void>;

export interface AlarmClockStatus {
  /** Alarms waiting for their time. */
  readonly delayed: number;
  /** Alarms due and either waiting for a free handler or being handled now. */
  readonly active: number;
  /** Alarms given up by this process since it opened, after `ALARM_LIMITS.attemptsMax` attempts. */
  readonly failed: number;
}

/**
 * Wakes people up. It is *not* the truth about deadlines: whoever listens re-reads the truth on waking, and a sweeper
 * finds what the clock lost. Every engine passes `alarmClockContract` from `@shaoying/timers/testing`.
 */
export interface AlarmClock {
  /**
   * Arms all alarms, `ALARM_LIMITS.alarmsPerCall` per round trip. Idempotent by (deadlineId, tier): the first `dueAt`
   * wins until it has fired or was disarmed. @throws InvalidAlarm, TooManyAlarms, AlarmClockUnavailable
   */
  arm(alarms: readonly Alarm[]): Promise<void>;

  /** Best effort: an alarm already being handled goes on. @throws InvalidAlarm, TooManyAlarms */
  disarm(alarms: readonly Pick<Alarm, 'deadlineId' | 'tier'>[]): Promise<void>;

  /**
   * Hands every due alarm to `handler`, at least once and never before its `dueAt` by this process' clock. A handler
   * that throws is called again with back-off, at most `ALARM_LIMITS.attemptsMax` times. One listener per alarm clock;
   * several processes share the work. @throws AlreadyListening
   */
  listen(handler: AlarmHandler): Promise<void>;

  status(): Promise<AlarmClockStatus>;

  /** Waits for handlers under way (4 s at most) and releases connections. Safe to call twice. */
  close(): Promise<void>;
}

/** `() => new Date()` except in tests. */
export type Clock = () => Date;

/** The part of a pino logger that is used here. */
export interface TimersLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export const SILENT_LOG: TimersLog = { info: () => {}, warn: () => {}, error: () => {} };

export const ALARM_LIMITS = {
  /** Jobs in one round trip: about 200 kB of JSON, 20 ms of PostgreSQL. */
  alarmsPerCall: 1_000,
  /** Alarms in one `arm` or `disarm`. */
  alarmsMax: 100_000,
  /** 1 s, 2 s, 4 s … 32 s: about a minute in all, after which the sweeper's slower pace takes over. */
  attemptsMax: 7,
  retryDelayMsMin: 1_000,
  retryDelayMsMax: 60_000,
  /** A handler sends one command; one that takes a minute hangs and must not hold its slot for ever. */
  handlerMsMax: 60_000,
} as const;

/** Milliseconds to wait after the `attempt`th attempt (1-based) failed. */
export function retryDelayMs(attempt: number): number {
  return Math.min(ALARM_LIMITS.retryDelayMsMin * 2 ** (attempt - 1), ALARM_LIMITS.retryDelayMsMax);
}
