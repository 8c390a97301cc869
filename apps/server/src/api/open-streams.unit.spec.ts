import { OpenStreams, type StreamHolder } from './open-streams.js';

const refusal = (code: string): Error => expect.objectContaining({ code }) as Error;
const holder = (n: number): StreamHolder => ({ unitId: `dp-${n}`, accountId: `account-${n}` });

function filled(streams: OpenStreams, held: StreamHolder, count: number): OpenStreams {
  for (let open = 0; open < count; open += 1) streams.enter(held);
  return streams;
}

test('a process carries a bounded number of streams, and a place is free again when one ends', () => {
  const streams = new OpenStreams();
  for (let n = 0; n < 5; n += 1) filled(streams, holder(n), 1_000);
  expect(() => streams.enter(holder(6))).toThrow(refusal('TOO_MANY_STREAMS'));
  streams.leave(holder(0));
  streams.enter(holder(6));
});

test.each<[string, StreamHolder]>([
  ['department, whoever asks', { unitId: 'dp-1', accountId: 'another' }],
  ['account, whatever it follows', { unitId: 'dp-another', accountId: 'account-1' }],
])('a fifth of them are for one %s; the others have theirs, and what ends is free again', (_whose, one) => {
  const streams = filled(new OpenStreams(), holder(1), 1_000);
  expect(() => streams.enter(one)).toThrow(refusal('TOO_MANY_OWN_STREAMS'));
  streams.enter(holder(2));
  streams.leave(holder(1));
  streams.enter(one);
});
