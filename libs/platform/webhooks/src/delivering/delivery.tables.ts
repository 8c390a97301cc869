import { advisoryLockKey, withTransaction } from '@shaoying/postgres';
import type { Pool } from 'pg';
import { putOffMsMax } from './retry-times.js';

/*
 * What endpoints have still to be told, beside the read models and apart from them: a rebuild of a feed leaves it alone. Up to an
 * endpoint's position everything is done, or in `items`; what is done is a row that is gone, since the feed keeps it. `attempts` is the
 * log of deliveries: no bodies and nobody's data, the newest of each endpoint. Time is the database's: the clocks of processes differ.
 * That one may be set back, too: what has just come waits for no time, and what is further away than anything is ever put off was put
 * off by a clock that was ahead, and waits no longer.
 */
const SCHEMA = `
  create schema if not exists webhooks;
  create table if not exists webhooks.endpoints (
    webhook_id    text collate "C" primary key,
    department_id text collate "C" not null,
    position      bigint not null,
    -- As the endpoint's stream says; only for not reading all of them at each look.
    disabled      boolean not null default false,
    claim         uuid,
    claimed_until timestamptz not null default '-infinity',
    rests_until   timestamptz not null default '-infinity',
    -- In a row, and since when.
    failures      integer not null default 0,
    failing_since timestamptz,
    delivered_at  timestamptz,
    given_up      bigint not null default 0
  );
  -- The last item that it has taken: by that it is noticed when the log is another one. A release from before moves the position alone.
  alter table webhooks.endpoints add column if not exists given_position bigint, add column if not exists given_id text;
  create table if not exists webhooks.items (
    webhook_id       text collate "C" not null references webhooks.endpoints on delete cascade,
    position         bigint not null,
    subject          text not null,
    event_id         text not null,
    item             text not null,
    attempts         integer not null default 0,
    taken_at         timestamptz not null default now(),
    first_attempt_at timestamptz,
    due_at           timestamptz not null default now(),
    primary key (webhook_id, position)
  ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
  -- How often it was asked for by hand: what becomes of an attempt from before does not settle what was asked since.
  alter table webhooks.items add column if not exists asked integer not null default 0;
  create index if not exists items_in_order on webhooks.items (webhook_id, subject, position) include (due_at);
  create table if not exists webhooks.attempts (
    id         bigint generated always as identity primary key,
    webhook_id text collate "C" not null references webhooks.endpoints on delete cascade,
    position   bigint not null,
    event_id   text not null,
    attempt    integer not null,
    at         timestamptz not null,
    took_ms    integer not null,
    outcome    text not null,
    status     integer,
    error      text
  );
  create index if not exists attempts_of_endpoint on webhooks.attempts (webhook_id, id);
  -- What was put before an endpoint once more by requests with an Idempotency-Key: written by the statement that does it.
  create table if not exists webhooks.redeliveries (
    command_id   uuid primary key,
    webhook_id   text collate "C" not null references webhooks.endpoints on delete cascade,
    request_hash text not null,
    redelivered  integer not null,
    next         bigint,
    at           timestamptz not null default now()
  );
  create index if not exists redeliveries_of_endpoint on webhooks.redeliveries (webhook_id, at);
`;

/** Makes the tables once. @throws what PostgreSQL throws */
export async function makeDeliveryTables(pool: Pool): Promise<void> {
  await withTransaction(pool, async (client) => {
    // CREATE … IF NOT EXISTS fails when two processes run it at once.
    const lock = advisoryLockKey('webhooks/schema').toString();
    await client.query('select pg_advisory_xact_lock($1::bigint)', [lock]);
    await client.query(SCHEMA);
  });
}

/** As long as an endpoint waits after the process that had it in hand has died; renewed meanwhile. */
export const claimMs = 10_000;

/** An instant, where a clock that has not been set back can have named it; else one that is long over. Twice the most: to a moment. */
const within = (instant: string, msMax: number): string =>
  `case when ${instant} > now() + interval '${2 * msMax} milliseconds' then 'epoch' else ${instant} end`;
const claimedUntil = within('claimed_until', claimMs);
const restsUntil = within('rests_until', putOffMsMax.endpoint);

