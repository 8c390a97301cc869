import type { Position } from '@shaoying/event-store';
import type { Followers, FollowerSql, SeenItem } from './log-followers.js';

/** Where consumers of one kind are kept. Names of tables, with their schema; never what somebody has sent. */
export interface FollowerTables {
  readonly kind: Followers['kind'];
  /** With `position`, `given_position` and `given_id`. */
  readonly consumers: string;
  /** What each has still to do, with `position`. */
  readonly items: string;
  /** What requests were answered, which named items that are gone. */
  readonly forget: (sql: FollowerSql, position: Position) => Promise<void>;
}

/** Consumers whose place in the log lies in tables, as they are set back with it. */
export const followersIn = ({ kind, consumers, items, forget }: FollowerTables): Followers => ({
  kind,

  async lastGiven(sql: FollowerSql): Promise<SeenItem | undefined> {
    const { rows } = await sql.query<{ at: string; id: string }>(
      `select given_position::text as at, given_id as id from ${consumers}
       where given_id is not null order by given_position desc limit 1`,
    );
    return rows[0] && { position: rows[0].at, id: rows[0].id };
  },

  async beyond(sql: FollowerSql, position: Position): Promise<number> {
    const { rows } = await sql.query<{ count: number }>(
      `select count(*)::integer as count from ${consumers} where position > $1::bigint`,
      [position],
    );
    return rows[0]?.count ?? 0;
  },

  async setBack(sql: FollowerSql, position: Position) {
    const moved = await sql.query(
      `update ${consumers} set position = least(position, $1::bigint), given_position = null, given_id = null
       where position > $1::bigint or given_position > $1::bigint`,
      [position],
    );
    const removed = await sql.query(`delete from ${items} where position > $1::bigint`, [position]);
    await forget(sql, position);
    return { followers: moved.rowCount ?? 0, items: removed.rowCount ?? 0 };
  },
});
