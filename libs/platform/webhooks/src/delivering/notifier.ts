import type { Clock } from '@shaoying/config';
import type { PersonalDataVault } from '@shaoying/personal-data';
import { placesWithMore, type FeedSource } from '@shaoying/subscriptions';
import type { AlarmClock } from '@shaoying/timers';
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Webhooks } from '../endpoints/webhooks.js';
import { openSecrets } from '../endpoints/webhook-secret.js';
import { sealedSecretsAt, type Webhook } from '../endpoints/webhook.state.js';
import type { Sender } from '../sending/sender.js';
import { DeliveryRun, type Verdict } from './delivery-run.js';
import type { DeliveryStore, Health, Standing } from './delivery-store.js';
import { RETRY_POLICY, type RetryPolicy } from './retry-times.js';
import type { WebhookMetrics } from './webhook-metrics.js';

/** The part of a pino logger that is used here. */
export interface NotifierLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface NotifierOptions {
  readonly webhooks: Webhooks;
  /** Ids of all endpoints, as a read model has them. */
  readonly registered: () => Promise<readonly string[]>;
  readonly store: DeliveryStore;
  readonly feeds: FeedSource;
  /** Calls whenever an endpoint may have come or changed: it need not wait for the next look. @returns unsubscribe */
  readonly onEndpoints?: (listener: () => void) => () => void;
  readonly sender: Sender;
  readonly vault: Pick<PersonalDataVault, 'unseal'>;
  /** Of its own; closed with the notifier. */
  readonly alarms: AlarmClock;
  readonly clock: Clock;
  readonly log: NotifierLog;
  readonly metrics?: WebhookMetrics;
  readonly retries?: RetryPolicy;
  readonly random?: () => number;
  /** How often everything is armed anew from the tables. Default 5 s. */
  readonly lookEveryMs?: number;
}

/** A burst of items wakes once. */
const settleMs = 20;
/** What is under way gets this long when the process stops; a server ends within 5 s. */
const graceMs = 1_500;
const lookEveryMsDefault = 5_000;
/** Two minutes. */
const tidyEveryLooks = 24;
/** What was armed and is still due after this is done without its alarm: its job may hang on a process that has died. */
const overdueMs = 5_000;
/** Endpoints that are looked after without an alarm at once. */
const directMax = 8;
const renewEveryMs = 3_000;

const NOW = 'NOW';
const LATER = 'LATER';
const actor = { id: 'system:notifier', role: 'system', orgUnitId: null };

/**
 * Role `notifier`: delivers the feeds of departments to their endpoints. The tables say what is to do; BullMQ wakes whoever does it, and
 * where it has forgotten, the next look arms it again; where it cannot be reached, the look does the work itself.
 */
export class WebhookNotifier {
  private readonly stopping = new AbortController();
  private readonly abort = new AbortController();
  private readonly running = new Map<string, Promise<unknown>>();
  /** Since when each was seen to be due, by the monotonic clock. */
  private readonly dueSince = new Map<string, number>();
  private unsubscribe: (() => void)[] = [];
  private soon: NodeJS.Timeout | undefined;
  private every: NodeJS.Timeout | undefined;
  private looking: Promise<void> | null = null;
  private again = false;
  private rounds = 0;

  constructor(private readonly options: NotifierOptions) {
    // One for each delivery under way.
    setMaxListeners(0, this.stopping.signal, this.abort.signal);
  }

  /** @throws AlreadyListening, and what the queue throws */
  async start(): Promise<void> {
    const { alarms, feeds, onEndpoints, lookEveryMs = lookEveryMsDefault } = this.options;
    await alarms.listen(({ deadlineId }) => this.tend(deadlineId));
    const soon = (): void => this.lookSoon();
    this.unsubscribe = [feeds.onAdvance(soon), ...(onEndpoints ? [onEndpoints(soon)] : [])];
    const round = (): void => void this.round();
    this.every = setInterval(round, lookEveryMs);
    round();
  }

  /** Waits for what is under way, a moment only, and leaves the rest to whoever comes next. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const leave of this.unsubscribe) leave();
    clearTimeout(this.soon);
    clearInterval(this.every);
    const grace = setTimeout(() => this.abort.abort(), graceMs);
    await this.looking;
    await Promise.all(this.running.values());
    clearTimeout(grace);
    await this.options.alarms.close();
  }

  /** The look that nobody asked for: makes good what was lost. */
  private async round(): Promise<void> {
    try {
      await this.beginMissing();
      if (this.rounds % tidyEveryLooks === 0) await this.tidy();
      this.rounds += 1;
      this.options.metrics?.overview(await this.options.store.overview());
    } catch (error) {
      this.options.log.warn({ err: error }, 'webhooks could not be looked over; tried again in a moment');
    }
    this.look();
  }

