import { followersIn } from '@shaoying/subscriptions';

/** Endpoints of webhooks. What was sent stays in the log of attempts, under the ids it was sent by. */
export const endpointsOfFeeds = followersIn({
  kind: 'WEBHOOKS',
  consumers: 'webhooks.endpoints',
  items: 'webhooks.items',
  async forget(sql) {
    await sql.query('delete from webhooks.redeliveries');
  },
});
