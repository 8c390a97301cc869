import { type Position, START } from '@shaoying/event-store';
import { type Projection, type ProjectionTransaction, schemaOf } from './projection.js';
import { CheckpointMoved, InvalidProjection } from './projections.errors.js';
import type { Session } from './session.js';

/** The channel on which `<name> <position>` is told after each commit. */
export const CHANNEL = 'projections';

/** Kept for people; the full stack is in the log. */
const errorCharsMax = 2_000;

/**
 * Design: one row per projection, updated by every batch in the batch's own transaction, so rows and checkpoint can
 * never disagree. `position` is text because positions are opaque; it is only ever compared for equality here.
 * fillfactor 10: the row is rewritten all day, and stays a HOT update within one page that way.
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
`;

export interface Checkpoint {
  readonly name: string;
  readonly version: number;
  readonly position: Position;
  readonly updatedAt: Date;
  readonly status: 'running' | 'stopped';
  readonly errorPosition: Position | null;
  readonly error: string | null;
}

export interface Shadow {
  readonly name: string;
  readonly version: number;
  readonly position: Position;
  readonly startedAt: Date;
}

const checkpointColumns =
  'name, version, position, updated_at as "updatedAt", status, error_position as "errorPosition", error';

/** Safe to call from several processes at once. */
export async function ensureControlSchema(session: Session): Promise<void> {
  const rows = await session.query<{ present: boolean }>(
    `select to_regclass('projections.shadows') is not null as present`,
  );
  if (rows[0]?.present) return;
  await session.query(`begin; ${controlSchema} commit`);
}

export async function readCheckpoint(session: Session, name: string): Promise<Checkpoint | undefined> {
  const rows = await session.query<Checkpoint>(
    `select ${checkpointColumns} from projections.checkpoints where name = $1`,
    [name],
  );
  return rows[0];
}

export async function readCheckpoints(session: Session): Promise<Checkpoint[]> {
  return session.query<Checkpoint>(`select ${checkpointColumns} from projections.checkpoints order by name`);
}

export async function readShadows(session: Session): Promise<Shadow[]> {
  return session.query<Shadow>(
    'select name, version, position, started_at as "startedAt" from projections.shadows order by name',
  );
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
    await tx.query(
      `insert into projections.checkpoints (name, version, position, updated_at, status)
       values ($1, $2, $3, $4, 'running')`,
      [projection.name, projection.version, START, now],
    );
  });
}

/** An empty `schema` with the projection's tables, marked as made by us; `search_path` must already name it. */
export async function createTables(
  tx: ProjectionTransaction,
  projection: Projection,
  schema: string,
): Promise<void> {
  await tx.query(`create schema "${schema}"`);
  await tx.query(`comment on schema "${schema}" is '${markOf(projection)}'`);
  await tx.query(projection.schema);
}

function markOf(projection: Projection): string {
  return `projection ${projection.name}`;
}

/**
 * Fencing. First statement of a batch, so that a second writer waits here, before it has done any work, and then
 * finds the position moved. @throws CheckpointMoved
 */
export async function moveCheckpoint(
  tx: ProjectionTransaction,
  projection: Projection,
  from: Position,
  to: Position,
  now: Date,
): Promise<void> {
  const moved = await tx.query(
    {
      name: 'move-checkpoint',
      text: `update projections.checkpoints set position = $4, updated_at = $5
             where name = $1 and version = $2 and position = $3 and status = 'running' returning name`,
    },
    [projection.name, projection.version, from, to, now],
  );
  if (moved.length !== 1) throw new CheckpointMoved(projection.name);
}

/** Shows the stop to everyone: the next instance, `/health/ready`, the CLI. Does nothing when someone moved on. */
export async function recordStop(
  session: Session,
  stop: { name: string; at: Position; errorPosition: Position | null; error: string; now: Date },
): Promise<void> {
  await session.query(
    `update projections.checkpoints set status = 'stopped', error_position = $3, error = $4, updated_at = $5
     where name = $1 and position = $2`,
    [stop.name, stop.at, stop.errorPosition, stop.error.slice(0, errorCharsMax), stop.now],
  );
}

/** @returns false when the projection was not stopped. */
export async function clearStop(session: Session, name: string, now: Date): Promise<boolean> {
  const rows = await session.query(
    `update projections.checkpoints set status = 'running', error_position = null, error = null, updated_at = $2
     where name = $1 and status = 'stopped' returning name`,
    [name, now],
  );
  return rows.length === 1;
}
