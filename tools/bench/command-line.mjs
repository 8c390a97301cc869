// The command line of every benchmark: what it understands, and how it ends.
import { parseArgs } from 'node:util';

/** Thrown when the command line cannot be understood; the message is for the person who typed it. */
export class UsageError extends Error {
  code = 'USAGE';
}

/**
 * Reads `--<name> <number>` for each limit, and `--json <file>` and `--profile <dir>` for all. Numbers are whole, but for those
 * whose least is less than 1.
 * @param limits `{ name: { default, min, max } }`
 * @param choices `{ name: { default, of: [word, …] } }`: options that take one of a few words
 * @throws UsageError
 */
export function readArguments(argv, usage, limits, choices = {}) {
  const names = [...Object.keys(limits), ...Object.keys(choices)];
  const own = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  const text = { json: { type: 'string' }, profile: { type: 'string' }, help: { type: 'boolean' } };
  let values;
  try {
    ({ values } = parseArgs({ args: argv, options: { ...own, ...text } }));
  } catch (error) {
    throw new UsageError(`${error.message}\n${usage}`, { cause: error });
  }
  if (values.help) throw new UsageError(usage);
  const read = { json: values.json ?? null, profile: values.profile ?? null };
  for (const [name, { default: fallback, min, max }] of Object.entries(limits)) {
    const given = values[name] ?? String(fallback);
    const [form, kind] =
      min < 1 && min > 0 ? [/^\d{1,9}(\.\d{1,3})?$/, 'number'] : [/^\d{1,9}$/, 'whole number'];
    const value = form.test(given) ? Number(given) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new UsageError(`--${name} must be a ${kind} from ${min} to ${max}, not ${given}\n${usage}`);
    }
    read[name] = value;
  }
  for (const [name, { default: fallback, of }] of Object.entries(choices)) {
    const given = values[name] ?? fallback;
    if (!of.includes(given)) {
      throw new UsageError(`--${name} must be one of ${of.join(', ')}, not ${given}\n${usage}`);
    }
    read[name] = given;
  }
  return read;
}

/** Progress goes to stderr; the table alone to stdout. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Rejects when somebody asks us to end, or something fails that nobody waits for: what is open must be closed all the same. */
function interrupted() {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => reject(Object.assign(new Error(`ended by ${signal}`), { signal })));
    }
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
}

/** In reverse order, each whatever became of the others. @returns their errors */
async function closeAll(opened) {
  const errors = [];
  for (const close of opened.reverse()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

/**
 * Runs `bench(options, opened)` and ends the process: 0, 1 when it failed or was ended by a signal, 2 for a command line
 * that cannot be understood. What `opened` holds is closed in reverse order, whatever happened.
 */
export async function runAsCommand(readOptions, bench) {
  const opened = [];
  const ending = interrupted();
  // Heard only while the race below is on; afterwards nobody is left to tell.
  ending.catch(() => undefined);
  try {
    const options = readOptions();
    const failures = await Promise.race([bench(options, opened), ending]).then(
      () => [],
      (error) => [error],
    );
    failures.push(...(await closeAll(opened)));
    if (failures.length > 0) throw failures[0];
    process.exitCode = 0;
  } catch (error) {
    say(error instanceof UsageError || error?.signal ? error.message : (error?.stack ?? String(error)));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
  // An interrupted run leaves requests behind that nobody waits for.
  process.exit();
}
