import { advisoryLockKey, withTransaction } from '@shaoying/postgres';
import type { Pool, QueryConfig, QueryResultRow } from 'pg';

/*
 * What a group of consumers has still to do, beside the read models and apart from them: a rebuild of a feed leaves it alone. An item
 * that is done is a row that is gone, so there are never more rows than the window, and the dead letters. How long it is known of a
 * request, or of a lease, that it has been carried out is bounded by number and age (docs/adr/0043).
 */
const SCHEMA = `
  create schema if not exists leases;
  create table if not exists leases.groups (
    feed           text not null,
    name           text not null,
    -- Every item up to here is in deliveries, or done.
    position       bigint not null,
    max_deliveries integer not null,
    created_at     timestamptz not null default now(),
    primary key (feed, name)
  );
  -- Of releases before. Asked first: where they are there nobody need wait for whoever leases meanwhile.
  do $$ begin
    -- Endings belong to it.
    if not exists (
      select 1 from pg_attribute
      where attrelid = 'leases.groups'::regclass and attname = 'id' and not attisdropped
    ) then
      alter table leases.groups add column id uuid not null default gen_random_uuid();
    end if;
    -- The last item that it has taken: by that it is noticed when the log is another one. A release from before moves the position alone.
    if not exists (
      select 1 from pg_attribute
      where attrelid = 'leases.groups'::regclass and attname = 'given_id' and not attisdropped
    ) then
      alter table leases.groups add column given_position bigint, add column given_id text;
    end if;
  end $$;
  create table if not exists leases.deliveries (
    feed        text not null,
    group_name  text not null,
    position    bigint not null,
    subject     text not null,
    item        text not null,
    deliveries  integer not null default 0,
    lease_id    uuid,
    -- While it is leased: until when. After that: since when it may be; "epoch" when it was never leased.
    visible_at  timestamptz not null default now(),
    dead_at     timestamptz,
    primary key (feed, group_name, position),
    foreign key (feed, group_name) references leases.groups (feed, name) on delete cascade
  ) with (
    -- Rows come and go: what is left of them is cleared away by their number, however small the table.
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000
  );
  -- Whether an earlier one of its subject is alive.
  create index if not exists deliveries_alive on leases.deliveries (feed, group_name, subject, position) where dead_at is null;
  create index if not exists deliveries_dead on leases.deliveries (feed, group_name, position) where dead_at is not null;
  -- Leases that have ended by an acknowledgement or were given back: what a repeated one is answered by. An item that is done leaves
  -- this much of itself, for a while.
  create table if not exists leases.endings (
    -- Of the group as it was made: one of the same name that is made later knows nothing of it.
    group_id   uuid not null,
    position   bigint not null,
    lease_id   uuid not null,
    given_back boolean not null,
    ended_at   timestamptz not null default now(),
    primary key (group_id, position, lease_id)
  );
  create index if not exists endings_by_age on leases.endings (group_id, ended_at);
  -- What was done by requests with an Idempotency-Key: each is written by the statement that does it.
  create table if not exists leases.commands (
    command_id   uuid primary key,
    feed         text not null,
    request_hash text not null,
    -- Of what settles: "1" for each delivery that it settled and "0" for each other, as they were named. Of what lends or delivers
    -- again: the positions. Of what makes a group: when that was.
    outcome      text not null,
    -- Of what lends.
    lease_id     uuid,
    done_at      timestamptz not null default now()
  );
  create index if not exists commands_by_age on leases.commands (feed, done_at);
`;

/** For as long an item may be hidden at the most, leased or given back: an hour. */
export const hiddenMsMax = 3_600_000;

/** Whether nobody has an item any more. Twice the hour: a lease of the whole hour outlives a clock that is set back by a moment. */
export const isFree = (visibleAt: string): string =>
  `(${visibleAt} <= now() or ${visibleAt} > now() + interval '${2 * hiddenMsMax} milliseconds')`;

/** Items of a group that are not done and not dead; what comes after them waits in the feed. */
export const windowItems = 1_000;

