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
