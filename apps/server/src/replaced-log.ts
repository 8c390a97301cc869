import { keptDispatchFeed } from '@shaoying/incident-read-models';
import type { Stores } from '@shaoying/runtime';
import { disagreementWith, followersBeyond, groupsOfFeeds, type Disagreement } from '@shaoying/subscriptions';
import type { Logger } from '@shaoying/telemetry';
import { endpointsOfFeeds } from '@shaoying/webhooks';

const remembering: Readonly<Record<Disagreement['of'], string>> = {
  FEED: 'the departments’ feeds have',
  GROUPS: 'a consumer group was given',
  WEBHOOKS: 'a webhook was given',
};

/** Thrown where departments were given what the log does not have: it was restored from an older copy, or is another one. */
export class LogReplaced extends Error {
  readonly code = 'LOG_REPLACED';

  constructor({ of, position, head }: Disagreement) {
    super(
      `the log does not have the event that ${remembering[of]} at position ${position}; it ends at ${head}.\n` +
        'If it was restored from a backup: stop every server, and run\n' +
        '  npm run -s shaoying -- restored\n' +
        'so that no dispatch passes consumer groups and webhooks by (docs/how-to/back-up-and-restore.md).\n' +
        'If it was not: EVENT_STORE_URL and READ_MODEL_URL are of two installations. Nothing was changed.',
    );
  }
}

/**
 * Before anything is written, lent or sent. @throws LogReplaced, and what the stores throw
 * @param stores with the tables of groups and webhooks
 */
export async function refuseReplacedLog({ log, pool }: Stores, logger: Logger): Promise<void> {
  const followers = [groupsOfFeeds, endpointsOfFeeds];
  const followersOfLog = { log, sql: pool, feed: keptDispatchFeed, followers };
  const disagreement = await disagreementWith(followersOfLog);
  if (disagreement !== null) throw new LogReplaced(disagreement);
  const beyond = await followersBeyond(followersOfLog);
  if (beyond > 0)
    logger.warn(
      { beyond },
      'consumer groups or webhooks stand beyond the end of the log, and are given nothing before it has come there; ' +
        'where it was restored from a backup, stop every server and run: shaoying restored',
    );
}
