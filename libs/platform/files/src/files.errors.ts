/** Codes of what is refused because of the file itself. */
export type FileRefusalCode =
  /** The declared type is none of those that are taken. */
  | 'FILE_TYPE_NOT_SUPPORTED'
  /** The bytes are something else than what was declared. */
  | 'FILE_TYPE_MISMATCH'
  | 'FILE_EMPTY'
  | 'FILE_TOO_LARGE'
  /** Cut off, or broken in the middle. */
  | 'FILE_UNREADABLE'
  /** More pixels than are ever decoded: a decompression bomb, or a camera for which one says so. */
  | 'FILE_TOO_MANY_PIXELS';

/** Thrown when a file cannot be taken as it is. */
export class FileRefused extends Error {
  constructor(
    readonly code: FileRefusalCode,
    options?: ErrorOptions,
  ) {
    super(code, options);
  }
}

/** Thrown when an uploader has sent as many new files as one may in a day. */
export class TooManyFiles extends Error {
  readonly code = 'TOO_MANY_FILES';
  constructor(readonly retryAfterSeconds: number) {
    super('as many files as one may send in a day have been sent');
  }
}

/** Thrown when reporters together have sent as many new files as are taken of them in a day. */
export class ReportersSentTooManyFiles extends Error {
  readonly code = 'REPORTERS_SENT_TOO_MANY_FILES';
  constructor(readonly retryAfterSeconds: number) {
    super('as many files as are taken of reporters in a day have been sent');
  }
}

/** Thrown when as many files are being received as memory is set aside for. Nothing was stored; send it again. */
export class TooManyUploads extends Error {
  readonly code = 'TOO_MANY_UPLOADS';
  constructor() {
    super('as many files are being received as can be at once');
  }
}

/** Thrown when the file store cannot be reached or written to now. Nothing was acknowledged; send it again. */
export class FileStoreUnavailable extends Error {
  readonly code = 'FILE_STORE_UNAVAILABLE';
  constructor(options: ErrorOptions) {
    super('files cannot be stored or read now', options);
  }
}

/** Thrown when stored bytes are not those that were stored. They are not given to anybody. */
export class FileDamaged extends Error {
  readonly code = 'FILE_DAMAGED';
  constructor(sha256: string) {
    super(`the stored file ${sha256} is not what was stored: restore it from a backup`);
  }
}

/** Thrown when this machine lacks the program that decodes images: there is no binary of it for its platform. */
export class ImagesNotSupported extends Error {
  readonly code = 'IMAGES_NOT_SUPPORTED';
  constructor(options: ErrorOptions) {
    super('this machine has no program to decode images, so photos cannot be cleaned or taken', options);
  }
}

/** Thrown when `FILES_URL` is no address that a file store can be opened at. */
export class FilesUrlRefused extends Error {
  readonly code = 'FILES_URL_REFUSED';
}
