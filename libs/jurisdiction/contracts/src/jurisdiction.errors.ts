/** Thrown when a document (or the version of it that was pinned) is not in the log, or not read yet. */
export class JurisdictionNotPublished extends Error {
  readonly code = 'JURISDICTION_NOT_PUBLISHED';
  constructor(
    readonly document: 'deadline-policy' | 'working-calendar' | 'dispatch-catalogue' | 'escalation-ladder',
    readonly documentId: string,
    readonly version?: number,
  ) {
    super(`${document} ${documentId}${version === undefined ? '' : ` version ${version}`} is not published`);
  }
}

export function isJurisdictionNotPublished(error: unknown): error is JurisdictionNotPublished {
  return error instanceof Error && 'code' in error && error.code === 'JURISDICTION_NOT_PUBLISHED';
}

/** Thrown when an event of the log cannot be understood: unknown, too new, or not of the shape of its version. */
export class JurisdictionEventPoisoned extends Error {
  readonly code = 'JURISDICTION_EVENT_POISONED';
  constructor(
    readonly event: { readonly type: string; readonly schemaVersion: number; readonly position: string },
    reason: string,
  ) {
    const { type, schemaVersion, position } = event;
    super(`jurisdiction event ${type} version ${schemaVersion} at position ${position}: ${reason}`);
  }
}
