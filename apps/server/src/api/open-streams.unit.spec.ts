import { OpenStreams } from './open-streams.js';

test('a process carries a bounded number of streams, and a place is free again when one ends', () => {
  const streams = new OpenStreams();
  for (let open = 0; open < 5_000; open += 1) streams.enter();
  expect(() => streams.enter()).toThrow(expect.objectContaining({ code: 'TOO_MANY_STREAMS' }) as Error);
  streams.leave();
  streams.enter();
});
