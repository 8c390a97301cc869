import { LIMITS, Overloaded } from '@shaoying/event-store';

/** Serialised events under way, in bytes: what appends may hold in memory however few they are. */
const bytesMax = 2 * LIMITS.appendBytesMax;

/** Bounds what is under way; nothing waits here, the caller is told to come back. */
export class AppendsInFlight {
  private count = 0;
  private bytes = 0;
  private onIdle: (() => void)[] = [];

  constructor(private readonly countMax: number) {}

  /** @throws Overloaded when `countMax` appends, or `bytesMax` bytes of them, are under way; and what `work` throws */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const heavy = this.count > 0 && this.bytes + bytes > bytesMax;
    if (this.count >= this.countMax || heavy) throw new Overloaded();
    this.count += 1;
    this.bytes += bytes;
    try {
      return await work();
    } finally {
      this.count -= 1;
      this.bytes -= bytes;
      if (this.count === 0) for (const idle of this.onIdle.splice(0)) idle();
    }
  }

  /** Resolves when nothing is under way. */
  drained(): Promise<void> {
    if (this.count === 0) return Promise.resolve();
    return new Promise((resolve) => this.onIdle.push(resolve));
  }
}
