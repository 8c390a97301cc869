export {
  attemptsOf,
  deliveryStateOf,
  type DeliveryState,
  type LoggedAttempt,
} from './delivering/delivery-log.js';
export { makeDeliveryTables } from './delivering/delivery.tables.js';
export { endpointsOfFeeds } from './delivering/endpoints-of-feeds.js';
export { DELIVERY_OUTCOMES, DeliveryStore } from './delivering/delivery-store.js';
export { rangeOf, redeliverItemsMax, type RedeliverRange } from './delivering/redeliver-range.js';
export * from './delivering/notifier.js';
export { RETRY_POLICY, type RetryPolicy } from './delivering/retry-times.js';
export { WebhookMetrics } from './delivering/webhook-metrics.js';
export { RegistrationTurns } from './endpoints/registration-turns.js';
export { allWebhooks, webhookIndex, webhooksOf } from './endpoints/webhook-index.js';
export { WEBHOOK_SECRETS_IN_TEXT } from './endpoints/webhook-secret.js';
export * from './endpoints/webhook.errors.js';
export {
  DISABLE_CAUSES,
  decodeWebhookEvent,
  isWebhookId,
  webhookCatalogue,
} from './endpoints/webhook.events.js';
export type { WebhookEvent, WebhookEventType } from './endpoints/webhook.events.js';
export type { Webhook, WebhookStep } from './endpoints/webhook.state.js';
export * from './endpoints/webhooks.js';
export type { AddressPolicy } from './sending/address-policy.js';
export { openNameResolver, type ResolveName } from './sending/name-resolver.js';
export { SEND_ERRORS, Sender, type SenderOptions } from './sending/sender.js';
