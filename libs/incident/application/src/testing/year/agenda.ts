/** What somebody means to do, and when. */
interface Entry {
  readonly atMs: number;
  readonly place: number;
  readonly act: () => Promise<void>;
}

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.place < b.place);

/** Intentions in order of their instants, those of one instant in the order in which they were formed. A binary heap. */
export class Agenda {
  private readonly heap: Entry[] = [];
  private formed = 0;

  add(atMs: number, act: () => Promise<void>): void {
    const { heap } = this;
    const entry: Entry = { atMs, place: (this.formed += 1), act };
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  /** The next one up to an instant; undefined where there is none. */
  takeUntil(untilMs: number): Entry | undefined {
    const { heap } = this;
    const first = heap[0];
    if (first === undefined || first.atMs > untilMs) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) this.sink(last);
    return first;
  }

  private sink(entry: Entry): void {
    const { heap } = this;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (!isBefore(heap[child]!, entry)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = entry;
  }
}