/** Asks the database that the tables lie in. */
export interface LeaseSql {
  query<Row extends QueryResultRow>(
    text: string | QueryConfig,
    values?: unknown[],
  ): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>;
}

/** Makes the tables once. @throws what PostgreSQL throws */
export async function makeLeaseTables(pool: Pool): Promise<void> {
  await withTransaction(pool, async (client) => {
    // CREATE … IF NOT EXISTS fails when two processes run it at once.
    await client.query('select pg_advisory_xact_lock($1::bigint)', [
      advisoryLockKey('leases/schema').toString(),
    ]);
    await client.query(SCHEMA);
  });
}

/** A statement that each connection plans once: planning one of these takes longer than carrying it out. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
}

const prepared = (name: string, text: string): Prepared => ({ name: `leases/${name}`, text });

/** Moves a group on, with the items that it passes; nothing where another process has moved it in the meantime. */
export const TAKE_IN = prepared(
  'take-in',
  `
  with moved as (
    update leases.groups set position = $4::bigint, given_position = $4::bigint, given_id = $8
    where feed = $1 and name = $2 and position = $3::bigint returning feed, name
  )
  insert into leases.deliveries (feed, group_name, position, subject, item, visible_at)
  select moved.feed, moved.name, came.position, came.subject, came.item, 'epoch'::timestamptz
  from moved, unnest($5::bigint[], $6::text[], $7::text[]) as came (position, subject, item)`,
);

/**
 * Gives up what was delivered as often as the group allows and not acknowledged in time, and tells where the group is. `alive` is
 * from before that. What somebody is just ending is passed by.
 */
export const LOOK = prepared(
  'look',
  `
  with over as materialized (
    select d.position from leases.deliveries d
    where d.feed = $1 and d.group_name = $2 and d.dead_at is null and ${isFree('d.visible_at')}
      and d.deliveries >= (select g.max_deliveries from leases.groups g where g.feed = $1 and g.name = $2)
    for update of d skip locked
  ), buried as (
    update leases.deliveries d set dead_at = now(), lease_id = null
    where d.feed = $1 and d.group_name = $2 and d.position = any(array(select position from over))
    returning d.position
  )
  select g.position::text, (select count(*)::int from buried) as buried,
    (select count(*)::int from leases.deliveries d
     where d.feed = $1 and d.group_name = $2 and d.dead_at is null) as alive
  from leases.groups g where g.feed = $1 and g.name = $2`,
);

/**
 * The first items nobody works on, at most one of each subject: a later one waits until the earlier one is acknowledged or
 * dead. Whoever asks at the same time is given others. What is to be buried is passed by. One row tells where the group is, also
 * when nothing is lent.
 *
 * It walks the group's rows from the first and stops at the last it needs, looking for an earlier one of the same subject by
 * the index. What it looks up is written as values, not as joins: the planner believes that a group has one row, since the table is
 * nearly empty whenever it is analyzed, and would compare each row of the window with each. Not done: the first row of every
 * subject by `group by subject`, which reads the whole window. Measured with 2,000 subjects and eight consumers, processor
 * time of PostgreSQL for each item leased and acknowledged: 6.5 ms so (10 at once; 1.2 ms, 100 at once), 0.55 ms (0.40) as
 * it is here, 0.40 ms (0.26) with its plan kept.
 */
const leasing = (
  name: string,
  once?: Record<'turn' | 'inTurn' | 'ifEnough' | 'recorded', string>,
): Prepared =>
  prepared(
    name,
    `
  with ${once?.turn ?? ''}asked as materialized (
    select position, max_deliveries from leases.groups where feed = $1 and name = $2
  ), free as materialized (
    select d.position from leases.deliveries d
    where d.feed = $1 and d.group_name = $2 and d.dead_at is null and ${isFree('d.visible_at')}
      and d.deliveries < (select max_deliveries from asked)${once?.inTurn ?? ''}
      and d.position = (
        select first.position from leases.deliveries first
        where first.feed = $1 and first.group_name = $2 and first.subject = d.subject and first.dead_at is null
        order by first.subject, first.position limit 1
      )
    order by d.position limit $3 for update of d skip locked
  ), lent as (
    update leases.deliveries d
    set lease_id = $4, deliveries = d.deliveries + 1, visible_at = now() + $5 * interval '1 millisecond'
    where d.feed = $1 and d.group_name = $2 and d.position = any(array(select position from free))${once?.ifEnough ?? ''}
    returning d.position, d.deliveries, d.visible_at, d.item
  )${once?.recorded ?? ''}
  select asked.position::text as reached, lent.position::text, lent.deliveries, lent.visible_at, lent.item
  from asked left join lent on true`,
  );

