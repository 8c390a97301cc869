import type { Position } from '@shaoying/event-store';
import { signatureOf } from '../endpoints/webhook-secret.js';
import type { Webhook } from '../endpoints/webhook.state.js';
import type { Sender, SendingRun, Sent } from '../sending/sender.js';
import { SendingStopped } from '../sending/sender.js';
import type { Attempt, DeliveryStore, DueItem, Health } from './delivery-store.js';
import { restMs, retryDelayMs, type RetryPolicy } from './retry-times.js';

/** A run gives others their turn after this long. */
const beginningMs = 8_000;
const fetchItems = 100;
/** What has come meanwhile does not wait for a delivery that hangs. */
const lookAgainMs = 250;

export interface RunOptions {
  readonly store: DeliveryStore;
  readonly sender: Sender;
  readonly retries: RetryPolicy;
  readonly now: () => Date;
  readonly random: () => number;
  readonly onAttempt: (attempt: Attempt) => void;
  /** Begin nothing more. */
  readonly stopping: AbortSignal;
  /** End what is under way. */
  readonly abort: AbortSignal;
}

/** Why an endpoint is to be disabled; null where it is not. */
export type Verdict = 'GONE' | 'FAILING' | null;

interface Result {
  readonly item: DueItem;
  readonly at: Date;
  readonly tookMs: number;
  readonly sent: Sent;
}

/**
 * Delivers what is due to one endpoint, which the caller has claimed: several at once, one of each incident, and what becomes of them
 * is written while others are under way. An endpoint that keeps failing is tried with one at a time.
 */
export class DeliveryRun {
  private readonly underWay = new Map<Position, Promise<void>>();
  /** Sent, and not written yet: nobody may send them again. */
  private readonly unwritten = new Set<Position>();
  private results: Result[] = [];
  private ready: DueItem[] = [];
  private writing: Promise<void> | null = null;
  private failure: unknown;
  private nextSendMs = 0;
  private verdict: Verdict = null;
  private rests = false;
  /** All that was due has been fetched, until something is written or comes. */
  private exhausted = false;
  private readonly failuresMax: number;
  private readonly way: SendingRun;
  private readonly url: URL;

  constructor(
    private readonly webhook: Webhook,
    private readonly secrets: readonly string[],
    private health: Health,
    private readonly options: RunOptions,
  ) {
    this.way = options.sender.open(webhook.concurrency);
    this.url = new URL(webhook.url);
    // What failed at once is one failure: sixteen under way when an endpoint restarts must not make it rest for long.
    this.failuresMax = Math.max(health.failures, options.retries.restAfter - 1) + 1;
  }

  /** @returns what the endpoint has deserved @throws what PostgreSQL throws; what was sent by then may come again */
  async deliver(): Promise<Verdict> {
    const { store, stopping } = this.options;
    const untilMs = performance.now() + beginningMs;
    const isOver = (): boolean =>
      this.verdict !== null || this.rests || stopping.aborted || performance.now() > untilMs;
    try {
      while (!isOver() && this.failure === undefined) {
        if (this.ready.length === 0 && !this.exhausted) await this.fetch(store);
        this.write();
        if (this.ready.length > 0 && this.underWay.size < this.limit) await this.begin();
        else if (this.underWay.size > 0 || this.writing !== null) await this.somethingEnds();
        else break;
      }
      await Promise.all(this.underWay.values());
      await this.writing;
      this.write();
      await this.writing;
      if (this.failure !== undefined) throw this.failure;
      return this.verdict;
    } finally {
      this.way.close();
    }
  }

  private get limit(): number {
    return this.health.failures >= this.options.retries.restAfter ? 1 : this.webhook.concurrency;
  }

  private async fetch(store: DeliveryStore): Promise<void> {
    const { webhookId, departmentId } = this.webhook;
    await store.takeIn(webhookId, departmentId);
    const taken = [...this.underWay.keys(), ...this.unwritten];
    this.ready = [...(await store.due(webhookId, taken, fetchItems))];
    this.exhausted = this.ready.length === 0;
  }

