import { status } from '@grpc/grpc-js';
import { StoreUnavailable } from '@shaoying/event-store';
import { outcomeOfFailure } from './append.call.js';
import { serviceError } from './testing/append.double.js';

// What a failed call means decides whether an append may be sent again as new, or must be settled.
test.each<[string, Error, string]>([
  [
    'no connection could be made',
    serviceError(status.UNAVAILABLE, 'No connection established'),
    'not-written',
  ],
  ['no server was found', new StoreUnavailable('none'), 'not-written'],
  ['the server is not ready', serviceError(status.UNAVAILABLE, 'Server Is Not Ready'), 'not-written'],
  ['another node leads', serviceError(status.NOT_FOUND, 'x', { exception: 'not-leader' }), 'not-written'],
  ['the connection dropped', serviceError(status.UNAVAILABLE, 'Connection dropped'), 'unknown'],
  ['our clock ran out', serviceError(status.DEADLINE_EXCEEDED, 'Deadline exceeded'), 'unknown'],
  ["the server's clock ran out", serviceError(status.ABORTED, 'Operation timed out'), 'unknown'],
  ['the call was cancelled', serviceError(status.CANCELLED, 'Call cancelled'), 'unknown'],
  ['an error nobody explains', serviceError(status.UNKNOWN, 'Exception was thrown by handler.'), 'unknown'],
  ['the stream ended without a word', new Error('ended'), 'unknown'],
  ['no right to write', serviceError(status.PERMISSION_DENIED, 'Access Denied'), 'refused'],
  [
    'a deleted stream',
    serviceError(status.FAILED_PRECONDITION, 'x', { exception: 'stream-deleted' }),
    'refused',
  ],
  [
    'an append that is too large',
    serviceError(status.INVALID_ARGUMENT, 'x', { exception: 'maximum-append-size-exceeded' }),
    'too-large',
  ],
  [
    'a message that is too large',
    serviceError(status.RESOURCE_EXHAUSTED, 'Received message exceeds the maximum configured message size.'),
    'too-large',
  ],
  ['a server that is exhausted', serviceError(status.RESOURCE_EXHAUSTED, 'Bandwidth exhausted'), 'unknown'],
])('%s', (_what, error, kind) => {
  expect(outcomeOfFailure(error).kind).toBe(kind);
});

test.each([
  ['7', 7],
  ['-1', -1],
  ['', undefined],
])('a conflict told in trailers, at %p', (actual, expected) => {
  const trailers = { exception: 'wrong-expected-version', 'actual-version': actual };
  const outcome = outcomeOfFailure(serviceError(status.FAILED_PRECONDITION, 'x', trailers));
  expect(outcome).toEqual({ kind: 'conflict', actual: expected });
});
