import type { Buffer } from 'node:buffer';
import { auditTreeName } from './audit-tree.projection.js';
import {
  consistencyRanges,
  inclusionRanges,
  nodesOf,
  type LeafRange,
  type TreeNode,
} from '../tree/tree-shape.js';
import { rangeHash } from '../tree/tree-proofs.js';
import {
  edgeTiles,
  hashFromTiles,
  tileKey,
  tileLevels,
  tileLevelsOf,
  tilesOf,
  type Tile,
} from '../tree/tiles.js';
import { TREE_ALGORITHMS, TreeHasher, type TreeAlgorithm } from '../tree/tree-hash.js';

/** What a query needs of a connection pool. */
export interface TreeReader {
  query<Row>(text: string | PreparedText, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** Planned once in a connection: for what a proof asks, planning takes longer than finding six rows by key. */
interface PreparedText {
  readonly name: string;
  readonly text: string;
}

const placesByEventId: PreparedText = {
  name: 'audit-tree.places',
  text: `select event_id::text as "eventId", leaf_index::float8 as index, position::text as position
    from audit_tree.leaf_places where event_id = any ($1::uuid[]) order by leaf_index`,
};
const tilesByName: PreparedText = {
  name: 'audit-tree.tiles',
  text: `select t.level, t.index::float8 as index, t.hashes
    from unnest($1::smallint[], $2::bigint[]) as n (level, index)
   cross join lateral (
     select * from audit_tree.tiles t where t.level = n.level and t.index = n.index offset 0
   ) t`,
};

/**
 * Where an event is, with all tiles of its path and those at the edge of a tree of some size: a proof in one question. Each of
 * several would wait for its turn on a busy machine, which is what the slowest proofs consist of.
 */
const pathByEventId: PreparedText = {
  name: 'audit-tree.path',
  text: `select p.leaf_index::float8 as leaf, p.position::text as position, t.level, t.index::float8 as index, t.hashes
    from (
      select leaf_index, position from audit_tree.leaf_places where event_id = $1::uuid order by leaf_index limit 1
    ) p
    left join lateral (
      select t.* from (
        select level::smallint, p.leaf_index >> (${tileLevels} * (level + 1)) from generate_series(0, $2::int - 1) as level
        union select * from unnest($3::smallint[], $4::bigint[])
      ) n (level, index)
      cross join lateral (
        select * from audit_tree.tiles t where t.level = n.level and t.index = n.index offset 0
      ) t
    ) t on true`,
};
const checkpointColumns = `revision, leaf_index::float8 as "leafIndex", size::float8 as size, root, algorithm, origin, note, keys,
  recorded_at as "recordedAt"`;
const lastCheckpoint: PreparedText = {
  name: 'audit-tree.last-checkpoint',
  text: `select ${checkpointColumns} from audit_tree.checkpoints order by revision desc limit 1`,
};

export interface TreeState {
  readonly size: number;
  readonly algorithm: TreeAlgorithm;
}

/** Where an event is: its leaf, and the log's own name for the place. */
export interface LeafPlace {
  readonly index: number;
  readonly position: string;
}

/** An event's place, and its inclusion proof in a tree; null where that does not have it. */
export interface ProvenPlace {
  readonly place: LeafPlace;
  readonly proof: Uint8Array[] | null;
}

/** A checkpoint as the log has it. */
export interface LoggedCheckpoint {
  readonly revision: number;
  /** Of the event that it is. */
  readonly leafIndex: number;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  readonly algorithm: TreeAlgorithm;
  readonly origin: string;
  readonly note: string;
  readonly keys: readonly string[];
  readonly recordedAt: Date;
}

/** Proofs and checkpoints from the tree's tables. Every method throws what the reader throws. */
export class AuditTreeQuery {
  constructor(private readonly reader: TreeReader) {}

  /** Null before the first event is in it. */
  async state(): Promise<TreeState | null> {
    const { rows } = await this.reader.query<{ size: number; algorithm: string }>(
      'select size::float8 as size, algorithm from audit_tree.tree',
    );
    const [row] = rows;
    const algorithm = TREE_ALGORITHMS.find((known) => known === row?.algorithm);
    return row && algorithm ? { size: row.size, algorithm } : null;
  }

  /** Of events by id; several where an id stands in the log more than once, none where the tree does not have it yet. */
  async placesOf(eventIds: readonly string[]): Promise<(LeafPlace & { readonly eventId: string })[]> {
    const { rows } = await this.reader.query<LeafPlace & { eventId: string }>(placesByEventId, [
      [...eventIds],
    ]);
    return rows;
  }

  /** Of the event's first leaf, in the tree of the first `size` leaves; null where no leaf is its. @throws OutsideTree */
  async inclusionOf(eventId: string, size: number, algorithm: TreeAlgorithm): Promise<ProvenPlace | null> {
    const edge = edgeTiles(size);
    const { rows } = await this.reader.query<PathRow>(pathByEventId, [
      ...[eventId, tileLevelsOf(size), edge.map(({ level }) => level), edge.map(({ index }) => index)],
    ]);
    const [first] = rows;
    if (!first) return null;
    const place = { index: first.leaf, position: first.position };
    if (place.index >= size) return { place, proof: null };
    // Without any tile there is one row all the same.
    const tiles = rows.flatMap(({ level, index, hashes }) =>
      hashes === null ? [] : [{ level, index, hashes }],
    );
    return { place, proof: rangeHashes(algorithm, tiles, inclusionRanges(place.index, size)) };
  }

  /** Of the first `size` leaves. @throws OutsideTree */
  async root(size: number, algorithm: TreeAlgorithm): Promise<Uint8Array> {
    const [root] = await this.hashes(algorithm, [{ from: 0, to: size }]);
    return root as Uint8Array;
  }

  /** @throws OutsideTree */
  inclusionProof(index: number, size: number, algorithm: TreeAlgorithm): Promise<Uint8Array[]> {
    return this.hashes(algorithm, inclusionRanges(index, size));
  }

  /** @throws OutsideTree */
  consistencyProof(from: number, to: number, algorithm: TreeAlgorithm): Promise<Uint8Array[]> {
    return this.hashes(algorithm, consistencyRanges(from, to));
  }

  /** The last one that the log has. */
  async lastCheckpoint(): Promise<LoggedCheckpoint | null> {
    const { rows } = await this.reader.query<LoggedCheckpoint>(lastCheckpoint);
    return rows[0] ?? null;
  }

  /** Of one origin, over more than `size` leaves, smallest first. */
  async checkpointsOver(origin: string, size: number, limit: number): Promise<LoggedCheckpoint[]> {
    const { rows } = await this.reader.query<LoggedCheckpoint>(
      `select ${checkpointColumns} from audit_tree.checkpoints
        where size > $2 and origin = $1 order by size, revision limit $3`,
      [origin, size, limit],
    );
    return rows;
  }

  /** How far in the log the tree is; null before it has been made. */
  async position(): Promise<string | null> {
    const { rows } = await this.reader.query<{ position: string }>(
      'select position::text as position from projections.checkpoints where name = $1',
      [auditTreeName],
    );
    return rows[0]?.position ?? null;
  }

  /** Keys that have signed, as the log names them, in the order in which they first did. */
  async keys(): Promise<string[]> {
    const { rows } = await this.reader.query<{ key: string }>(
      `select key from audit_tree.checkpoints, unnest(keys) as key group by key order by min(revision), key limit 1000`,
    );
    return rows.map(({ key }) => key);
  }

  /** The first one that covers a leaf; null while none does. */
  async firstCheckpointOver(leafIndex: number): Promise<LoggedCheckpoint | null> {
    const { rows } = await this.reader.query<LoggedCheckpoint>(
      `select ${checkpointColumns} from audit_tree.checkpoints where size > $1 order by size, revision limit 1`,
      [leafIndex],
    );
    return rows[0] ?? null;
  }

  private async hashes(algorithm: TreeAlgorithm, ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
    return rangeHashes(algorithm, await this.tiles(ranges.flatMap(nodesOf)), ranges);
  }

  private async tiles(nodes: readonly TreeNode[]): Promise<Tile[]> {
    const names = tilesOf(nodes);
    const { rows } = await this.reader.query<Tile>(tilesByName, [
      names.map(({ level }) => level),
      names.map(({ index }) => index),
    ]);
    return rows;
  }
}

interface PathRow {
  readonly leaf: number;
  readonly position: string;
  readonly level: number;
  readonly index: number;
  readonly hashes: Buffer | null;
}

function rangeHashes(
  algorithm: TreeAlgorithm,
  tiles: readonly Tile[],
  ranges: readonly LeafRange[],
): Uint8Array[] {
  const hasher = new TreeHasher(algorithm);
  const byName = new Map(tiles.map((tile) => [tileKey(tile), tile.hashes]));
  return ranges.map((range) => rangeHash(hasher, range, (node) => hashFromTiles(hasher, byName, node)));
}
