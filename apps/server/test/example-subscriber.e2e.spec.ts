import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { City } from './kit/city.js';
import { blowWhistle, expected } from './kit/incident-steps.js';
import { repositoryRoot } from './kit/running-server.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

interface Item {
  readonly id: string;
  readonly sequence: string;
}

const newHome = useServerHomes({ ...inOneProcess, WEBHOOK_LOCAL_ADDRESSES: '127.0.0.1' });
const program = join(repositoryRoot, 'examples/department-subscriber/subscriber.mjs');
let home: ServerHome;
let server: Started;
let city: City;
let dir: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shaoying-subscriber-'));
  home = await newHome();
  server = await home.start();
  city = await City.of(home, server);
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

/** Everything that the example has printed, in all its lives. */
class Subscriber {
  private text = '';
  private child: ChildProcess | undefined;

  constructor(
    private readonly way: 'stream' | 'consume' | 'receive',
    private readonly url: string,
    private readonly settings: Readonly<Record<string, string>> = {},
  ) {}

  get items(): Item[] {
    // A line that a kill has cut is printed again by the next life.
    return this.text.split('\n').flatMap((line) => (/^\{.*\}$/.test(line) ? [JSON.parse(line) as Item] : []));
  }

  start(): void {
    const settings = {
      SHAOYING_URL: this.url,
      SHAOYING_KEY: city.as('water').token ?? '',
      DEPARTMENT: 'dp-water',
    };
    this.child = spawn(process.execPath, [program, this.way], {
      env: {
        PATH: process.env['PATH'],
        ...settings,
        STATE_FILE: join(dir, 'state.json'),
        GROUP: 'example',
        LEASE_SECONDS: '2',
        ...this.settings,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    running.add(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.text += text));
  }

  async end(signal: NodeJS.Signals): Promise<unknown> {
    const { child } = this;
    if (child === undefined) throw new Error('it was not started');
    const exited = once(child, 'close');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    running.delete(child);
    this.text += '\n';
    return code;
  }
}

const feed = async (): Promise<Item[]> =>
  expected(
    200,
    await city.as('oversight').get<{ items: Item[] }>('/v1/departments/dp-water/dispatches?limit=200'),
  ).items;

const blow = async (times: number): Promise<void> => {
  for (let n = 0; n < times; n += 1) await blowWhistle(city, { lead: 'dp-water' });
};

/** A webhook of the department, for everything there is, and what its receiver has to know. */
async function registerWebhook(): Promise<{ WEBHOOK_PORT: string; WEBHOOK_SECRETS: string }> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const body = { url: `http://127.0.0.1:${port}/`, after: '0' };
  const answer = await city.as('water').post<{ secret: string }>('/v1/departments/dp-water/webhooks', body);
  return { WEBHOOK_PORT: String(port), WEBHOOK_SECRETS: expected(201, answer).secret };
}

/** What somebody else would send. @returns the status of the answer */
async function forge(port: string, secret: string, at: number): Promise<number> {
  const [id, body] = ['forged', '{"id":"forged","type":"t","sequence":"1"}'];
  const signature = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'));
  const headers = {
    ...{ 'webhook-id': id, 'webhook-timestamp': String(at) },
    'webhook-signature': `v1,${signature.update(`${id}.${at}.${body}`).digest('base64')}`,
  };
  return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })).status;
}

/** Once each, in the order in which they came first. */
const ids = (items: readonly Item[]): string[] => [...new Set(items.map(({ id }) => id))];

test('by the stream, by leases or as a webhook, it and the server killed, the example gets every item of the feed in order', async () => {
  const { port } = new URL(server.url);
  const webhook = await registerWebhook();
  const subscribers = [
    ...[new Subscriber('stream', server.url), new Subscriber('consume', server.url)],
    new Subscriber('receive', server.url, webhook),
  ];
  const restart = async (): Promise<void> => {
    await Promise.all(subscribers.map((subscriber) => subscriber.end('SIGKILL')));
    for (const subscriber of subscribers) subscriber.start();
  };
  for (const subscriber of subscribers) subscriber.start();
  await blow(3);
  await waitFor('all have begun', () => subscribers.every(({ items }) => items.length >= 2));
  await restart();
  await blow(2);
  await server.process.stop('SIGKILL');
  await sleep(300);
  server = await home.start({ ...inOneProcess, PORT: port });
  city = await City.of(home, server);
  await blow(3);
  const wanted = (await feed()).map(({ id }) => id);
  await waitFor('all have all', () => subscribers.every(({ items }) => ids(items).length >= wanted.length), {
    timeoutMs: 90_000,
  });
  expect(wanted.length).toBeGreaterThanOrEqual(8);
  for (const { items } of subscribers) expect(new Set(ids(items))).toEqual(new Set(wanted));
  // Each incident here has one item, so leases may come in any order after a death; the stream may not.
  expect(ids(subscribers[0]?.items ?? [])).toEqual(wanted);
  const now = Math.floor(Date.now() / 1_000);
  const { WEBHOOK_PORT: hook, WEBHOOK_SECRETS: secret } = webhook;
  const forged = [await forge(hook, `whsec_${'A'.repeat(44)}`, now), await forge(hook, secret, now - 400)];
  expect(forged).toEqual([401, 401]);
  expect(await forge(hook, secret, now)).toBe(204);
  for (const subscriber of subscribers) expect(await subscriber.end('SIGTERM')).toBe(0);
});

test('the example tells why it is refused, and ends when it is told to', async () => {
  let stderr = '';
  const stranger = spawn(process.execPath, [program, 'stream'], {
    env: {
      PATH: process.env['PATH'],
      SHAOYING_URL: server.url,
      SHAOYING_KEY: 'none',
      DEPARTMENT: 'dp-water',
      STATE_FILE: join(dir, 'none.json'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(stranger);
  stranger.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await waitFor('it says why', () => stderr.includes('401'));
  const exited = once(stranger, 'close');
  stranger.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
  running.delete(stranger);
});
