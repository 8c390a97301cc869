import type { Session } from './session.js';

/** Held by the process that fills the serving tables. */
export const lockName = (projectionName: string): string => `projections/${projectionName}`;

/** Held by whoever rebuilds, exchanges or drops tables beside them. */
export const rebuildLockName = (projectionName: string): string => `projections/${projectionName}/rebuild`;

/** Those of the projections that some process is active for. */
export async function heldLocks(session: Session, names: readonly string[]): Promise<Set<string>> {
  const rows = await session.query<{ name: string }>(
    `select n.name from unnest($1::text[], $2::text[]) as n (name, lock)
     where exists (
       select from pg_locks l
       where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
         and l.database = (select oid from pg_database where datname = current_database())
         and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(n.lock, 0))`,
    [names, names.map(lockName)],
  );
  return new Set(rows.map((row) => row.name));
}

export const isHeld = async (session: Session, name: string): Promise<boolean> =>
  (await heldLocks(session, [name])).has(name);
