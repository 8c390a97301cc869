/** What is wrong with one field, in both languages; never the value that was sent. */
export interface FieldError {
  /** Path in the body or query: `location.lon`, `assists.2`. */
  readonly field: string;
  /** Stable, e.g. `IS_NUMBER`. */
  readonly code: string;
  readonly message: string;
  readonly messageZh: string;
}

/** Thrown when a body or a query does not have the agreed shape. */
export class ValidationFailed extends Error {
  readonly code = 'VALIDATION_FAILED';
  constructor(readonly errors: readonly FieldError[]) {
    super('the request does not have the agreed shape');
  }
}

/** Codes of the requests this library refuses by itself. Their texts stand in `problems.ts`. */
export type BadRequestCode =
  | 'MALFORMED_JSON'
  | 'BODY_NOT_AN_OBJECT'
  | 'FORBIDDEN_KEY'
  | 'DUPLICATE_KEY'
  | 'BODY_TOO_DEEP'
  | 'INVALID_CHARACTERS'
  | 'INVALID_IDEMPOTENCY_KEY'
  | 'INVALID_IF_MATCH'
  | 'INVALID_POSITION'
  | 'INVALID_CURSOR'
  | 'INVALID_INSTANT'
  | 'ENCODING_NOT_SUPPORTED'
  | 'MALFORMED_REQUEST'
  | 'URL_TOO_LONG'
  | 'TOO_MANY_PARAMETERS';

/** Thrown when a request is malformed in a way no field of a DTO tells. */
export class RequestRefused extends Error {
  constructor(readonly code: BadRequestCode) {
    super(code);
  }
}

/** Thrown when a command with the same id is still running in this process. */
export class CommandInProgress extends Error {
  readonly code = 'COMMAND_IN_PROGRESS';
  constructor() {
    super('a request with the same Idempotency-Key is still running');
  }
}

/** Thrown when a caller has used up a limit of requests. */
export class TooManyRequests extends Error {
  readonly code = 'TOO_MANY_REQUESTS';
  constructor(readonly retryAfterSeconds: number) {
    super('the limit of requests is used up');
  }
}
