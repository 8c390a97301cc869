/** Thrown when `Last-Event-ID` or `after` is not a position of the log. */
export class InvalidFeedPosition extends Error {
  readonly code = 'INVALID_FEED_POSITION';
  constructor(readonly given: string) {
    super(`"${given.slice(0, 40)}" is not a position`);
  }
}

/** Thrown when a source gives items that do not rise, or whose position is none: resuming would lose or repeat. */
export class UnorderedFeed extends Error {
  readonly code = 'UNORDERED_FEED';
}

/** Thrown when an attribute breaks CloudEvents 1.0. */
export class InvalidCloudEvent extends Error {
  readonly code = 'INVALID_CLOUD_EVENT';
}

/** Thrown when a feed has no group of consumers of that name. */
export class ConsumerGroupNotFound extends Error {
  readonly code = 'CONSUMER_GROUP_NOT_FOUND';
  constructor(readonly group: string) {
    super(`there is no group of consumers "${group}"`);
  }
}

/** Thrown when as many wait for one group as may wait. Ask the caller to come back. */
export class TooManyWaiting extends Error {
  readonly code = 'OVERLOADED';
  readonly retryAfterSeconds = 1;
  constructor(readonly max: number) {
    super(`${max} others wait for the same`);
  }
}

/** Thrown when a feed has as many groups of consumers as it may have. */
export class TooManyConsumerGroups extends Error {
  readonly code = 'TOO_MANY_CONSUMER_GROUPS';
  constructor(readonly max: number) {
    super(`a feed has ${max} groups of consumers at most`);
  }
}

/** Thrown when an Idempotency-Key was used for another request. */
export class LeaseCommandReused extends Error {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  constructor() {
    super('this Idempotency-Key was used with another body');
  }
}
