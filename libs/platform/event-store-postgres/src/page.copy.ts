import { UnreadableEvent } from '@shaoying/event-store';
import { Query } from 'pg';

/** A row that came, and says nothing that could be understood; `cause` tells why. Asked again, it is the same. */
export class UnreadableRow extends Error {
  constructor(cause: unknown) {
    super('a row of the log cannot be read', { cause });
  }
}

/**
 * One page of the log as a binary COPY. Each event is made when its row comes, straight from the bytes: `pg` would make
 * ten texts of a row and an array around them first.
 *
 * Nor does it go through pg's promises or its `query_timeout`. Either of them holds what a query brought until the next
 * full collection, although nobody can reach it: two thirds of what reading the log cost were pages that had been read
 * and were copied from one space of the heap to the next (docs/benchmarks.md).
 */
export class PageCopy<Row> extends Query {
  /** Not `rows`: by that name pg would have it that somebody asks for so many at a time, and prepare the statement. */
  readonly taken: Row[] = [];
  /** Resolves when the page is whole, or full; then the connection still brings what has no room in it, and is of no more use. */
  readonly done: Promise<'whole' | 'full'>;
  private isFirst = true;
  private bytes = 0;
  /** What comes then has no room, or nobody wants it any more. */
  private isOver = false;

  /**
   * @param select names `binaryRowColumns`. A COPY takes no parameters: nothing from outside may stand in it unchecked
   * @param bytesMax of all rows; the first has room whatever its size
   * @param rowIn what is made of a message; undefined for the one that ends the copy
   */
  constructor(
    select: string,
    private readonly bytesMax: number,
    private readonly rowIn: (message: Buffer, isFirst: boolean) => Row | undefined,
  ) {
    super(`COPY (${select}) TO STDOUT (FORMAT binary)`);
    this.done = new Promise((resolve, reject) => {
      // For ever: a connection that breaks after the answer was given up tells it once more.
      this.on('error', reject);
      this.once('end', () => resolve('whole'));
      this.once('full', () => resolve('full'));
    });
  }

  /** Called by pg's client for each row. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.isOver) return;
    this.bytes += chunk.length;
    if (this.bytes > this.bytesMax && this.taken.length > 0) {
      this.isOver = true;
      this.emit('full');
      return;
    }
    try {
      const row = this.rowIn(chunk, this.isFirst);
      if (row) this.taken.push(row);
    } catch (cause) {
      // At once: whoever reads breaks off, instead of hearing all that the page has besides.
      this.isOver = true;
      // What came before is a page; who reads on from there is told.
      if (cause instanceof UnreadableEvent && this.taken.length > 0) this.emit('full');
      else this.emit('error', new UnreadableRow(cause));
    }
    this.isFirst = false;
  }
}
