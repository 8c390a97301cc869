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
import { say } from '../command-line.mjs';
import { figure } from '../report.mjs';

const quiet = {
  info: () => undefined,
  warn: () => undefined,
  error: (fields, text) => say(`${text} ${JSON.stringify(fields)}`),
};

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
