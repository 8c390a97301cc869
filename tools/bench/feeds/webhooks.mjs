// Webhooks a second to a receiver on this machine, one endpoint alone and several together. A row of `npm run bench:feeds`:
//
//   const server = await startServer({ env: webhookSettings, name: 'webhooks' });
//   const { one, several } = await measureWebhooks(server, { dispatches: 1_000, endpoints: 4 });
//
// Each endpoint begins with the whole feed of the department, so that a few hundred dispatches make thousands of deliveries and what
// is measured is delivering, not blowing whistles. Alone it may be run as `node tools/bench/feeds/webhooks.mjs`.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { runAsCommand, say } from '../command-line.mjs';
import { rounded } from '../figures.mjs';
import { postgresSeconds, processesBeside, processSeconds, used } from '../processor-time.mjs';
import { startServer } from '../server.mjs';

/** What a server must be started with: the receiver is on this machine. */
export const webhookSettings = { WEBHOOK_LOCAL_ADDRESSES: '127.0.0.1' };
/** Deliveries a second, of one endpoint as of several. */
export const webhooksTarget = 300;

const department = 'dp-water';
const atOnce = 32;
const waitMsMax = 120_000;
/** The most that an endpoint may ask for. */
const eager = { concurrency: 16, perSecond: 500 };

const report = {
  ...{
    category: 'rubbish-heap',
    severity: 'MINOR',
    estateId: 'es-liuyin-garden',
    channel: 'PATROL',
    file: true,
  },
  description: '3 号楼东侧堆放装修垃圾，已有三天，影响居民通行，请尽快处理。',
  location: { lon: 116.4, lat: 39.9, crs: 'WGS84', address: '柳荫花园3 号楼东侧' },
};
const whistle = { kind: 'PUBLIC_DEMAND', reason: '居民反映多次，请到场处置', lead: department, assists: [] };

/** A department's system that answers at once, and remembers what came to each of its paths. */
class LocalReceiver {
  #server;
  /** Path → webhook-id → how often. */
  came = new Map();
  firstMs = 0;
  lastMs = 0;
  /** The last request of each path, to check a signature by. */
  samples = new Map();

  static async start() {
    const receiver = new LocalReceiver();
    receiver.#server = createServer((request, response) => receiver.#take(request, response));
    await new Promise((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    receiver.url = `http://127.0.0.1:${receiver.#server.address().port}`;
    return receiver;
  }

  #take(request, response) {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      response.writeHead(204).end();
      const ids = this.came.get(request.url) ?? new Map();
      this.came.set(request.url, ids);
      const id = request.headers['webhook-id'];
      ids.set(id, (ids.get(id) ?? 0) + 1);
      this.lastMs = performance.now();
      this.firstMs ||= this.lastMs;
      this.samples.set(request.url, { headers: request.headers, body: Buffer.concat(parts).toString() });
    });
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function call(server, method, path, token, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${server.url}${path}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? null : response.json();
}

/** One dispatch of the department each. */
async function blowWhistles(server, count) {
  const street = await server.token('street-office', 'st-hepan');
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const { id } = await call(server, 'POST', '/v1/incidents', street, report);
      await call(server, 'POST', `/v1/incidents/${id}/whistles`, street, whistle);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await server.settled();
}

/** Processor time so far, in seconds: of the server's processes, and of PostgreSQL by process. */
function spentBy({ pid, besideOf, postgresPid }) {
  const processes = [pid, ...processesBeside(besideOf)].map((process) => processSeconds(process) ?? 0);
  return { server: processes.reduce((a, b) => a + b, 0), postgres: postgresSeconds(postgresPid) };
}

/** Milliseconds of processor that each of `count` took between two readings. */
function costMs(before, after, count) {
  const postgres = [...used(before.postgres, after.postgres).values()].reduce((a, b) => a + b, 0);
  return { server: ((after.server - before.server) * 1_000) / count, postgres: (postgres * 1_000) / count };
}

/** Registers endpoints and waits until each has been given everything. */
async function deliverTo(server, receiver, paths, dispatches) {
  const token = await server.token('department', department);
  const base = `/v1/departments/${department}/webhooks`;
  const before = spentBy(server);
  const startedMs = performance.now();
  receiver.firstMs = 0;
  const webhooks = await Promise.all(
    paths.map((path) =>
      call(server, 'POST', base, token, { url: `${receiver.url}${path}`, after: '0', ...eager }),
    ),
  );
  const isComplete = (path) => (receiver.came.get(path)?.size ?? 0) >= dispatches;
  while (!paths.every(isComplete)) {
    if (performance.now() - startedMs > waitMsMax) throw new Error('not everything was delivered in time');
    await sleep(5);
  }
  const seconds = (receiver.lastMs - receiver.firstMs) / 1_000;
  const after = spentBy(server);
  webhooks.forEach(({ secret }, index) => {
    const { headers, body } = receiver.samples.get(paths[index]);
    new Webhook(secret).verify(body, headers);
  });
  for (const { id } of webhooks) await call(server, 'DELETE', `${base}/${id}`, token);
  const counts = paths.flatMap((path) => [...receiver.came.get(path).values()]);
  const deliveries = counts.reduce((sum, count) => sum + count, 0);
  return {
    ...{ deliveries, twice: deliveries - counts.length, seconds, perSecond: deliveries / seconds },
    waitedSeconds: (receiver.firstMs - startedMs) / 1_000,
    costMs: costMs(before, after, deliveries),
  };
}

/**
 * From the first delivery to the last one; how long the first one was waited for after its endpoint was registered is told beside it.
 * @param server from `startServer({ env: webhookSettings, name: 'webhooks' })`, with a feed that may hold dispatches already
 * @param options `dispatches` to add to the feed, `endpoints` for the row of several
 * @returns `{ one, several }`, each `{ deliveries, twice, waitedSeconds, seconds, perSecond, costMs: { server, postgres } }`
 */
export async function measureWebhooks(server, { dispatches = 1_000, endpoints = 4 } = {}) {
  const receiver = await LocalReceiver.start();
  try {
    await blowWhistles(server, dispatches);
    const rows = await server.query(
      'select count(*)::integer as items from dispatch_feed.items where department_id = $1',
      [department],
    );
    const { items } = rows[0];
    const one = await deliverTo(server, receiver, ['/one'], items);
    const paths = Array.from({ length: endpoints }, (_, index) => `/several-${index}`);
    const several = await deliverTo(server, receiver, paths, items);
    return { one, several };
  } finally {
    receiver.close();
  }
}

async function bench(_options, opened) {
  const server = await startServer({ env: webhookSettings, name: 'webhooks' });
  opened.push(() => server.stop());
  for (const [name, row] of Object.entries(await measureWebhooks(server))) {
    const { deliveries, twice, seconds, perSecond, costMs: cost } = row;
    say(`${name}: ${rounded(perSecond)} webhooks/s (${deliveries} in ${rounded(seconds)} s, ${twice} twice)`);
    say(
      `  ${rounded(cost.server)} ms of processor of the server each, ${rounded(cost.postgres)} ms of PostgreSQL`,
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runAsCommand(() => ({}), bench);
