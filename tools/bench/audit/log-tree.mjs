// The tree over a generated log: built as the server builds it, and verified as `shaoying verify` does.
import {
  auditTree,
  auditTreeName,
  AuditTreeQuery,
  CheckpointSigner,
  LogSource,
  noteSigner,
  TreeLeaves,
  verifyLog,
} from '@shaoying/audit';
import { systemClock } from '@shaoying/config';
import { ProjectionEngine } from '@shaoying/projections';
import { hash } from 'node:crypto';
import { Client, Query } from 'pg';
import { say } from '../command-line.mjs';
import { figure } from '../report.mjs';

const quiet = {
  info: () => undefined,
  warn: () => undefined,
  error: (fields, text) => say(`${text} ${JSON.stringify(fields)}`),
};

const pageEvents = 5_000;

/**
 * What nothing can be faster than that reads the log and hashes it: the rows of the same cursor, one SHA-256 of each as it comes;
 * no leaf is made, no tree, nothing is written. @returns events a second
 */
export async function readAndHash(url) {
  const client = new Client({ connectionString: url, application_name: 'shaoying bench ceiling' });
  await client.connect();
  const startedMs = performance.now();
  let [after, events] = [0, 0];
  try {
    for (let more = true; more; after += pageEvents) {
      const copy = new HashedCopy(`copy (select ${columns} from log.events
        where position > ${after} order by position limit ${pageEvents}) to stdout (format binary)`);
      client.query(copy);
      await copy.done;
      events += copy.count;
      more = copy.count >= pageEvents;
    }
  } finally {
    await client.end();
  }
  return (events * 1_000) / (performance.now() - startedMs);
}

const columns =
  'position, event_id, revision, schema_version, occurred_at, recorded_at, stream_id, type, metadata, data';

class HashedCopy extends Query {
  count = 0;
  done = new Promise((resolve, reject) => {
    this.once('end', resolve);
    this.on('error', reject);
  });

  handleCopyData({ chunk }) {
    // The message that ends the copy has two bytes.
    if (chunk.length > 2) this.count += 1;
    hash('sha256', chunk, 'binary');
  }
}

/** From nothing to the end of the log, as after an upgrade. @returns events a second */
export async function buildTree(store, url, events) {
  const engine = new ProjectionEngine({ store, url, projections: [auditTree('sha256')], log: quiet });
  await engine.rebuild(auditTreeName);
  const startedMs = performance.now();
  await engine.rebuild(auditTreeName, {
    onProgress: ({ events: done }) =>
      done % 100_000 < 1_000 && say(`  ${figure(done)} of ${figure(events)} events in the tree`),
  });
  const perSecond = (events * 1_000) / (performance.now() - startedMs);
  await engine.stop();
  return perSecond;
}

/** One checkpoint over the whole log. @returns its verifier key and its note */
export async function signTree(store, pool) {
  const origin = 'bench.example/log';
  const signer = noteSigner(origin, Buffer.alloc(32, 1));
  const tree = new AuditTreeQuery(pool);
  const look = new CheckpointSigner({
    ...{ store, tree, origin, signers: [signer], clock: systemClock, everyEvents: 1, everySeconds: 1 },
    treePosition: () => tree.position(),
    target: { name: 'the bench', last: async () => null, write: async () => undefined },
  });
  const { outcome } = await look.look();
  if (outcome.state !== 'signed') throw new Error(`the tree was not signed: ${outcome.state}`);
  const [event] = await store.readStream('audit-checkpoints');
  return { key: signer.verifierKey, note: event.data.note };
}

/** Every leaf, read from the log, against the checkpoint and the tree's tables. @returns events a second */
export async function verifyWhole(store, pool, { key, note }) {
  const known = await TreeLeaves.open(pool);
  const startedMs = performance.now();
  const report = await verifyLog(new LogSource(store, known.size), { keys: [key], notes: [note], known });
  const tookMs = performance.now() - startedMs;
  if (report.outcome !== 'WHOLE') throw new Error(`the log is ${report.outcome}: ${report.fault?.message}`);
  return (report.leaves * 1_000) / tookMs;
}