  private lookSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      this.look();
    }, settleMs);
  }

  /** One look at a time; what is told meanwhile makes another one. */
  private look(): void {
    if (this.stopping.signal.aborted) return;
    this.again = this.looking !== null;
    this.looking ??= this.armWhatIsDue()
      .catch((error: unknown) => {
        this.options.log.warn({ err: error }, 'webhooks could not be looked after; tried again in a moment');
      })
      .finally(() => {
        this.looking = null;
        if (this.again) this.look();
      });
  }

  private async armWhatIsDue(): Promise<void> {
    const { store, log } = this.options;
    const standings = await store.standings();
    const due = await this.dueOf(standings.filter(({ webhookId }) => !this.running.has(webhookId)));
    const now = performance.now();
    this.noteDue(due, now);
    const armed = await this.arm(due, NOW, 0).catch((error: unknown) => {
      log.warn({ err: error }, 'the queue cannot be reached; webhooks are looked after without it');
      return false;
    });
    for (const webhookId of due) {
      const overdue = now - (this.dueSince.get(webhookId) ?? now) > overdueMs;
      if ((overdue || armed === false) && this.running.size < directMax) this.tendUnasked(webhookId);
    }
  }

  /** Those that have something to be sent now, in the tables or in the feed beyond them. */
  private async dueOf(standings: readonly Standing[]): Promise<readonly string[]> {
    const free = standings.filter(({ disabled, busy }) => !disabled && !busy);
    const isDue = ({ dueInMs }: Standing): boolean => dueInMs !== null && dueInMs <= 0;
    const rest = free.filter((standing) => !isDue(standing));
    const places = rest.map(({ departmentId, position }) => ({ feedId: departmentId, after: position }));
    const more = await placesWithMore(this.options.feeds, places);
    return [...free.filter(isDue), ...rest.filter((_, index) => more[index])].map(
      ({ webhookId }) => webhookId,
    );
  }

  private noteDue(due: readonly string[], now: number): void {
    const before = new Map(this.dueSince);
    this.dueSince.clear();
    for (const webhookId of due) this.dueSince.set(webhookId, before.get(webhookId) ?? now);
  }

  /** Another alarm of the same endpoint is replaced where it is for later, since the first one would win. */
  private async arm(webhookIds: readonly string[], tier: string, inMs: number): Promise<void> {
    if (webhookIds.length === 0) return;
    const { alarms, clock } = this.options;
    const dueAt = new Date(clock.now().getTime() + inMs).toISOString();
    const wanted = webhookIds.map((deadlineId) => ({ deadlineId, tier, dueAt }));
    if (tier === LATER) await alarms.disarm(wanted);
    await alarms.arm(wanted);
  }

  private tendUnasked(webhookId: string): void {
    this.tend(webhookId).catch((error: unknown) => {
      this.options.log.warn({ err: error, webhookId }, 'a webhook could not be looked after');
    });
  }

  /** Delivers what is due to one endpoint, and sees to it that somebody comes for the rest. */
  private async tend(webhookId: string): Promise<void> {
    if (this.stopping.signal.aborted || this.running.has(webhookId)) return;
    const run = this.run(webhookId).finally(() => this.running.delete(webhookId));
    this.running.set(
      webhookId,
      run.catch(() => undefined),
    );
    await run;
    if (this.stopping.signal.aborted) return;
    const [standing] = await this.options.store.standings(webhookId);
    if (standing === undefined || standing.disabled) return;
    if ((await this.dueOf([standing])).length > 0) await this.arm([webhookId], NOW, 0);
    else if (standing.dueInMs !== null) await this.arm([webhookId], LATER, Math.max(0, standing.dueInMs));
  }

  private async run(webhookId: string): Promise<void> {
    const { store, webhooks, vault, clock, log } = this.options;
    const claimed = await store.claim(webhookId);
    if (claimed === null) return;
    // One that cannot be renewed runs out, and items come twice under the same ids.
    const renewing = setInterval(
      () => void store.renew(webhookId, claimed).catch(() => undefined),
      renewEveryMs,
    );
    try {
      const webhook = await webhooks.lookUp(webhookId);
      if (webhook === undefined || webhook.deleted) return await store.forget(webhookId);
      if (webhook.disabled !== null) return await store.setDisabled(webhookId);
      const secrets = await openSecrets(vault, sealedSecretsAt(webhook, clock.now()));
      if (secrets.length === 0) return;
      const verdict = await this.deliver(webhook, secrets, claimed);
      if (verdict !== null) await this.disable(webhook, verdict);
    } finally {
      clearInterval(renewing);
      await store.release(webhookId, claimed).catch((error: unknown) => {
        log.warn({ err: error, webhookId }, 'a webhook could not be let go; it is free again in a moment');
      });
    }
  }

  private deliver(webhook: Webhook, secrets: readonly string[], health: Health): Promise<Verdict> {
    const { store, sender, clock, metrics, retries = RETRY_POLICY, random = Math.random } = this.options;
    const run = new DeliveryRun(webhook, secrets, health, {
      ...{ store, sender, retries, random, now: () => clock.now() },
      ...{ stopping: this.stopping.signal, abort: this.abort.signal },
      onAttempt: (attempt) => metrics?.attempt(attempt),
    });
    return run.deliver();
  }

  /** On record; whoever was quicker has decided. */
  private async disable({ webhookId, departmentId }: Webhook, cause: 'GONE' | 'FAILING'): Promise<void> {
    const { webhooks, store, log } = this.options;
    const commandId = randomUUID();
    const command = { commandId, correlationId: commandId, causationId: commandId, actor };
    await webhooks.disable(webhookId, cause, command);
    await store.setDisabled(webhookId);
    log.warn(
      { webhookId, departmentId, cause },
      'a webhook is disabled; its department must enable it again',
    );
  }

  /** Endpoints that the log has and the tables have not: registered by a process that died, or the tables were lost. */
  private async beginMissing(): Promise<void> {
    const { store, webhooks, registered } = this.options;
    for (const webhookId of await store.missing(await registered())) {
      const webhook = await webhooks.lookUp(webhookId);
      if (webhook !== undefined && !webhook.deleted) await store.begin(webhook);
    }
  }

  /** Old attempts are forgotten, and what the tables say of being disabled is compared with the streams. */
  private async tidy(): Promise<void> {
    const { store, webhooks } = this.options;
    for (const { webhookId, disabled } of await store.standings()) {
      await store.forgetOldAttempts(webhookId);
      if (!disabled) continue;
      const webhook = await webhooks.lookUp(webhookId);
      if (webhook?.disabled === null) await store.setEnabled(webhookId);
    }
  }
}
