import type { Position } from '@shaoying/event-store';
import type { Followers, FollowerSql, SeenItem } from '../log-followers.js';

/** Consumer groups, as they are set back with the log. */
export const groupsOfFeeds: Followers = {
  kind: 'GROUPS',

  async lastGiven(sql: FollowerSql): Promise<SeenItem | undefined> {
    const { rows } = await sql.query<{ at: string; id: string }>(
      `select given_position::text as at, given_id as id from leases.groups
       where given_id is not null order by given_position desc limit 1`,
    );
    return rows[0] && { position: rows[0].at, id: rows[0].id };
  },

  async beyond(sql: FollowerSql, position: Position): Promise<number> {
    const { rows } = await sql.query<{ count: number }>(
      'select count(*)::integer as count from leases.groups where position > $1::bigint',
      [position],
    );
    return rows[0]?.count ?? 0;
  },

  /** Leased, waiting and dead alike: an item of an event that is gone, at a position that another one will have. */
  async setBack(sql: FollowerSql, position: Position) {
    const moved = await sql.query(
      `update leases.groups set position = least(position, $1::bigint), given_position = null, given_id = null
       where position > $1::bigint or given_position > $1::bigint`,
      [position],
    );
    const removed = await sql.query('delete from leases.deliveries where position > $1::bigint', [position]);
    // Of items that are gone; another one will lie at that position. What requests were answered named such items, too.
    await sql.query('delete from leases.endings where position > $1::bigint', [position]);
    await sql.query('delete from leases.commands');
    return { followers: moved.rowCount ?? 0, items: removed.rowCount ?? 0 };
  },
};
