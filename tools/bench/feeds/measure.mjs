// The measurements of `bench:feeds`, each against a running server, with what they need handed in.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { median } from '../figures.mjs';
import { processSeconds } from '../processor-time.mjs';

/** Before anything counts: V8 compiles, buffers grow. */
const warmUpSeconds = 2;
/** What was written last is under way for as long at the most. */
const drainMsMax = 30_000;
/** Connections that came are at rest: V8 has collected what opening them left behind. */
const restMs = 8_000;
const groupName = 'bench';
const bareLease = {
  name: 'bare-lease',
  text: `update bench_leases set visible_at = now() + interval '1 minute' where position = any(array(
           select position from bench_leases where visible_at <= now() order by position limit $1 for update skip locked))
         returning position::text, item`,
};
const bareEnd = { name: 'bare-end', text: 'delete from bench_leases where position = any($1::bigint[])' };
const streamPath = (id) => `/v1/departments/${id}/dispatches/stream`;

/** As many streams as asked for, over the departments in turn, from the end of the log on. */
export async function streamsOf(server, departmentIds, count) {
  const [{ head }] = await server.query('select coalesce(max(position), 0)::text as head from log.events');
  const tokens = await Promise.all(departmentIds.map((id) => server.token('department', id)));
  return Array.from({ length: count }, (_, index) => {
    const at = index % departmentIds.length;
    return { path: streamPath(departmentIds[at]), token: tokens[at], after: head };
  });
}

/** Every event is one item for each stream of its department; both go round the departments. */
function itemsOf({ written }, { length }, connections) {
  const share = (total, index) => Math.floor(total / length) + (index < total % length ? 1 : 0);
  const items = Array.from({ length }, (_, index) => share(written, index) * share(connections, index));
  return items.reduce((a, b) => a + b, 0);
}

/** All of them, or as many as come within a time that is far too long for any. */
async function arrived(subscribers, expected) {
  for (const endMs = performance.now() + drainMsMax; performance.now() < endMs; await sleep(100)) {
    const { items } = await subscribers.ask('count');
    if (items >= expected) return;
  }
}

/** Events at a rate to streams that follow: from the moment before an event is appended to the one at which its item is read. */
export async function measureLive({ server, writer, subscribers, incidentIds }, departmentIds, asked) {
  const { connections, rate, seconds } = asked;
  const streams = await streamsOf(server, departmentIds, connections);
  const opened = await subscribers.ask('open', { url: server.url, streams });
  const warmUp = await writer.pace(departmentIds, incidentIds, rate, Math.min(warmUpSeconds, seconds));
  await arrived(subscribers, itemsOf(warmUp, departmentIds, connections));
  await subscribers.ask('collect');
  const before = processSeconds(server.pid);
  const paced = await writer.pace(departmentIds, incidentIds, rate, seconds);
  const used = processSeconds(server.pid) - before;
  const expected = itemsOf(paced, departmentIds, connections);
  await arrived(subscribers, expected);
  const figures = await subscribers.ask('collect');
  await subscribers.ask('close');
  return {
    ...figures,
    ...opened,
    eventsPerSecond: paced.perSecond,
    lost: expected - figures.items,
    cores: used / seconds,
  };
}

function residentKiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN);
}

/** Memory of the server with the streams, less that without, for each. */
export async function measureMemory({ server, subscribers }, departmentIds, connections) {
  // The first ones make V8 grow its heap once; they are not what is measured.
  const streams = await streamsOf(server, departmentIds, connections);
  await subscribers.ask('open', { url: server.url, streams: streams.slice(0, Math.ceil(connections / 5)) });
  await subscribers.ask('close');
  await sleep(restMs);
  const before = residentKiB(server.pid);
  const { firstByteP99Ms } = await subscribers.ask('open', { url: server.url, streams });
  await sleep(restMs);
  const after = residentKiB(server.pid);
  const { over } = await subscribers.ask('collect');
  await subscribers.ask('close');
  return { kBEach: ((after - before) * 1.024) / connections, firstByteP99Ms, over };
}