export const LEASE = leasing('lease');

/**
 * The same for one request with a key, which is recorded by it; nothing where there are fewer than $8. While another process carries
 * the same request out it waits, and would not pass by what that one is just lending as if there were nothing.
 */
export const LEASE_ONCE = leasing('lease-once', {
  turn: 'turn as materialized (select pg_advisory_xact_lock(hashtextextended($6::text, 0))), ',
  inTurn: '\n      and (select count(*) from turn) = 1',
  ifEnough: ' and (select count(*) from free) >= $8::integer',
  recorded: `, recorded as (
    insert into leases.commands (command_id, feed, request_hash, lease_id, outcome)
    select $6::uuid, $1, $7, $4, array_agg(position)::text from lent having count(*) > 0
  )`,
});

/** What a request has been lent and still has. */
export const STILL_LENT = prepared(
  'still-lent',
  `
  select d.position::text, d.deliveries, d.visible_at, d.item from leases.deliveries d
  where d.feed = $1 and d.group_name = $2 and d.position = any($4::bigint[]) and d.lease_id = $3 and d.dead_at is null
    and not ${isFree('d.visible_at')}`,
);

/**
 * Does something to those deliveries that are still held, in the order of their positions, so that two processes that are told of the
 * same ones wait for each other and not each for the other. `is true` keeps the planner from making a join of the set: it believes
 * that there is one row to settle, and would compare each of a thousand with each. Measured, 1,000 rows and as many ids, with the
 * plan that is kept: 170 ms as a join, 3 to 7 ms so.
 *
 * $5 and $6 are the command and its fingerprint for each delivery that is named, null where the request has no key. One that settles
 * nothing is not recorded.
 */
const settling = (name: string, act: string, recording = ''): Prepared =>
  prepared(
    name,
    `
  with in_group as materialized (
    select id from leases.groups where feed = $1 and name = $2
  ), held as materialized (
    select d.position, d.lease_id from leases.deliveries d
    where d.feed = $1 and d.group_name = $2 and d.position = any($3::bigint[])
      and ((d.position, d.lease_id) in (select * from unnest($3::bigint[], $4::uuid[]))) is true
    order by d.position for update of d
  ), settled as (
    ${act}
    where d.feed = $1 and d.group_name = $2 and d.position = any(array(select position from held))
  ), recorded as (
    insert into leases.commands (command_id, feed, request_hash, outcome)
    select command_id, $1, request_hash, outcome from (
      select asked.command_id, asked.request_hash, string_agg(
        case when ((asked.position, asked.lease_id) in (select position, lease_id from held)) is true then '1' else '0' end,
        '' order by asked.place) as outcome
      from unnest($5::uuid[], $6::text[], $3::bigint[], $4::uuid[])
        with ordinality as asked (command_id, request_hash, position, lease_id, place)
      where asked.command_id is not null group by asked.command_id, asked.request_hash
    ) told where strpos(outcome, '1') > 0
  )${recording}
  select position || '-' || lease_id as id from held`,
  );

/** Remembers of leases that they have ended, and how. */
const ending = (givenBack: boolean): string => `, ended as (
    insert into leases.endings (group_id, position, lease_id, given_back)
    select (select id from in_group), position, lease_id, ${String(givenBack)} from held
    on conflict do nothing
  )`;

export const ACKNOWLEDGE = settling('acknowledge', 'delete from leases.deliveries d', ending(false));

