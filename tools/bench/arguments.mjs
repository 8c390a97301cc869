// The command line that every benchmark understands.
import { parseArgs } from 'node:util';

/** Thrown when the command line cannot be understood; the message is for the person who typed it. */
export class UsageError extends Error {
  code = 'USAGE';
}

/**
 * Reads `--<name> <whole number>` for each limit, and `--json <file>` and `--keep-profile <dir>` for all.
 * @param limits `{ name: { default, min, max, what } }`
 * @throws UsageError
 */
export function readArguments(argv, usage, limits) {
  const numbers = Object.fromEntries(Object.keys(limits).map((name) => [name, { type: 'string' }]));
  const text = { json: { type: 'string' }, profile: { type: 'string' }, help: { type: 'boolean' } };
  let values;
  try {
    ({ values } = parseArgs({ args: argv, options: { ...numbers, ...text } }));
  } catch (error) {
    throw new UsageError(`${error.message}\n${usage}`, { cause: error });
  }
  if (values.help) throw new UsageError(usage);
  const read = { json: values.json ?? null, profile: values.profile ?? null };
  for (const [name, { default: fallback, min, max }] of Object.entries(limits)) {
    const given = values[name] ?? String(fallback);
    const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not ${given}\n${usage}`);
    }
    read[name] = value;
  }
  return read;
}
