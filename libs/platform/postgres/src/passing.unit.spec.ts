import { isFaultOfStatement, isPassing } from './passing.js';

const withCode = (code: string): Error => Object.assign(new Error('as PostgreSQL or Node says it'), { code });

it.each([
  ['the connection failed', '08006'],
  ['idle in a transaction for too long', '25P03'],
  ['a read-only server during a fail-over', '25006'],
  ['a deadlock', '40P01'],
  ['the disk is full', '53100'],
  ['no connection left', '53300'],
  ['a lock not had in time', '55P03'],
  ['terminated by an administrator', '57P01'],
  ['starting up', '57P03'],
  ['a database dropped under us', '57P04'],
  ['input or output failed', '58030'],
  ['nobody listens', 'ECONNREFUSED'],
  ['the socket was cut', 'EPIPE'],
  ['the name is not known now', 'EAI_AGAIN'],
])('%s (%s) passes, and is not the fault of the statement', (_what, code) => {
  expect([isPassing(withCode(code)), isFaultOfStatement(withCode(code))]).toEqual([true, false]);
});

it('a Unix socket that is not there yet passes, another missing file does not', () => {
  const connecting = Object.assign(withCode('ENOENT'), { syscall: 'connect' });
  const opening = Object.assign(withCode('ENOENT'), { syscall: 'open' });
  expect([isPassing(connecting), isPassing(opening)]).toEqual([true, false]);
});

it.each([
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Client was closed and is not queryable',
  'Client has encountered a connection error and is not queryable',
])('pg’s “%s” passes', (message) => {
  expect(isPassing(new Error(message))).toBe(true);
});

it.each([
  ['a value out of range', '22003'],
  ['a duplicate key', '23505'],
  ['no such table', '42P01'],
  ['no permission', '42501'],
])('%s (%s) is the fault of the statement', (_what, code) => {
  expect([isPassing(withCode(code)), isFaultOfStatement(withCode(code))]).toEqual([false, true]);
});

it.each([
  ['a statement that was cancelled: its sender knows what that means', withCode('57014')],
  ['a database that is not there', withCode('3D000')],
  ['a wrong password', withCode('28P01')],
  ['a database closed to connections', withCode('55000')],
  ['a missing file', withCode('58P01')],
  ['corrupted data', withCode('XX001')],
  ['an error of ours', withCode('SEAL_BROKEN')],
  ['a bug', new TypeError('x is not a function')],
  ['what is no error at all', 'Connection terminated'],
])('%s is neither', (_what, error) => {
  expect([isPassing(error), isFaultOfStatement(error)]).toEqual([false, false]);
});
