import { type Position, type RecordedEvent, START, isPosition } from '@shaoying/event-store';
import { afterRows, type Projection, type ProjectionTransaction, schemaOf } from './projection.js';
import { CheckpointMoved, CheckpointUnmoved, InvalidProjection } from './projections.errors.js';
import type { Notice, Session } from './session.js';
import { markVersion, versionMark } from './version-mark.js';

/** The channel on which `<name> <generation> <position>` is told after each commit. */
const CHANNEL = 'projections';

/** Kept for people; the full stack is in the log. */
const errorCharsMax = 2_000;

/**
 * Design: one row per projection, updated by every batch in the batch's own transaction, so rows and checkpoint can
 * never disagree. `position` is text because positions are opaque; it is only ever compared for equality here.
 * fillfactor 10: the row is rewritten all day, and stays a HOT update within one page that way.
 * `event_id` says which event is at `position`, so that a log that was replaced by another is noticed. `event_position`
 * says which position that was true of: a release from before these columns moves `position` alone.
 * `generation` is another one after every rebuild: positions are only comparable within one, since a rebuild may end
 * before the tables it replaces.
 * A rebuild's position lives in a second table rather than under a made-up name in the first, so that whoever lists
 * the checkpoints never meets a projection that nobody can query.
 */
const controlSchema = `
  select pg_advisory_xact_lock(hashtextextended('projections/control', 0));
  create schema if not exists projections;
  create table if not exists projections.checkpoints (
    name text primary key,
    version integer not null,
    position text not null,
    updated_at timestamptz not null,
    status text not null check (status in ('running', 'stopped')),
    error_position text,
    error text
  ) with (fillfactor = 10);
  create table if not exists projections.shadows (
    name text primary key,
    version integer not null,
    position text not null,
    started_at timestamptz not null,
    updated_at timestamptz not null
  ) with (fillfactor = 10);
  create table if not exists projections.retired (
    name text primary key,
    version integer not null,
    position text not null,
    event_position text,
    event_id text,
    retired_at timestamptz not null
  );
  alter table projections.checkpoints
    add column if not exists generation uuid not null default gen_random_uuid(),
    add column if not exists event_position text,
    add column if not exists event_id text,
    add column if not exists passed_by text[],
    add column if not exists error_version integer;
  alter table projections.shadows
    add column if not exists event_position text,
    add column if not exists event_id text,
    add column if not exists definition text,
    add column if not exists passed_by text[],
    add column if not exists error_position text,
    add column if not exists error text;
  alter table projections.retired add column if not exists passed_by text[];
`;

/** Right also after a release that knows nothing of event ids has moved the position. */
const eventIdColumn = 'case when event_position = position then event_id end as "eventId"';

/** A place in the log, and which event is there; null at {@link START}, and in rows of releases that did not say it. */
export interface Place {
  readonly position: Position;
  readonly eventId: string | null;
}

export const BEGINNING: Place = { position: START, eventId: null };

export function placeOf({ position, eventId }: Pick<RecordedEvent, 'position' | 'eventId'>): Place {
  return { position, eventId };
}

export interface Checkpoint extends Place {
  readonly name: string;
  readonly version: number;
  /** Another one after every rebuild; positions of two generations are not comparable. */
  readonly generation: string;
  readonly updatedAt: Date;
  readonly status: 'running' | 'stopped';
  readonly errorPosition: Position | null;
  readonly error: string | null;
  /** Of the code that has stopped there, which may be newer than the tables; null where a release before did not say it. */
  readonly errorVersion: number | null;
  /** Ids of events that these tables were told to pass by, and have; null where tables of a release before do not say it. */
  readonly passedBy: readonly string[] | null;
}

export interface Shadow extends Place {
  readonly name: string;
  readonly version: number;
  readonly startedAt: Date;
  /** Of what fills it, and of this very shadow: see `definitionOf`. Null in those of releases before. */
  readonly definition: string | null;
  readonly passedBy: readonly string[] | null;
  /** Of the event that its rebuild has stopped at. */
  readonly errorPosition: Position | null;
  readonly error: string | null;
}

const checkpointColumns = `name, version, generation, position, ${eventIdColumn}, updated_at as "updatedAt",
  status, error_position as "errorPosition", error, error_version as "errorVersion", passed_by as "passedBy"`;

