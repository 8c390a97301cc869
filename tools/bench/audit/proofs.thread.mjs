// The thread that asks for proofs of a generated tree, with a heap of its own: whoever has made five million leaves sweeps them up
// for some seconds, as no server does. Posts the milliseconds of each.
import { hash, randomInt } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { AuditTreeQuery, isIncluded, TreeHasher } from '@shaoying/audit';
import { Pool } from 'pg';
import { leafHash } from './generated-leaf.mjs';

const { url, leaves, proofs } = workerData;
const pool = new Pool({ connectionString: url, max: 1 });
// Its connection may still be ending when the database is dropped.
pool.on('error', () => undefined);
const tree = new AuditTreeQuery(pool);
const hasher = new TreeHasher();
const root = await tree.root(leaves, 'sha256');
const tookMs = [];
for (let nth = -Math.ceil(proofs / 10); nth < proofs; nth += 1) {
  const wanted = randomInt(leaves);
  const eventId = hash('md5', String(wanted)).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const startedMs = performance.now();
  const { proof } = await tree.inclusionOf(eventId, leaves, 'sha256');
  if (nth >= 0) tookMs.push(performance.now() - startedMs);
  if (!isIncluded(hasher, { index: wanted, size: leaves, leafHash: leafHash(wanted), proof, root })) {
    throw new Error(`the proof of leaf ${wanted} does not hold`);
  }
}
await pool.end();
parentPort.postMessage(tookMs);
