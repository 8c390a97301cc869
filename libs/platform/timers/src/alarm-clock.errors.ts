/** Thrown when an alarm's deadline id, tier or instant is malformed. */
export class InvalidAlarm extends Error {
  readonly code = 'INVALID_ALARM';
}

/** Thrown when one call carries more than `ALARM_LIMITS.alarmsMax` alarms. */
export class TooManyAlarms extends Error {
  readonly code = 'TOO_MANY_ALARMS';
}

/** Thrown when `listen` is called a second time on one alarm clock. */
export class AlreadyListening extends Error {
  readonly code = 'ALREADY_LISTENING';
  constructor() {
    super('this alarm clock has a listener already; open another one');
  }
}

/** Thrown when an alarm clock is used after `close`. */
export class AlarmClockClosed extends Error {
  readonly code = 'ALARM_CLOCK_CLOSED';
  constructor() {
    super('the alarm clock is closed');
  }
}

/** Thrown when the queue's server cannot be reached when the alarm clock is opened. */
export class AlarmClockUnavailable extends Error {
  readonly code = 'ALARM_CLOCK_UNAVAILABLE';
}

/** Thrown when the timers URL is neither PostgreSQL nor Redis. Never repeats the URL: it may hold a password. */
export class UnsupportedTimersUrl extends Error {
  readonly code = 'UNSUPPORTED_TIMERS_URL';
}

/** Thrown when Redis may evict keys when its memory is full. */
export class RedisEvictsKeys extends Error {
  readonly code = 'REDIS_EVICTS_KEYS';
  constructor(readonly policy: string) {
    super(
      `Redis has maxmemory-policy "${policy}": when its memory is full it would silently drop armed deadlines. ` +
        'Set maxmemory-policy to noeviction, so that it refuses writes instead, which we notice and repair.',
    );
  }
}
