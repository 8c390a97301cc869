/** Thrown when a department has no such endpoint, or has deleted it. */
export class WebhookNotFound extends Error {
  readonly code = 'WEBHOOK_NOT_FOUND';
  constructor() {
    super('the department has no such webhook');
  }
}

/** Thrown when a department has as many endpoints as it may have. */
export class TooManyWebhooks extends Error {
  readonly code = 'TOO_MANY_WEBHOOKS';
  constructor(readonly max: number) {
    super(`a department has ${max} webhooks at most`);
  }
}

/** Thrown when an address is none that may be called. */
export class WebhookUrlRefused extends Error {
  readonly code = 'WEBHOOK_URL_REFUSED';
  constructor(
    message: string,
    readonly messageZh: string,
  ) {
    super(message);
  }
}

/** Thrown when something is to be delivered by an endpoint that is disabled. */
export class WebhookIsDisabled extends Error {
  readonly code = 'WEBHOOK_DISABLED';
  constructor() {
    super('the webhook is disabled; enable it first');
  }
}

/** Thrown when so much waits for delivery that no more is put before it. */
export class TooManyRedeliveries extends Error {
  readonly code = 'TOO_MANY_REDELIVERIES';
  constructor(readonly max: number) {
    super(`more than ${max} items wait for delivery already`);
  }
}

/** Thrown when If-Match names a revision of an endpoint that is only to be registered: it has none. */
export class NoWebhookToMatch extends Error {
  readonly code = 'NOTHING_TO_MATCH';
  constructor() {
    super('there is no such webhook yet');
  }
}

/** Thrown when one command id comes with two different requests. */
export class WebhookCommandReused extends Error {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  constructor() {
    super('this Idempotency-Key was used with another body');
  }
}

/** Thrown when the database that registrations take turns by cannot be asked now. */
export class WebhooksUnavailable extends Error {
  readonly code = 'SERVICE_UNAVAILABLE';
}