/** Commands a second with idle streams, as a share of without: in turns, since neighbours come and go. */
export async function measureCommands({ server, subscribers, generator }, departmentIds, asked) {
  const { connections, rounds, seconds, told } = asked;
  const streams = await streamsOf(server, departmentIds, connections);
  await generator.run('report', Math.min(2, seconds));
  const turns = [];
  for (let turn = 0; turn < rounds; turn += 1) {
    await server.settled();
    const without = await generator.run('report', seconds);
    await server.settled();
    await subscribers.ask('open', { url: server.url, streams });
    await sleep(restMs / 4);
    const having = await generator.run('report', seconds);
    const { over } = await subscribers.ask('collect');
    await subscribers.ask('close');
    turns.push({ without, having, over });
    told(turn + 1, without.perSecond, having.perSecond);
  }
  return {
    without: median(turns.map(({ without }) => without.perSecond)),
    having: median(turns.map(({ having }) => having.perSecond)),
    ratio: median(turns.map(({ without, having }) => having.perSecond / without.perSecond)),
    failures: turns.reduce(
      (sum, { without, having, over }) => sum + without.failures + having.failures + over,
      0,
    ),
  };
}

/**
 * What leasing cannot be faster than by one connection: a lease and a deletion by `FOR UPDATE SKIP LOCKED` of the same texts, `max` at once,
 * with each commit waiting for the disk; no HTTP, no order per incident, nothing taken from a feed.
 */
export async function measureBareLeases({ postgresUrl }, departmentId, { max, items, after }) {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query(
      `create table bench_leases (position bigint primary key, item text not null, visible_at timestamptz not null default now())
       with (fillfactor = 50)`,
    );
    await client.query(
      `insert into bench_leases select position, cloud_event from dispatch_feed.items
       where department_id = $1 and position > $2::bigint order by dispatch_feed.items.position limit $3`,
      [departmentId, after, items],
    );
    const startedMs = performance.now();
    let done = 0;
    while (done < items) {
      const { rows } = await client.query({ ...bareLease, values: [max] });
      if (rows.length === 0) throw new Error(`${done} items of ${items} could be leased`);
      await client.query({ ...bareEnd, values: [rows.map(({ position }) => position)] });
      done += rows.length;
    }
    return (done * 1_000) / (performance.now() - startedMs);
  } finally {
    await client.query('drop table if exists bench_leases').finally(() => client.end());
  }
}

/** Consumers of one group take all a feed has. */
export async function measureLeases({ server, subscribers }, departmentId, { consumers, max, items, after }) {
  const token = await server.token('department', departmentId);
  const groups = `${server.url}/v1/departments/${departmentId}/consumer-groups`;
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const name = `${groupName}-${max}`;
  const body = JSON.stringify({ name, after });
  const made = await fetch(groups, { method: 'POST', headers, body });
  if (!made.ok) throw new Error(`no group of consumers could be made: ${await made.text()}`);
  const path = `${new URL(groups).pathname}/${name}`;
  const { tookMs, done, lost } = await subscribers.ask('consume', {
    ...{ url: server.url, path, token, consumers, max, items },
  });
  return { perSecond: (done * 1_000) / tookMs, lost };
}

/** A feed from its start, by the stream and by pages, beside bare reads of the same rows in pages of the same size. */
export async function measureReplay({ server, subscribers }, departmentId, items) {
  const token = await server.token('department', departmentId);
  const perSecond = ({ tookMs }) => (items * 1_000) / tookMs;
  const given = { url: server.url, token, items };
  const stream = await subscribers.ask('replay', { ...given, path: streamPath(departmentId) });
  const pages = await subscribers.ask('page', {
    ...given,
    path: streamPath(departmentId).replace('/stream', ''),
  });
  return {
    ...{ stream: perSecond(stream), pages: perSecond(pages) },
    bare: perSecond({ tookMs: await bareReadMs(server.postgresUrl, departmentId) }),
  };
}

async function bareReadMs(connectionString, departmentId) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const startedMs = performance.now();
  for (let after = '0', rows = []; after === '0' || rows.length > 0; after = rows.at(-1)?.position ?? after) {
    const answer = await client.query({
      name: 'page',
      text: `select position::text, cloud_event from dispatch_feed.items
             where department_id = $1 and position > $2::bigint order by dispatch_feed.items.position limit 200`,
      values: [departmentId, after],
    });
    rows = answer.rows;
  }
  const tookMs = performance.now() - startedMs;
  await client.end();
  return tookMs;
}