export const CLAIM = `
  update webhooks.endpoints set claim = $2, claimed_until = now() + $3 * interval '1 millisecond'
  where webhook_id = $1 and ${claimedUntil} <= now() and ${restsUntil} <= now()
  returning position::text, failures, failing_since`;

export const RENEW = `
  update webhooks.endpoints set claimed_until = now() + $3 * interval '1 millisecond'
  where webhook_id = $1 and claim = $2`;

export const RELEASE = `
  update webhooks.endpoints set claim = null, claimed_until = '-infinity' where webhook_id = $1 and claim = $2`;

/** Moves an endpoint on, with the items that it passes; nothing where another process has moved it in the meantime. */
export const TAKE_IN = `
  with moved as (
    update webhooks.endpoints set position = $3::bigint, given_position = $3::bigint, given_id = $8
    where webhook_id = $1 and position = $2::bigint returning webhook_id
  )
  insert into webhooks.items (webhook_id, position, subject, event_id, item, due_at)
  select moved.webhook_id, came.position, came.subject, came.event_id, came.item, 'epoch'::timestamptz
  from moved, unnest($4::bigint[], $5::text[], $6::text[], $7::text[]) as came (position, subject, event_id, item)
  on conflict do nothing`;

/** The first of each subject that is due, but those that are under way; none once the endpoint is disabled. */
export const DUE = `
  with first as materialized (
    select min(position) as position from webhooks.items where webhook_id = $1 group by subject
  )
  select i.position::text, i.event_id, i.item, i.attempts, i.first_attempt_at, i.asked
  from first join webhooks.items i on i.webhook_id = $1 and i.position = first.position
  where ${within('i.due_at', putOffMsMax.item)} <= now() and i.position <> all ($2::bigint[])
    and not exists (select from webhooks.endpoints where webhook_id = $1 and disabled)
  order by i.position limit $3`;

/**
 * What has become of some deliveries, in one statement: done and given up are gone, failed are due later, all are logged, and the
 * endpoint knows how it stands. `$2`: one JSON array.
 */
export const SETTLE = `
  with came as materialized (
    select * from jsonb_to_recordset($2::jsonb) as came (
      position bigint, asked integer, event_id text, attempt integer, at timestamptz, took_ms integer, outcome text,
      status integer, error text, retry_ms bigint)
  ), gone as (
    delete from webhooks.items i using came
    where i.webhook_id = $1 and i.position = came.position and i.asked = came.asked and came.retry_ms is null
  ), kept as (
    update webhooks.items i
    set attempts = came.attempt, first_attempt_at = coalesce(i.first_attempt_at, came.at),
        due_at = now() + came.retry_ms * interval '1 millisecond'
    from came
    where i.webhook_id = $1 and i.position = came.position and i.asked = came.asked and came.retry_ms is not null
  ), told as (
    insert into webhooks.attempts (webhook_id, position, event_id, attempt, at, took_ms, outcome, status, error)
    select $1, position, event_id, attempt, at, took_ms, outcome, status, error from came
    where exists (select from webhooks.endpoints where webhook_id = $1)
  )
  update webhooks.endpoints
  set failures = $3, failing_since = $4,
      rests_until = greatest(${restsUntil}, now() + $5 * interval '1 millisecond'),
      delivered_at = case when $6 then now() else delivered_at end,
      given_up = given_up + $7
  where webhook_id = $1`;

/**
 * How each endpoint stands: whether something is due, how long until something will be, what waits. A rest counts, and so does
 * whoever has it in hand.
 */
export const STANDING = `
  with first as (
    select distinct on (webhook_id, subject) webhook_id, ${within('due_at', putOffMsMax.item)} as due_at
    from webhooks.items order by webhook_id, subject, position
  ), due as (
    select webhook_id, min(due_at) as at from first group by webhook_id
  )
  select e.webhook_id, e.department_id, e.position::text, e.disabled,
    greatest(${restsUntil}, ${claimedUntil}) > now() as busy,
    case when due.at is null then null
      else ceil(extract(epoch from greatest(due.at, ${restsUntil}, ${claimedUntil}) - now()) * 1000) end::float8 as due_in_ms
  from webhooks.endpoints e left join due using (webhook_id)
  where $1::text is null or e.webhook_id = $1`;
