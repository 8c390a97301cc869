import { comparePositions, type Position } from '@shaoying/event-store';
import type { FeedItem } from './feed.js';

/**
 * The last items of one feed, kept while somebody follows it. Whole from its floor on: whoever is at the floor or behind
 * it finds everything here that has come since.
 */
export class FeedTail {
  readonly listeners = new Set<() => void>();
  private items: FeedItem[] = [];

  /** @param floor every later item will be added */
  constructor(private floor: Position) {}

  add(item: FeedItem): void {
    this.items.push(item);
  }

  /** Forgets the first item that it keeps. */
  drop(): void {
    const first = this.items.shift();
    if (first !== undefined) this.floor = first.position;
  }

  /** Nothing is kept any more, and nothing is known of what lies before `floor`. */
  startOver(floor: Position): void {
    this.items = [];
    this.floor = floor;
  }

  /**
   * Somebody has read, elsewhere, that between these two there is nothing: who is at `from` is at the floor as well. Without
   * it a feed that is silent for long would be read elsewhere at every item, as its readers stay behind the floor.
   */
  knowEmpty(from: Position, to: Position): void {
    const reachesFloor = comparePositions(to, this.floor) >= 0;
    if (reachesFloor && comparePositions(from, this.floor) < 0) this.floor = from;
  }

  /** At most `limit` items after a position; undefined where not all of them are here. */
  after(position: Position, limit: number): FeedItem[] | undefined {
    if (comparePositions(position, this.floor) < 0) return undefined;
    // From the end: whoever follows lacks the last few.
    let index = this.items.length;
    while (index > 0 && comparePositions(this.items[index - 1]?.position ?? position, position) > 0)
      index -= 1;
    return this.items.slice(index, index + limit);
  }
}
