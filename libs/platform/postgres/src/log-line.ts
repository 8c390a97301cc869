/** One structured line, in the shape a pino logger takes apart with `logger[level](fields, msg)`. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly msg: string;
  readonly [field: string]: unknown;
}

export type Log = (line: LogLine) => void;

/** Without a logger, only what someone must act on is said, and never on standard output: that belongs to the CLI. */
export const logToStderr: Log = ({ level, msg }) => {
  if (level !== 'info') process.stderr.write(`[postgres] ${level}: ${msg}\n`);
};
