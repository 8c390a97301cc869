// Inclusion proofs in a generated tree: its leaves are hashes of numbers, not of events, and its tables are filled directly,
// since writing five million events first would take longer than all the rest. The tables and the queries are the server's.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { auditTree, GrowingTiles, TreeHasher } from '@shaoying/audit';
import { say } from '../command-line.mjs';
import { figure } from '../report.mjs';
import { leafHash } from './generated-leaf.mjs';

const atOnce = 100_000;

async function writeTiles(pool, tiles) {
  await pool.query(
    `insert into audit_tree.tiles (level, index, hashes) select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
     on conflict (level, index) do update set hashes = excluded.hashes`,
    [tiles.map(({ level }) => level), tiles.map(({ index }) => index), tiles.map(({ hashes }) => hashes)],
  );
}

/** Fills `audit_tree` in an empty database with a tree of so many leaves. */
async function generate(pool, leaves) {
  const { schema, indexes } = auditTree('sha256');
  await pool.query(
    `create schema audit_tree; set search_path to audit_tree; ${schema}; ${indexes}; reset search_path`,
  );
  const hasher = new TreeHasher();
  const edge = new Map();
  for (let from = 0; from < leaves; from += atOnce) {
    const count = Math.min(atOnce, leaves - from);
    const part = new GrowingTiles(hasher, from, [...edge.values()]);
    for (let at = 0; at < count; at += 1) part.append(leafHash(from + at));
    const changed = part.changed();
    for (const tile of changed) edge.set(tile.level, tile);
    await writeTiles(pool, changed);
    await pool.query(
      `insert into audit_tree.leaf_places
       select md5(n::text)::uuid, n, n + 1 from generate_series($1::bigint, $2::bigint) n`,
      [from, from + count - 1],
    );
    say(`  ${figure(from + count)} of ${figure(leaves)} leaves generated`);
  }
  await pool.query(`insert into audit_tree.tree (algorithm, size) values ('sha256', ${leaves})`);
  await pool.query('vacuum analyze audit_tree.leaf_places, audit_tree.tiles');
  // What has just been written still goes to disk otherwise, and the proofs would wait for it.
  await pool.query('checkpoint');
}

const asking = fileURLToPath(new URL('./proofs.thread.mjs', import.meta.url));

/**
 * From the id of an event to its proof, one after another, each checked; a tenth as many before them warm up, and do not count.
 * @param pool of the database that `url` names
 * @returns milliseconds of each, sorted
 */
export async function proofTimes(pool, url, leaves, proofs) {
  await generate(pool, leaves);
  // What the thread fails in is an `error`, which this rejects with.
  const [tookMs] = await once(new Worker(asking, { workerData: { url, leaves, proofs } }), 'message');
  return tookMs.sort((a, b) => a - b);
}
