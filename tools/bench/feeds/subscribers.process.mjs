// The departments' side: a process of its own, so that neither the server nor the one that measures shares its event loop.
// Takes messages `{ id, do, ... }` and answers each with `{ id, result }` or `{ id, error }`.
import { Connection } from '../load/connection.mjs';
import { percentile } from '../figures.mjs';
import { StreamClient } from './stream-client.mjs';

/** More at once would wait in the server's queue of connections. */
const openAtOnce = 64;

let clients = [];
let latenciesMs = [];

async function overMany(count, width, act) {
  let next = 0;
  const one = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: width }, one));
}

const addressOf = (url) => {
  const { hostname, port } = new URL(url);
  return { hostname, port };
};

/** Streams from the end of each feed on, all of them connected when it is done. */
async function open({ url, streams }) {
  const firstBytesMs = [];
  await overMany(streams.length, openAtOnce, async (index) => {
    const startedMs = performance.now();
    const client = await StreamClient.open(addressOf(url), streams[index]);
    firstBytesMs.push(performance.now() - startedMs);
    client.onItem = (ms) => latenciesMs.push(ms);
    clients.push(client);
  });
  return {
    firstByteP99Ms: percentile(
      firstBytesMs.sort((a, b) => a - b),
      0.99,
    ),
  };
}

const count = () => ({ items: latenciesMs.length });

/** Since the last time: how many items came, how late; and how many streams are over that should not be. */
function collect() {
  const sorted = Float64Array.from(latenciesMs).sort();
  latenciesMs = [];
  return {
    ...{ items: sorted.length, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) },
    maxMs: sorted.at(-1) ?? Number.NaN,
    over: clients.filter(({ isOver }) => isOver).length,
  };
}

function close() {
  for (const client of clients) client.close();
  clients = [];
}

/** From the start of a feed until it has so many items. @returns how long it took */
async function replay({ url, path, token, items }) {
  const startedMs = performance.now();
  const client = await StreamClient.open(addressOf(url), { path, token, after: '0' });
  await new Promise((resolve, reject) => {
    client.onProgress = () => {
      if (client.items >= items) resolve();
      else if (client.isOver) reject(new Error(`the stream ended after ${client.items} items`));
    };
    client.onProgress();
  });
  client.close();
  return { tookMs: performance.now() - startedMs };
}

function requestText({ host }, { method = 'GET', path, token, body }) {
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

async function answered(connection, place, request) {
  const { status, body } = await connection.send(requestText(place, request));
  if (status !== 200) throw new Error(`${request.path} answered ${status}: ${body.toString().slice(0, 300)}`);
  return JSON.parse(body.toString());
}

async function connected(url) {
  const { hostname, port, host } = new URL(url);
  return { place: { host }, connection: await Connection.open({ host: hostname, port: Number(port) }) };
}

/** The same by pages. */
async function page({ url, path, token, items }) {
  const { place, connection } = await connected(url);
  const startedMs = performance.now();
  let got = 0;
  for (let after = '0'; after !== null;) {
    const answer = await answered(connection, place, { path: `${path}?limit=200&after=${after}`, token });
    got += answer.items.length;
    after = answer.nextCursor;
  }
  const tookMs = performance.now() - startedMs;
  connection.close();
  if (got !== items) throw new Error(`${got} items by pages instead of ${items}`);
  return { tookMs };
}

/** Consumers of one group lease and acknowledge until it has nothing left. */
async function consume({ url, path, token, consumers, max, items }) {
  let [done, lost] = [0, 0];
  const startedMs = performance.now();
  await overMany(consumers, consumers, async () => {
    const { place, connection } = await connected(url);
    const ask = (act, body) =>
      answered(connection, place, {
        method: 'POST',
        path: `${path}/${act}`,
        token,
        body: JSON.stringify(body),
      });
    while (done < items) {
      const leased = await ask('lease', { max, visibilitySeconds: 60, waitSeconds: 0 });
      if (leased.items.length === 0) continue;
      const settled = await ask('ack', { deliveryIds: leased.items.map(({ deliveryId }) => deliveryId) });
      done += settled.settled.length;
      lost += settled.lost.length;
    }
    connection.close();
  });
  return { tookMs: performance.now() - startedMs, done, lost };
}

const deeds = { open, count, collect, close, replay, page, consume };

process.on('message', (message) => {
  void Promise.resolve()
    .then(() => deeds[message.do](message))
    .then(
      (result) => process.send({ id: message.id, result: result ?? null }),
      (error) => process.send({ id: message.id, error: error.message }),
    );
});
// The one that measures is gone: nobody is left to subscribe for.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => undefined);
