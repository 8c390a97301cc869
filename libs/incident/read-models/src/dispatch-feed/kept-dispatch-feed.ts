import type { Position } from '@shaoying/event-store';
import type { FollowerSql, KeptFeed, SeenItem } from '@shaoying/subscriptions';

/** The feeds as their tables have them, whatever log they were made of; before the first start there are none. */
export const keptDispatchFeed: KeptFeed = {
  async lastItem(sql: FollowerSql, upTo: Position | null): Promise<SeenItem | undefined> {
    if (!(await isThere(sql))) return undefined;
    // Told apart, so that the index in their order begins where it is asked for.
    const upToThere = upTo === null ? '' : 'where dispatch_feed.items.position + 0 <= $1::bigint';
    const { rows } = await sql.query<{ at: string; cloud_event: string }>(
      `select position::text as at, cloud_event from dispatch_feed.items ${upToThere}
       order by dispatch_feed.items.position + 0 desc limit 1`,
      upTo === null ? [] : [upTo],
    );
    const [item] = rows;
    return item && { position: item.at, id: (JSON.parse(item.cloud_event) as { id: string }).id };
  },

  async removeAfter(sql: FollowerSql, position: Position): Promise<number> {
    if (!(await isThere(sql))) return 0;
    const { rowCount } = await sql.query(
      'delete from dispatch_feed.items where dispatch_feed.items.position + 0 > $1::bigint',
      [position],
    );
    return rowCount ?? 0;
  },
};

/** Tables of another release, before they are filled anew, may have other columns: they tell nothing here. */
async function isThere(sql: FollowerSql): Promise<boolean> {
  const { rows } = await sql.query<{ there: boolean }>(
    `select count(*) = 2 as there from pg_attribute
     where attrelid = to_regclass('dispatch_feed.items') and attname in ('position', 'cloud_event') and not attisdropped`,
  );
  return rows[0]?.there === true;
}
