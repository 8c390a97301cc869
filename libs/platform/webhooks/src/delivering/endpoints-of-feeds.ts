import type { Position } from '@shaoying/event-store';
import type { Followers, FollowerSql, SeenItem } from '@shaoying/subscriptions';

/** Endpoints of webhooks, as they are set back with the log. What was sent stays in the log of attempts, under the ids it was sent by. */
export const endpointsOfFeeds: Followers = {
  kind: 'WEBHOOKS',

  async lastGiven(sql: FollowerSql): Promise<SeenItem | undefined> {
    const { rows } = await sql.query<{ at: string; id: string }>(
      `select given_position::text as at, given_id as id from webhooks.endpoints
       where given_id is not null order by given_position desc limit 1`,
    );
    return rows[0] && { position: rows[0].at, id: rows[0].id };
  },

  async beyond(sql: FollowerSql, position: Position): Promise<number> {
    const { rows } = await sql.query<{ count: number }>(
      'select count(*)::integer as count from webhooks.endpoints where position > $1::bigint',
      [position],
    );
    return rows[0]?.count ?? 0;
  },

  async setBack(sql: FollowerSql, position: Position) {
    const moved = await sql.query(
      `update webhooks.endpoints set position = least(position, $1::bigint), given_position = null, given_id = null
       where position > $1::bigint or given_position > $1::bigint`,
      [position],
    );
    const removed = await sql.query('delete from webhooks.items where position > $1::bigint', [position]);
    return { followers: moved.rowCount ?? 0, items: removed.rowCount ?? 0 };
  },
};
