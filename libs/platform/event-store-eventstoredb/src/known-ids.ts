/**
 * Event ids of streams, from their first event on, as far as this process has seen them. A log only grows, so what is
 * known of a stream's beginning stays true whoever writes; the end is known to the server alone. Only a log restored from
 * an older copy breaks that, which nobody announces.
 *
 * It spares a read before every append: an id the stream holds already must be found there, and the server looks only at
 * the events after the expected revision. A command handler has just read the stream it appends to.
 */
export class KnownIds {
  /** Least recently used first. The index in a list is the revision. */
  private readonly streams = new Map<string, readonly string[]>();
  private total = 0;

  /** `idsMax`: some 100 bytes each. A stream longer than that is not remembered, and read before each append. */
  constructor(private readonly idsMax = 200_000) {}

  /** Ids of revisions 0, 1, 2 …; empty when nothing is known. */
  of(streamId: string): readonly string[] {
    return this.streams.get(streamId) ?? [];
  }

  /** Of a stream that turned out to be another: the log was replaced by an older copy. */
  forget(streamId: string): void {
    this.total -= this.of(streamId).length;
    this.streams.delete(streamId);
  }

  /**
   * Keeps the longer of what is known and what is told; what is told where it contradicts, for then the log was replaced
   * by an older copy that has grown otherwise. The list must not change afterwards.
   */
  remember(streamId: string, ids: readonly string[]): void {
    const known = this.of(streamId);
    const longer = known.length > ids.length && ids.every((id, at) => id === known[at]) ? known : ids;
    this.total += longer.length - known.length;
    this.streams.delete(streamId);
    this.streams.set(streamId, longer);
    for (const [oldest, { length }] of this.streams) {
      if (this.total <= this.idsMax) return;
      this.streams.delete(oldest);
      this.total -= length;
    }
  }
}
