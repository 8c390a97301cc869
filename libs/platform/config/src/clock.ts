/** The only source of "now". Injected everywhere, so that a month can be simulated in a second. */
export interface Clock {
  now(): Date;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands still until it is told otherwise. */
export class SimulatedClock implements Clock {
  private nowMs: number;

  /** @throws RangeError when `start` is not an instant. */
  constructor(start: Date | string) {
    this.nowMs = instantMs(start);
  }

  now(): Date {
    return new Date(this.nowMs);
  }

  /** Moves to an instant, forwards or backwards. @throws RangeError when it is not an instant. */
  set(instant: Date | string): void {
    this.nowMs = instantMs(instant);
  }

  advanceMs(durationMs: number): void {
    this.set(new Date(this.nowMs + durationMs));
  }
}

function instantMs(instant: Date | string): number {
  const ms = new Date(instant).getTime();
  if (Number.isNaN(ms)) throw new RangeError('the simulated clock needs a valid instant');
  return ms;
}
