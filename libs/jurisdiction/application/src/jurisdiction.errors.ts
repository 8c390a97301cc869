/** Thrown when documents may not be published; `problems` holds one plain sentence for each thing wrong. */
export class JurisdictionInvalid extends Error {
  readonly code = 'JURISDICTION_INVALID';
  constructor(readonly problems: readonly string[]) {
    super(`the jurisdiction may not be published: ${problems.slice(0, 3).join('; ')}`);
  }
}

/** Thrown when the directory has not read up to the position asked for in the time allowed. */
export class DirectoryBehind extends Error {
  readonly code = 'JURISDICTION_DIRECTORY_BEHIND';
  readonly problems: readonly string[];
  constructor(reached: string, wanted: string) {
    super(`the jurisdiction directory is at position ${reached}, not yet at ${wanted}`);
    this.problems = [this.message];
  }
}

/** Thrown when the directory has stopped at an event it cannot understand, or was stopped. */
export class DirectoryStopped extends Error {
  readonly code = 'JURISDICTION_DIRECTORY_STOPPED';
  readonly problems: readonly string[];
  constructor(
    /** The last position it read. */
    readonly position: string,
    override readonly cause?: Error,
  ) {
    super(`the jurisdiction directory stopped at position ${position}${cause ? `: ${cause.message}` : ''}`);
    this.problems = [this.message];
  }
}

/** Thrown when a document is no longer at the version the publisher had seen. */
export class VersionMismatch extends Error {
  readonly code = 'JURISDICTION_VERSION_MISMATCH';
  readonly problems: readonly string[];
  constructor(
    readonly expectedVersion: number,
    /** 0 when it does not exist. */
    readonly actualVersion: number,
  ) {
    super(`the document is at version ${actualVersion}, not ${expectedVersion}`);
    this.problems = [this.message];
  }
}

/** Thrown when an Idempotency-Key was used before for something else. */
export class PublicationKeyReused extends Error {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
}
