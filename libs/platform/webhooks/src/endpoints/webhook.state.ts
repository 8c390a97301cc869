import type { SealedData } from '@shaoying/personal-data';
import type { DisableCause, RecordedWebhookEvent } from './webhook.events.js';

/** What has been done to an endpoint, by whom and when. */
export interface WebhookStep {
  readonly what: 'REGISTERED' | 'ROTATED' | 'DISABLED' | 'ENABLED' | 'DELETED';
  readonly at: string;
  readonly by: string;
}

/** An endpoint as its stream tells it. */
export interface Webhook {
  readonly webhookId: string;
  readonly departmentId: string;
  readonly url: string;
  readonly after: string;
  readonly concurrency: number;
  readonly perSecond: number;
  readonly secret: SealedData;
  /** The one before a rotation; it signs too until then. */
  readonly former: { readonly secret: SealedData; readonly endsAt: string } | null;
  readonly disabled: DisableCause | null;
  readonly deleted: boolean;
  readonly steps: readonly WebhookStep[];
  readonly revision: number;
}

/** Undefined for no events. */
export function foldWebhook(events: readonly RecordedWebhookEvent[]): Webhook | undefined {
  return events.reduce<Webhook | undefined>(evolve, undefined);
}

const stepOf = {
  WebhookRegistered: 'REGISTERED',
  WebhookSecretRotated: 'ROTATED',
  WebhookDisabled: 'DISABLED',
  WebhookEnabled: 'ENABLED',
  WebhookDeleted: 'DELETED',
} as const satisfies Record<RecordedWebhookEvent['type'], WebhookStep['what']>;

function evolve(webhook: Webhook | undefined, event: RecordedWebhookEvent): Webhook | undefined {
  const step = { what: stepOf[event.type], at: event.recordedAt, by: event.actor.id };
  const trail = { steps: [...(webhook?.steps ?? []), step], revision: event.revision };
  if (event.type === 'WebhookRegistered')
    return { ...event.data, former: null, disabled: null, deleted: false, ...trail };
  if (webhook === undefined) return undefined;
  switch (event.type) {
    case 'WebhookSecretRotated': {
      const { secret, formerSecretEndsAt } = event.data;
      return { ...webhook, secret, former: { secret: webhook.secret, endsAt: formerSecretEndsAt }, ...trail };
    }
    case 'WebhookDisabled':
      return { ...webhook, disabled: event.data.cause, ...trail };
    case 'WebhookEnabled':
      return { ...webhook, disabled: null, ...trail };
    case 'WebhookDeleted':
      return { ...webhook, deleted: true, ...trail };
  }
}

/** The secrets that sign at an instant, the present one first. */
export function sealedSecretsAt({ secret, former }: Webhook, now: Date): readonly SealedData[] {
  return former !== null && now < new Date(former.endsAt) ? [secret, former.secret] : [secret];
}
