import type { ClientBase } from 'pg';
import { StoreUnavailable } from '@shaoying/event-store';

/**
 * Advisory locks of the log: a class of its own (the two-key form), so that they cannot meet the locks of other rooms
 * in the same database. 0x5348414F is "SHAO".
 */
const lockClass = 0x5348414f;
const appendLock = 1;
const schemaLock = 2;

/** Channel of the notification sent with every batch; the payload is the new head of the log. */
export const appendedChannel = 'shaoying_log_appended';

/** Outcomes of one append in a batch, as `log.append` answers them. */
export const outcomes = { written: 0, duplicate: 1, conflict: 2, eventIdTaken: 3 } as const;

/** How `expected` travels: a revision, or one of these. */
export const expectedCodes = { none: -1, any: -2 } as const;

/** Raised with every change below; an older program refuses a newer layout instead of putting its function back. */
const layoutVersion = 1;

/*
 * The table. `metadata` and `data` are text: json would keep the bytes too but parses every row on the way in, jsonb
 * would change them, and the audit hashes stored bytes. Names collate "C": their order must not change with the C library
 * under the indexes, and comparing bytes is cheaper.
 */
const tables = `
CREATE SCHEMA IF NOT EXISTS log;

CREATE TABLE IF NOT EXISTS log.layout (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version int NOT NULL
);

CREATE TABLE IF NOT EXISTS log.events (
  position       bigint         NOT NULL,
  event_id       uuid           NOT NULL,
  revision       int            NOT NULL,
  schema_version int            NOT NULL,
  occurred_at    timestamptz(3) NOT NULL,
  recorded_at    timestamptz(3) NOT NULL,
  stream_id      text COLLATE "C" NOT NULL,
  type           text COLLATE "C" NOT NULL,
  metadata       text           NOT NULL,
  data           text           NOT NULL,
  CONSTRAINT events_pkey PRIMARY KEY (position),
  CONSTRAINT events_event_id_key UNIQUE (event_id),
  CONSTRAINT events_stream_key UNIQUE (stream_id, revision)
);

CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'log.events is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.events
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
`;

/*
 * One call writes one batch: many appends, at most one per stream, each judged on its own.
 *
 * Order. The lock is taken first and held to the end of the transaction (the call is its own transaction). PostgreSQL
 * releases locks after a commit has become visible, so whoever gets the lock next sees everything written before: each
 * statement of a VOLATILE function takes a new snapshot under READ COMMITTED, and those below take theirs after the
 * lock. Hence max(position) is the committed maximum, positions have no gaps (a sequence would leave them, and would be
 * drawn in another order than commits happen), and a snapshot that sees n+1 sees n. Under REPEATABLE READ the snapshot
 * would be older than the lock; so that is refused.
 *
 * Plans. Statistics of an empty table choose a full scan or a hash join, and the cached plan would keep it while the
 * table grows. So: one generic plan, index scans only, and lateral sub-queries that OFFSET 0 keeps from being turned
 * into joins.
 *
 * Measured beside a bare 100-row insert into a table with the same indexes (3.3 ms with pg's text arrays, 2.5 ms with
 * binary ones): 3.8 ms with everything below. The settings and the notification cost nothing that can be measured. What
 * is left is two index look-ups per event; an insert with ON CONFLICT could save one of them, for the price of a second
 * path.
 *
 * The judgement of each append, in this order: event ids known as this very append: answered as the first time; known
 * otherwise: refused; stream not where it was expected: refused with the actual revision; else written.
 */
