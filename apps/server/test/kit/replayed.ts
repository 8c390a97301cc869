import type { Answer } from './city.js';

/** The same answer as the first time, and marked so. */
export function expectReplayOf<Body>(first: Answer<Body>, again: Answer<Body>): void {
  expect(again.status).toBe(first.status);
  expect(again.body).toEqual(first.body);
  for (const name of ['etag', 'shaoying-position', 'location']) {
    expect(again.headers.get(name)).toBe(first.headers.get(name));
  }
  expect(again.headers.get('idempotency-replayed')).toBe('true');
}
