import type { Position } from '@shaoying/event-store';
import type { AnyFeedItem, FeedItem, FeedLog, FeedPlace } from '@shaoying/subscriptions';
import type { SqlReader } from '../sql-reader.js';

/** How far the feed is, and who tells when it goes on. */
type Progress = Pick<FeedLog, 'onAdvance' | 'reached'>;

/** Reads the departments' feeds; the same items for SSE and for paging. */
export class DispatchFeedQuery implements FeedLog {
  constructor(
    private readonly sql: SqlReader,
    private readonly progress: Progress,
  ) {}

  onAdvance(listener: () => void): () => void {
    return this.progress.onAdvance(listener);
  }

  reached(): Position | undefined {
    return this.progress.reached();
  }

  /** Items after a position in log order, at most `limit`. */
  async read(departmentId: string, after: string, limit: number): Promise<FeedItem[]> {
    const { rows } = await this.sql.query<{ position: string; cloud_event: string }>(
      `select position::text, cloud_event from dispatch_feed.items
       where department_id = $1 and position > $2::bigint order by dispatch_feed.items.position limit $3`,
      [departmentId, after, limit],
    );
    return rows.map((row) => ({ position: row.position, cloudEvent: row.cloud_event }));
  }

  /** One statement for all of them. */
  async haveMore(places: readonly FeedPlace[]): Promise<readonly boolean[]> {
    const { rows } = await this.sql.query<{ more: boolean }>(
      `select exists (
         select from dispatch_feed.items i where i.department_id = place.department_id and i.position > place.after
       ) as more
       from unnest($1::text[], $2::bigint[]) with ordinality as place (department_id, after, n) order by n`,
      [places.map(({ feedId }) => feedId), places.map(({ after }) => after)],
    );
    return rows.map(({ more }) => more);
  }

  /** Items of all departments after a position; what one event told several of them stays together. */
  async readAll(after: Position, limit: number): Promise<AnyFeedItem[]> {
    const { rows } = await this.sql.query<{ department_id: string; position: string; cloud_event: string }>(
      `select department_id, position::text, cloud_event from dispatch_feed.items
       where dispatch_feed.items.position + 0 > $1::bigint order by dispatch_feed.items.position + 0 fetch first $2 rows with ties`,
      [after, limit],
    );
    return rows.map(({ department_id, position, cloud_event }) => ({
      ...{ feedId: department_id, position, cloudEvent: cloud_event },
    }));
  }
}
