import type { DeadlineCursor, OpenDeadline, OpenDeadlines } from '../open-deadlines.js';

function byDue(a: DeadlineCursor, b: DeadlineCursor): number {
  if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt ? -1 : 1;
  return a.deadlineId < b.deadlineId ? -1 : a.deadlineId > b.deadlineId ? 1 : 0;
}

/** {@link OpenDeadlines} in memory, deliberately simple: sorted afresh for every question. */
export class InMemoryOpenDeadlines implements OpenDeadlines {
  private readonly open = new Map<string, OpenDeadline>();
  private readonly listeners = new Set<() => void>();

  /** As a projection does when a deadline started or was moved. */
  put(deadlines: readonly OpenDeadline[]): void {
    for (const deadline of deadlines) this.open.set(deadline.deadlineId, deadline);
    for (const listener of this.listeners) listener();
  }

  /** As a projection does when a deadline was met or its breach recorded. */
  remove(deadlineId: string): void {
    this.open.delete(deadlineId);
  }

  isOpen(deadlineId: string): boolean {
    return this.open.has(deadlineId);
  }

  get size(): number {
    return this.open.size;
  }

  async dueWithin(untilIso: string, after: DeadlineCursor | null, limit: number): Promise<OpenDeadline[]> {
    return this.until(untilIso)
      .filter((deadline) => after === null || byDue(deadline, after) > 0)
      .slice(0, limit);
  }

  async stillOpen(deadlineId: string): Promise<OpenDeadline | null> {
    return this.open.get(deadlineId) ?? null;
  }

  async overdueSince(nowIso: string, limit: number): Promise<OpenDeadline[]> {
    return this.until(nowIso).slice(0, limit);
  }

  async counts(nowIso: string): Promise<{ open: number; due: number; oldestDueAt: string | null }> {
    const oldest = this.until('9999')[0];
    return { open: this.open.size, due: this.until(nowIso).length, oldestDueAt: oldest?.dueAt ?? null };
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private until(iso: string): OpenDeadline[] {
    return [...this.open.values()].filter(({ dueAt }) => dueAt <= iso).sort(byDue);
  }
}
