import {
  destination,
  pino,
  stdTimeFunctions,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger as PinoLogger,
} from 'pino';
import { redact } from './redaction.js';

/** Structured logger: `logger.info({ incidentId }, 'sentence')`. Errors go under `err`. */
export type Logger = PinoLogger;

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Written on every line: which role of which process speaks. */
  readonly role: string;
  /** Default: standard error, since standard output belongs to what a command prints for its user. */
  readonly destination?: DestinationStream;
}

/**
 * Logger that writes one JSON object per line with `time` in UTC, `level` as a word, `role` and `pid`. Personal values
 * are masked by {@link redact}, whoever logs them and however deep. A message itself must not carry any.
 */
export function createLogger({ level = 'info', role, destination: target }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: { role, pid: process.pid },
      messageKey: 'message',
      errorKey: 'err',
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (entry) => redact(entry) as Record<string, unknown>,
      },
      // redact() has described the error already; pino's own serializer would copy its every property.
      serializers: { err: (err: unknown) => err },
    },
    // Synchronous, since the last line before a crash is the one that is needed.
    target ?? destination({ fd: 2, sync: true }),
  );
  return withRedactedChildren(logger);
}

/** Pino applies no formatter to what a child logger carries, so it is masked on the way in; children inherit this. */
function withRedactedChildren(logger: Logger): Logger {
  const createChild = logger.child;
  Object.defineProperty(logger, 'child', {
    value(this: Logger, bindings: Record<string, unknown>, options?: ChildLoggerOptions): Logger {
      return Reflect.apply(createChild, this, [redact(bindings), options]) as Logger;
    },
  });
  return logger;
}
