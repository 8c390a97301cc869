/*
 * Which errors of PostgreSQL pass by themselves: one list for everyone who has to tell "try again" from "this will never
 * work". Before, four places had four lists, and a state that one of them had forgotten was shown to the caller as his
 * own fault.
 *
 * Not in it, because what they mean depends on who asks:
 * - 57014, cancelled, as by statement_timeout: a query of a person may be tried again, a batch of a projection must
 *   be halved;
 * - 3D000, 28xxx, 55000: no connection to be had to this database, with this account, now. Someone has to act, and
 *   perhaps is acting (a restore). A caller who only needs to know whether *his statement* was refused asks
 *   {@link isFaultOfStatement}.
 */

/**
 * 08 connection · 25P03, 25P04 the session idled or ran too long in its transaction (we were frozen) · 25006 read-only
 * server during a fail-over · 40 rolled back: deadlock, serialisation · 53 out of disk, memory or connections ·
 * 55P03 lock not available · 57P starting, stopping, terminated, idle too long · 58000, 58030 input and output. Not
 * 58P01: a file that is missing stays missing.
 */
const passingStates = /^(08...|25P0[34]|25006|40...|53...|55P03|57P..|58000|58030)$/;

/** Of the socket below, and of finding the server's address. */
const passingSocketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** pg raises these as plain errors without a code: a lost connection, its own time-outs, a client it has given up. */
const passingMessages =
  /connection (terminated|ended|error)|client (was closed|has encountered)|not queryable|timeout expired|timeout exceeded|read timeout/i;

/** Data exception · constraint violated · syntax, access, missing table: the same statement fails again, anywhere. */
const faultsOfStatement = /^(22|23|42)...$/;

/** True when the same attempt may succeed later without anyone's help: never the fault of the statement. */
export function isPassing(error: unknown): boolean {
  if (!isError(error)) return false;
  const code = codeOf(error);
  if (code === undefined) return passingMessages.test(error.message);
  // A Unix socket that is not there yet; any other missing file is not ours to judge.
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect';
  return passingSocketCodes.has(code) || passingStates.test(code);
}

/** True when PostgreSQL understood the statement and refused it for what it says. Not the opposite of {@link isPassing}. */
export function isFaultOfStatement(error: unknown): boolean {
  return isError(error) && faultsOfStatement.test(codeOf(error) ?? '');
}

/** By its shape: an error of Node itself is no `instanceof Error` of another realm, as code under Jest runs in one. */
function isError(error: unknown): error is Error {
  return (
    typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
  );
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
