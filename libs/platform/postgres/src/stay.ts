import { setTimeout as sleep } from 'node:timers/promises';
import { type Arrival, arriveAt } from './arrival.js';
import { PostgresPortLost } from './embedded-postgres.errors.js';
import type { Log } from './log-line.js';
import { type Place, enter, leave } from './occupancy.js';
import { isPassing } from './passing.js';
import { isAlive, lastWords, stopPostmaster } from './postmaster.js';
import type { RestartBudget } from './restart-budget.js';
import { withStartLock } from './start-lock.js';

export interface StayOptions {
  readonly log: Log;
  readonly lockFile: string;
  readonly startTimeoutMs: number;
  readonly budget: RestartBudget;
  readonly onExit: (() => void) | undefined;
}

const RETRY_MS = 50;
const RETRY_MS_MAX = 1_000;
const LAST_WORDS_CHARS = 500;
/**
 * A server with much to do goes on counting the connection that broke for a moment. Taken for somebody else, it would keep
 * whoever leaves then from stopping the server, and nobody would be left to do it.
 */
const FORMER_SELF_MS = 2_000;

/**
 * One process's presence: keeps the place counted, brings a PostgreSQL that died back, leaves once. Whoever of several
 * processes gets the start lock first starts the server, on the port that the URLs of all of them carry; the others find
 * it running and join.
 */
export class Stay {
  private returning: Promise<void> | null = null;
  private ending: Promise<void> | null = null;
  private readonly leaving = new AbortController();
  /** False from the loss of the connection until another one is counted in its place. */
  private present = true;
  /** Whether it was counted before over a connection that broke, while the server lived on. */
  private returned = false;

  constructor(
    private arrival: Arrival,
    private readonly options: StayOptions,
  ) {
    this.watch(arrival.place);
  }

  get pid(): number {
    return this.arrival.postmaster.pid;
  }

  end(): Promise<void> {
    this.ending ??= this.leaveOnce();
    return this.ending;
  }

  private watch({ ended }: Place): void {
    void ended.then(() => {
      this.present = false;
      if (!this.ending) this.returning = this.comeBack();
    });
  }

  /** The connection broke. Either PostgreSQL restarted its backends after one crashed, or it is gone. */
  private async comeBack(): Promise<void> {
    const { log } = this.options;
    const { pid } = this.arrival.postmaster;
    if (await this.reenter()) {
      this.returned = true;
      log({ level: 'warn', msg: 'PostgreSQL dropped its connections and is back', pid });
      return;
    }
    if (this.ending) return;
    const diedAtMs = performance.now();
    const words = (await lastWords(this.arrival.cluster)).slice(-LAST_WORDS_CHARS);
    log({ level: 'error', msg: `PostgreSQL (process ${pid}) ended; it is started again`, lastWords: words });
    if (await this.restart()) {
      const downMs = Math.round(performance.now() - diedAtMs);
      const { taken } = this.options.budget;
      log({ level: 'warn', msg: 'PostgreSQL is back', pid: this.pid, downMs, restarts: taken });
    } else if (!this.ending) {
      log({ level: 'error', msg: `PostgreSQL (process ${pid}) is gone; nothing can be stored` });
      this.options.onExit?.();
    }
  }

  /** For as long as the server lives. @returns false when it does not, or we are leaving */
  private async reenter(): Promise<boolean> {
    const { cluster, postmaster } = this.arrival;
    // Rarer and rarer: PostgreSQL writes a line for each that it turns away, and may recover for minutes.
    for (let retryMs = RETRY_MS; !this.ending; retryMs = Math.min(RETRY_MS_MAX, retryMs * 1.5)) {
      if (!(await isAlive(postmaster.pid, cluster))) return false;
      try {
        this.settle({ ...this.arrival, place: await enter(cluster, postmaster) });
        return true;
      } catch {
        await sleep(retryMs, undefined, { signal: this.leaving.signal }).catch(() => undefined);
      }
    }
    return false;
  }

  /** Tries until the server is there, the budget is used up, or we are leaving. Never rejects. */
  private async restart(): Promise<boolean> {
    const { budget, log } = this.options;
    const { restartsMax, windowMs } = budget.limits;
    for (let waitMs = budget.take(); waitMs !== null; waitMs = budget.take()) {
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.leaving.signal }).catch(() => undefined);
      if (this.ending) return false;
      try {
        this.settle(await this.startAgain());
        return true;
      } catch (error) {
        if (this.ending) return false;
        const attempt = `${budget.taken} of ${restartsMax} within ${Math.round(windowMs / 60_000)} min`;
        const reason = error instanceof Error ? error.message : String(error);
        log({ level: 'error', msg: `PostgreSQL could not be started again (${attempt}): ${reason}` });
        // On another port it would be of no use to us: all our connections know the old one.
        if (error instanceof PostgresPortLost) return false;
      }
    }
    return false;
  }

  private startAgain(): Promise<Arrival> {
    const { cluster, postmaster } = this.arrival;
    const { log, lockFile, startTimeoutMs } = this.options;
    const { signal } = this.leaving;
    const deadline = Date.now() + startTimeoutMs;
    const arrive = (): Promise<Arrival> =>
      arriveAt(cluster, { deadline, log, port: postmaster.port, signal });
    return withStartLock(lockFile, startTimeoutMs, arrive, signal);
  }

  private settle(arrival: Arrival): void {
    this.arrival = arrival;
    this.present = true;
    this.watch(arrival.place);
  }

  private async leaveOnce(): Promise<void> {
    this.leaving.abort();
    await this.returning;
    if (!this.present) return;
    const { cluster, postmaster, place } = this.arrival;
    try {
      if (await leave(place, this.returned ? FORMER_SELF_MS : 0))
        await stopPostmaster(postmaster, cluster, this.options.log);
    } catch (error) {
      // PostgreSQL went away before we could. If others are in it, they will turn off the light.
      if (!isPassing(error)) throw error;
    } finally {
      await place.client.end().catch(() => undefined);
    }
  }
}
