import { SseClient } from '@shaoying/subscriptions/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { City } from './kit/city.js';
import { blowWhistle, expected } from './kit/incident-steps.js';
import { Load } from './kit/load.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

interface Item {
  readonly id: string;
  readonly sequence: string;
  readonly subject: string;
}

interface Delivery {
  readonly deliveryId: string;
  readonly event: Item;
}

const departmentId = 'dp-urban-management';
const department = `/v1/departments/${departmentId}`;
const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let server: Started;
let city: City;

beforeAll(async () => {
  home = await newHome();
  server = await home.start();
  city = await City.of(home, server);
});

/** Follows the feed whatever happens to the server, as an EventSource does: from what it has seen last. */
class Follower {
  readonly seen: Item[] = [];
  private isOver = false;
  private readonly following = this.follow();

  async close(): Promise<void> {
    this.isOver = true;
    await this.following;
  }

  private async follow(): Promise<void> {
    while (!this.isOver) {
      const last = this.seen.at(-1)?.sequence;
      const client = await SseClient.open(`${server.url}${department}/dispatches/stream`, {
        Authorization: `Bearer ${city.as('urbanManagement').token ?? ''}`,
        ...(last === undefined ? {} : { 'Last-Event-ID': last }),
      }).catch(() => null);
      if (client === null) {
        await sleep(100);
        continue;
      }
      let taken = 0;
      const take = (): void => {
        for (; taken < client.dispatches.length; taken += 1)
          this.seen.push(JSON.parse(client.dispatches[taken]?.data ?? '') as Item);
      };
      let isClosed = false;
      void client.closed.then(() => (isClosed = true));
      for (; !isClosed && !this.isOver; await sleep(10)) take();
      take();
      client.close();
    }
  }
}

/** Shares the work of one group. Every third time it dies with what it has leased, and another one takes its place. */
class Consumer {
  readonly done: Item[] = [];
  private isOver = false;
  private turn = 0;
  private readonly consuming = this.consume();

  async close(): Promise<void> {
    this.isOver = true;
    await this.consuming;
  }

  private async ask<Answer>(act: string, body: object): Promise<Answer | null> {
    try {
      const path = `${department}/consumer-groups/crews/${act}`;
      const answer = await city.as('urbanManagement').post<Answer>(path, body);
      return answer.status === 200 ? answer.body : null;
    } catch {
      return null;
    }
  }

  private async consume(): Promise<void> {
    while (!this.isOver) {
      const leased = await this.ask<{ items: Delivery[] }>('lease', { max: 20, visibilitySeconds: 1 });
      if (leased === null || leased.items.length === 0) {
        await sleep(50);
        continue;
      }
      this.turn += 1;
      if (this.turn % 3 === 0) continue;
      const deliveryIds = leased.items.map(({ deliveryId }) => deliveryId);
      const settled = await this.ask<{ settled: string[] }>('ack', { deliveryIds });
      // Not told, not known: what was acknowledged all the same comes no more, and has been handled.
      const ended = settled?.settled ?? deliveryIds;
      this.done.push(
        ...leased.items.flatMap(({ deliveryId, event }) => (ended.includes(deliveryId) ? event : [])),
      );
    }
  }
}

/** One of a group that does nothing else. */
const durable = <Answer>(act: string, body: object): Promise<Answer> =>
  city
    .as('urbanManagement')
    .post<Answer>(`${department}/consumer-groups/durable/${act}`, body)
    .then((answer) => expected(200, answer));

async function wholeFeed(): Promise<Item[]> {
  const items: Item[] = [];
  for (let after: string | null = '0'; after !== null;) {
    const path: string = `${department}/dispatches?limit=200&after=${after}`;
    const page = expected(
      200,
      await city.as('oversight').get<{ items: Item[]; nextCursor: string | null }>(path),
    );
    items.push(...page.items);
    after = page.nextCursor;
  }
  return items;
}

const idsOf = (items: readonly Item[]): string[] => items.map(({ id }) => id);

test('the server killed under load, consumers dead with their leases: everybody has the whole feed, nobody a gap, and leases stay', async () => {
  const { port } = new URL(server.url);
  for (const name of ['crews', 'durable'])
    expected(200, await city.as('urbanManagement').post(`${department}/consumer-groups`, { name }));
  await blowWhistle(city, { lead: departmentId });
  const wanted = { max: 1, visibilitySeconds: 3_600, waitSeconds: 10 };
  const { items: held } = await durable<{ items: Delivery[] }>('lease', wanted);
  expect(held).toHaveLength(1);
  const followers = Array.from({ length: 6 }, () => new Follower());
  const consumers = Array.from({ length: 3 }, () => new Consumer());
  for (const round of [1, 2]) {
    const before = followers[0]?.seen.length ?? 0;
    const load = new Load(city, `round-${round}`, 4);
    await waitFor('they get items', () => followers.every(({ seen }) => seen.length >= before + 10));
    await server.process.stop('SIGKILL');
    await load.end();
    server = await home.start({ ...inOneProcess, PORT: port });
    city = await City.of(home, server);
  }
  // Whoever has written sees it: so the feed is whole, also where the projector was behind when it was killed.
  await blowWhistle(city, { lead: departmentId });
  const feed = await wholeFeed();
  expect(feed.length).toBeGreaterThanOrEqual(20);
  const has = (items: readonly Item[]): boolean => new Set(idsOf(items)).size >= feed.length;
  await waitFor('everybody has all', () => followers.every(({ seen }) => has(seen)), { timeoutMs: 60_000 });
  const done = (): Item[] => consumers.flatMap((consumer) => consumer.done);
  await waitFor('the group has done all', () => has(done()), { timeoutMs: 60_000 });
  await Promise.all([...followers, ...consumers].map((subscriber) => subscriber.close()));
  // Each list only ever grew, so at every moment it was a beginning of this one: no gap, nothing twice, in order.
  for (const { seen } of followers) expect(idsOf(seen)).toEqual(idsOf(feed));
  // Leases are at least once: what came again came under the id it had.
  expect(new Set(idsOf(done()))).toEqual(new Set(idsOf(feed)));
  // What was leased before the first death still is, to whoever had leased it.
  const { items: others } = await durable<{ items: Delivery[] }>('lease', { max: 20 });
  expect(others.length).toBeGreaterThan(0);
  const subjects = others.map(({ event }) => event.subject);
  expect(subjects).not.toContain(held[0]?.event.subject);
  const ended = await durable<object>('ack', { deliveryIds: held.map(({ deliveryId }) => deliveryId) });
  expect(ended).toMatchObject({ lost: [] });
});
