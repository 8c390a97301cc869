// What each read model costs for an event: processor time of PostgreSQL's process and of this one, and bytes of WAL, in batches
// of one size, one read model after the other. Other load on the machine disturbs the seconds, hardly the processor time.
import { readFileSync } from 'node:fs';
import { START } from '@shaoying/event-store';
import { Session } from '../../../libs/platform/projections/dist/session.js';
import { liveBatchWriter } from '../../../libs/platform/projections/dist/batch.js';
import {
  createProjection,
  ensureControlSchema,
  readCheckpoint,
} from '../../../libs/platform/projections/dist/checkpoints.js';

/** Microseconds on a processor; Linux alone tells them finely enough, elsewhere it is NaN. */
function onProcessorUs(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
  } catch {
    return Number.NaN;
  }
}
const noneSkipped = new Set();

/**
 * Fills the tables of one projection anew with all of `events`.
 * @returns of an event: `postgresUs`, `nodeUs`, `walBytes`
 */
async function costOf(url, projection, events, batchSize) {
  const session = await Session.open(url, 'shaoying bench cost');
  try {
    await ensureControlSchema(session);
    await session.query('delete from projections.checkpoints where name = $1', [projection.name]);
    await createProjection(session, projection, new Date());
    const { generation } = await readCheckpoint(session, projection.name);
    const write = liveBatchWriter(session, projection, generation, () => new Date(), noneSkipped);
    const [{ pid }] = await session.query('select pg_backend_pid() as pid');
    const wal = async () =>
      (await session.query(`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`))[0]
        .bytes;
    let from = START;
    let before;
    // The first tenth warms up plans and this process, and is not counted.
    const warm = Math.floor(events.length / 10);
    let counted = 0;
    for (let start = 0; start < events.length; start += batchSize) {
      if (before === undefined && start >= warm)
        before = { postgresUs: onProcessorUs(pid), node: process.cpuUsage(), wal: await wal() };
      const batch = events.slice(start, start + batchSize);
      const to = batch.at(-1).position;
      await write(from, to, batch);
      from = to;
      if (before !== undefined) counted += batch.length;
    }
    const { user, system } = process.cpuUsage(before.node);
    return {
      postgresUs: (onProcessorUs(pid) - before.postgresUs) / counted,
      nodeUs: (user + system) / counted,
      walBytes: ((await wal()) - before.wal) / counted,
    };
  } finally {
    await session.close();
  }
}

/** A batch under load, and one of a system that is hardly used. */
const batchSizes = [200, 10];

/**
 * @param url of a cluster, in which a database is made for it
 * @returns `{ name, batchSize, postgresUs, nodeUs, walBytes }` of each projection and size of batch
 */
export async function costsOf(url, store, projections, eventsMax) {
  const admin = await Session.open(url, 'shaoying bench cost');
  await admin.query('create database bench_cost');
  await admin.close();
  const own = new URL(url);
  own.pathname = '/bench_cost';
  const events = await store.readAll(START, { limit: eventsMax });
  const costs = [];
  for (const projection of projections)
    for (const batchSize of batchSizes)
      costs.push({
        ...{ name: projection.name, batchSize },
        ...(await costOf(own.href, projection, events, batchSize)),
      });
  return costs;
}
