import type { Position } from '@shaoying/event-store';
import { type Place, noticeOf } from './checkpoints.js';
import { type ProjectionTransaction, schemaOf } from './projection.js';
import { NothingRetired } from './projections.errors.js';
import type { Session } from './session.js';

/*
 * The tables that a swap has replaced stay for a while, with the checkpoint they had: whoever finds the new ones wrong has
 * the old ones back in one transaction, and they go on from where they were.
 */

/** Tables that served until they were replaced. */
export interface Retired extends Place {
  readonly name: string;
  readonly version: number;
  readonly retiredAt: Date;
}

/** Tables that serve now, as those who wait for them are told. */
interface Serving {
  readonly version: number;
  readonly generation: string;
  readonly position: Position;
}

const retiredColumns = `name, version, position, case when event_position = position then event_id end as "eventId",
  retired_at as "retiredAt"`;

export const retiredSchemaOf = (projectionName: string): string => `${schemaOf(projectionName)}__retired`;

export async function readRetired(session: Session): Promise<Retired[]> {
  return session.query<Retired>(`select ${retiredColumns} from projections.retired order by name`);
}

/** The serving tables and their checkpoint make room; those that were kept before are dropped. In the swap's transaction. */
export async function retire(tx: ProjectionTransaction, name: string, now: Date): Promise<void> {
  await dropKept(tx, name);
  await tx.query(`alter schema "${schemaOf(name)}" rename to "${retiredSchemaOf(name)}"`);
  await tx.query(
    `insert into projections.retired (name, version, position, event_position, event_id, passed_by, retired_at)
     select name, version, position, event_position, event_id, passed_by, $2
     from projections.checkpoints where name = $1`,
    [name, now],
  );
}

async function dropKept(tx: ProjectionTransaction, name: string): Promise<void> {
  await tx.query(`drop schema if exists "${retiredSchemaOf(name)}" cascade`);
  await tx.query('delete from projections.retired where name = $1', [name]);
}

/**
 * Has the tables that were replaced last serve again, and keeps the others in their place: done twice, nothing has
 * changed. Readers follow by the new generation. Call under the lock of rebuilds.
 * @returns what serves now @throws NothingRetired
 */
export async function rollBack(session: Session, name: string, now: Date): Promise<Serving> {
  const [live, kept, between] = [schemaOf(name), retiredSchemaOf(name), `${schemaOf(name)}__shadow`];
  return session.inTransaction(
    live,
    async (tx) => {
      // Holds up every writer until the tables are exchanged.
      const [serving] = await tx.query(
        'select name from projections.checkpoints where name = $1 for update',
        [name],
      );
      const [retired] = await tx.query<Retired>(
        `select ${retiredColumns} from projections.retired where name = $1`,
        [name],
      );
      if (serving === undefined || retired === undefined) throw new NothingRetired(name);
      // A rebuild that was left in the middle is begun anew.
      await tx.query(`drop schema if exists "${between}" cascade`);
      await tx.query('delete from projections.shadows where name = $1', [name]);
      await tx.query(`alter schema "${live}" rename to "${between}"`);
      await tx.query(`alter schema "${kept}" rename to "${live}"`);
      await tx.query(`alter schema "${between}" rename to "${kept}"`);
      const [made] = await tx.query<Serving>(
        `with put_away as (
           update projections.retired r
           set version = c.version, position = c.position, event_position = c.event_position, event_id = c.event_id,
             passed_by = c.passed_by, retired_at = $2
           from projections.checkpoints c where c.name = $1 and r.name = $1
         )
         update projections.checkpoints c
         set version = r.version, position = r.position, event_position = r.event_position, event_id = r.event_id,
           passed_by = r.passed_by, generation = gen_random_uuid(), updated_at = $2, status = 'running',
           error_position = null, error = null, error_version = null
         from projections.retired r where r.name = $1 and c.name = $1
         returning c.version, c.generation, c.position`,
        [name, now],
      );
      return made as Serving;
    },
    (made) => noticeOf(name, made),
  );
}

/**
 * Drops the tables that were replaced before an instant. Call under the lock of rebuilds.
 * @returns false when there were none
 */
export async function dropRetired(session: Session, name: string, before: Date): Promise<boolean> {
  return session.inTransaction(schemaOf(name), async (tx) => {
    const [kept] = await tx.query(
      'select name from projections.retired where name = $1 and retired_at <= $2',
      [name, before],
    );
    if (kept !== undefined) await dropKept(tx, name);
    return kept !== undefined;
  });
}
