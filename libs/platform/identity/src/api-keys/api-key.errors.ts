/** Thrown when a credential that looks like an API key is none of ours; the same for a wrong id and a wrong secret. */
export class ApiKeyInvalid extends Error {
  readonly code = 'API_KEY_INVALID';
  constructor() {
    super('the API key is not known');
  }
}

/** Thrown when the right secret is shown after its time. */
export class ApiKeyExpired extends Error {
  readonly code = 'API_KEY_EXPIRED';
  constructor() {
    super('the API key has expired');
  }
}

/** Thrown when the right secret is shown after the key was revoked. */
export class ApiKeyRevoked extends Error {
  readonly code = 'API_KEY_REVOKED';
  constructor() {
    super('the API key has been revoked');
  }
}

/** Thrown when a key for reading is used for anything else. */
export class ApiKeyReadOnly extends Error {
  readonly code = 'API_KEY_READ_ONLY';
  constructor() {
    super('the API key is for reading only');
  }
}

/** Thrown when an administrator names a key that was never issued. */
export class ApiKeyNotFound extends Error {
  readonly code = 'API_KEY_NOT_FOUND';
  constructor() {
    super('there is no such API key');
  }
}

/** Thrown when a key that has ended is to get a new secret. */
export class ApiKeyEnded extends Error {
  readonly code = 'API_KEY_ENDED';
  constructor() {
    super('the API key has expired or was revoked; issue another one');
  }
}

/** Thrown when a key is to live longer than the settings allow, or not at all. */
export class ApiKeyLifetime extends Error {
  readonly code = 'API_KEY_LIFETIME';
  readonly messageZh: string;
  constructor(daysMax: number) {
    super(`An API key lives for 1 to ${daysMax} days here.`);
    this.messageZh = `此处 API 密钥的有效期为 1 至 ${daysMax} 天。`;
  }
}

/** Thrown when If-Match names a revision of a key that is only to be issued: it has none. */
export class NoApiKeyToMatch extends Error {
  readonly code = 'NOTHING_TO_MATCH';
  constructor() {
    super('there is no such API key yet');
  }
}

/** Thrown when one command id comes with two different requests. */
export class ApiKeyCommandReused extends Error {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  constructor() {
    super('this Idempotency-Key was used with another body');
  }
}
