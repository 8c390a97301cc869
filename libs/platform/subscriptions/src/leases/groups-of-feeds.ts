import { followersIn } from '../followers-in-tables.js';

/** Consumer groups. Their items, leased, waiting and dead alike: of an event that is gone, at a position that another one will have. */
export const groupsOfFeeds = followersIn({
  kind: 'GROUPS',
  consumers: 'leases.groups',
  items: 'leases.deliveries',
  async forget(sql, position) {
    await sql.query('delete from leases.endings where position > $1::bigint', [position]);
    await sql.query('delete from leases.commands');
  },
});
