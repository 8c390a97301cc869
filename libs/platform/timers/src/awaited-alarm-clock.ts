import {
  SILENT_LOG,
  type Alarm,
  type AlarmClock,
  type AlarmClockStatus,
  type AlarmHandler,
  type TimersLog,
} from './alarm-clock.js';
import { AlarmClockClosed, AlarmClockUnavailable, AlreadyListening } from './alarm-clock.errors.js';

export interface AwaitedAlarmClockOptions {
  readonly log?: TimersLog;
  /** Between two attempts to open it. Default 2,000 ms. */
  readonly againMs?: number;
}

/** An attempt to open that hangs holds up no process that ends. */
const closeMsMax = 4_000;
/** That it is still away is said again this often. */
const remindMs = 60_000;

/**
 * What is refused is refused for good: a wrong password, an account or a database that is not there, what the account may not do.
 * Everything else may be a server that is not up yet.
 */
const refusedByRedis = /^(WRONGPASS|NOAUTH|NOPERM)/;
const refusedByPostgres = /^(28|3D|42)/;

/**
 * Opens an alarm clock, or has it come later where its queue cannot be reached now: a server that starts while Redis is away takes commands
 * all the same, and sweeps its deadlines until then. Until it is open `arm`, `disarm` and `status` say that it is unavailable.
 * @throws what `open` throws, unless it may pass
 */
export async function awaitAlarmClock(
  open: () => Promise<AlarmClock>,
  { log = SILENT_LOG, againMs = 2_000 }: AwaitedAlarmClockOptions = {},
): Promise<AlarmClock> {
  try {
    return await open();
  } catch (error) {
    if (!mayPass(error)) throw error;
    log.warn({ err: error }, 'the queue of the alarm clock is away; deadlines are swept until it is there');
    return new AwaitedAlarmClock(open, log, againMs);
  }
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof AlarmClockUnavailable)) return false;
  const { code = '', message = '' } = (error.cause ?? {}) as {
    readonly code?: string;
    readonly message?: string;
  };
  return !refusedByPostgres.test(code) && !refusedByRedis.test(message);
}

class AwaitedAlarmClock implements AlarmClock {
  private clock: AlarmClock | undefined;
  private handler: AlarmHandler | undefined;
  private readonly closing = new AbortController();
  private readonly opening: Promise<void>;
  private saidAtMs = performance.now();

  constructor(
    private readonly open: () => Promise<AlarmClock>,
    private readonly log: TimersLog,
    private readonly againMs: number,
  ) {
    this.opening = this.openLater();
  }

  async arm(alarms: readonly Alarm[]): Promise<void> {
    await this.opened().arm(alarms);
  }

  async disarm(alarms: readonly Pick<Alarm, 'deadlineId' | 'tier'>[]): Promise<void> {
    await this.opened().disarm(alarms);
  }

  async listen(handler: AlarmHandler): Promise<void> {
    if (this.closing.signal.aborted) throw new AlarmClockClosed();
    if (this.handler) throw new AlreadyListening();
    this.handler = handler;
    await this.clock?.listen(handler);
  }

  async status(): Promise<AlarmClockStatus> {
    return this.opened().status();
  }

  async close(): Promise<void> {
    this.closing.abort();
    const patience = new AbortController();
    await Promise.race([this.opening, pause(closeMsMax, patience.signal)]);
    patience.abort();
    await this.clock?.close();
  }

  private opened(): AlarmClock {
    if (this.closing.signal.aborted) throw new AlarmClockClosed();
    if (this.clock === undefined) throw new AlarmClockUnavailable('the queue of the alarm clock is away');
    return this.clock;
  }

  private async openLater(): Promise<void> {
    const { signal } = this.closing;
    for (;;) {
      await pause(this.againMs, signal);
      if (signal.aborted) return;
      try {
        return await this.openOnce();
      } catch (error) {
        if (performance.now() - this.saidAtMs < remindMs) continue;
        this.saidAtMs = performance.now();
        this.log.error({ err: error }, 'the queue of the alarm clock is still away; deadlines are swept');
      }
    }
  }

  private async openOnce(): Promise<void> {
    const clock = await this.open();
    if (this.closing.signal.aborted) return clock.close();
    // From here on whoever begins to listen does so by itself.
    this.clock = clock;
    try {
      if (this.handler) await clock.listen(this.handler);
    } catch (error) {
      this.clock = undefined;
      await clock.close();
      throw error;
    }
    this.log.info({}, 'the queue of the alarm clock is there');
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