/** Safe to call from several processes at once. Completes the tables of an older release. */
export async function ensureControlSchema(session: Session): Promise<void> {
  // The newest of it: all is made in one transaction.
  const rows = await session.query<{ present: boolean }>(
    `select exists (select from pg_attribute
       where attrelid = to_regclass('projections.retired') and attname = 'passed_by') as present`,
  );
  if (rows[0]?.present) return;
  await session.query(`begin; ${controlSchema} commit`);
}

const checkpointOfName = `select ${checkpointColumns} from projections.checkpoints where name = $1`;

export async function readCheckpoint(session: Session, name: string): Promise<Checkpoint | undefined> {
  return (await session.query<Checkpoint>(checkpointOfName, [name]))[0];
}

/** The same as one transaction sees it. */
export async function checkpointIn(tx: ProjectionTransaction, name: string): Promise<Checkpoint | undefined> {
  return (await tx.query<Checkpoint>(checkpointOfName, [name]))[0];
}

export async function readCheckpoints(session: Session): Promise<Checkpoint[]> {
  return session.query<Checkpoint>(`select ${checkpointColumns} from projections.checkpoints order by name`);
}

const shadowColumns = `name, version, position, ${eventIdColumn}, started_at as "startedAt", definition,
  passed_by as "passedBy", error_position as "errorPosition", error`;

export async function readShadow(session: Session, name: string): Promise<Shadow | undefined> {
  const rows = await session.query<Shadow>(
    `select ${shadowColumns} from projections.shadows where name = $1`,
    [name],
  );
  return rows[0];
}

export async function readShadows(session: Session): Promise<Shadow[]> {
  return session.query<Shadow>(`select ${shadowColumns} from projections.shadows order by name`);
}

/**
 * The projection's tables and its checkpoint at {@link START}, in one transaction. Call under the projection's lock.
 * @throws InvalidProjection when a schema of that name exists and was not made here: it may be the log itself.
 */
export async function createProjection(session: Session, projection: Projection, now: Date): Promise<void> {
  const schema = schemaOf(projection.name);
  await session.inTransaction(schema, async (tx) => {
    const found = await tx.query<{ mark: string | null }>(
      `select obj_description(oid, 'pg_namespace') as mark from pg_namespace where nspname = $1`,
      [schema],
    );
    if (found[0] && found[0].mark !== markOf(projection)) {
      throw new InvalidProjection(`schema ${schema} exists and is not projection ${projection.name}'s`);
    }
    // Ours, but without a checkpoint: left over from a restore in part. Its rows cannot be trusted.
    if (found[0]) await tx.query(`drop schema "${schema}" cascade`);
    await createTables(tx, projection, schema);
    await tx.query(afterRows(projection));
    await tx.query(
      `insert into projections.checkpoints (name, version, position, updated_at, status, passed_by)
       values ($1, $2, $3, $4, 'running', '{}')`,
      [projection.name, projection.version, START, now],
    );
  });
}

/** An empty `schema` with the projection's tables, without what comes after their rows, marked as made by us; `search_path` must already name it. */
export async function createTables(
  tx: ProjectionTransaction,
  projection: Projection,
  schema: string,
): Promise<void> {
  await tx.query(`create schema "${schema}"`);
  await tx.query(`comment on schema "${schema}" is '${markOf(projection)}'`);
  await tx.query(projection.schema);
  await markVersion(tx, schema, projection.version);
}

/** Where a release before has made the serving tables, and they are of this version: they say so from now on. */
export async function markServing(session: Session, { name, version }: Projection): Promise<void> {
  const schema = schemaOf(name);
  const [found] = await session.query<{ there: boolean }>('select to_regtype($1) is not null as there', [
    `"${schema}".${versionMark(version)}`,
  ]);
  if (found?.there === true) return;
  await session.inTransaction(schema, async (tx) => {
    // Nobody swaps others in while the row is held.
    const [row] = await tx.query<Pick<Checkpoint, 'version'>>(
      'select version from projections.checkpoints where name = $1 for update',
      [name],
    );
    if (row?.version === version) await markVersion(tx, schema, version);
  });
}

function markOf(projection: Projection): string {
  return `projection ${projection.name}`;
}

/**
 * Fencing. First statement of a batch, so that a second writer waits here, before it has done any work, and then
 * finds the position moved. @throws CheckpointMoved, CheckpointUnmoved
 */
