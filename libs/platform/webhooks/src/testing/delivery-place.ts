import { systemClock } from '@shaoying/config';
import { InMemoryEventStore } from '@shaoying/event-store';
import { InMemoryPersonalDataVault } from '@shaoying/personal-data/testing';
import { InMemoryFeedSource } from '@shaoying/subscriptions/testing';
import type { AlarmClock } from '@shaoying/timers';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { DeliveryStore } from '../delivering/delivery-store.js';
import { WebhookNotifier, type NotifierOptions } from '../delivering/notifier.js';
import type { RetryPolicy } from '../delivering/retry-times.js';
import { Webhooks, type NewWebhook, type WebhookCommand } from '../endpoints/webhooks.js';
import { Sender } from '../sending/sender.js';

/** Three days in a moment. */
export const HASTY: RetryPolicy = {
  ...{ firstMs: 40, longestMs: 80, giveUpAfterMs: 60_000, giveUpAfterAttempts: 3 },
  ...{ restAfter: 3, restMs: 40, longestRestMs: 80, longestAskedMs: 300 },
};

/** A queue that cannot be reached: endpoints are looked after all the same. */
export const deafAlarms = (): AlarmClock => ({
  arm: () => Promise.reject(new Error('no queue')),
  disarm: () => Promise.reject(new Error('no queue')),
  listen: () => Promise.resolve(),
  status: () => Promise.resolve({ delayed: 0, active: 0, failed: 0 }),
  close: () => Promise.resolve(),
});

export const commandOf = (requestHash = 'a'.repeat(64)): WebhookCommand => {
  const commandId = randomUUID();
  const actor = { id: 'key-1', role: 'department', orgUnitId: 'dp-water' };
  return { commandId, correlationId: commandId, causationId: commandId, requestHash, actor };
};

/** Everything around deliveries, for specs: a feed, a log and a vault in memory, the tables in a database. */
export class DeliveryPlace {
  readonly feed = new InMemoryFeedSource();
  readonly log = new InMemoryEventStore();
  readonly vault = new InMemoryPersonalDataVault();
  readonly webhooks = new Webhooks({
    ...{ store: this.log, vault: this.vault, clock: systemClock },
    addresses: { localAddresses: ['127.0.0.1'], httpsOnly: false },
  });
  readonly department = `dp-${randomUUID().slice(0, 8)}`;
  readonly ids: string[] = [];
  readonly notifiers: WebhookNotifier[] = [];
  private items = 0;

  private constructor(
    readonly pool: Pool,
    readonly store: DeliveryStore,
  ) {}

  static async open(pool: Pool): Promise<DeliveryPlace> {
    // The feed is the place's own, so it is handed to the store by way of the place.
    const feeds = { read: (...asked: Parameters<InMemoryFeedSource['read']>) => place.feed.read(...asked) };
    const store = await DeliveryStore.open(pool, { ...feeds, onAdvance: () => () => undefined });
    const place = new DeliveryPlace(pool, store);
    return place;
  }

  /** An endpoint, and its secret. */
  async register(url: string, more: Partial<NewWebhook> = {}): Promise<{ id: string; secret: string }> {
    const wanted = {
      departmentId: this.department,
      url,
      after: '0',
      concurrency: 4,
      perSecond: 500,
      ...more,
    };
    const { webhook, secret } = await this.webhooks.register(wanted, commandOf());
    this.ids.push(webhook.webhookId);
    return { id: webhook.webhookId, secret: secret ?? '' };
  }

  /** Adds an item about each of the incidents. @returns the ids of the events */
  add(...incidents: string[]): string[] {
    const ids = incidents.map(() => `event-${(this.items += 1)}`);
    const texts = incidents.map((incident, index) =>
      JSON.stringify({ id: ids[index], subject: `incidents/${incident}`, data: {} }),
    );
    this.feed.add(this.department, ...texts);
    return ids;
  }

  /** A process that delivers. */
  async notifier(alarms: AlarmClock, more: Partial<NotifierOptions> = {}): Promise<WebhookNotifier> {
    const { webhooks, store, vault, feed } = this;
    const sender = new Sender({
      ...{ addresses: { localAddresses: ['127.0.0.1'], httpsOnly: false }, totalMsMax: 1_000 },
      resolve: () => Promise.reject(new Error('no names here')),
    });
    const notifier = new WebhookNotifier({
      ...{ webhooks, store, vault, sender, alarms, feeds: feed, clock: systemClock, retries: HASTY },
      ...{ registered: () => Promise.resolve(this.ids), lookEveryMs: 50 },
      log: { info: () => undefined, warn: () => undefined },
      ...more,
    });
    this.notifiers.push(notifier);
    await notifier.start();
    return notifier;
  }

  async close(): Promise<void> {
    await Promise.all(this.notifiers.splice(0).map((notifier) => notifier.stop()));
    await this.pool.query('delete from webhooks.endpoints');
  }
}

export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}
