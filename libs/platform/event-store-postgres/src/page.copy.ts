import { Query } from 'pg';

/**
 * One page of the log as a binary COPY. Each event is made when its row comes, straight from the bytes: `pg` would make
 * ten texts of a row and an array around them first.
 *
 * Nor does it go through pg's promises or its `query_timeout`. Either of them holds what a query brought until the next
 * full collection, although nobody can reach it: two thirds of what reading the log cost were pages that had been read
 * and were copied from one space of the heap to the next (docs/benchmarks.md).
 */
export class PageCopy<Row> extends Query {
  readonly rows: Row[] = [];
  /** Resolves when the page is whole, or full; then the connection still brings what has no room in it, and is of no more use. */
  readonly done: Promise<'whole' | 'full'>;
  private broken: Error | undefined;
  private isFirst = true;
  private bytes = 0;
  private isFull = false;

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
      this.once('end', () => (this.broken ? reject(this.broken) : resolve('whole')));
      this.once('full', () => resolve('full'));
    });
  }

  /** Called by pg's client for each row. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.broken || this.isFull) return;
    this.bytes += chunk.length;
    if (this.bytes > this.bytesMax && this.rows.length > 0) {
      this.isFull = true;
      this.emit('full');
      return;
    }
    try {
      const row = this.rowIn(chunk, this.isFirst);
      if (row) this.rows.push(row);
    } catch (error) {
      this.broken = error instanceof Error ? error : new Error(String(error));
    }
    this.isFirst = false;
  }
}