const appendFunction = `
CREATE OR REPLACE FUNCTION log.append(
  p_stream_ids text[], p_expected int[], p_sizes int[],
  p_append_nos int[], p_event_ids uuid[], p_types text[], p_schema_versions int[],
  p_occurred_at timestamptz[], p_recorded_at timestamptz[], p_metadata text[], p_data text[],
  OUT outcomes int[], OUT revisions int[], OUT positions bigint[]
) LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  SET plan_cache_mode = force_generic_plan
  SET enable_seqscan = off
  SET enable_bitmapscan = off
  SET jit = off
AS $$
DECLARE
  v_head bigint;
  v_written int;
  -- Add an event's ordinal number in the batch to these and get its revision and position.
  v_revision_offsets int[];
  v_position_offsets bigint[];
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'log.append needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  PERFORM pg_advisory_xact_lock(${lockClass}, ${appendLock});
  SELECT coalesce(max(e.position), 0) INTO v_head FROM log.events e;

  SELECT array_agg(p.outcome ORDER BY p.no),
         array_agg(CASE p.outcome WHEN 0 THEN p.actual + p.size WHEN 1 THEN p.known_revision ELSE p.actual END
                   ORDER BY p.no),
         array_agg(CASE p.outcome WHEN 0 THEN v_head + p.written WHEN 1 THEN p.known_position ELSE 0 END
                   ORDER BY p.no),
         array_agg(p.actual - p.before ORDER BY p.no),
         array_agg(v_head + p.written - p.size - p.before ORDER BY p.no),
         max(p.written)
    INTO outcomes, revisions, positions, v_revision_offsets, v_position_offsets, v_written
    FROM (
      SELECT j.*,
             (sum(j.size) OVER (ORDER BY j.no))::int - j.size AS before,
             (coalesce(sum(j.size) FILTER (WHERE j.outcome = 0) OVER (ORDER BY j.no), 0))::int AS written
        FROM (
          SELECT a.no, a.size, s.actual, k.known_revision, k.known_position,
                 CASE WHEN k.known IS NOT NULL THEN
                        CASE WHEN k.known = a.size AND k.as_one AND k.known_stream = a.stream_id THEN 1 ELSE 3 END
                      WHEN a.expected <> -2 AND a.expected <> s.actual THEN 2
                      ELSE 0
                 END AS outcome
            FROM unnest(p_stream_ids, p_expected, p_sizes) WITH ORDINALITY AS a(stream_id, expected, size, no)
            CROSS JOIN LATERAL (
              SELECT coalesce((SELECT e.revision FROM log.events e
                                WHERE e.stream_id = a.stream_id COLLATE "C"
                                ORDER BY e.revision DESC LIMIT 1), -1) AS actual
            ) s
            LEFT JOIN (
              SELECT i.append_no,
                     count(*) AS known,
                     min(e.stream_id) AS known_stream,
                     min(e.stream_id) = max(e.stream_id)
                       AND min(e.revision - i.ordinal) = max(e.revision - i.ordinal) AS as_one,
                     max(e.revision) AS known_revision,
                     max(e.position) AS known_position
                FROM unnest(p_append_nos, p_event_ids) WITH ORDINALITY AS i(append_no, event_id, ordinal)
                CROSS JOIN LATERAL (
                  SELECT * FROM log.events e WHERE e.event_id = i.event_id OFFSET 0
                ) e
               GROUP BY i.append_no
            ) k ON k.append_no = a.no
        ) j
    ) p;

  IF v_written > 0 THEN
    INSERT INTO log.events (position, event_id, revision, schema_version, occurred_at, recorded_at,
                            stream_id, type, metadata, data)
    SELECT v_position_offsets[i.append_no] + i.ordinal, i.event_id, v_revision_offsets[i.append_no] + i.ordinal,
           i.schema_version, i.occurred_at, i.recorded_at, p_stream_ids[i.append_no], i.type, i.metadata, i.data
      FROM unnest(p_append_nos, p_event_ids, p_types, p_schema_versions, p_occurred_at, p_recorded_at,
                  p_metadata, p_data)
           WITH ORDINALITY AS i(append_no, event_id, type, schema_version, occurred_at, recorded_at,
                                metadata, data, ordinal)
     WHERE outcomes[i.append_no] = 0;
    PERFORM pg_notify('${appendedChannel}', (v_head + v_written)::text);
  END IF;
END $$;
`;

/**
 * Creates the log's schema, or brings it to this program's layout; does nothing when it is there already. Safe to run
 * from many processes at once.
 * @throws StoreUnavailable when the database is not in UTF-8, or was laid out by a newer program.
 */
export async function ensureLogSchema(client: ClientBase): Promise<void> {
  const settings = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = settings.rows[0]?.server_encoding;
  if (encoding !== 'UTF8')
    throw new StoreUnavailable(`the event log needs a UTF8 database, this is ${encoding}`);
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [lockClass, schemaLock]);
    const found = await layoutOf(client);
    if (found > layoutVersion) {
      throw new StoreUnavailable(`the event log has layout ${found}, this program knows ${layoutVersion}`);
    }
    if (found < layoutVersion) {
      await client.query(tables);
      await client.query(appendFunction);
      await client.query(
        'INSERT INTO log.layout (version) VALUES ($1) ON CONFLICT (one) DO UPDATE SET version = excluded.version',
        [layoutVersion],
      );
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function layoutOf(client: ClientBase): Promise<number> {
  const there = await client.query<{ there: boolean }>(
    `SELECT to_regclass('log.layout') IS NOT NULL AS there`,
  );
  if (!there.rows[0]?.there) return 0;
  const layout = await client.query<{ version: number }>('SELECT version FROM log.layout');
  return layout.rows[0]?.version ?? 0;
}
