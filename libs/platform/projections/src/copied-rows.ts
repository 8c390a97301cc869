import type { Buffer } from 'node:buffer';
import { type ClientBase, Query } from 'pg';

/** What pg's client hands over when PostgreSQL is ready to take rows; its types do not tell. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

class RowsIn extends Query {
  constructor(
    sql: string,
    private readonly bytes: Buffer,
    onEnd: (error: Error | null | undefined) => void,
  ) {
    super(sql, onEnd);
  }

  /** Called by pg's client. */
  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.bytes);
    connection.endCopyFrom();
  }
}

/** Has PostgreSQL take rows as they are: `copy <table> from stdin (format binary)`. @throws what PostgreSQL says */
export function copyRows(client: ClientBase, sql: string, rows: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new RowsIn(sql, rows, (error) => (error ? reject(error) : resolve())));
  });
}
