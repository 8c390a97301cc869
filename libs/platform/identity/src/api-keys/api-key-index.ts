import type { Projection } from '@shaoying/projections';
import type { ApiKeyEventType } from './api-key.events.js';

/**
 * Which keys there are, for lists: the log is not sorted by type. What a key may is asked of its stream alone, so a list
 * that is behind opens nothing and hides nothing that counts.
 */
export const apiKeyIndex: Projection = {
  name: 'api-keys',
  version: 1,
  // One event in many thousands is its own.
  longestPassingMs: 500,
  schema: `create table keys (
    issued_position bigint primary key,
    key_id text collate "C" not null unique
  )`,
  eventTypes: ['ApiKeyIssued' satisfies ApiKeyEventType],
  async apply(events, tx) {
    const issued = events.map(({ position, data }) => ({
      position,
      keyId: (data as { keyId: string }).keyId,
    }));
    await tx.query(
      `insert into keys (issued_position, key_id) select * from unnest($1::bigint[], $2::text[])
       on conflict do nothing`,
      [issued.map(({ position }) => position), issued.map(({ keyId }) => keyId)],
    );
  },
};

/** What a list needs of a connection pool. */
export interface Reader {
  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** A key's place in the list. */
export interface ApiKeyPlace {
  readonly keyId: string;
  readonly position: string;
}

/** Ids of keys in the order they were issued in. @throws what the reader throws */
export async function apiKeyPage(
  reader: Reader,
  after: string,
  limit: number,
): Promise<readonly ApiKeyPlace[]> {
  const { rows } = await reader.query<{ key_id: string; issued_position: string }>(
    `select k.key_id, k.issued_position::text from api_keys.keys k where k.issued_position > $1::bigint
     order by k.issued_position limit $2`,
    [after, limit],
  );
  return rows.map((row) => ({ keyId: row.key_id, position: row.issued_position }));
}
