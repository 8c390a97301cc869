import { keptDispatchFeed } from '@shaoying/incident-read-models';
import { groupsOfFeeds, type FollowersOfLog } from '@shaoying/subscriptions';
import { endpointsOfFeeds } from '@shaoying/webhooks';
import type { Workplace } from '../workplace.js';

/** Whoever remembers how far they have come in the feeds. */
export const followersOf = ({ log, pool }: Workplace['stores']): FollowersOfLog => ({
  ...{ log, sql: pool, feed: keptDispatchFeed },
  followers: [groupsOfFeeds, endpointsOfFeeds],
});
