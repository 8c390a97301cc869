import { Buffer } from 'node:buffer';
import { HASH_BYTES, type TreeAlgorithm } from '../tree/tree-hash.js';
import { TILE_HASHES } from '../tree/tiles.js';
import { AuditTreeQuery, type TreeReader } from '../log-tree/audit-tree.query.js';
import type { KnownLeaves } from './verify.source.js';

/** The leaves in the tables of the projection. They prove nothing, and say where to look. */
export class TreeLeaves implements KnownLeaves {
  private constructor(
    private readonly reader: TreeReader,
    readonly size: number,
    readonly algorithm: TreeAlgorithm,
  ) {}

  /** As large as the tree is now; null where there is none. @throws what the reader throws */
  static async open(reader: TreeReader): Promise<TreeLeaves | null> {
    const state = await new AuditTreeQuery(reader).state();
    return state && new TreeLeaves(reader, state.size, state.algorithm);
  }

  async hashes(from: number, count: number): Promise<Buffer> {
    const to = Math.min(from + count, this.size);
    if (to <= from) return Buffer.alloc(0);
    const [first, last] = [Math.floor(from / TILE_HASHES), Math.floor((to - 1) / TILE_HASHES)];
    const { rows } = await this.reader.query<{ hashes: Buffer }>(
      'select hashes from audit_tree.tiles where level = 0 and index between $1 and $2 order by index',
      [first, last],
    );
    const start = (from - first * TILE_HASHES) * HASH_BYTES;
    return Buffer.concat(rows.map(({ hashes }) => hashes)).subarray(start, start + (to - from) * HASH_BYTES);
  }

  async eventAt(index: number): Promise<{ eventId: string; position: string } | null> {
    // Along the whole table, once in a verification, for the sentence that ends it.
    const { rows } = await this.reader.query<{ eventId: string; position: string }>(
      `select event_id::text as "eventId", position::text as position
         from audit_tree.leaf_places where leaf_index = $1 limit 1`,
      [index],
    );
    return rows[0] ?? null;
  }

  async indexOf(eventId: string): Promise<number | null> {
    if (!/^[0-9a-f-]{36}$/.test(eventId)) return null;
    const [place] = await new AuditTreeQuery(this.reader).placesOf([eventId]);
    return place?.index ?? null;
  }
}
