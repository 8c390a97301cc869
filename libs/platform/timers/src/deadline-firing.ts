import type { Clock, TimersLog } from './alarm-clock.js';
import type { OpenDeadline } from './open-deadlines.js';

/** Sends the command that lets the decider decide. Must be idempotent: it may be called twice, also by two processes. */
export type FireDeadline = (deadline: OpenDeadline) => Promise<void>;

/** A fired deadline leaves the read model within milliseconds; one still there after this long is fired again. */
const FIRE_AGAIN_AFTER_MS = 60_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
const HELD_BACK_MS_MAX = Math.max(FIRE_AGAIN_AFTER_MS, RETRY_MS_MAX);
/** Remembered deadlines, about 10 MB. Beyond it the oldest is forgotten: at worst a command is sent twice. */
const REMEMBERED_MAX = 50_000;

interface Remembered {
  readonly dueAt: string;
  readonly step: number;
  readonly failures: number;
  readonly notBeforeMs: number;
}

export interface Lateness {
  readonly lostAndFound: number;
  readonly lastLatenessMs: number;
  readonly maxLatenessMs: number;
}

/** Fires deadlines for alarm and sweeper alike, so that they do not tread on each other's feet; measures lateness. */
export class DeadlineFiring {
  private readonly inFlight = new Set<string>();
  private readonly remembered = new Map<string, Remembered>();
  private lostAndFound = 0;
  private lastLatenessMs = 0;
  private maxLatenessMs = 0;

  constructor(
    private readonly fire: FireDeadline,
    private readonly now: Clock,
    private readonly log: TimersLog,
  ) {}

  /** Deadlines that {@link isHeldBack} may answer true for. */
  get heldBackMax(): number {
    return this.remembered.size + this.inFlight.size;
  }

  /** True while it is being fired, was fired a moment ago, or failed and waits for its next attempt. */
  isHeldBack(deadline: OpenDeadline): boolean {
    if (this.inFlight.has(deadline.deadlineId)) return true;
    const earlier = this.earlierAttempt(deadline);
    if (earlier === undefined) return false;
    const leftMs = earlier.notBeforeMs - this.now().getTime();
    // Nothing is held back for longer: then the clock was set back since.
    return leftMs > 0 && leftMs <= HELD_BACK_MS_MAX;
  }

  /** A deadline that was moved is another deadline, and so is the next step of its ladder. */
  private earlierAttempt({ deadlineId, dueAt, step }: OpenDeadline): Remembered | undefined {
    const earlier = this.remembered.get(deadlineId);
    return earlier?.dueAt === dueAt && earlier.step === step ? earlier : undefined;
  }

  /** Fires unless held back. Never throws: a failure is logged, and the sweeper comes back to it with back-off. */
  async attempt(deadline: OpenDeadline, found: 'by alarm' | 'by sweeper'): Promise<boolean> {
    if (this.isHeldBack(deadline)) return false;
    const { deadlineId } = deadline;
    const earlier = this.earlierAttempt(deadline);
    const failures = earlier?.failures ?? 0;
    this.inFlight.add(deadlineId);
    try {
      await this.fire(deadline);
      this.measure(deadline, found === 'by sweeper' && !earlier);
      this.remember(deadline, 0, FIRE_AGAIN_AFTER_MS);
      return true;
    } catch (error) {
      const retryInMs = Math.min(RETRY_MS_MIN * 2 ** failures, RETRY_MS_MAX);
      const { incidentId, timer } = deadline;
      this.log.error(
        { err: error, deadlineId, incidentId, timer, retryInMs },
        'a due deadline could not be fired',
      );
      this.remember(deadline, failures + 1, retryInMs);
      return false;
    } finally {
      this.inFlight.delete(deadlineId);
    }
  }

  lateness(): Lateness {
    const { lostAndFound, lastLatenessMs, maxLatenessMs } = this;
    return { lostAndFound, lastLatenessMs, maxLatenessMs };
  }

  private measure({ dueAt }: OpenDeadline, lostByClock: boolean): void {
    this.lastLatenessMs = Math.max(0, this.now().getTime() - Date.parse(dueAt));
    this.maxLatenessMs = Math.max(this.maxLatenessMs, this.lastLatenessMs);
    if (lostByClock) this.lostAndFound += 1;
  }

  private remember({ deadlineId, dueAt, step }: OpenDeadline, failures: number, holdBackMs: number): void {
    const nowMs = this.now().getTime();
    // Deleting first keeps the map in order of remembering, so the first entries are the oldest.
    this.remembered.delete(deadlineId);
    this.remembered.set(deadlineId, { dueAt, step, failures, notBeforeMs: nowMs + holdBackMs });
    for (const [id, entry] of this.remembered) {
      const expired = entry.notBeforeMs + RETRY_MS_MAX < nowMs;
      if (!expired && this.remembered.size <= REMEMBERED_MAX) break;
      this.remembered.delete(id);
    }
  }
}