export const GIVE_BACK = settling(
  'give-back',
  `update leases.deliveries d set lease_id = null, visible_at = now() + $7 * interval '1 millisecond'`,
  ending(true),
);

/** Nobody has heard of them: as if they had not been lent. */
export const TAKE_BACK = settling(
  'take-back',
  `update leases.deliveries d set lease_id = null, visible_at = 'epoch', deliveries = d.deliveries - 1`,
);

export const EXTEND = settling(
  'extend',
  `update leases.deliveries d set visible_at = now() + $7 * interval '1 millisecond'`,
);

/** Which of some leases have ended so before: what a repeated request finds. Of the group as it is now. */
export const ENDED = prepared(
  'ended',
  `
  select e.position || '-' || e.lease_id as id from leases.endings e
  where e.group_id = (select id from leases.groups where feed = $1 and name = $2) and e.position = any($3::bigint[])
    and ((e.position, e.lease_id) in (select * from unnest($3::bigint[], $4::uuid[]))) is true and e.given_back = $5`,
);

export const FIND_COMMANDS = prepared(
  'find-commands',
  `
  select command_id, request_hash, outcome, lease_id from leases.commands where command_id = any($1::uuid[])`,
);

/** Of a department the newest commands, of a group the newest endings; none beyond their time, nor of a time to come. */
const sweeping = (name: string, table: string, of: string, at: string): Prepared =>
  prepared(
    name,
    `
  with turn as materialized (
    select pg_try_advisory_xact_lock(${advisoryLockKey(`leases/${name}`).toString()}) as is_mine
  ), kept as materialized (
    select ${of}, (
      select newer.${at} from ${table} newer where newer.${of} = each.${of} order by newer.${at} desc offset $2 limit 1
    ) as until
    from (select distinct ${of} from ${table}) each
  )
  delete from ${table} old using kept
  where (select is_mine from turn) and old.${of} = kept.${of} and (
    old.${at} <= kept.until or old.${at} <= now() - $1 * interval '1 millisecond' or old.${at} > now() + $1 * interval '1 millisecond'
  )`,
  );

export const SWEEP_COMMANDS = sweeping('sweep-commands', 'leases.commands', 'feed', 'done_at');
export const SWEEP_ENDINGS = sweeping('sweep-endings', 'leases.endings', 'group_id', 'ended_at');

/** A group that is forgotten is forgotten with how its leases ended. */
export const REMOVE_GROUP = prepared(
  'remove-group',
  `
  with gone as (
    delete from leases.groups where feed = $1 and name = $2 returning id
  ), forgotten as (
    delete from leases.endings where group_id = (select id from gone)
  )
  select id from gone`,
);

/** $5 and $6 are the command and its fingerprint, null without a key. */
export const REDRIVE = prepared(
  'redrive',
  `
  with redriven as (
    update leases.deliveries set dead_at = null, deliveries = 0, visible_at = 'epoch'
    where feed = $1 and group_name = $2 and position in (
      select position from leases.deliveries
      where feed = $1 and group_name = $2 and dead_at is not null and ($3::bigint[] is null or position = any($3))
      order by position limit $4
    )
    returning position
  ), recorded as (
    insert into leases.commands (command_id, feed, request_hash, outcome)
    select $5::uuid, $1, $6, array_agg(position)::text from redriven having count(*) > 0 and $5::uuid is not null
  )
  select position::text from redriven`,
);

/** Where there are fewer than $5, and none of the name. $6 and $7 are the command and its fingerprint, null without a key. */
export const MAKE_GROUP = prepared(
  'make-group',
  `
  with made as (
    insert into leases.groups (feed, name, position, max_deliveries)
    select $1, $2, $3::bigint, $4::integer where (select count(*) from leases.groups where feed = $1) < $5
    on conflict do nothing returning created_at
  ), recorded as (
    insert into leases.commands (command_id, feed, request_hash, outcome)
    select $6::uuid, $1, $7, to_json(created_at) #>> '{}' from made where $6::uuid is not null
  )
  select (select created_at from made) as made_at,
    exists (select 1 from leases.groups where feed = $1 and name = $2) as known`,
);
