import { Buffer } from 'node:buffer';
import type { Projection, ProjectionTransaction, StoredRebuild } from '@shaoying/projections';
import { edgeTiles, GrowingTiles, type Tile } from '../tree/tiles.js';
import { TreeHasher, type TreeAlgorithm } from '../tree/tree-hash.js';
import { copyPlaces, placeRows } from './place-rows.js';
import { leafOfEvent, leafOfRecord, type TreeLeaf } from './tree-leaf.js';

/*
 * The tree over the whole log. Its hashes lie in tiles of 256 (docs/formats/audit.md, c2sp.org/tlog-tiles): a proof at five million
 * leaves reads six rows by key, and a build writes 1/256 of a row per event. EXTERNAL: hashes do not compress, and trying
 * costs more than all the rest of the write.
 *
 * `leaf_places` is the one row per event: proofs are asked for by event id, and only the tree knows the index of a leaf
 * where positions have gaps. Its index is not unique: an id that stands twice in a log is for `shaoying verify` to tell,
 * not for the tree to stop at.
 *
 * Not done: hashes of every level in rows of their own, which makes proofs of plain look-ups, and was the same 2 · 32
 * bytes per event in 2 rows of 60 bytes of overhead each.
 */
const schema = `
create table tree (
  one boolean primary key default true check (one),
  algorithm text not null,
  size bigint not null
);
create table tiles (
  level smallint not null,
  index bigint not null,
  hashes bytea storage external not null,
  primary key (level, index)
);
create table leaf_places (
  event_id uuid not null,
  leaf_index bigint not null,
  position bigint not null
);
create table checkpoints (
  revision int primary key,
  leaf_index bigint not null,
  size bigint not null,
  root text collate "C" not null,
  algorithm text not null,
  origin text collate "C" not null,
  note text not null,
  keys text[] not null,
  recorded_at timestamptz(3) not null
);
create index on checkpoints (size);
`;
// Of random ids: kept while rows come in their order it costs as much as all the rest.
const indexes = 'create index if not exists leaf_places_event_id_idx on leaf_places (event_id)';

export const auditTreeName = 'audit-tree';

/**
 * Nobody waits for the tree but the signer, who looks once a second, and a batch costs about a millisecond of processor time
 * before its first event: under load it takes the events of 390 ms at once, the longest that `BatchPace` comes to.
 */
const longestIntervalMs = 390;

/** Thrown when the tables hold a tree of the other algorithm. */
export class OtherAlgorithm extends Error {
  readonly code = 'OTHER_TREE_ALGORITHM';
}

/** Every event is a leaf, in the order of the log; checkpoints too. */
export function auditTree(algorithm: TreeAlgorithm): Projection {
  const hasher = new TreeHasher(algorithm);
  const stored: StoredRebuild<TreeLeaf> = {
    take: (record) => leafOfRecord(hasher, record),
    apply: (leaves, tx) => append(hasher, leaves, tx),
  };
  return {
    name: auditTreeName,
    version: 1,
    schema,
    indexes,
    eventTypes: [],
    alsoHandles: () => true,
    longestIntervalMs,
    stored,
    apply: (events, tx) =>
      append(
        hasher,
        events.map((event) => leafOfEvent(hasher, event)),
        tx,
      ),
  };
}

async function append(
  hasher: TreeHasher,
  leaves: readonly TreeLeaf[],
  tx: ProjectionTransaction,
): Promise<void> {
  const size = await sizeOf(tx, hasher.algorithm);
  const tiles = new GrowingTiles(hasher, size, await edgeOf(tx, size));
  // Under way while nodes are hashed, and the next leaves read: PostgreSQL needs as long for these rows as Node for all of that.
  const placed = tx.copy(copyPlaces, placeRows(size, leaves));
  // Heard below; until then a failure must not count as nobody's.
  placed.catch(() => undefined);
  for (const { hash } of leaves) tiles.append(hash);
  await placed;
  await insertCheckpoints(tx, size, leaves);
  await writeTiles(tx, tiles.changed());
  await tx.query('update tree set size = $1', [tiles.size]);
}

/** @throws OtherAlgorithm */
async function sizeOf(tx: ProjectionTransaction, algorithm: TreeAlgorithm): Promise<number> {
  const [tree] = await tx.query<{ algorithm: string; size: string }>('select algorithm, size from tree');
  if (!tree) {
    await tx.query('insert into tree (algorithm, size) values ($1, 0)', [algorithm]);
    return 0;
  }
  if (tree.algorithm === algorithm) return Number(tree.size);
  throw new OtherAlgorithm(
    `the tree is one of ${tree.algorithm}, this process makes one of ${algorithm}: set AUDIT_HASH, or rebuild ${auditTreeName}`,
  );
}

async function edgeOf(tx: ProjectionTransaction, size: number): Promise<Tile[]> {
  const names = edgeTiles(size);
  if (names.length === 0) return [];
  return tx.query<Tile>(
    `select t.level, t.index::int8::float8 as index, t.hashes
       from unnest($1::smallint[], $2::bigint[]) as n (level, index)
       join tiles t on t.level = n.level and t.index = n.index`,
    [names.map(({ level }) => level), names.map(({ index }) => index)],
  );
}

/** An array as PostgreSQL reads it, of what needs no quotes: pg would look for some in each. */
const plainArray = (values: readonly string[]): string => `{${values.join(',')}}`;

async function insertCheckpoints(
  tx: ProjectionTransaction,
  size: number,
  leaves: readonly TreeLeaf[],
): Promise<void> {
  for (const [offset, { checkpoint }] of leaves.entries()) {
    if (!checkpoint) continue;
    const { revision, recordedAt } = checkpoint;
    const { size: signedSize, root, algorithm, origin, note, keys } = checkpoint.signed;
    await tx.query(
      `insert into checkpoints (revision, leaf_index, size, root, algorithm, origin, note, keys, recorded_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
      [revision, size + offset, signedSize, root, algorithm, origin, note, keys, recordedAt],
    );
  }
}

async function writeTiles(tx: ProjectionTransaction, tiles: readonly Tile[]): Promise<void> {
  await tx.query(
    `insert into tiles (level, index, hashes) select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
     on conflict (level, index) do update set hashes = excluded.hashes`,
    [
      tiles.map(({ level }) => level),
      tiles.map(({ index }) => index),
      // As text: for an array of buffers pg writes the same, slower.
      plainArray(tiles.map(({ hashes }) => `"\\\\x${Buffer.from(hashes).toString('hex')}"`)),
    ],
  );
}