  /** Begins the next one, when the rate allows it. */
  private async begin(): Promise<void> {
    const waitMs = this.nextSendMs - performance.now();
    if (waitMs > 0) await pause(waitMs, this.options.stopping);
    if (this.options.stopping.aborted) return;
    const item = this.ready.shift();
    if (item === undefined) return;
    this.nextSendMs = Math.max(this.nextSendMs, performance.now() - 20) + 1_000 / this.webhook.perSecond;
    const sending = this.send(item).finally(() => this.underWay.delete(item.position));
    this.underWay.set(item.position, sending);
  }

  private async send(item: DueItem): Promise<void> {
    const at = this.options.now();
    const began = performance.now();
    const { eventId: id, body } = item;
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signatureOf(this.secrets, { id, at, body }),
    };
    try {
      const sent = await this.way.send(this.url, headers, body, this.options.abort);
      // Before the next one begins, not when it is written.
      if (sent.status === 410) this.verdict = 'GONE';
      if (sent.retryAfterMs !== null) this.rests = true;
      this.unwritten.add(item.position);
      this.results.push({ item, at, tookMs: Math.round(performance.now() - began), sent });
    } catch (error) {
      // Ended from here: nothing is known of it, so it comes again.
      if (!(error instanceof SendingStopped)) this.failure = error;
    }
  }

  /** Writes what has come, one statement at a time. */
  private write(): void {
    if (this.writing !== null || this.results.length === 0) return;
    const results = this.results;
    this.results = [];
    this.writing = this.settle(results)
      .catch((error: unknown) => {
        this.failure = error;
      })
      .finally(() => {
        this.writing = null;
        this.exhausted = false;
      });
  }

  private async settle(results: readonly Result[]): Promise<void> {
    const { store, retries, random, onAttempt } = this.options;
    this.health = healthAfter(this.health, results, this.failuresMax);
    const { failures, failingSince } = this.health;
    const now = this.options.now().getTime();
    const isLong = failingSince !== null && now - failingSince.getTime() >= retries.giveUpAfterMs;
    if (isLong && failures >= retries.giveUpAfterAttempts) this.verdict ??= 'FAILING';
    const attempts = results.map((result) => this.attemptOf(result));
    const asked = results.map(({ sent }) => sent.retryAfterMs ?? 0);
    const longestAsked = Math.max(0, ...asked) || null;
    const isFailing = results.some(({ sent }) => sent.error !== null);
    const rest = isFailing ? restMs(retries, failures, longestAsked, random()) : 0;
    if (rest > 0) this.rests = true;
    await store.settle(this.webhook.webhookId, attempts, this.health, rest);
    for (const { item } of results) this.unwritten.delete(item.position);
    attempts.forEach(onAttempt);
  }

  private attemptOf({ item, at, tookMs, sent }: Result): Attempt {
    const { retries, random } = this.options;
    const of = { item, at, tookMs, status: sent.status, error: sent.error };
    if (sent.error === null) return { ...of, outcome: 'DELIVERED', retryMs: null };
    const retryMs = retryDelayMs(retries, item.attempts + 1, random());
    if (sent.status === 410) return { ...of, outcome: 'GONE', retryMs };
    const sinceMs = at.getTime() - (item.firstAttemptAt ?? at).getTime();
    // Where all fails the endpoint is disabled, and what waits for it stays.
    const isLong = sinceMs >= retries.giveUpAfterMs && item.attempts + 1 >= retries.giveUpAfterAttempts;
    const isGivenUp = isLong && this.verdict === null;
    return isGivenUp ? { ...of, outcome: 'GIVEN_UP', retryMs: null } : { ...of, outcome: 'FAILED', retryMs };
  }

  private async somethingEnds(): Promise<void> {
    const pending = [...this.underWay.values(), ...(this.writing ? [this.writing] : [])];
    const ended = new AbortController();
    const looking = pause(lookAgainMs, ended.signal).then(() => {
      if (!ended.signal.aborted) this.exhausted = false;
    });
    await Promise.race([...pending, looking]);
    ended.abort();
  }
}

/** Failures in a row, in the order in which answers came. */
function healthAfter(health: Health, results: readonly Result[], failuresMax: number): Health {
  return results.reduce<Health>(
    ({ failures, failingSince }, { sent, at }) =>
      sent.error === null
        ? { failures: 0, failingSince: null }
        : { failures: Math.min(failures + 1, failuresMax), failingSince: failingSince ?? at },
    health,
  );
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
