import type { ProjectionTransaction } from './projection.js';

/*
 * Tables say which version they are of by a type beside them, of which no column is. A query that names it is refused by PostgreSQL
 * as it is read, before any row is, where the tables are of another version: it costs a look into the catalogue, no round trip,
 * and nobody has to know beforehand what is swapped in when. It moves with its schema, also into retirement and back. Tables of releases
 * before have none; whoever fills them gives it to them.
 */

/** The name of the type by which tables say that they are of a version. */
export const versionMark = (version: number): string => `version_${version}`;

/** Leaves one that is there. Whoever calls it knows of what version the tables in `schema` are, and that they stay so meanwhile. */
export async function markVersion(tx: ProjectionTransaction, schema: string, version: number): Promise<void> {
  const mark = `"${schema}".${versionMark(version)}`;
  await tx.query(
    `do $$ begin if to_regtype('${mark}') is null then create domain ${mark} as boolean; end if; end $$`,
  );
}
