import { Buffer } from 'node:buffer';
import type { Projection, ProjectionTransaction, StoredRebuild } from '@shaoying/projections';
import { GrowingTiles, TILE_HASHES, TILE_LEVELS_MAX, tileLevels, type Tile } from '../tree/tiles.js';
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
  hashes bytea not null,
  primary key (level, index)
);
-- Said behind the table: within it only PostgreSQL 16 and newer understand that.
alter table tiles alter column hashes set storage external;
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
    madeBy: algorithm,
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
  given: readonly TreeLeaf[],
  tx: ProjectionTransaction,
): Promise<void> {
  const { size, edge, isKnown } = await treeIn(tx, hasher.algorithm, given[0]);
  const leaves = isKnown ? await unplaced(tx, given) : given;
  if (leaves.length === 0) return;
  const tiles = new GrowingTiles(hasher, size, edge);
  // Under way while nodes are hashed, and the next leaves read: PostgreSQL needs as long for these rows as Node for all of that.
  const placed = tx.copy(copyPlaces, placeRows(size, leaves));
  // Heard below; until then a failure must not count as nobody's.
  placed.catch(() => undefined);
  for (const { hash } of leaves) tiles.append(hash);
  await placed;
  await insertCheckpoints(tx, size, leaves);
  await writeTree(tx, tiles.size, tiles.changed());
}

/**
 * With the tiles at its edge that are not full, those of {@link edgeTiles}, and whether a leaf is there: one question, since
 * each waits for its turn. As long as the index of places is not made, in a rebuild or a replay, nothing comes twice: rows
 * and place are written together there, and nobody restores them.
 */
const treeWithEdge = {
  name: 'tree-with-edge-and-leaf',
  text: `select r.algorithm, r.size::float8 as size, r.is_known as "isKnown", t.level, t.index::float8 as index, t.hashes
  from (
    select algorithm, size, case when to_regclass('leaf_places_event_id_idx') is null then false
      else exists (select from leaf_places p where p.event_id = $1::uuid and p.position = $2::bigint) end as is_known
    from tree
  ) r left join lateral (
    select t.* from generate_series(0, ${TILE_LEVELS_MAX - 1}) as l (level)
    cross join lateral (
      select * from tiles t where t.level = l.level and t.index = r.size >> (${tileLevels} * (l.level + 1)) offset 0
    ) t
    where (r.size >> (${tileLevels} * l.level)) % ${TILE_HASHES} > 0
  ) t on true`,
};

interface EdgeRow extends Omit<Tile, 'hashes'> {
  readonly algorithm: string;
  readonly size: number;
  readonly hashes: Buffer | null;
  readonly isKnown: boolean;
}

/** Begun where there is none. @throws OtherAlgorithm */
async function treeIn(
  tx: ProjectionTransaction,
  algorithm: TreeAlgorithm,
  first: TreeLeaf | undefined,
): Promise<{ size: number; edge: Tile[]; isKnown: boolean }> {
  const rows = await tx.query<EdgeRow>(treeWithEdge, [first?.eventId, first?.position]);
  const [tree] = rows;
  if (!tree) {
    await tx.query('insert into tree (algorithm, size) values ($1, 0)', [algorithm]);
    return { size: 0, edge: [], isKnown: false };
  }
  if (tree.algorithm !== algorithm) {
    throw new OtherAlgorithm(
      `the tree is one of ${tree.algorithm}, this process makes one of ${algorithm}: set AUDIT_HASH, or rebuild ${auditTreeName}`,
    );
  }
  // Without any tile there is one row all the same.
  const edge = rows.flatMap(({ level, index, hashes }) =>
    hashes === null ? [] : [{ level, index, hashes }],
  );
  return { size: tree.size, edge, isKnown: tree.isKnown };
}

/**
 * Leaves that are not in the tree yet. Events come in the order of the log, so that some of a batch were there before only
 * where its first was: after a checkpoint restored from an older copy.
 */
async function unplaced(
  tx: ProjectionTransaction,
  leaves: readonly TreeLeaf[],
): Promise<readonly TreeLeaf[]> {
  const rows = await tx.query<{ place: string }>(
    `select event_id || ' ' || position as place from leaf_places where event_id = any($1::uuid[])`,
    [leaves.map(({ eventId }) => eventId)],
  );
  const placed = new Set(rows.map(({ place }) => place));
  return leaves.filter(({ eventId, position }) => !placed.has(`${eventId.toLowerCase()} ${position}`));
}

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

const tilesAndSize = `with written as (
    insert into tiles (level, index, hashes)
    select level, index, substr($1::bytea, 1 + from_byte, bytes)
      from unnest($2::smallint[], $3::bigint[], $4::int[], $5::int[]) as t (level, index, from_byte, bytes)
    on conflict (level, index) do update set hashes = excluded.hashes
  )
  update tree set size = $6`;

/** The hashes of all tiles as one value: pg sends it as it is, and would write each of an array as text. */
async function writeTree(tx: ProjectionTransaction, size: number, tiles: readonly Tile[]): Promise<void> {
  const lengths = tiles.map(({ hashes }) => hashes.length);
  let bytes = 0;
  const from = lengths.map((length) => (bytes += length) - length);
  const [levels, indexes] = [tiles.map(({ level }) => level), tiles.map(({ index }) => index)];
  const hashes = Buffer.concat(tiles.map((tile) => tile.hashes));
  await tx.query(tilesAndSize, [hashes, levels, indexes, from, lengths, size]);
}
