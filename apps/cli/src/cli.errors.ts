/** What a shell or a scheduler reads from a command. Stands in `--help`; never renumber. */
export const EXIT = {
  ok: 0,
  /** Failed, or was stopped before the end. */
  failed: 1,
  /** Wrong arguments, settings or map; nothing was done. */
  usage: 2,
  /** Done, but some rows were rejected. */
  someRejected: 3,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Thrown when arguments, settings or files given by the caller cannot be used. Nothing has been done. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** Thrown when a command cannot do what was asked, in words for the person at the terminal. */
export class CommandFailed extends Error {
  readonly code = 'COMMAND_FAILED';
}

/** Errors that say what the caller must change, by code: told without a stack, with the exit code of wrong usage. */
const usageCodes = new Set([
  ...['USAGE', 'CONFIG_INVALID', 'TICKET_MAP_INVALID', 'LOCAL_ISSUER_REFUSED'],
  ...['API_KEY_NOT_FOUND', 'API_KEY_ENDED', 'API_KEY_LIFETIME'],
]);

export function exitCodeOf(error: unknown): ExitCode {
  return usageCodes.has(codeOf(error) ?? '') ? EXIT.usage : EXIT.failed;
}

export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