export async function moveCheckpoint(
  tx: ProjectionTransaction,
  { name, version }: Projection,
  from: Pick<Checkpoint, 'generation' | 'position'>,
  to: Place,
  now: Date,
): Promise<void> {
  await fence(
    tx,
    name,
    {
      name: 'move-checkpoint',
      text: `update projections.checkpoints
             set position = $5, event_position = $5, event_id = $6, updated_at = $7
             where name = $1 and version = $2 and generation = $3 and position = $4 and status = 'running'
             returning name`,
    },
    [name, version, from.generation, from.position, to.position, to.eventId, now],
  );
}

/** The same for a rebuild's shadow tables. @throws CheckpointMoved, CheckpointUnmoved */
export async function moveShadow(
  tx: ProjectionTransaction,
  name: string,
  from: Position,
  to: Place,
  now: Date,
): Promise<void> {
  await fence(
    tx,
    name,
    {
      name: 'move-shadow',
      text: `update projections.shadows set position = $3, event_position = $3, event_id = $4, updated_at = $5
             where name = $1 and position = $2 returning name`,
    },
    [name, from, to.position, to.eventId, now],
  );
}

/** In the transaction of the batch that leaves them out; tables that are compared later are known to lack them. */
export async function notePassedBy(
  tx: ProjectionTransaction,
  name: string,
  of: 'checkpoints' | 'shadows',
  eventIds: readonly string[],
): Promise<void> {
  if (eventIds.length === 0) return;
  await tx.query(
    `update projections.${of} set passed_by = coalesce(passed_by, '{}') || $2::text[] where name = $1`,
    [name, eventIds],
  );
}

/** Whoever waits here for another's lock, and waits too long, has not come to any event yet. */
async function fence(
  tx: ProjectionTransaction,
  projectionName: string,
  move: { readonly name: string; readonly text: string },
  values: readonly unknown[],
): Promise<void> {
  const moved = await tx.query(move, values).catch((error: unknown) => {
    throw new CheckpointUnmoved(projectionName, error);
  });
  if (moved.length !== 1) throw new CheckpointMoved(projectionName);
}

/** Told after a commit to everyone who waits for the read model. */
export function noticeOf(name: string, reached: Pick<Checkpoint, 'generation' | 'position'>): Notice {
  return { channel: CHANNEL, payload: `${name} ${reached.generation} ${reached.position}` };
}

/** Hears what {@link noticeOf} tells; also what releases tell that do not know of generations. */
export async function listenToCheckpoints(
  session: Session,
  onNotice: (name: string, generation: string | null, position: Position) => void,
): Promise<void> {
  await session.listen(CHANNEL, (payload) => {
    const [name, ...rest] = payload.split(' ');
    const position = rest.at(-1);
    if (name !== undefined && position !== undefined && isPosition(position)) {
      onNotice(name, rest.length > 1 ? (rest[0] ?? null) : null, position);
    }
  });
}

/** Shows the stop to everyone: the next instance, `/health/ready`, the CLI. Does nothing when someone moved on. */
export async function recordStop(
  session: Session,
  at: Pick<Checkpoint, 'name' | 'generation' | 'position'>,
  why: { errorPosition: Position | null; error: string; errorVersion: number; now: Date },
): Promise<void> {
  const { errorPosition, errorVersion, now } = why;
  const error = why.error.slice(0, errorCharsMax);
  await session.query(
    `update projections.checkpoints
     set status = 'stopped', error_position = $4, error = $5, error_version = $6, updated_at = $7
     where name = $1 and generation = $2 and position = $3`,
    [at.name, at.generation, at.position, errorPosition, error, errorVersion, now],
  );
}

/** The same of a rebuild: whoever has it go on sees where it had come to, and why no further. */
export async function recordShadowStop(
  session: Session,
  name: string,
  { position, message }: { readonly position: Position; readonly message: string },
): Promise<void> {
  await session.query(`update projections.shadows set error_position = $2, error = $3 where name = $1`, [
    name,
    position,
    message.slice(0, errorCharsMax),
  ]);
}

export async function clearShadowStop(session: Session, name: string): Promise<void> {
  await session.query(`update projections.shadows set error_position = null, error = null where name = $1`, [
    name,
  ]);
}

/** @returns false when the projection was not stopped. */
export async function clearStop(session: Session, name: string, now: Date): Promise<boolean> {
  const rows = await session.query(
    `update projections.checkpoints
     set status = 'running', error_position = null, error = null, error_version = null, updated_at = $2
     where name = $1 and status = 'stopped' returning name`,
    [name, now],
  );
  return rows.length === 1;
}
