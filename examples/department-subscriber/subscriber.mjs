// A department's own system in a hundred and fifty lines, without a library: Node 18 or later.
//   SHAOYING_URL=http://127.0.0.1:3000 SHAOYING_KEY=shy_… DEPARTMENT=dp-water node subscriber.mjs stream
//   … GROUP=crews node subscriber.mjs consume
//   WEBHOOK_SECRETS=whsec_… WEBHOOK_PORT=8080 node subscriber.mjs receive
// `stream` follows the feed by Server-Sent Events and keeps its place in STATE_FILE; `consume` shares the feed with other
// processes of the same GROUP by leases; `receive` is called with it, and asks nobody. Either way an item may come twice: `handle` is what must not mind.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { SHAOYING_URL = 'http://127.0.0.1:3000', SHAOYING_KEY = '', DEPARTMENT = '' } = process.env;
const { STATE_FILE = 'subscriber.state.json', GROUP = 'subscriber', LEASE_SECONDS = '60' } = process.env;
const { WEBHOOK_SECRETS = '', WEBHOOK_PORT = '8080' } = process.env;
const department = `${SHAOYING_URL}/v1/departments/${DEPARTMENT}`;
const authorization = { authorization: `Bearer ${SHAOYING_KEY}` };

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort());
const { signal } = stopping;

/** What the system does with an item; here it prints it. Throws when it could not: then the item comes again. */
async function handle(event) {
  process.stdout.write(`${JSON.stringify({ id: event.id, type: event.type, sequence: event.sequence })}\n`);
}

/** Starts again whatever ends, a little later each time; what works starts from the beginning. */
async function forever(once) {
  for (let waitMs = 200; !signal.aborted; waitMs = Math.min(waitMs * 2, 10_000)) {
    try {
      while (!signal.aborted) {
        await once();
        waitMs = 200;
      }
    } catch (error) {
      if (signal.aborted) return;
      process.stderr.write(`${error.message}; again in ${waitMs} ms\n`);
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    }
  }
}

async function refusalOf(response) {
  const { code, title } = await response.json().catch(() => ({}));
  return new Error(`${response.status} ${code ?? ''} ${title ?? ''}`);
}

// ---- by Server-Sent Events ----

/** The position of the last item that was handled. Written beside and renamed: a crash leaves the old one or the new one. */
const place = {
  read: () => {
    try {
      return JSON.parse(readFileSync(STATE_FILE, 'utf8')).after;
    } catch {
      return '0';
    }
  },
  write: (after) => {
    writeFileSync(`${STATE_FILE}.new`, JSON.stringify({ after }), { flush: true });
    renameSync(`${STATE_FILE}.new`, STATE_FILE);
  },
};

async function follow() {
  const headers = { ...authorization, accept: 'text/event-stream', 'last-event-id': place.read() };
  const response = await fetch(`${department}/dispatches/stream`, { headers, signal });
  if (!response.ok) throw await refusalOf(response);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const messages = (text + chunk).split('\n\n');
    text = messages.pop();
    for (const message of messages) {
      const fields = message.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line) ?? []);
      const field = (name) =>
        fields
          .filter(([, key]) => key === name)
          .map(([, , value]) => value)
          .join('\n');
      // Comments keep the connection alive; `end` says why it ends, and the next one resumes.
      if (field('event') !== 'dispatch') continue;
      await handle(JSON.parse(field('data')));
      place.write(field('id'));
    }
  }
}

// ---- by leases ----

async function ask(path, body) {
  const headers = { ...authorization, 'content-type': 'application/json' };
  const response = await fetch(`${department}/consumer-groups${path}`, {
    ...{ method: 'POST', headers, body: JSON.stringify(body), signal },
  });
  if (!response.ok) throw await refusalOf(response);
  return response.json();
}

async function consume() {
  const { items } = await ask(`/${GROUP}/lease`, {
    max: 20,
    visibilitySeconds: Number(LEASE_SECONDS),
    waitSeconds: 20,
  });
  for (const { deliveryId, event } of items) {
    const handled = await handle(event).then(
      () => true,
      () => false,
    );
    if (handled) await ask(`/${GROUP}/ack`, { deliveryIds: [deliveryId] });
    else await ask(`/${GROUP}/nack`, { deliveryIds: [deliveryId], delaySeconds: 30 });
  }
}

// ---- by webhook ----

const toleranceSeconds = 300;
const bodyBytesMax = 1024 * 1024;
/** One; or two, while it is exchanged. */
const secrets = WEBHOOK_SECRETS.split(',').filter((secret) => /^whsec_.{32,}$/.test(secret));

/** Standard Webhooks: a signature over id, time and body by one of our secrets, and none from another time. */
function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(at)) <= toleranceSeconds)) return false;
  const good = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest();
  });
  const given = signatures
    .split(' ')
    .map((signature) => Buffer.from(signature.replace(/^v1,/, ''), 'base64'));
  return given.some((one) => good.some((own) => own.length === one.length && timingSafeEqual(own, one)));
}

async function take(request, response) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    if ((bytes += part.length) > bodyBytesMax) return response.writeHead(413).end();
    parts.push(part);
  }
  const body = Buffer.concat(parts);
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  // Any 2xx says that it is done; anything else, and it comes again.
  await handle(JSON.parse(body)).then(
    () => response.writeHead(204).end(),
    () => response.writeHead(503).end(),
  );
}

async function receive() {
  if (secrets.length === 0)
    throw new Error('WEBHOOK_SECRETS: the whsec_… that the webhook was registered with');
  const server = createServer(
    (request, response) => void take(request, response).catch(() => response.destroy()),
  );
  signal.addEventListener('abort', () => (server.close(), server.closeAllConnections()));
  server.listen(Number(WEBHOOK_PORT));
}

const ways = {
  receive,
  stream: () => forever(follow),
  consume: () => forever(async () => (await ask('', { name: GROUP }), await forever(consume))),
};
const way = ways[process.argv[2]];
if (way === undefined) throw new Error('say how: stream, consume or receive');
await way();
