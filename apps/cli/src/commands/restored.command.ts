import { comparePositions, isPosition, type Position } from '@shaoying/event-store';
import { keptDispatchFeed } from '@shaoying/incident-read-models';
import { withTransaction } from '@shaoying/postgres';
import {
  agreedUpTo,
  groupsOfFeeds,
  makeLeaseTables,
  type FollowersOfLog,
  type SetBack,
} from '@shaoying/subscriptions';
import { endpointsOfFeeds, makeDeliveryTables } from '@shaoying/webhooks';
import { CommandFailed, UsageError } from '../cli.errors.js';
import { projectionEngine } from '../read-models.js';
import { show, type Terminal } from '../terminal.js';
import type { Workplace } from '../workplace.js';
import { followersOf } from './followers.js';
import { rebuildReadModel } from './projections.command.js';

export interface RestoredOptions {
  /** Where the log ended when it was restored; null: it is found. */
  readonly to: string | null;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** What `restored` has done. */
export interface Restored {
  readonly dryRun: boolean;
  /** Up to where the log and what was made of it before agree. */
  readonly to: Position;
  readonly groups: SetBack;
  readonly webhooks: SetBack;
  /** Items of the departments' feeds that were of events that are gone. */
  readonly feedItems: number;
  /** Read models that were filled from the log before, and now are from this one. */
  readonly rebuilt: readonly string[];
}

/**
 * `restored`: after a log was restored and what was made of it was not. Consumer groups and webhooks are set back to where the log still has
 * what they were given, the feeds lose what it has not, and every read model that was filled from the log before is filled anew. Running it again goes
 * on, or does nothing. @throws CommandFailed, UsageError, and what the stores throw
 */
export async function afterRestore(
  { to: asked, dryRun, json }: RestoredOptions,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace,
): Promise<void> {
  const { pool } = workplace.stores;
  const engine = projectionEngine(workplace);
  if ((await engine.status()).some(({ held }) => held))
    throw new CommandFailed('a server is running on these read models: stop every server first');
  await makeLeaseTables(pool);
  await makeDeliveryTables(pool);
  const to = await setBackTo(followersOf(workplace.stores), asked);
  const back = await setBack(workplace, to, dryRun);
  const names = await engine.ofAnotherLog();
  if (!dryRun) for (const name of names) await rebuilt(name, terminal, signal, workplace);
  const restored: Restored = { dryRun, to, ...back, rebuilt: names };
  show(terminal, json, restored, () => linesOf(restored));
}

async function setBackTo(of: FollowersOfLog, asked: string | null): Promise<Position> {
  if (asked !== null) {
    if (!isPosition(asked)) throw new UsageError('--to must be a position of the log: a number');
    const head = await of.log.head();
    if (comparePositions(asked, head) > 0)
      throw new UsageError(`--to ${asked} is beyond the end of the log, ${head}`);
    return asked;
  }
  const agreed = await agreedUpTo(of);
  if (agreed === null)
    throw new CommandFailed(
      'consumer groups or webhooks were given what the log does not have, and the feeds do not tell any more where it was restored.\n' +
        'Say it with --to <position>: where the log ended then, or an earlier one. What lies behind is delivered again; 0 delivers everything again.',
    );
  return agreed;
}

/** All of it or nothing; a dry run does it all and takes it back. */
async function setBack(
  { stores: { pool } }: Workplace,
  to: Position,
  dryRun: boolean,
): Promise<Pick<Restored, 'groups' | 'webhooks' | 'feedItems'>> {
  return withTransaction(pool, async (sql) => {
    await sql.query('savepoint before_it');
    const done = {
      groups: await groupsOfFeeds.setBack(sql, to),
      webhooks: await endpointsOfFeeds.setBack(sql, to),
      feedItems: await keptDispatchFeed.removeAfter(sql, to),
    };
    if (dryRun) await sql.query('rollback to savepoint before_it');
    return done;
  });
}

/** What it was before is of no use to anybody: it is not kept for a day, as after another rebuild. */
async function rebuilt(
  name: string,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace,
): Promise<void> {
  terminal.note(`${name} was filled from the log before, and is filled anew`);
  const unheard: Terminal = { ...terminal, out: () => undefined };
  await rebuildReadModel(
    { name, fromStart: false, compareOnly: false, json: false },
    unheard,
    signal,
    workplace,
  );
  await projectionEngine(workplace).dropRetired(name);
}

function linesOf({ dryRun, to, groups, webhooks, feedItems, rebuilt: names }: Restored): string[] {
  const were = dryRun ? 'would be' : 'were';
  return [
    `the log and what was made of it before agree up to position ${to}`,
    `consumer groups that ${were} set back: ${groups.followers}, with ${groups.items} items of events that are gone`,
    `webhooks that ${were} set back: ${webhooks.followers}, with ${webhooks.items} such items`,
    `items that ${were} taken out of the departments’ feeds: ${feedItems}`,
    names.length === 0
      ? 'no read model was filled from another log'
      : `read models that ${were} filled anew: ${names.join(', ')}`,
  ];
}
