import { isFaultOfStatement } from '@shaoying/postgres';

/** Thrown when something is to be sealed for a person who has been forgotten: a new subject id is needed. */
export class SubjectForgotten extends Error {
  readonly code = 'SUBJECT_FORGOTTEN';
  constructor() {
    super('this person has been forgotten; nothing can be sealed under the same subject id');
  }
}

/** Thrown when sealed data was changed, belongs to another subject, or was never sealed here. */
export class SealBroken extends Error {
  readonly code = 'SEAL_BROKEN';
  constructor(options?: ErrorOptions) {
    super('the sealed data cannot be opened: it was changed or belongs to another subject', options);
  }
}

/** Thrown when the database of the keys cannot be asked now. Nothing was sealed that could be opened; try again. */
export class PersonalDataUnavailable extends Error {
  readonly code = 'SERVICE_UNAVAILABLE';
  constructor(options: ErrorOptions) {
    super('the keys of personal data cannot be asked for now', options);
  }
}

/**
 * What a failed statement means to the caller: a fault of the statement itself stays what it is (a bug of ours, and loud);
 * all else, also a connection that could not be had for whatever reason, is the keys being unavailable. So is what is wrong
 * with the keys themselves: trying again does not mend it.
 */
export function unlessFaultOfStatement(cause: unknown): unknown {
  const ours = cause instanceof MasterKeyRefused || cause instanceof SealBroken;
  return ours || isFaultOfStatement(cause) ? cause : new PersonalDataUnavailable({ cause });
}

/** Thrown when a subject's key is not there although nobody erased it: a restored or an empty database. Not forgetting. */
export class SubjectKeyMissing extends Error {
  readonly code = 'SUBJECT_KEY_MISSING';
  constructor() {
    super('the key of this subject is missing from the database and was not erased by us');
  }
}

/** Thrown when the master key file is no key, or not the key the database was first opened with. */
export class MasterKeyRefused extends Error {
  readonly code = 'MASTER_KEY_REFUSED';
}

/** Thrown when more is to be sealed than a person's contact data can be. */
export class PersonalDataTooLarge extends Error {
  readonly code = 'PERSONAL_DATA_TOO_LARGE';
  constructor(bytesMax: number) {
    super(`personal data must not exceed ${bytesMax} bytes of JSON`);
  }
}
