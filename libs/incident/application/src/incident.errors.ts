import type { Refusal } from '@shaoying/incident-domain';

/** Thrown when the decider refuses. `code` is the refusal's and reaches the client. */
export class IncidentRefused extends Error {
  readonly code: Refusal['code'];
  constructor(readonly refusal: Refusal) {
    super(refusal.code);
    this.code = refusal.code;
  }
}

/** Thrown when an Idempotency-Key comes back with another body. */
export class IdempotencyKeyReused extends Error {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
}

/** Thrown when the revision in If-Match is not the incident's. */
export class PreconditionFailed extends Error {
  readonly code = 'PRECONDITION_FAILED';
  constructor(readonly actualRevision: number) {
    super(`the incident is at revision ${actualRevision}`);
  }
}

/** Thrown when a command lost against concurrent ones more often than it may try again. */
export class TooMuchContention extends Error {
  readonly code = 'TOO_MUCH_CONTENTION';
}

/** Thrown when a command names something the jurisdiction does not have. */
export class UnknownReference extends Error {
  constructor(
    readonly code:
      | 'UNKNOWN_CATEGORY'
      | 'UNKNOWN_ESTATE'
      | 'UNKNOWN_GRID'
      | 'UNKNOWN_DEPARTMENT'
      | 'UNKNOWN_ORG_UNIT'
      | 'PLACE_CONTRADICTS_ITSELF',
    readonly id: string,
  ) {
    super(`${code}: ${id}`);
  }
}
