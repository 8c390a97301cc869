import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Attempt } from './delivery-store.js';

/** Seconds. From a neighbour's answer to the longest that is waited for. */
const BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

export interface Overview {
  readonly enabled: number;
  readonly disabled: number;
  readonly waiting: number;
  readonly oldestWaitingMs: number;
}

/** How webhooks go, without a label of any endpoint: their number is not bounded by us. */
export class WebhookMetrics {
  private readonly attempts: Counter<'outcome' | 'error'>;
  private readonly duration: Histogram;
  private readonly endpoints: Gauge<'state'>;
  private readonly waiting: Gauge;
  private readonly lag: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.attempts = new Counter({
      name: 'webhook_attempts_total',
      help: 'Attempts to deliver to webhooks, by what became of them',
      ...{ labelNames: ['outcome', 'error'], registers },
    });
    this.duration = new Histogram({
      name: 'webhook_attempt_duration_seconds',
      help: 'Time from the beginning of an attempt to its end',
      ...{ buckets: BUCKETS_SECONDS, registers },
    });
    this.endpoints = new Gauge({
      name: 'webhook_endpoints',
      help: 'Webhooks, by whether they are called',
      ...{ labelNames: ['state'], registers },
    });
    this.waiting = new Gauge({
      name: 'webhook_items_waiting',
      help: 'Items that webhooks have taken from their feeds and that are not delivered',
      registers,
    });
    this.lag = new Gauge({
      name: 'webhook_lag_seconds',
      help: 'How long the oldest item waits that an enabled webhook has not been given',
      registers,
    });
  }

  attempt({ outcome, error, tookMs }: Attempt): void {
    this.attempts.labels(outcome, error ?? 'none').inc();
    this.duration.observe(tookMs / 1_000);
  }

  overview({ enabled, disabled, waiting, oldestWaitingMs }: Overview): void {
    this.endpoints.labels('enabled').set(enabled);
    this.endpoints.labels('disabled').set(disabled);
    this.waiting.set(waiting);
    this.lag.set(oldestWaitingMs / 1_000);
  }
}
